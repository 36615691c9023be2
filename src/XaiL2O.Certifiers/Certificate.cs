namespace XaiL2O.Certifiers;

/// <summary>One property of one inference, judged.</summary>
/// <param name="Name">Name of the property: the part of the model that a failure points at.</param>
/// <param name="Value">Property value α; small is good.</param>
/// <param name="PValue">Conformal p-value (1 + #{αᵢ ≥ α})/(N + 1), in [1/(N + 1), 1]; NaN where nothing was calibrated.</param>
/// <param name="Label">Pass, warning or fail.</param>
public readonly record struct Certificate(string Name, double Value, double PValue, CertificateLabel Label)
{
    /// <summary>The value above which this property fails on its own; +∞ when nothing finite does, NaN when unknown.</summary>
    public double FailLimit { get; init; } = double.NaN;
}
