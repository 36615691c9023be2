namespace XaiL2O.Certifiers;

/// <summary>
/// Gathers evidence that p-values have become small, from a row on that is not known: a sum over starting rows j and over ε of the power martingales
/// ∏_{i ≥ j} ε·pᵢ^(ε−1) (Vovk, Nouretdinov and Gammerman, <i>Testing exchangeability on-line</i>, ICML 2003). Not for use from several threads.
/// </summary>
/// <remarks>
/// <para>A bet that was placed long before the change has lost what it had by then. So every row places new ones, and those before it do not matter.
/// The bets are all ε = 1/20, …, 19/20, with equal shares.</para>
/// <para><see cref="DriftPromise.Lifetime"/>: row j places wⱼ of a capital of 1, Σwⱼ = 1, and the rest waits. If each p-value is uniform given those before
/// it, this is a nonnegative martingale with mean 1, so by Ville's inequality it ever reaches 1/δ with probability at most δ. With wⱼ = Wⱼ₋₁ − Wⱼ and
/// W₀ = 1 and Wₙ = ½/(1 + ln(1 + n/1000)) a start at the first row costs ln 2, and one at row n about ln n.</para>
/// <para><see cref="DriftPromise.RunLength"/>: every row places 1, which is the Shiryaev–Roberts statistic. Its mean after n rows is n if nothing changes, so the
/// mean number of rows until it reaches r is at least r (e-detectors: Shin, Ramdas and Rinaldo, arXiv 2203.03532), and the start costs the same at
/// every row.</para>
/// </remarks>
internal sealed class PowerMartingale
{
    private const int Bets = 19;
    private const double Early = 1000;
    private readonly double[] weights = new double[Bets];

    /// <summary>Starts before the first row.</summary>
    /// <param name="promise">What is promised while nothing changes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The promise is not defined.</exception>
    public PowerMartingale(DriftPromise promise = DriftPromise.Lifetime)
    {
        if (!Enum.IsDefined(promise))
            throw new ArgumentOutOfRangeException(nameof(promise), promise, $"{promise} is not a {nameof(DriftPromise)}.");
        Promise = promise;
    }

    /// <summary>What is promised while nothing changes.</summary>
    public DriftPromise Promise { get; }

    /// <summary>Natural logarithm of the evidence now: of the capital, or of the Shiryaev–Roberts statistic. 0 before the first row.</summary>
    public double LogValue { get; private set; }

    /// <summary>Largest <see cref="LogValue"/> so far, at least 0.</summary>
    public double LogMaximum { get; private set; }

    /// <summary>p-values seen.</summary>
    public long Count { get; private set; }

    /// <summary>Share of the evidence on each ε = 1/20, 2/20, …, 19/20; what is missing from 1 has not been placed yet.</summary>
    public ReadOnlySpan<double> Weights => weights;

    /// <summary>Takes a p-value up and returns the logarithm of the evidence.</summary>
    /// <param name="p">In [0, 1], uniform if nothing has changed; 0 counts as 1e-12.</param>
    /// <exception cref="ArgumentOutOfRangeException">The p-value is out of range.</exception>
    public double Observe(double p)
    {
        if (!(p >= 0 && p <= 1))
            throw new ArgumentOutOfRangeException(nameof(p), p, $"A p-value lies in [0, 1]; got {p}.");
        var log = Math.Log(Math.Max(p, 1e-12));
        // Relative to the evidence before the row, which may be too large for a number.
        var unit = Math.Exp(-LogValue);
        var placed = Placed(Count + 1) * unit / Bets;
        var gain = Waiting(Count + 1) * unit;
        for (var k = 0; k < Bets; k++)
        {
            var epsilon = (k + 1.0) / (Bets + 1);
            weights[k] = (weights[k] + placed) * epsilon * Math.Exp((epsilon - 1) * log);
            gain += weights[k];
        }

        for (var k = 0; k < Bets; k++)
            weights[k] /= gain;
        Count++;
        LogValue += Math.Log(gain);
        LogMaximum = Math.Max(LogMaximum, LogValue);
        return LogValue;
    }

    /// <summary>Continues from stored numbers.</summary>
    internal static PowerMartingale Restore(DriftPromise promise, double logValue, double logMaximum, long count, ReadOnlySpan<double> weights)
    {
        var martingale = new PowerMartingale(promise) { LogValue = logValue, LogMaximum = logMaximum, Count = count };
        if (weights.Length != Bets)
            throw new InvalidDataException($"The state of a martingale has {Bets} weights; got {weights.Length}. A state of an earlier version does not go on; start a new monitor.");
        if (!(double.IsFinite(logValue) && logMaximum >= Math.Max(0, logValue) && double.IsFinite(logMaximum) && count >= 0))
            throw new InvalidDataException($"The state of a martingale has the logarithm {logValue}, its maximum {logMaximum} and {count} values; both are finite, the maximum is at least 0 and the other, and the number is at least 0.");
        var total = count == 0 ? 1 : martingale.Waiting(count) * Math.Exp(-logValue);
        foreach (var weight in weights)
        {
            if (!(weight is >= 0 and <= 1 + 1e-9))
                throw new InvalidDataException($"The state of a martingale has the weight {weight}; it must lie in [0, 1].");
            total += weight;
        }

        if (!(Math.Abs(total - 1) < 1e-6))
            throw new InvalidDataException($"The weights of a martingale's state sum to {total} with what has not been placed; they must sum to 1.");
        weights.CopyTo(martingale.weights);
        return martingale;
    }

    /// <summary>What row n, from 1, places.</summary>
    private double Placed(long n) => Promise == DriftPromise.RunLength ? 1 : Waiting(n - 1) - Waiting(n);

    /// <summary>Wₙ: what has not been placed after row n.</summary>
    private double Waiting(long n) => Promise == DriftPromise.RunLength ? 0 : n == 0 ? 1 : 0.5 / (1 + Math.Log(1 + (n / Early)));
}
