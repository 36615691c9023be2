namespace XaiL2O.Trainers;

/// <summary>
/// One CFMM of one row in units of its observed reserves, where everything is of order 1 whatever the tokens' units: amounts are divided
/// by d, prices multiplied by d and divided by the value of the pool, and the rule reads Σ ωᵢℓ(vᵢ) ≥ c with Σω = 1 and ℓ(v) = ln(1 + v)
/// (geometric) or v (arithmetic).
/// </summary>
internal static class CfmmScaling
{
    /// <summary>Tokens of a CFMM up to which intermediate values are kept on the stack; those of larger ones, which could overflow it, are not.</summary>
    public const int StackTokens = 16;

    /// <summary>c for a margin δ: ln(1 + δ) for (45), δ for (49).</summary>
    public static double Level(ExchangeRule rule, double margin) =>
        rule == ExchangeRule.Geometric ? CfmmExecution.LogOnePlus(margin) : margin;

    /// <summary>Whether CFMM j holds nothing at all, exactly 0 of every token, at prices that are positive and finite: it cannot trade, and the others can.</summary>
    /// <param name="network">The network.</param>
    /// <param name="cfmm">j.</param>
    /// <param name="reserves">d, N entries.</param>
    /// <param name="prices">p, one per token.</param>
    public static bool IsDead(CfmmNetwork network, int cfmm, ReadOnlySpan<double> reserves, ReadOnlySpan<double> prices)
    {
        for (var i = network.Offset(cfmm); i < network.Offset(cfmm + 1); i++)
        {
            if (!(reserves[i] == 0 && prices[network.TokenOf(i)] is > 0 and < double.PositiveInfinity))
                return false;
        }

        return true;
    }

    /// <summary>Fills relative prices and weights of CFMM j; false where reserves or prices are not positive and finite.</summary>
    /// <param name="network">The network.</param>
    /// <param name="cfmm">j.</param>
    /// <param name="reserves">d, N entries.</param>
    /// <param name="prices">p, one per token.</param>
    /// <param name="price">Receives p·d/V, with V the value of the pool.</param>
    /// <param name="weight">Receives ω.</param>
    public static bool Fill(CfmmNetwork network, int cfmm, ReadOnlySpan<double> reserves, ReadOnlySpan<double> prices, Span<double> price, Span<double> weight)
    {
        var (pool, offset) = (network.Cfmms[cfmm], network.Offset(cfmm));
        var (value, sum) = (0.0, 0.0);
        for (var i = 0; i < price.Length; i++)
        {
            var (d, p) = (reserves[offset + i], prices[network.TokenOf(offset + i)]);
            if (!(d > 0 && p > 0))
                return false;
            price[i] = p * d;
            weight[i] = pool.Rule == ExchangeRule.Geometric ? pool.Weights[i] : pool.Weights[i] * d;
            value += price[i];
            sum += weight[i];
        }

        if (!(double.IsFinite(value) && double.IsFinite(sum)))
            return false;
        for (var i = 0; i < price.Length; i++)
        {
            price[i] /= value;
            weight[i] /= sum;
            // A reserve that is dust beside the others leaves nothing to compute with.
            if (!(price[i] > CfmmTradeSolver.Dust && weight[i] > CfmmTradeSolver.Dust))
                return false;
        }

        return true;
    }
}
