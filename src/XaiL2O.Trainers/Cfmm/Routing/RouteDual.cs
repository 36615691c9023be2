namespace XaiL2O.Trainers;

/// <summary>
/// The dual function of a row, D(q) = ⟨q − p, h⟩ + Σⱼ max(0, Vⱼ(q) − cⱼ) for shadow prices q ≥ p, with gradient and second derivatives. The maximum is smoothed over a width, so that D has a continuous
/// gradient: (e + w)²/4w for |e| ≤ w, which is never below it.
/// </summary>
internal sealed class RouteDual
{
    private readonly PoolNetwork network;
    private readonly double[] feeFactor;
    private readonly bool[] used;
    private readonly double[] q;
    private readonly double[] states;
    private readonly double[] net;
    private readonly double[] value;
    private readonly double[] weight;
    private readonly double[] gradient;
    private readonly double[] hessian;
    private readonly double[] localPrices;
    private readonly double[] localHessian;
    private readonly LiquidityPool[] pools;
    private double[] prices = [];
    private double[] holdings = [];

    /// <param name="network">The pools.</param>
    /// <param name="feeMargin">c.</param>
    /// <param name="used">Which pools there are; may change between evaluations.</param>
    public RouteDual(PoolNetwork network, double feeMargin, bool[] used)
    {
        var (m, n, tokens, most) = (network.Pools.Count, network.StateCount, network.Tokens.Count, network.Pools.Max(pool => pool.Tokens.Count));
        (this.network, this.used) = (network, used);
        feeFactor = [.. network.Pools.Select(pool => pool.FeeFactor * (1 - feeMargin))];
        (q, gradient, hessian) = (new double[tokens], new double[tokens], new double[tokens * tokens]);
        (states, net, value, weight) = (new double[n], new double[n], new double[m], new double[m]);
        (localPrices, localHessian) = (new double[most], new double[most * most]);
        pools = [.. network.Pools];
    }

    /// <summary>q, to be changed in place.</summary>
    public Span<double> ShadowPrices => q;

    /// <summary>p, below which q does not go.</summary>
    public ReadOnlySpan<double> Lowest => prices;

    /// <summary>h.</summary>
    public ReadOnlySpan<double> Holdings => holdings;

    /// <summary>Whether any holding is limited.</summary>
    public bool IsCoupled { get; private set; }

    /// <summary>D at the last evaluation.</summary>
    public double Value { get; private set; }

    /// <summary>h + Σ(y − x), per token; 0 where a holding is not limited.</summary>
    public ReadOnlySpan<double> Gradient => gradient;

    /// <summary>Second derivatives, tokens × tokens.</summary>
    public ReadOnlySpan<double> Hessian => hessian;

    /// <summary>Each pool's best trade y − x at q.</summary>
    public ReadOnlySpan<double> Net => net;

    /// <summary>Vⱼ(q).</summary>
    public ReadOnlySpan<double> PoolValues => value;

    /// <summary>How much of its trade each pool contributes: 1 or 0 outside the width.</summary>
    public ReadOnlySpan<double> Weights => weight;

    /// <summary>Takes a row; q starts at p, or where p is 0 at a price that pools give the token.</summary>
    public void Begin(ReadOnlySpan<double> rowStates, double[] p, double[] h)
    {
        rowStates.CopyTo(states);
        (prices, holdings) = (p, h);
        p.CopyTo(q, 0);
        IsCoupled = h.Any(double.IsFinite);
        for (var found = q.AsSpan().Contains(0); found;)
        {
            found = false;
            for (var j = 0; j < network.Pools.Count; j++)
                found |= Spread(j);
        }

        for (var t = 0; t < q.Length; t++)
            q[t] = q[t] > 0 ? q[t] : 1;
    }

