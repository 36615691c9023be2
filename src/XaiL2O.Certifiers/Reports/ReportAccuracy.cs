namespace XaiL2O.Certifiers;

/// <summary>Mean errors of rows whose truth is known, by what their certificates say; NaN where there are no such rows.</summary>
/// <param name="Rows">Rows with a known error.</param>
/// <param name="All">Mean error of all of them.</param>
/// <param name="Trusted">Of those that passed, with or without a warning.</param>
/// <param name="Failed">Of those that failed.</param>
public sealed record ReportAccuracy(int Rows, double All, double Trusted, double Failed);
