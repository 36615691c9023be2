namespace XaiL2O.Certifiers;

/// <summary>
/// Gathers evidence that p-values have become small: the mixture over ε of the power martingales ∏ ε·pᵢ^(ε−1)
/// (Vovk, Nouretdinov and Gammerman, <i>Testing exchangeability on-line</i>, ICML 2003). Not for use from several threads.
/// </summary>
/// <remarks>
/// If each p-value is uniform given those before it, the value is a nonnegative martingale with mean 1, so by Ville's inequality it ever
/// reaches 1/δ with probability at most δ. Betting on small p-values alone would lose capital through a long quiet time and find drift late;
/// therefore ε = 1, which bets nothing, is in the mixture, and a share of the capital is spread anew over all ε at every step (fixed
/// share: Herbster and Warmuth, <i>Tracking the best expert</i>, Machine Learning 32:151–178, 1998, doi 10.1023/A:1007424614876), which keeps
/// the martingale one.
/// </remarks>
public sealed class PowerMartingale
{
    private const int Bets = 20;
    private readonly double[] weights = new double[Bets];

    /// <summary>Starts with capital 1.</summary>
    /// <param name="share">Share of the capital that is spread anew at every step, in [0, 1]; 0 gives the plain mixture.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is out of range.</exception>
    public PowerMartingale(double share = 0.001)
    {
        if (!(share >= 0 && share <= 1))
            throw new ArgumentOutOfRangeException(nameof(share), share, $"{nameof(share)} = {share} is out of range; it must lie in [0, 1].");
        Share = share;
        Array.Fill(weights, 1.0 / Bets);
    }

    /// <summary>Share of the capital that is spread anew at every step.</summary>
    public double Share { get; }

    /// <summary>Natural logarithm of the capital now.</summary>
    public double LogValue { get; private set; }

    /// <summary>Largest <see cref="LogValue"/> so far, at least 0.</summary>
    public double LogMaximum { get; private set; }

    /// <summary>p-values seen.</summary>
    public long Count { get; private set; }

    /// <summary>Share of the capital on each ε = 1/20, 2/20, …, 1.</summary>
    public ReadOnlySpan<double> Weights => weights;

    /// <summary>Takes a p-value up and returns the logarithm of the capital.</summary>
    /// <param name="p">In [0, 1], uniform if nothing has changed; 0 counts as 1e-12.</param>
    /// <exception cref="ArgumentOutOfRangeException">The p-value is out of range.</exception>
    public double Observe(double p)
    {
        if (!(p >= 0 && p <= 1))
            throw new ArgumentOutOfRangeException(nameof(p), p, $"A p-value lies in [0, 1]; got {p}.");
        var log = Math.Log(Math.Max(p, 1e-12));
        var gain = 0.0;
        for (var k = 0; k < Bets; k++)
        {
            var epsilon = (k + 1.0) / Bets;
            weights[k] *= epsilon * Math.Exp((epsilon - 1) * log);
            gain += weights[k];
        }

        for (var k = 0; k < Bets; k++)
            weights[k] = ((1 - Share) * weights[k] / gain) + (Share / Bets);
        Count++;
        LogValue += Math.Log(gain);
        LogMaximum = Math.Max(LogMaximum, LogValue);
        return LogValue;
    }

    /// <summary>Continues from stored numbers.</summary>
    internal static PowerMartingale Restore(double share, double logValue, double logMaximum, long count, ReadOnlySpan<double> weights)
    {
        if (weights.Length != Bets)
            throw new InvalidDataException($"The state of a martingale has {Bets} weights; got {weights.Length}.");
        if (!(double.IsFinite(logValue) && logMaximum >= Math.Max(0, logValue) && double.IsFinite(logMaximum) && count >= 0))
            throw new InvalidDataException($"The state of a martingale has the logarithm {logValue}, its maximum {logMaximum} and {count} values; both are finite, the maximum is at least 0 and the other, and the number is at least 0.");
        var total = 0.0;
        foreach (var weight in weights)
        {
            if (!(weight is >= 0 and <= 1 + 1e-9))
                throw new InvalidDataException($"The state of a martingale has the weight {weight}; it must lie in [0, 1].");
            total += weight;
        }

        if (!(Math.Abs(total - 1) < 1e-6))
            throw new InvalidDataException($"The weights of a martingale's state sum to {total}; they must sum to 1.");
        var martingale = new PowerMartingale(share) { LogValue = logValue, LogMaximum = logMaximum, Count = count };
        weights.CopyTo(martingale.weights);
        return martingale;
    }
}
