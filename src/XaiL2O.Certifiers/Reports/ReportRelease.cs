namespace XaiL2O.Certifiers;

/// <summary>What a false discovery rate releases of a batch.</summary>
/// <param name="Rate">q.</param>
/// <param name="Released">Share of the rows that is released.</param>
/// <param name="BadShare">Share of bad rows among the released, of those whose truth is known; NaN where there are none.</param>
public sealed record ReportRelease(double Rate, double Released, double BadShare);
