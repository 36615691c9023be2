using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>Columns and batches that models of trades share: d is N reserves, then the prices of all tokens.</summary>
internal static class CfmmColumns
{
    public static IReadOnlyList<ModelColumn> Inputs(CfmmNetwork network, double[]? prices) => prices is null
        ? [new("Reserves", network.ReserveCount), new("Prices", network.Tokens.Count)]
        : [new("Reserves", network.ReserveCount)];

    public static IReadOnlyList<ModelColumn> Trade(CfmmNetwork network)
    {
        string[] slots = [.. network.Cfmms.SelectMany(cfmm => cfmm.Tokens.Select(token => $"{cfmm.Name}: {token}"))];
        return
        [
            new("Tender", network.ReserveCount) { IsDouble = true, SlotNames = slots },
            new("Receive", network.ReserveCount) { IsDouble = true, SlotNames = slots },
            new("Utility", 0) { IsDouble = true },
        ];
    }

    /// <summary>Throws unless prices for all rows, where there are any, are one per token, positive and finite.</summary>
    public static void Validate(CfmmNetwork network, double[]? prices)
    {
        if (prices is not null && prices.Length != network.Tokens.Count)
            throw new ArgumentException($"Prices has {prices.Length} values; the network has {network.Tokens.Count} tokens.");
        if (prices?.Any(p => !(p > 0 && double.IsFinite(p))) == true)
            throw new ArgumentException($"Prices must be positive and finite; got {string.Join(", ", prices)}.");
    }

    public static Tensor Join(IReadOnlyList<Tensor> inputs, double[]? prices)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var reserves = inputs[0].to(ScalarType.Float64);
        return cat([reserves, prices is null ? inputs[1].to(ScalarType.Float64) : tensor(prices).expand(reserves.shape[0], prices.Length)], 1);
    }

    public static Tensor Trainable(Tensor data, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(targets);
        static Tensor Positive(Tensor t) => t.gt(0).logical_and(t.isfinite()).all(1);
        return Positive(data).logical_and(Positive(targets));
    }

    /// <summary>Reserves and prices of a batch.</summary>
    public static (double[] Reserves, double[] Prices) Split(CfmmNetwork network, Tensor data)
    {
        using var scope = NewDisposeScope();
        return (TensorNumbers.Of(data.slice(1, 0, network.ReserveCount, 1)), TensorNumbers.Of(data.slice(1, network.ReserveCount, network.ReserveCount + network.Tokens.Count, 1)));
    }

    /// <summary>What trades look like as an inference, with the value of each.</summary>
    public static ModelInference Inference(CfmmNetwork network, CfmmTrades trades, double[] prices, IEnumerable<double[]> properties, OptimalityCondition missing)
    {
        var (N, tokens) = (network.ReserveCount, network.Tokens.Count);
        double[][] tender = [.. trades.Tender.Chunk(N)], receive = [.. trades.Receive.Chunk(N)];
        return new ModelInference(
            [.. tender.Zip(receive, (x, y) => x.Concat(y).Select(v => (float)v).ToArray())],
            [.. properties],
            trades.Residual,
            trades.Iterations,
            trades.Status,
            [.. trades.Status.Select(s => s == SolveStatus.Converged ? OptimalityCondition.None : missing)])
        {
            Outputs = [tender, receive, tender.Select((x, row) => CfmmExecution.Utility(network, prices.AsSpan(row * tokens, tokens), x, receive[row])).ToArray()],
        };
    }
}
