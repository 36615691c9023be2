namespace XaiL2O.Certifiers;

/// <summary>
/// Selects hypotheses of a batch: those with p ≤ p₍ₖ₎, for the largest k with p₍ₖ₎ ≤ k·q/m.
/// </summary>
/// <remarks>
/// The expected share of true null hypotheses among the selected is at most q where p-values are independent or depend positively on each other (Benjamini and Hochberg 1995;
/// Benjamini and Yekutieli 2001), as those of <see cref="ConformalSelection"/> do, which share their calibration rows (Jin and Candès, arXiv 2210.01408).
/// </remarks>
public static class BenjaminiHochberg
{
    private const double Slack = 1e-12;

    /// <summary>The largest p-value that is selected; −∞ where none is.</summary>
    /// <param name="pValues">p-values of the batch; none is NaN.</param>
    /// <param name="level">q in (0, 1).</param>
    public static double Threshold(ReadOnlySpan<double> pValues, double level)
    {
        ConformalSelection.CheckLevel(level);
        var sorted = pValues.ToArray();
        Array.Sort(sorted);
        if (sorted.Length > 0 && double.IsNaN(sorted[0]))
            throw new ArgumentException("A p-value is NaN.", nameof(pValues));
        return Count(sorted, level) is var k and > 0 ? sorted[k - 1] : double.NegativeInfinity;
    }

    /// <summary>How many are selected: the largest k with p₍ₖ₎ ≤ k·q/m.</summary>
    /// <param name="sorted">p-values of the batch, ascending.</param>
    /// <param name="level">q in (0, 1], of which 1 selects all.</param>
    internal static int Count(ReadOnlySpan<double> sorted, double level)
    {
        var k = sorted.Length;
        while (k > 0 && !(sorted[k - 1] <= level * k / sorted.Length * (1 + Slack)))
            k--;
        return k;
    }

    /// <summary>Which are selected.</summary>
    /// <param name="pValues">p-values of the batch; none is NaN.</param>
    /// <param name="level">q in (0, 1).</param>
    public static bool[] Select(ReadOnlySpan<double> pValues, double level)
    {
        var threshold = Threshold(pValues, level);
        var selected = new bool[pValues.Length];
        for (var i = 0; i < selected.Length; i++)
            selected[i] = pValues[i] <= threshold;
        return selected;
    }
}
