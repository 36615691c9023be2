namespace XaiL2O.Certifiers;

/// <summary>How the values of a set of rows are distributed.</summary>
/// <param name="Set">Name of the set.</param>
/// <param name="Rows">Rows in the set.</param>
/// <param name="NotFinite">Rows whose value is NaN or infinite; they are in no bin.</param>
/// <param name="FailShare">Share of the set's rows that fail the property alone.</param>
/// <param name="Shares">Share of the set's rows in each bin.</param>
public sealed record ReportHistogram(string Set, int Rows, int NotFinite, double FailShare, IReadOnlyList<double> Shares)
{
    /// <summary>Whether these are the calibration rows.</summary>
    public bool IsCalibration { get; init; }
}
