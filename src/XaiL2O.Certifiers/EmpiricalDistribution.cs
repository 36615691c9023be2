namespace XaiL2O.Certifiers;

/// <summary>Calibration values of one property, sorted; queries take O(log N).</summary>
public sealed class EmpiricalDistribution
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

    /// <summary>N.</summary>
    public int Count => sorted.Length;

    /// <summary>The values in ascending order.</summary>
    public ReadOnlySpan<double> Values => sorted;

    /// <summary>#{αᵢ &lt; value}.</summary>
    /// <param name="value">Any number but NaN.</param>
    public int CountStrictlyBelow(double value)
    {
        var (low, high) = (0, sorted.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (sorted[middle] < value)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>#{αᵢ ≥ value}.</summary>
    /// <param name="value">Any number but NaN.</param>
    public int CountAtLeast(double value) => sorted.Length - CountStrictlyBelow(value);

    /// <summary>CDF(value) = #{αᵢ ≤ value}/N (13).</summary>
    /// <param name="value">Any number but NaN.</param>
    public double Cdf(double value) => (double)CountStrictlyBelow(double.BitIncrement(value)) / sorted.Length;

    /// <summary>The smallest calibration value v with CDF(v) ≥ level.</summary>
    /// <param name="level">In [0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">The level is outside [0, 1].</exception>
    public double Quantile(double level)
    {
        if (!(level >= 0 && level <= 1))
            throw new ArgumentOutOfRangeException(nameof(level), level, $"A quantile's level lies in [0, 1]; got {level}.");
        // The slack keeps 0.95·100 = 95.000…01 from becoming 96.
        var rank = (int)Math.Ceiling((level * sorted.Length) - 1e-9);
        return sorted[Math.Clamp(rank, 1, sorted.Length) - 1];
    }
}
