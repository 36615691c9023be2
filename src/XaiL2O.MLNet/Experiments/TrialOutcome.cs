namespace XaiL2O.MLNet;

/// <summary>A trial that has ended.</summary>
public sealed record TrialOutcome
{
    internal TrialOutcome(int number, SampledOptions options, double resource) => (Number, Options, Resource) = (number, options, resource);

    /// <summary>Number of the trial, from 0.</summary>
    public int Number { get; }

    /// <summary>Values of all options.</summary>
    public SampledOptions Options { get; }

    /// <summary>Share of the full effort that the trial was granted, in (0, 1].</summary>
    public double Resource { get; }

    /// <summary>How it ended.</summary>
    public TrialStatus Status { get; internal init; }

    /// <summary>The metric on the validation rows; the mean over the folds in a cross-validation. NaN unless the trial succeeded.</summary>
    public double Metric { get; internal init; } = double.NaN;

    /// <summary>The constraints as measured; empty unless the trial succeeded.</summary>
    public IReadOnlyList<ConstraintValue> Constraints { get; internal init; } = [];

    /// <summary>Sum over the constraints of the excess relative to the limit; 0 where all are met.</summary>
    public double Violation => Constraints.Sum(c => c.Violation);

    /// <summary>Whether the trial succeeded and meets every constraint.</summary>
    public bool IsFeasible => Status == TrialStatus.Succeeded && Constraints.All(c => c.IsMet);

    /// <summary>Share of validation rows that are not trustworthy; NaN without certificates.</summary>
    public double FailRate { get; internal init; } = double.NaN;

    /// <summary>Labels on the validation rows by certified property; empty without certificates.</summary>
    public IReadOnlyList<CertificateRate> Certificates { get; internal init; } = [];

    /// <summary>Duration in seconds.</summary>
    public double Seconds { get; internal init; }

    /// <summary>Seconds of the experiment's time that had been used when the trial ended, those before an interruption included.</summary>
    public double EndedAt { get; internal init; }

    /// <summary>Why the trial failed; null otherwise.</summary>
    public string? Error { get; internal init; }

    /// <summary>The value of an option.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="parameter">The handle that the space gave for it.</param>
    public T Value<T>(SearchParameter<T> parameter) => Options.Value(parameter);
}
