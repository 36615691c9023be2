namespace XaiL2O.Trainers;

/// <summary>
/// A feasible trade from the pools' best ones at shadow prices that are only nearly optimal. What a pool accepts it accepts in part as well, since its trades are a convex set that holds none; so pools
/// that tender a token of which too little is held are scaled down together, and then those that tender what these would have brought, until nothing is missing.
/// </summary>
internal sealed class RoutePrimal(PoolNetwork network, RouteDual dual)
{
    /// <summary>Room for the rounding of sums, relative to what is tendered of the token.</summary>
    private const double Rounding = 1e-13;

    private const int MaxPasses = 200;

    private readonly double[] factor = new double[network.Pools.Count];
    private readonly double[] flow = new double[network.Tokens.Count];
    private readonly double[] tendered = new double[network.Tokens.Count];

    /// <summary>y − x, N amounts.</summary>
    public double[] Trade { get; } = new double[network.StateCount];

    /// <summary>Makes the trade; returns ⟨p, y − x⟩.</summary>
    public double Recover()
    {
        dual.Weights.CopyTo(factor);
        var pass = 0;
        while (!IsCovered())
        {
            if (++pass == MaxPasses)
            {
                // No trade at all is always feasible.
                Array.Clear(factor);
                continue;
            }

            for (var j = 0; j < factor.Length; j++)
            {
                var least = 1.0;
                for (var i = network.Offset(j); i < network.Offset(j + 1); i++)
                {
                    if (dual.Net[i] < 0)
                        least = Math.Min(least, flow[network.TokenOf(i)]);
                }

                factor[j] *= least;
            }
        }

        var value = 0.0;
        for (var j = 0; j < factor.Length; j++)
        {
            for (var i = network.Offset(j); i < network.Offset(j + 1); i++)
            {
                Trade[i] = factor[j] * dual.Net[i];
                value += dual.Lowest[network.TokenOf(i)] * Trade[i];
            }
        }

        return value;
    }

    /// <summary>Fixed costs of the pools that <see cref="Trade"/> uses.</summary>
    public double Costs()
    {
        var sum = 0.0;
        for (var j = 0; j < factor.Length; j++)
            sum += Trade.AsSpan(network.Offset(j), network.Pools[j].Tokens.Count).ContainsAnyExcept(0.0) ? network.Pools[j].FixedCost : 0;
        return sum;
    }

    /// <summary>Whether nothing is missing; leaves in <see cref="flow"/> by which factor tenders of each token must shrink.</summary>
    private bool IsCovered()
    {
        Array.Clear(flow);
        Array.Clear(tendered);
        for (var j = 0; j < factor.Length; j++)
        {
            for (var i = network.Offset(j); i < network.Offset(j + 1); i++)
            {
                var (t, amount) = (network.TokenOf(i), factor[j] * dual.Net[i]);
                flow[t] += amount;
                tendered[t] += Math.Max(0, -amount);
            }
        }

        var covered = true;
        for (var t = 0; t < flow.Length; t++)
        {
            var missing = -flow[t] - dual.Holdings[t];
            var isMissing = missing > Rounding * tendered[t];
            flow[t] = isMissing ? Math.Max(0, 1 - (missing / tendered[t])) : 1;
            covered &= !isMissing;
        }

        return covered;
    }
}
