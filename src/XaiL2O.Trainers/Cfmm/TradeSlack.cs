namespace XaiL2O.Trainers;

/// <summary>How far a trade is from being refused by one CFMM, and what errors in its reserves do to that.</summary>
internal static class TradeSlack
{
    /// <summary>
    /// The slack, and its standard deviation under independent errors of size 1 in the logarithms of the reserves, to first order: for a geometric rule of Σωᵢ·ln(1 + vᵢ), which changes by Σωᵢεᵢvᵢ/(1 + vᵢ),
    /// for an arithmetic one, which depends on the reserves only by what is left of them, of the least ln(rᵢ/yᵢ) of what is received.
    /// </summary>
    /// <param name="cfmm">The CFMM.</param>
    /// <param name="reserves">Reserves of its tokens.</param>
    /// <param name="tender">x.</param>
    /// <param name="receive">y.</param>
    /// <returns>∞ and 0 where nothing is traded.</returns>
    public static (double Slack, double Deviation) Of(Cfmm cfmm, ReadOnlySpan<double> reserves, ReadOnlySpan<double> tender, ReadOnlySpan<double> receive)
    {
        if (!tender.ContainsAnyExcept(0.0) && !receive.ContainsAnyExcept(0.0))
            return (double.PositiveInfinity, 0);
        var (gain, square, weights, left) = (0.0, 0.0, 0.0, double.PositiveInfinity);
        for (var i = 0; i < reserves.Length; i++)
        {
            var v = ((cfmm.FeeFactor * tender[i]) - receive[i]) / reserves[i];
            var (weight, change) = (cfmm.Weights[i], v / Math.Max(1 + v, double.Epsilon));
            weights += weight;
            gain += weight * CfmmExecution.LogOnePlus(Math.Max(v, -1));
            square += weight * weight * change * change;
            if (receive[i] > 0)
                left = Math.Min(left, Math.Log(reserves[i] / receive[i]));
        }

        // What an arithmetic rule refuses, it refuses whatever the reserves are.
        if (cfmm.Rule == ExchangeRule.Arithmetic && !CfmmExecution.Accepts(cfmm, reserves, tender, receive) && !(left < 0))
            return (double.NegativeInfinity, 1);
        return cfmm.Rule == ExchangeRule.Geometric ? (gain / weights, Math.Sqrt(square) / weights) : (left, double.IsFinite(left) ? 1 : 0);
    }
}
