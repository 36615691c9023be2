using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>Trades of <see cref="PoolRouter"/> as a model: data rows are states, prices and holdings, inferences x followed by y.</summary>
internal sealed class PoolTradeModel(PoolTradeDefinition definition) : ImplicitModel
{
    private readonly PoolTradeTerm[] terms =
    [
        new("Feasibility", definition, PoolTradeTerm.Violation) { Explanation = "a trade that the observed states or the holdings do not allow: another method's" },
        new("Profit", definition, PoolTradeTerm.Loss) { Explanation = "a trade at other prices than these" },
    ];

    public override int DataSize => definition.DataSize;

    public override int InferenceSize => definition.InferenceSize;

    public override int TargetSize => definition.TargetSize;

    public override IReadOnlyList<Term> Terms => terms;

    public override Term? Feasibility => terms[0];

    public override IReadOnlyList<(string Name, Tensor Weight)> Weights => [];

    public override ScalarType DataType => ScalarType.Float64;

    public override Device Device => CPU;

    public override Splitting CreateSplitting() => new ExplicitMap(data =>
    {
        var trades = Route(data, definition.Solver, CancellationToken.None);
        long rows = trades.Status.Length;
        return cat([tensor(trades.Tender).reshape(rows, -1), tensor(trades.Receive).reshape(rows, -1)], 1);
    });

    /// <summary>The parts of data rows.</summary>
    public static (double[] States, double[] Prices, double[]? Holdings) Split(PoolTradeDefinition definition, Tensor data)
    {
        var (N, tokens) = (definition.Network.StateCount, definition.Network.Tokens.Count);
        return (TensorNumbers.Of(data.slice(1, 0, N, 1)), TensorNumbers.Of(data.slice(1, N, N + tokens, 1)), definition.LimitTenders ? TensorNumbers.Of(data.slice(1, N + tokens, data.shape[1], 1)) : null);
    }

    public override ModelInference Infer(Tensor data, FixedPointOptions options, Splitting? splitting = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        using var work = NativeWork.Enter();
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var (N, tokens) = (definition.Network.StateCount, definition.Network.Tokens.Count);
        var trades = Route(data, options, cancellationToken);
        double[][] tender = [.. trades.Tender.Chunk(N)], receive = [.. trades.Receive.Chunk(N)];
        var x = cat([tensor(trades.Tender).reshape(tender.Length, N), tensor(trades.Receive).reshape(tender.Length, N)], 1);
        return new ModelInference(
            [.. tender.Zip(receive, (a, b) => a.Concat(b).Select(v => (float)v).ToArray())],
            [.. Evaluate(x, data)],
            trades.Gap,
            trades.Iterations,
            trades.Status,
            [.. trades.Status.Select(s => s == SolveStatus.Converged ? OptimalityCondition.None : OptimalityCondition.Gap)])
        {
            Outputs = [tender, receive, trades.Utility, trades.ShadowPrices.Chunk(tokens).ToArray()],
        };
    }

    private RoutedTrades Route(Tensor data, FixedPointOptions options, CancellationToken cancellationToken)
    {
        var (states, prices, holdings) = Split(definition, data);
        return PoolRouter.Route(definition.Network, states, prices, holdings, definition.FeeMargin ?? 0, options, cancellationToken);
    }
}
