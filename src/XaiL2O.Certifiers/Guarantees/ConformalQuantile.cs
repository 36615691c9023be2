using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>
/// The quantile of split conformal prediction: the k-th largest of N scores, k by <see cref="ConformalLevel"/>. A new score that is exchangeable with these exceeds it with
/// probability at most α, whatever the distribution and the ties.
/// </summary>
/// <remarks>
/// It is the ⌈(N + 1)(1 − α)⌉-th smallest. Without ties the probability is also at least α − 1/(N + 1). Lei et al. 2018, doi 10.1080/01621459.2017.1307116.
/// </remarks>
public static class ConformalQuantile
{
    /// <summary>The quantile of scores.</summary>
    /// <param name="scores">Scores of the calibration rows; NaN counts as larger than all numbers, as a new one would be.</param>
    /// <param name="level">What is promised.</param>
    /// <exception cref="ArgumentException">There are too few scores for the level, or too many that are no numbers; the message says how many are needed.</exception>
    public static double Of(ReadOnlySpan<double> scores, ConformalLevel level)
    {
        ArgumentNullException.ThrowIfNull(level);
        level.Require(scores.Length);
        var sorted = Sorted(scores);
        var quantile = sorted[^level.Exceedances(scores.Length)];
        return double.IsPositiveInfinity(quantile)
            ? throw new ArgumentException(string.Create(
                CultureInfo.InvariantCulture,
                $"{sorted.Count(double.IsPositiveInfinity)} of {scores.Length} calibration scores are NaN or infinite, more than the {level.Exceedances(scores.Length) - 1} that a miscoverage of {level.Miscoverage} leaves aside. Mend the model or the rows where it gives no numbers."))
            : quantile;
    }

    /// <summary>Ascending, with what is no number at the end.</summary>
    internal static double[] Sorted(ReadOnlySpan<double> scores)
    {
        var sorted = scores.ToArray();
        for (var i = 0; i < sorted.Length; i++)
            sorted[i] = double.IsNaN(sorted[i]) ? double.PositiveInfinity : sorted[i];
        Array.Sort(sorted);
        return sorted;
    }
}
