namespace XaiL2O.Certifiers;

/// <summary>Calibration values of one property, exact or as a bounded sketch. Immutable; queries take O(log N) and allocate nothing.</summary>
public abstract class CalibrationDistribution
{
    private protected CalibrationDistribution()
    {
    }

    /// <summary>N, the number of calibration values seen.</summary>
    public abstract int Count { get; }

    /// <summary>The values kept, ascending: all N of an <see cref="EmpiricalDistribution"/>, fewer of a <see cref="SketchedDistribution"/>.</summary>
    public abstract ReadOnlySpan<double> Values { get; }

    /// <summary>
    /// ε such that <see cref="CountStrictlyBelow"/> is at most εN too small, and never too large; 0 when exact. Erring to this side makes
    /// p-values at most ε too large, so that rates of false fails stay at or below nominal.
    /// </summary>
    public abstract double RankError { get; }

    /// <summary>#{αᵢ &lt; value}, or a lower bound of it that is short by at most <see cref="RankError"/>·N.</summary>
    /// <param name="value">Any number but NaN.</param>
    public abstract int CountStrictlyBelow(double value);

    /// <summary>
    /// #{αᵢ ≤ value}, or an upper bound of it that is too large by at most <see cref="RankError"/>·N: with <see cref="CountAtLeast"/> it errs to
    /// the side on which p-values are too large, whichever values count as unusual.
    /// </summary>
    /// <param name="value">Any number but NaN.</param>
    public abstract int CountAtMost(double value);

    /// <summary>#{αᵢ ≥ value}, or an upper bound of it that is too large by at most <see cref="RankError"/>·N.</summary>
    /// <param name="value">Any number but NaN.</param>
    public int CountAtLeast(double value) => Count - CountStrictlyBelow(value);

    /// <summary>CDF(value) = #{αᵢ ≤ value}/N (13).</summary>
    /// <param name="value">Any number but NaN.</param>
    public double Cdf(double value) => (double)CountStrictlyBelow(double.BitIncrement(value)) / Count;

    /// <summary>The smallest value kept, v, with CDF(v) ≥ level.</summary>
    /// <param name="level">In [0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">The level is outside [0, 1].</exception>
    public double Quantile(double level)
    {
        if (!(level >= 0 && level <= 1))
            throw new ArgumentOutOfRangeException(nameof(level), level, $"A quantile's level lies in [0, 1]; got {level}.");
        // The slack keeps 0.95·100 = 95.000…01 from becoming 96.
        var rank = Math.Clamp((int)Math.Ceiling((level * Count) - 1e-9), 1, Count);
        var values = Values;
        var (low, high) = (0, values.Length - 1);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (RankOf(middle) >= rank)
                high = middle;
            else
                low = middle + 1;
        }

        return values[low];
    }

    /// <summary>How many values are known to be at or below the kept value of this index.</summary>
    private protected abstract int RankOf(int index);

    /// <summary>How many of the ascending values are strictly below one.</summary>
    private protected static int LowerBound(ReadOnlySpan<double> sorted, double value)
    {
        // Halving the length without a branch on the comparison keeps the processor from guessing every second step wrong.
        var (start, length) = (0, sorted.Length);
        while (length > 1)
        {
            var half = length >>> 1;
            start += sorted[start + half - 1] < value ? half : 0;
            length -= half;
        }

        return length == 1 && sorted[start] < value ? start + 1 : start;
    }
}
