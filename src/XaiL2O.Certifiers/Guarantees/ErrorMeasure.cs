using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>How wrong an inference is against its truth: a number of at least 0, for which a bound is given. Immutable.</summary>
public sealed class ErrorMeasure
{
    private ErrorMeasure(ErrorMeasureKind kind, double peak = 1, PropertyFunction? function = null) => (Kind, Peak, Function) = (kind, peak, function);

    /// <summary>Which one.</summary>
    public ErrorMeasureKind Kind { get; }

    /// <summary>The function of inference and truth of <see cref="ErrorMeasureKind.Own"/>; else null.</summary>
    public PropertyFunction? Function { get; }

    /// <summary>Largest value that a signal has, for <see cref="ErrorMeasureKind.PeakSignalToNoise"/>; else 1.</summary>
    public double Peak { get; }

    /// <summary>‖x̂ − x‖₂; of two numbers the absolute difference.</summary>
    public static ErrorMeasure Absolute { get; } = new(ErrorMeasureKind.Absolute);

    /// <summary>‖x̂ − x‖₂/‖x‖₂, of which the PRD of a signal is the percentage.</summary>
    public static ErrorMeasure Relative { get; } = new(ErrorMeasureKind.Relative);

    /// <summary>Mean of (x̂ᵢ − xᵢ)².</summary>
    public static ErrorMeasure MeanSquared { get; } = new(ErrorMeasureKind.MeanSquared);

    /// <summary>‖x̂ − x‖_∞.</summary>
    public static ErrorMeasure Largest { get; } = new(ErrorMeasureKind.Largest);

    /// <summary>10·log₁₀(peak²/mean of (x̂ᵢ − xᵢ)²) in dB, bounded from below.</summary>
    /// <param name="peak">Largest value that a signal has, positive.</param>
    public static ErrorMeasure PeakSignalToNoise(double peak = 1) => peak > 0 && double.IsFinite(peak)
        ? new(ErrorMeasureKind.PeakSignalToNoise, peak)
        : throw new ArgumentOutOfRangeException(nameof(peak), peak, $"{nameof(peak)} = {peak.ToString(CultureInfo.InvariantCulture)} is out of range; it must be positive and finite.");

    /// <summary>A function of the user's; register its kind (<see cref="PropertyRegistry"/>), so that a saved model finds it again.</summary>
    /// <param name="function">Function of two vectors: inference, truth.</param>
    public static ErrorMeasure Of(PropertyFunction function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return function.Arity == 2 ? new(ErrorMeasureKind.Own, function: function) : throw new ArgumentException($"An error is a function of two vectors, inference and truth; this one takes {function.Arity}.", nameof(function));
    }

    /// <summary>The error as it is calibrated: larger is worse; NaN where it has none.</summary>
    /// <param name="inference">x̂.</param>
    /// <param name="truth">x, of the same length unless the function is the user's.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public double Evaluate(ReadOnlySpan<double> inference, ReadOnlySpan<double> truth)
    {
        switch (Kind)
        {
            case ErrorMeasureKind.Own:
                return Function!.Evaluate(inference, truth);
            case ErrorMeasureKind.Relative:
                return PropertyMath.RelativeError(inference, truth);
            case ErrorMeasureKind.Largest:
                RequireSameLength(inference, truth);
                var largest = 0.0;
                for (var i = 0; i < truth.Length; i++)
                    largest = Math.Max(largest, Math.Abs(inference[i] - truth[i]));
                return truth.IsEmpty ? double.NaN : largest;
            default:
                RequireSameLength(inference, truth);
                var distance = PropertyMath.Distance(inference, truth);
                return Kind == ErrorMeasureKind.Absolute ? distance : distance * distance / truth.Length;
        }
    }

    /// <summary>A bound of <see cref="Evaluate"/> in the measure's unit: decibels for the peak signal-to-noise ratio, else itself.</summary>
    /// <param name="bound">The bound.</param>
    public double InUnit(double bound) => Kind == ErrorMeasureKind.PeakSignalToNoise ? 10 * Math.Log10(Peak * Peak / bound) : bound;

    private static void RequireSameLength(ReadOnlySpan<double> inference, ReadOnlySpan<double> truth)
    {
        if (inference.Length != truth.Length)
            throw new ArgumentException($"Inference and truth have {inference.Length} and {truth.Length} values; they must be as many.", nameof(truth));
    }
}
