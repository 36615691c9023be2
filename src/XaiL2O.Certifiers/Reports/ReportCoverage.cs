namespace XaiL2O.Certifiers;

/// <summary>For how many rows a bound holds, and how large it is.</summary>
/// <param name="Held">Rows whose bound holds.</param>
/// <param name="MedianBound">Median bound; ∞ where most rows have no finite one.</param>
/// <param name="MedianActual">Median of what is bounded.</param>
/// <param name="Unbounded">Rows without a finite bound: ∞ always holds, and NaN, the bound of an inference that is no number, never does.</param>
public sealed record ReportCoverage(ReportShare Held, double MedianBound, double MedianActual, int Unbounded)
{
    internal static ReportCoverage Of(IReadOnlyCollection<BoundedRow> rows) => new(
        new ReportShare(rows.Count(r => r.Holds), rows.Count),
        Median(rows.Select(r => double.IsNaN(r.Bound) ? double.PositiveInfinity : r.Bound)),
        Median(rows.Select(r => r.Actual)),
        rows.Count(r => !double.IsFinite(r.Bound)));

    /// <summary>The middle value, the mean of the middle two of an even number; NaN without numbers.</summary>
    internal static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Where(v => !double.IsNaN(v)).Order()];
        var middle = sorted.Length / 2;
        return sorted.Length == 0 ? double.NaN : sorted.Length % 2 == 1 || sorted[middle - 1] == sorted[middle] ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
