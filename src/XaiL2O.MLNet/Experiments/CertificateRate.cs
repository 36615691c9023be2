namespace XaiL2O.MLNet;

/// <summary>How often a certificate had each label on the validation rows; the three shares add up to 1.</summary>
/// <param name="Part">Name of the certified property.</param>
/// <param name="Pass">Share of rows in [0, 1].</param>
/// <param name="Warning">Share of rows in [0, 1].</param>
/// <param name="Fail">Share of rows in [0, 1].</param>
public sealed record CertificateRate(string Part, double Pass, double Warning, double Fail);
