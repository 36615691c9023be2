namespace XaiL2O.Trainers;

/// <summary>Sums of consecutive numbers in constant time, accurate relative to themselves: prefixes are held as unevaluated sums of two numbers (Dekker 1971).</summary>
internal sealed class PrefixSum
{
    private readonly double[] large;
    private readonly double[] small;

    /// <param name="values">Numbers of one sign.</param>
    public PrefixSum(double[] values)
    {
        (large, small) = (new double[values.Length + 1], new double[values.Length + 1]);
        for (var i = 0; i < values.Length; i++)
        {
            // The error of a sum is a number (Knuth).
            var sum = large[i] + values[i];
            var part = sum - large[i];
            var error = (large[i] - (sum - part)) + (values[i] - part) + small[i];
            large[i + 1] = sum + error;
            small[i + 1] = error - (large[i + 1] - sum);
        }
    }

    /// <summary>The sum of values <paramref name="from"/> … <paramref name="to"/> − 1.</summary>
    public double Between(int from, int to) => (large[to] - large[from]) + (small[to] - small[from]);
}
