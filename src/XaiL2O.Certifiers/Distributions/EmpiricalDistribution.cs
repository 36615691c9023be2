namespace XaiL2O.Certifiers;

/// <summary>All calibration values of one property, sorted: O(N) doubles, exact counts.</summary>
public sealed class EmpiricalDistribution : CalibrationDistribution
{
    private readonly double[] sorted;

    /// <summary>Sorts a copy of the values.</summary>
    /// <param name="values">At least one value, all finite.</param>
    /// <exception cref="ArgumentException">No values, or NaN or ∞ among them.</exception>
    public EmpiricalDistribution(IEnumerable<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        sorted = [.. values];
        if (sorted.Length == 0)
            throw new ArgumentException("Calibration needs at least one value; there are none.", nameof(values));
        var odd = sorted.Count(v => !double.IsFinite(v));
        if (odd > 0)
            throw new ArgumentException($"{odd} of {sorted.Length} calibration values are NaN or infinite; remove those rows before calibrating.", nameof(values));
        Array.Sort(sorted);
    }

    /// <inheritdoc/>
    public override int Count => sorted.Length;

    /// <inheritdoc/>
    public override ReadOnlySpan<double> Values => sorted;

    /// <inheritdoc/>
    public override double RankError => 0;

    /// <inheritdoc/>
    public override int CountStrictlyBelow(double value) => LowerBound(sorted, value);

    /// <inheritdoc/>
    public override int CountAtMost(double value) => value == double.PositiveInfinity ? sorted.Length : LowerBound(sorted, double.BitIncrement(value));

    private protected override int RankOf(int index) => index + 1;
}
