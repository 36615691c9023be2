namespace XaiL2O.Trainers;

/// <summary>Whether a network accepts trades, by the exchange rule (18) on its true reserves.</summary>
public static class CfmmExecution
{
    /// <summary>Room for rounding in relative terms: a trade on the very edge is accepted.</summary>
    private const double Rounding = 1e-12;

    /// <summary>Whether every CFMM accepts its part of a trade.</summary>
    /// <param name="network">The network.</param>
    /// <param name="reserves">True reserves r, N entries.</param>
    /// <param name="tender">x, N entries.</param>
    /// <param name="receive">y, N entries.</param>
    /// <returns>False for NaN or negative amounts too.</returns>
    public static bool Executes(CfmmNetwork network, ReadOnlySpan<double> reserves, ReadOnlySpan<double> tender, ReadOnlySpan<double> receive)
    {
        ArgumentNullException.ThrowIfNull(network);
        for (var j = 0; j < network.Cfmms.Count; j++)
        {
            var range = network.Offset(j)..network.Offset(j + 1);
            if (!Accepts(network.Cfmms[j], reserves[range], tender[range], receive[range]))
                return false;
        }

        return true;
    }

    /// <summary>Whether one CFMM accepts a trade: x, y ≥ 0, nothing beyond the reserves, φ(r + γx − y) ≥ φ(r).</summary>
    /// <param name="cfmm">The CFMM.</param>
    /// <param name="reserves">True reserves of its tokens.</param>
    /// <param name="tender">x.</param>
    /// <param name="receive">y.</param>
    public static bool Accepts(Cfmm cfmm, ReadOnlySpan<double> reserves, ReadOnlySpan<double> tender, ReadOnlySpan<double> receive)
    {
        ArgumentNullException.ThrowIfNull(cfmm);
        // Nothing tendered and nothing received is no trade: even a CFMM without reserves has nothing to refuse.
        if (!tender.ContainsAnyExcept(0.0) && !receive.ContainsAnyExcept(0.0))
            return true;
        var (gain, size) = (0.0, 0.0);
        for (var i = 0; i < reserves.Length; i++)
        {
            var change = (cfmm.FeeFactor * tender[i]) - receive[i];
            if (!(tender[i] >= 0 && receive[i] >= 0 && receive[i] <= reserves[i] * (1 + Rounding) && change >= -reserves[i]))
                return false;
            // Relative to the reserves, so that rounding means the same for all tokens.
            var part = cfmm.Rule == ExchangeRule.Geometric ? cfmm.Weights[i] * LogOnePlus(change / reserves[i]) : cfmm.Weights[i] * change;
            gain += part;
            size += cfmm.Rule == ExchangeRule.Geometric ? cfmm.Weights[i] : cfmm.Weights[i] * reserves[i];
        }

        return gain >= -Rounding * size;
    }

    /// <summary>⟨p, y − x⟩ over all CFMMs: the value a trade brings (21).</summary>
    /// <param name="network">The network.</param>
    /// <param name="prices">p, one per token.</param>
    /// <param name="tender">x, N entries.</param>
    /// <param name="receive">y, N entries.</param>
    public static double Utility(CfmmNetwork network, ReadOnlySpan<double> prices, ReadOnlySpan<double> tender, ReadOnlySpan<double> receive)
    {
        ArgumentNullException.ThrowIfNull(network);
        var sum = 0.0;
        for (var i = 0; i < network.ReserveCount; i++)
            sum += prices[network.TokenOf(i)] * (receive[i] - tender[i]);
        return sum;
    }

    /// <summary>ln(1 + v) without the cancellation of small v (Kahan's correction).</summary>
    internal static double LogOnePlus(double v)
    {
        var u = 1 + v;
        return u == 1 ? v : Math.Log(u) * v / (u - 1);
    }
}
