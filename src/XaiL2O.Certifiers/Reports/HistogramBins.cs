namespace XaiL2O.Certifiers;

/// <summary>Scales and bins of a report's figures.</summary>
internal static class HistogramBins
{
    /// <summary>What rows are called that were not divided into sets.</summary>
    public const string NoSet = "evaluated rows";

    private const int Bins = 36;

    /// <summary>The range of values; logarithmic where they are positive over more than a factor of 50, or that is asked for.</summary>
    public static (double Low, double High, bool Logarithmic) Scale(IEnumerable<double> values, bool logarithmic = false)
    {
        double[] finite = [.. values.Where(double.IsFinite).Order()];
        if (finite.Length == 0)
            return (0, 1, false);
        double[] positive = [.. finite.Where(v => v > 0)];
        var (bottom, top) = (finite[0], finite[^1]);
        // The lowest hundredth may be rounding noise many decades down; it would push everything else to the right.
        var low = positive.Length == 0 ? 0 : positive[positive.Length / 100];
        if (positive.Length > 0 && bottom >= 0 && (logarithmic || (top > 50 * low && finite[finite.Length / 2] < top / 5)))
            return (low, top > low ? top : 10 * low, true);
        return (bottom, top > bottom ? top : bottom + Math.Max(1e-12, Math.Abs(bottom) * 1e-3), false);
    }

    /// <summary>Bounds of equal bins on the scale of the values.</summary>
    public static (double[] Edges, bool Logarithmic) Edges(double[] values, bool logarithmic = false)
    {
        var scale = Scale(values, logarithmic);
        var (a, b) = scale.Logarithmic ? (Math.Log10(scale.Low), Math.Log10(scale.High)) : (scale.Low, scale.High);
        double[] edges = [.. Enumerable.Range(0, Bins + 1).Select(i => a + ((b - a) * i / Bins)).Select(e => scale.Logarithmic ? Math.Pow(10, e) : e)];
        (edges[0], edges[^1]) = (scale.Low, scale.High);
        return (edges, scale.Logarithmic);
    }

    /// <summary>Share of the values in each bin; those beyond the bounds are in the first and the last.</summary>
    public static double[] Shares(CalibrationDistribution distribution, double[] edges)
    {
        var shares = new double[edges.Length - 1];
        var below = 0;
        for (var i = 0; i < shares.Length; i++)
        {
            var upTo = i == shares.Length - 1 ? distribution.Count : distribution.CountStrictlyBelow(edges[i + 1]);
            (shares[i], below) = ((double)(upTo - below) / distribution.Count, upTo);
        }

        return shares;
    }

    /// <summary>The histogram of values, of which those that are not finite are in no bin.</summary>
    public static ReportHistogram Of(string name, double[] values, double failShare, double[] edges)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        double[] shares = finite.Length == 0
            ? new double[edges.Length - 1]
            : [.. Shares(new EmpiricalDistribution(finite), edges).Select(s => s * finite.Length / values.Length)];
        return new ReportHistogram(name, values.Length, values.Length - finite.Length, failShare, shares);
    }
}
