using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>
/// A counted share with its exact 95 % interval: of all probabilities p, those for which neither as few nor as many counts as these have a probability below 2.5 %, where rows are independent.
/// </summary>
/// <remarks>Clopper and Pearson 1934, doi 10.1093/biomet/26.4.404. It is conservative: it holds the true p in at least 95 % of cases.</remarks>
public sealed class ReportShare
{
    private const double Tail = 0.025;

    /// <summary>Takes counts.</summary>
    /// <param name="count">Rows of which something holds, from 0 to <paramref name="rows"/>.</param>
    /// <param name="rows">All rows.</param>
    public ReportShare(int count, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, rows);
        (Count, Rows) = (count, rows);
        // The fewer of both, because sums of binomial probabilities take as many terms.
        (Low, High) = 2L * count <= rows ? (Lower(count), Upper(count)) : (1 - Upper(rows - count), 1 - Lower(rows - count));
    }

    /// <summary>Rows of which something holds.</summary>
    public int Count { get; }

    /// <summary>All rows.</summary>
    public int Rows { get; }

    /// <summary>Count/rows; NaN without rows.</summary>
    public double Share => Rows == 0 ? double.NaN : (double)Count / Rows;

    /// <summary>Lower end of the interval.</summary>
    public double Low { get; }

    /// <summary>Upper end of the interval.</summary>
    public double High { get; }

    /// <summary>The interval in percent, for people.</summary>
    public string Interval => string.Create(CultureInfo.InvariantCulture, $"{100 * Low:0.0} to {100 * High:0.0} %");

    /// <summary>The share, what it was counted of and the interval, on one line for people.</summary>
    public override string ToString() => Rows == 0 ? "none of 0 rows" : string.Create(CultureInfo.InvariantCulture, $"{100 * Share:0.0} % ({Count} of {Rows} rows; exact 95 % interval {Interval})");

    // The ends are quantiles of the distributions Beta(k, N + 1 − k) and Beta(k + 1, N − k).
    private double Lower(int count) => count == 0 ? 0 : new RateGivenCalibration(Rows, count).Quantile(Tail);

    private double Upper(int count) => count == Rows ? 1 : new RateGivenCalibration(Rows, count + 1).Quantile(1 - Tail);
}
