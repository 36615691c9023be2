using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>
/// Calibration scores with weights, for new rows that come from elsewhere: quantiles and p-values that hold where the new rows' distribution has the density w against that of the
/// calibration rows, up to a factor, and the relation between row and score is the same.
/// </summary>
/// <remarks>
/// Weighted exchangeability, Tibshirani, Barber, Candès and Ramdas 2019, arXiv 1904.06019. The promise is exact for the true density ratio; with an estimated one it is as good as the
/// estimate. A few large weights leave few rows that count: <see cref="EffectiveSampleSize"/>.
/// </remarks>
public sealed class WeightedScores
{
    /// <summary>What sums of many weights lose.</summary>
    private const double Slack = 1e-9;
    private readonly double[] scores; // ascending
    private readonly double[] below; // sum of the weights of the first i scores

    /// <summary>Sorts scores.</summary>
    /// <param name="scores">At least one; NaN counts as larger than all numbers.</param>
    /// <param name="weights">As many; finite and at least 0, not all 0.</param>
    /// <exception cref="ArgumentException">The lengths differ, or a weight is out of range.</exception>
    public WeightedScores(ReadOnlySpan<double> scores, ReadOnlySpan<double> weights)
    {
        if (scores.IsEmpty || scores.Length != weights.Length)
            throw new ArgumentException($"As many weights as scores are needed, and at least one; got {scores.Length} scores and {weights.Length} weights.", nameof(weights));
        this.scores = scores.ToArray();
        for (var i = 0; i < scores.Length; i++)
        {
            if (!(weights[i] >= 0 && double.IsFinite(weights[i])))
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The weight of calibration row {i} is {weights[i]}; weights are finite and at least 0."), nameof(weights));
            this.scores[i] = double.IsNaN(scores[i]) ? double.PositiveInfinity : scores[i];
        }

        var ordered = weights.ToArray();
        Array.Sort(this.scores, ordered);
        below = new double[scores.Length + 1];
        var squares = 0.0;
        for (var i = 0; i < ordered.Length; i++)
            (below[i + 1], squares) = (below[i] + ordered[i], squares + (ordered[i] * ordered[i]));
        if (!(Total > 0 && double.IsFinite(Total) && squares > 0 && double.IsFinite(squares)))
            throw new ArgumentException($"The weights sum to {Total.ToString(CultureInfo.InvariantCulture)} and their squares to {squares.ToString(CultureInfo.InvariantCulture)}; both must be positive and finite.", nameof(weights));
        EffectiveSampleSize = Total * Total / squares;
    }

    /// <summary>Number of calibration rows.</summary>
    public int Count => scores.Length;

    /// <summary>(Σw)²/Σw²: as many rows of equal weight would tell as much.</summary>
    public double EffectiveSampleSize { get; }

    private double Total => below[^1];

    /// <summary>The smallest score that a new one exceeds with probability at most α; ∞ where the new row weighs so much that there is none.</summary>
    /// <param name="weight">w of the new row, at least 0; NaN and ∞ give ∞.</param>
    /// <param name="miscoverage">α in (0, 1).</param>
    public double Quantile(double weight, double miscoverage)
    {
        if (!double.IsFinite(weight) || weight < 0)
            return double.PositiveInfinity;
        var target = (1 - miscoverage) * (Total + weight) * (1 - Slack);
        if (target > Total)
            return double.PositiveInfinity;
        var (low, high) = (0, scores.Length - 1);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = below[middle + 1] >= target ? (low, middle) : (middle + 1, high);
        }

        return scores[low];
    }

    /// <summary>(Σ wᵢ·1{αᵢ ≥ α} + w)/(Σ wᵢ + w); 1 where the weight is no number.</summary>
    /// <param name="score">α of the new row; NaN is larger than all numbers.</param>
    /// <param name="weight">w of the new row, at least 0.</param>
    public double PValue(double score, double weight)
    {
        if (!double.IsFinite(weight) || weight < 0)
            return 1;
        var (low, high) = (0, scores.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = scores[middle] >= score || double.IsNaN(score) && double.IsPositiveInfinity(scores[middle]) ? (low, middle) : (middle + 1, high);
        }

        return Math.Min(1, (Total - below[low] + weight) / (Total + weight));
    }

    /// <summary>Throws unless the rows that count support a level.</summary>
    /// <param name="level">The level, without a confidence.</param>
    /// <exception cref="ArgumentException">The effective sample size is too small; the message says what is needed.</exception>
    public void Require(ConformalLevel level)
    {
        ArgumentNullException.ThrowIfNull(level);
        level.Validate();
        if (level.Confidence is not null)
            throw new ArgumentException($"{nameof(ConformalLevel.Confidence)} cannot be kept with weights, under which the miscoverage given the calibration rows has no known distribution.", nameof(level));
        if (EffectiveSampleSize < level.RowsNeeded * (1 - Slack))
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"A miscoverage of {level.Miscoverage} needs an effective sample size (Σw)²/Σw² of at least {level.RowsNeeded}; that of the {Count} weighted calibration rows is {EffectiveSampleSize:0.0}. Calibrate on more rows like the new ones, or raise {nameof(ConformalLevel.Miscoverage)}."));
    }
}
