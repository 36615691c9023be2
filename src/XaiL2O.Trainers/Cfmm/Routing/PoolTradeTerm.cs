using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>What is measured of a routed trade; no algorithm uses it.</summary>
internal sealed class PoolTradeTerm(string name, PoolTradeDefinition definition, PoolTradeTerm.Measure measure) : Term(name, new IdentityOperator(definition.InferenceSize))
{
    public delegate double Measure(PoolTradeDefinition definition, ReadOnlySpan<double> x, ReadOnlySpan<double> y, ReadOnlySpan<double> states, ReadOnlySpan<double> prices, ReadOnlySpan<double> holdings);

    public required string Explanation { get; init; }

    public override string Cause => Explanation;

    /// <summary>
    /// The share of the traded value that pools refuse on the observed states, or the share of a token's tender beyond its holding, whichever is larger; 0 for a feasible trade.
    /// </summary>
    public static double Violation(PoolTradeDefinition definition, ReadOnlySpan<double> x, ReadOnlySpan<double> y, ReadOnlySpan<double> states, ReadOnlySpan<double> prices, ReadOnlySpan<double> holdings)
    {
        var network = definition.Network;
        var (all, refused, refusals, parts) = (0.0, 0.0, 0, 0);
        for (var j = 0; j < network.Pools.Count; j++)
        {
            var (range, value) = (network.Offset(j)..network.Offset(j + 1), 0.0);
            for (var i = network.Offset(j); i < network.Offset(j + 1); i++)
                value += prices[network.TokenOf(i)] * (x[i] + y[i]);
            all += value;
            parts += x[range].ContainsAnyExcept(0.0) || y[range].ContainsAnyExcept(0.0) ? 1 : 0;
            if (network.Pools[j].Accepts(states[range], x[range], y[range]))
                continue;
            refused += value;
            refusals++;
        }

        // Tokens may have no price; what is refused of them counts by pools.
        var worst = refused > 0 ? refused / all : refusals / (double)Math.Max(1, parts);
        Span<double> flow = new double[network.Tokens.Count];
        Span<double> tendered = new double[network.Tokens.Count];
        for (var i = 0; i < x.Length; i++)
        {
            flow[network.TokenOf(i)] += x[i] - y[i];
            tendered[network.TokenOf(i)] += x[i];
        }

        for (var t = 0; t < holdings.Length; t++)
            worst = Math.Max(worst, flow[t] > holdings[t] ? (flow[t] - holdings[t]) / tendered[t] : 0);
        return worst;
    }

    /// <summary>How far a trade is short of profit, as a share of the tendered value; 0 for a profitable one.</summary>
    public static double Loss(PoolTradeDefinition definition, ReadOnlySpan<double> x, ReadOnlySpan<double> y, ReadOnlySpan<double> states, ReadOnlySpan<double> prices, ReadOnlySpan<double> holdings)
    {
        _ = (states.Length, holdings.Length);
        var tendered = 0.0;
        for (var i = 0; i < x.Length; i++)
            tendered += prices[definition.Network.TokenOf(i)] * x[i];
        var utility = definition.Network.Utility(prices, x, y);
        return utility >= 0 ? 0 : -utility / (tendered - utility);
    }

    public override Tensor PropertyValue(Tensor x, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(data);
        using var scope = NewDisposeScope();
        var (N, tokens) = (definition.Network.StateCount, definition.Network.Tokens.Count);
        var trades = TensorNumbers.Of(x);
        var (states, prices, holdings) = PoolTradeModel.Split(definition, data);
        var values = new double[x.shape[0]];
        for (var row = 0; row < values.Length; row++)
        {
            var trade = trades.AsSpan(row * 2 * N, 2 * N);
            values[row] = trade.ContainsAnyExceptInRange(0, double.MaxValue)
                ? double.NaN
                : measure(definition, trade[..N], trade[N..], states.AsSpan(row * N, N), PoolRouter.Row(prices, row, tokens), holdings is null ? default : PoolRouter.Row(holdings, row, tokens));
        }

        return tensor(values).MoveToOuterDisposeScope();
    }
}