    /// <summary>D at q, with its derivatives.</summary>
    /// <param name="width">Width of the smoothed maximum, in the pool's cost.</param>
    /// <param name="sunk">Whether fixed costs are spent already and do not count.</param>
    /// <param name="range">Range over which values of pools are averaged, in logarithms of prices; 0 for the values themselves.</param>
    public double Evaluate(double width, bool sunk, double range = 0)
    {
        Array.Clear(hessian);
        var tokens = q.Length;
        var sum = 0.0;
        for (var t = 0; t < tokens; t++)
        {
            var limited = double.IsFinite(holdings[t]);
            gradient[t] = limited ? holdings[t] : 0;
            sum += limited ? (q[t] - prices[t]) * holdings[t] : 0;
        }

        for (var j = 0; j < value.Length; j++)
        {
            var (pool, start, n) = (pools[j], network.Offset(j), pools[j].Tokens.Count);
            var trade = net.AsSpan(start, n);
            if (!used[j])
            {
                trade.Clear();
                (value[j], weight[j]) = (0, 0);
                continue;
            }

            var local = localPrices.AsSpan(0, n);
            var second = localHessian.AsSpan(0, n * n);
            var state = states.AsSpan(start, n);
            for (var i = 0; i < n; i++)
                local[i] = q[network.TokenOf(start + i)];
            value[j] = range > 0 ? pool.Smoothed(state, feeFactor[j], local, range, trade, second) : pool.Best(state, feeFactor[j], local, trade, second);
            var cost = sunk ? 0 : pool.FixedCost;
            (var part, weight[j], var curvature) = Smooth(value[j] - cost, cost * width);
            sum += part;
            if (weight[j] == 0 || !trade.ContainsAnyExcept(0.0))
                continue;
            for (var i = 0; i < n; i++)
            {
                var t = network.TokenOf(start + i);
                if (!double.IsFinite(holdings[t]))
                    continue;
                gradient[t] += weight[j] * trade[i];
                for (var k = 0; k < n; k++)
                    hessian[(t * tokens) + network.TokenOf(start + k)] += (weight[j] * second[(i * n) + k]) + (curvature * trade[i] * trade[k]);
            }
        }

        return Value = sum;
    }

    /// <summary>How far Σ(q − p)(h + y − x) is from 0 and holdings are from being kept, in value: what D can still fall by, about.</summary>
    public double Complementarity()
    {
        var sum = 0.0;
        for (var t = 0; t < q.Length; t++)
            sum += ((q[t] - prices[t]) * Math.Abs(gradient[t])) + (q[t] * Math.Max(0, -gradient[t]));
        return sum;
    }

    /// <summary>The value of what all pools' trades tender.</summary>
    public double TenderedValue()
    {
        var sum = 0.0;
        for (var i = 0; i < net.Length; i++)
            sum += q[network.TokenOf(i)] * Math.Max(0, -net[i]);
        return sum;
    }

    private static (double Value, double First, double Second) Smooth(double excess, double width)
    {
        if (excess >= width)
            return (excess, excess > 0 || width == 0 ? 1 : 0, 0);
        return excess <= -width ? (0, 0, 0) : ((excess + width) * (excess + width) / (4 * width), (excess + width) / (2 * width), 1 / (2 * width));
    }

    /// <summary>Prices tokens of a pool that have no price yet by those that have one.</summary>
    private bool Spread(int j)
    {
        var (start, n) = (network.Offset(j), network.Pools[j].Tokens.Count);
        var local = localPrices.AsSpan(0, n);
        network.Pools[j].MarginalPrices(states.AsSpan(start, n), local);
        var (known, found) = (-1, false);
        for (var i = 0; i < n; i++)
            known = q[network.TokenOf(start + i)] > 0 && local[i] > 0 ? i : known;
        for (var i = 0; i < n && known >= 0; i++)
        {
            ref var price = ref q[network.TokenOf(start + i)];
            if (price > 0 || !(local[i] > 0))
                continue;
            price = q[network.TokenOf(start + known)] * local[i] / local[known];
            found = true;
        }

        return found;
    }
}
