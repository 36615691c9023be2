namespace XaiL2O.Certifiers;

/// <summary>How many rows passed, warned and failed.</summary>
/// <param name="Pass">Passed.</param>
/// <param name="Warning">With a warning.</param>
/// <param name="Fail">Failed.</param>
public sealed record ReportCounts(int Pass, int Warning, int Fail)
{
    /// <summary>All of them.</summary>
    public int Rows => Pass + Warning + Fail;

    /// <summary>Failed/all; NaN where there are none.</summary>
    public double FailRate => Rows == 0 ? double.NaN : (double)Fail / Rows;
}
