namespace XaiL2O.Certifiers;

/// <summary>One property of one inference, judged.</summary>
/// <param name="Name">Name of the property: the part of the model that a failure points at.</param>
/// <param name="Value">Property value α; small is good.</param>
/// <param name="PValue">Conformal p-value (1 + #{αᵢ ≥ α})/(N + 1), in [1/(N + 1), 1].</param>
/// <param name="Label">Pass, warning or fail.</param>
public readonly record struct Certificate(string Name, double Value, double PValue, CertificateLabel Label);
