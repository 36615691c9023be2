namespace XaiL2O.Certifiers;

/// <summary>Judges one property against calibration values or absolute limits. Immutable; can be used from many threads.</summary>
public sealed class PropertyCertifier
{
    /// <summary>Room for the rounding of probabilities such as 1 − 0.05.</summary>
    internal const double Slack = 1e-12;

    /// <summary>Creates the certifier.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="distribution">Calibration values.</param>
    /// <param name="policy">Label probabilities.</param>
    /// <param name="calibration">Rule.</param>
    /// <param name="tolerance">
    /// The value up to which the property counts as satisfied; smaller values are all the same to it, for calibration too. For a solver's
    /// fidelity this is the solver's tolerance: below it differences mean nothing.
    /// </param>
    /// <exception cref="ArgumentException">An argument is out of range, or N is too small for the level asked of a conformal label.</exception>
    public PropertyCertifier(string name, CalibrationDistribution distribution, LabelPolicy policy, Calibration calibration, double tolerance = 0)
        : this(name, tolerance)
    {
        ArgumentNullException.ThrowIfNull(distribution);
        ArgumentNullException.ThrowIfNull(policy);
        policy.Validate();
        if (!Enum.IsDefined(calibration))
            throw new ArgumentOutOfRangeException(nameof(calibration), calibration, $"{calibration} is not a {nameof(Certifiers.Calibration)}.");
        var level = policy.FailProbability;
        if (calibration == Calibration.Conformal && level > 0)
            RequireCount(name, distribution, level, $"fail rows at level {level}", nameof(LabelPolicy.FailProbability));
        if (level > 0 && distribution.RankError >= level)
        {
            throw new ArgumentException(
                $"The sketch of '{name}' has rank error {distribution.RankError}, too coarse to tell the {level:P1} largest values apart. Use an error of at most {level / 5}.",
                nameof(distribution));
        }

        (Distribution, Policy, Calibration) = (distribution, policy, calibration);
        (WarnThreshold, FailThreshold) = (Threshold(CertificateLabel.Warning), Threshold(CertificateLabel.Fail));
    }

    /// <summary>Creates a certifier with absolute limits.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="limits">Limits.</param>
    /// <param name="distribution">Calibration values, for the p-value beside the label; null for none.</param>
    /// <param name="tolerance">The value up to which the property counts as satisfied, for the p-value.</param>
    /// <exception cref="ArgumentException">An argument is out of range.</exception>
    public PropertyCertifier(string name, ValueLimits limits, CalibrationDistribution? distribution, double tolerance)
        : this(name, tolerance)
    {
        ArgumentNullException.ThrowIfNull(limits);
        limits.Validate();
        (Limits, Distribution, Policy) = (limits, distribution!, new LabelPolicy());
        (WarnThreshold, FailThreshold) = (limits.WarnAbove ?? limits.FailAbove, limits.FailAbove);
    }

    private PropertyCertifier(string name, double tolerance)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (!(tolerance >= 0 && double.IsFinite(tolerance)))
            throw new ArgumentOutOfRangeException(nameof(tolerance), tolerance, $"The tolerance of '{name}' is {tolerance}; it must be finite and at least 0.");
        (Name, Tolerance, Policy, Distribution) = (name, tolerance, null!, null!);
    }

    /// <summary>Property name.</summary>
    public string Name { get; }

    /// <summary>Calibration values; null only where absolute limits were given without any.</summary>
    public CalibrationDistribution Distribution { get; }

    /// <summary>Label probabilities; without effect where <see cref="Limits"/> are given.</summary>
    public LabelPolicy Policy { get; }

    /// <summary>Absolute limits; null where labels follow from calibration.</summary>
    public ValueLimits? Limits { get; }

    /// <summary>Rule; without effect where <see cref="Limits"/> are given.</summary>
    public Calibration Calibration { get; }

    /// <summary>Value up to which the property counts as satisfied.</summary>
    public double Tolerance { get; }

    /// <summary>What usually causes a violation, a sentence for explanations; empty when not known.</summary>
    public string Cause { get; init; } = "";

    /// <summary>The largest calibration value (or the tolerance, or the limit) that does not fail; +∞ when nothing finite fails.</summary>
    public double FailThreshold { get; }

    /// <summary>The largest value that passes; equal to <see cref="FailThreshold"/> where there are no warnings.</summary>
    public double WarnThreshold { get; }

    /// <summary>Judges a value. NaN and ∞ fail.</summary>
    /// <param name="value">Property value α.</param>
    public Certificate Certify(double value)
    {
        var (p, label) = Judge(value);
        return new Certificate(Name, value, p, label) { FailLimit = FailThreshold };
    }

    /// <summary>Throws unless N calibration values allow conformal p-values as small as a level.</summary>
    internal static void RequireCount(string name, CalibrationDistribution distribution, double level, string purpose, string option)
    {
        if (distribution.Count < (1 / level) - 1 - 1e-9)
        {
            throw new ArgumentException(
                $"'{name}' has {distribution.Count} calibration values, too few to {purpose}: a conformal p-value cannot be smaller than 1/(N + 1). "
                + $"Calibrate on at least {Math.Ceiling((1 / level) - 1 - 1e-9)} rows or raise {option}.",
                nameof(distribution));
        }
    }

    private (double P, CertificateLabel Label) Judge(double value)
    {
        var n = Distribution?.Count ?? 0;
        var finite = double.IsFinite(value);
        // Values within the tolerance are equal to each other, so nothing is strictly below them.
        var below = !finite ? n : value <= Tolerance || n == 0 ? 0 : Distribution!.CountStrictlyBelow(value);
        var p = n == 0 ? double.NaN : (1.0 + n - below) / (n + 1);
        if (!finite)
            return (p, CertificateLabel.Fail);
        if (Limits is { } limits)
            return (p, Label(value > limits.FailAbove, value > (limits.WarnAbove ?? limits.FailAbove)));
        var (fail, warn) = (Policy.FailProbability, Policy.FailProbability + Policy.WarningProbability);
        return (p, Calibration switch
        {
            // (12) in terms of the strictly smaller share c: fail if c ≥ 1 − p_f, pass if c < p_p. With none strictly smaller, pass.
            Calibration.Paper => Label((double)below / n >= 1 - fail - Slack && fail > 0 && below > 0, (double)below / n >= 1 - warn - Slack && warn > 0 && below > 0),
            _ => Label(p <= fail + Slack, p <= warn + Slack),
        });
    }

    /// <summary>The largest kept value (or the tolerance) whose label is better than one. Labels only get worse as values grow, and change only just above a kept value.</summary>
    private double Threshold(CertificateLabel label)
    {
        var values = Distribution.Values;
        if (Judge(double.MaxValue).Label < label)
            return double.PositiveInfinity;
        var (low, high) = (0, values.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (Judge(values[middle]).Label >= label)
                high = middle;
            else
                low = middle + 1;
        }

        return low == 0 ? Tolerance : Math.Max(values[low - 1], Tolerance);
    }

    private static CertificateLabel Label(bool fails, bool warns) =>
        fails ? CertificateLabel.Fail : warns ? CertificateLabel.Warning : CertificateLabel.Pass;
}
