namespace XaiL2O.Certifiers;

/// <summary>Sums of binomial probabilities, in logarithms, since the first of them vanishes in double precision where there are many rows.</summary>
internal static class BinomialTail
{
    /// <summary>P(Bin(n, p) ≤ k).</summary>
    public static double AtMost(int k, int n, double p) => k >= n ? 1 : Walk(n, p, double.PositiveInfinity, k).Sum;

    /// <summary>How many of 0, 1, 2, … the sum takes up before it exceeds a bound.</summary>
    public static int CountWithin(double bound, int n, double p) => Walk(n, p, bound, n).Count;

    private static (double Sum, int Count) Walk(int n, double p, double bound, int last)
    {
        if (p <= 0 || p >= 1)
            return (p <= 0 || last >= n ? 1 : 0, p <= 0 ? 0 : n);
        var (sum, logTerm, logOdds) = (0.0, n * double.LogP1(-p), Math.Log(p) - double.LogP1(-p));
        for (var i = 0; i <= last; i++)
        {
            var next = sum + Math.Exp(logTerm);
            if (next > bound)
                return (sum, i);
            (sum, logTerm) = (next, logTerm + Math.Log((double)(n - i) / (i + 1)) + logOdds);
        }

        return (Math.Min(sum, 1), last + 1);
    }
}
