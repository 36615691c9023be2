namespace XaiL2O.Certifiers;

/// <summary>One evaluated row in a report.</summary>
/// <param name="Name">Name of the row.</param>
/// <param name="Set">Set it belongs to; empty for none.</param>
/// <param name="Group">Calibration group; empty for none.</param>
/// <param name="Label">Joint label.</param>
/// <param name="JointPValue">Joint p-value; NaN where nothing was calibrated.</param>
/// <param name="Certificates">Its certificates.</param>
/// <param name="Explanation">Why.</param>
public sealed record ReportRow(string Name, string Set, string Group, CertificateLabel Label, double JointPValue, IReadOnlyList<Certificate> Certificates, string Explanation);
