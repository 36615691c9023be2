namespace XaiL2O.Certifiers;

/// <summary>
/// How far beyond its predictions an interval must reach to hold the truth but for a share α of rows: split conformal prediction, normalised by a difficulty, and conformalised
/// quantile regression.
/// </summary>
/// <remarks>
/// A calibration row has two scores: by how much the truth is below the lower prediction, (ŷ_lo − y)/u, and above the upper one, (y − ŷ_hi)/u, with a difficulty u > 0; both
/// predictions are ŷ for a regression, or two quantiles. Symmetric: one quantile of the larger of both, Lei et al. 2018, doi 10.1080/01621459.2017.1307116, with two quantile
/// columns Romano, Patterson and Candès 2019, arXiv 1905.03222. For an error e that is itself to be bounded, the score above is e/u. The promise
/// P(ŷ_lo − a·u ≤ y ≤ ŷ_hi + b·u) ≥ 1 − α needs calibration rows that are exchangeable with the new one and that neither predictions nor difficulty were fitted on.
/// </remarks>
public sealed class ConformalInterval
{
    private readonly (double Lower, double Upper) offsets;
    private readonly WeightedScores? lower;
    private readonly WeightedScores? upper;

    /// <summary>Calibrates.</summary>
    /// <param name="below">Scores below, one per row; not read where only large values are bounded.</param>
    /// <param name="above">Scores above, one per row; not read where only small values are bounded.</param>
    /// <param name="level">What is promised.</param>
    /// <param name="sides">Where the truth is bounded.</param>
    /// <param name="weights">Weights of the rows where new ones come from elsewhere, see <see cref="WeightedScores"/>; none when empty.</param>
    /// <exception cref="ArgumentException">There are too few rows for the level; the message says how many are needed.</exception>
    public ConformalInterval(ReadOnlySpan<double> below, ReadOnlySpan<double> above, ConformalLevel level, BoundSides sides = BoundSides.Symmetric, ReadOnlySpan<double> weights = default)
    {
        ArgumentNullException.ThrowIfNull(level);
        level.Validate();
        if (!Enum.IsDefined(sides))
            throw new ArgumentException($"{nameof(sides)} = {sides} is not a {nameof(BoundSides)}.", nameof(sides));
        if (sides is BoundSides.Symmetric or BoundSides.TwoTailed && below.Length != above.Length)
            throw new ArgumentException($"As many scores below as above are needed; got {below.Length} and {above.Length}.", nameof(above));
        (Level, Sides, Rows) = (level, sides, sides == BoundSides.Lower ? below.Length : above.Length);
        var tail = sides == BoundSides.TwoTailed ? level.Half() : level;
        if (sides == BoundSides.Symmetric)
        {
            (lower, offsets.Lower) = Calibrate(Larger(below, above), weights, tail);
            (upper, offsets.Upper) = (lower, offsets.Lower);
            return;
        }

        (lower, offsets.Lower) = sides == BoundSides.Upper ? (null, double.PositiveInfinity) : Calibrate(below, weights, tail);
        (upper, offsets.Upper) = sides == BoundSides.Lower ? (null, double.PositiveInfinity) : Calibrate(above, weights, tail);
    }

    /// <summary>What is promised.</summary>
    public ConformalLevel Level { get; }

    /// <summary>Where the truth is bounded.</summary>
    public BoundSides Sides { get; }

    /// <summary>Calibration rows.</summary>
    public int Rows { get; }

    /// <summary>(Σw)²/Σw² of the weights; the number of rows without.</summary>
    public double EffectiveSampleSize => (upper ?? lower)?.EffectiveSampleSize ?? Rows;

    /// <summary>The miscoverage given the calibration rows; of one tail where there are two. Null with weights.</summary>
    public RateGivenCalibration? Rate => (lower ?? upper) is null ? (Sides == BoundSides.TwoTailed ? Level.Half() : Level).RateGiven(Rows) : null;

    /// <summary>a and b for a row: in units of the difficulty, ∞ where a side is not bounded, or the row weighs too much. Negative where the quantile columns were too wide.</summary>
    /// <param name="weight">The row's weight, of use with weights only.</param>
    public (double Lower, double Upper) Offsets(double weight = 1)
    {
        if (lower is null && upper is null)
            return offsets;
        var alpha = Sides == BoundSides.TwoTailed ? Level.Miscoverage / 2 : Level.Miscoverage;
        return (lower?.Quantile(weight, alpha) ?? double.PositiveInfinity, upper?.Quantile(weight, alpha) ?? double.PositiveInfinity);
    }

    private static (WeightedScores?, double) Calibrate(ReadOnlySpan<double> scores, ReadOnlySpan<double> weights, ConformalLevel level)
    {
        if (weights.IsEmpty)
            return (null, ConformalQuantile.Of(scores, level));
        var weighted = new WeightedScores(scores, weights);
        weighted.Require(level);
        return (weighted, double.NaN);
    }

    private static double[] Larger(ReadOnlySpan<double> below, ReadOnlySpan<double> above)
    {
        var larger = new double[below.Length];
        for (var i = 0; i < larger.Length; i++)
            larger[i] = Math.Max(below[i], above[i]);
        return larger;
    }
}
