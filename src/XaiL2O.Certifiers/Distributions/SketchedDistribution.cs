namespace XaiL2O.Certifiers;

/// <summary>Calibration values summarised by a <see cref="QuantileSketch"/>: few doubles, counts short by at most ε·N.</summary>
public sealed class SketchedDistribution : CalibrationDistribution
{
    private readonly double[] values;
    private readonly int[] ranks;

    /// <summary>Takes a summary apart from its sketch, for instance one that was stored.</summary>
    /// <param name="values">Kept values, ascending, finite; the first and the last are the smallest and the largest calibration value.</param>
    /// <param name="ranks">For each kept value, how many calibration values are known to be at or below it; ascending, the last one is N.</param>
    /// <param name="rankError">ε in (0, 1).</param>
    /// <exception cref="ArgumentException">The arrays are empty, unordered or of different lengths, or ε is out of range.</exception>
    public SketchedDistribution(IEnumerable<double> values, IEnumerable<int> ranks, double rankError)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(ranks);
        (this.values, this.ranks, RankError) = ([.. values], [.. ranks], rankError);
        if (this.values.Length == 0 || this.values.Length != this.ranks.Length)
            throw new ArgumentException($"A sketch has as many ranks as values and at least one; got {this.values.Length} values and {this.ranks.Length} ranks.", nameof(values));
        if (!(rankError > 0 && rankError < 1))
            throw new ArgumentOutOfRangeException(nameof(rankError), rankError, $"A sketch's rank error lies in (0, 1); got {rankError}.");
        for (var i = 0; i < this.values.Length; i++)
        {
            if (!double.IsFinite(this.values[i]) || this.ranks[i] < 1 || (i > 0 && (this.values[i] < this.values[i - 1] || this.ranks[i] < this.ranks[i - 1])))
                throw new ArgumentException("A sketch's values are finite and, like its positive ranks, in ascending order.", nameof(values));
        }
    }

    /// <inheritdoc/>
    public override int Count => ranks[^1];

    /// <inheritdoc/>
    public override ReadOnlySpan<double> Values => values;

    /// <summary>For each kept value, how many calibration values are known to be at or below it.</summary>
    public ReadOnlySpan<int> Ranks => ranks;

    /// <inheritdoc/>
    public override double RankError { get; }

    /// <inheritdoc/>
    public override int CountStrictlyBelow(double value)
    {
        var index = LowerBound(values, value);
        return index == 0 ? 0 : ranks[index - 1];
    }

    /// <inheritdoc/>
    public override int CountAtMost(double value)
    {
        var index = value == double.PositiveInfinity ? values.Length : LowerBound(values, double.BitIncrement(value));
        // Between two kept values up to εN may lie that the lower one's rank does not count; below the first and above the last lie none.
        return index == 0 ? 0 : index == values.Length ? Count : Math.Min(Count, ranks[index - 1] + (int)Math.Floor(RankError * Count));
    }

    private protected override int RankOf(int index) => ranks[index];
}
