using System.Text.Json.Serialization;

namespace XaiL2O.Trainers;

/// <summary>
/// A pool that keeps a weighted product of its reserves (19): Uniswap v2 with two equal weights, Balancer with any. State: the reserves; a pool with 0 of every token is dead and trades nothing.
/// </summary>
public sealed class WeightedPool : LiquidityPool
{
    private readonly double[] weight;
    private readonly Cfmm rule;

    /// <summary>A pool.</summary>
    /// <param name="name">Name in messages.</param>
    /// <param name="tokens">Names of its tokens, at least two.</param>
    /// <param name="weights">wᵢ &gt; 0, one per token. Their scale does not matter.</param>
    /// <param name="feeFactor">γ in (0, 1].</param>
    /// <exception cref="ArgumentException">A value is out of its range; the message names it.</exception>
    [JsonConstructor]
    public WeightedPool(string name, IReadOnlyList<string> tokens, IReadOnlyList<double> weights, double feeFactor)
        : base(name, tokens, feeFactor)
    {
        ArgumentNullException.ThrowIfNull(weights);
        rule = new Cfmm(name, Tokens, [.. weights], feeFactor, ExchangeRule.Geometric);
        rule.Validate();
        var sum = weights.Sum();
        weight = [.. weights.Select(w => w / sum)];
    }

    /// <summary>wᵢ.</summary>
    public IReadOnlyList<double> Weights => rule.Weights;

    /// <inheritdoc/>
    [JsonIgnore]
    public override IReadOnlyList<string> StateNames => Tokens;

    internal override bool IsValid(ReadOnlySpan<double> state)
    {
        foreach (var reserve in state)
        {
            if (!(reserve > 0 && double.IsFinite(reserve)))
                return !state.ContainsAnyExcept(0.0);
        }

        return true;
    }

    internal override void MarginalPrices(ReadOnlySpan<double> state, Span<double> prices)
    {
        for (var i = 0; i < prices.Length; i++)
            prices[i] = state[i] > 0 ? weight[i] / state[i] : 0;
    }

    internal override double Best(ReadOnlySpan<double> state, double feeFactor, ReadOnlySpan<double> prices, Span<double> net, Span<double> hessian)
    {
        net.Clear();
        hessian.Clear();
        if (state[0] == 0)
            return 0;
        var n = net.Length;
        var small = n <= CfmmScaling.StackTokens;
        var relative = small ? stackalloc double[n] : new double[n];
        var (sum, value) = (0.0, 0.0);
        for (var i = 0; i < n; i++)
            sum += relative[i] = prices[i] * state[i];
        for (var i = 0; i < n; i++)
            relative[i] /= sum;
        AnalyticTrade.Geometric(relative, weight, feeFactor, 0, 0, net);
        // d⟨q, y − x⟩/dq = y − x, and the multiplier μ of the rule follows from any token that is traded: 1 + v = μγw/q.
        var (multiplier, traded) = (0.0, 0.0);
        for (var i = 0; i < n; i++)
        {
            if (net[i] == 0)
                continue;
            multiplier = (1 + net[i]) * prices[i] * state[i] / ((net[i] > 0 ? feeFactor : 1) * weight[i]);
            traded += weight[i];
        }

        for (var i = 0; i < n && hessian.Length > 0; i++)
        {
            for (var k = 0; k < n; k++)
            {
                if (net[i] != 0 && net[k] != 0)
                    hessian[(i * n) + k] = multiplier * weight[i] / (prices[i] * prices[k]) * ((i == k ? 1 : 0) - (weight[k] / traded));
            }
        }

        for (var i = 0; i < n; i++)
        {
            net[i] *= net[i] > 0 ? -state[i] / feeFactor : -state[i];
            value += prices[i] * net[i];
        }

        if (value > 0)
            return value;
        net.Clear();
        hessian.Clear();
        return 0;
    }

    private protected override bool Allows(ReadOnlySpan<double> state, ReadOnlySpan<double> tender, ReadOnlySpan<double> receive) =>
        state[0] > 0 && CfmmExecution.Accepts(rule, state, tender, receive);
}
