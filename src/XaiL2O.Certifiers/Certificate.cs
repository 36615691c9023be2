namespace XaiL2O.Certifiers;

/// <summary>One property of one inference, judged.</summary>
/// <param name="Name">Name of the property: the part of the model that a failure points at.</param>
/// <param name="Value">Property value α.</param>
/// <param name="PValue">
/// Conformal p-value (1 + #{αᵢ ≥ α})/(N + 1), in [1/(N + 1), 1]; two-sided, twice the smaller of this and (1 + #{αᵢ ≤ α})/(N + 1), at most 1. NaN
/// where nothing was calibrated.
/// </param>
/// <param name="Label">Pass, warning or fail.</param>
public readonly record struct Certificate(string Name, double Value, double PValue, CertificateLabel Label)
{
    /// <summary>The value above which this property fails on its own; +∞ when nothing finite does, NaN when unknown.</summary>
    public double FailLimit { get; init; } = double.NaN;

    /// <summary>The value below which this property fails on its own; −∞ where only large values fail.</summary>
    public double LowerFailLimit { get; init; } = double.NegativeInfinity;

    /// <summary>
    /// Whether the label comes from a given limit: a requirement and not a test. Its p-value, if it has one, is for information and in no joint
    /// p-value.
    /// </summary>
    public bool ByLimit { get; init; }
}
