using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The model of <see cref="ExpectedTradeDefinition"/>: no weights, and an inference that <see cref="ExpectedTrade"/> finds.</summary>
internal sealed class ExpectedTradeModel : ImplicitModel
{
    private readonly CfmmNetwork network;
    private readonly ObservationErrors errors;
    private readonly ExpectedTrade method;
    private readonly CfmmTensors tensors;
    private readonly Tensor one;
    private readonly Term[] terms;

    public ExpectedTradeModel(CfmmNetwork network, ObservationErrors errors)
    {
        LibTorch.EnsureLoaded();
        using var work = NativeWork.Enter();
        (this.network, this.errors, method) = (network, errors, new ExpectedTrade(network, errors));
        using var mode = inference_mode(false);
        using var scope = NewDisposeScope();
        tensors = new CfmmTensors(network);
        one = ones(1, dtype: ScalarType.Float64).DetachFromDisposeScope();
        Func<Tensor> none = () => zeros(network.Cfmms.Count, dtype: ScalarType.Float64);
        terms =
        [
            new RefusalTerm("TradeRisk", network, method),
            new TradeUtilityTerm("Profit", tensors, () => zeros(network.ReserveCount, network.ReserveCount, dtype: ScalarType.Float64), one, 1),
            new TradeFeasibilityTerm("Feasibility", tensors, none, none),
        ];
    }

    public override int DataSize => network.ReserveCount + network.Tokens.Count;

    public override int InferenceSize => 2 * network.ReserveCount;

    public override int TargetSize => network.ReserveCount;

    public override IReadOnlyList<Term> Terms => terms;

    public override Term Feasibility => terms[2];

    public override IReadOnlyList<(string Name, Tensor Weight)> Weights => [];

    public override IReadOnlyList<object?> Configuration => [network, errors];

    public override ScalarType DataType => ScalarType.Float64;

    public override Device Device => CPU;

    /// <summary>Sizes, bias and deviation of the errors.</summary>
    public override IReadOnlyList<NamedArray> LearnedValues()
    {
        static NamedArray Array(string name, IReadOnlyList<double> values) => new(name, [values.Count], [.. values.Select(v => (float)v)]);
        return [Array(nameof(errors.Sizes), errors.Sizes), Array(nameof(errors.Bias), errors.Bias), Array(nameof(errors.Deviation), errors.Deviation)];
    }

    /// <summary>The trade is not iterated for on tensors: the start is the answer.</summary>
    public override Splitting CreateSplitting() => new ExplicitMap(data =>
    {
        var (reserves, prices) = CfmmColumns.Split(network, data);
        var trades = method.Solve(reserves, prices).Trades;
        return cat([tensor(trades.Tender).reshape(-1, network.ReserveCount), tensor(trades.Receive).reshape(-1, network.ReserveCount)], 1);
    });

    public override ModelInference Infer(Tensor data, FixedPointOptions options, Splitting? splitting = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        using var work = NativeWork.Enter();
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var (reserves, prices) = CfmmColumns.Split(network, data);
        var (trades, acceptance, gap) = method.Solve(reserves, prices, cancellationToken);
        var x = cat([tensor(trades.Tender).reshape(-1, network.ReserveCount), tensor(trades.Receive).reshape(-1, network.ReserveCount)], 1);
        var inference = CfmmColumns.Inference(network, trades, prices, Evaluate(x, data), OptimalityCondition.Gap);
        return inference with { Outputs = [.. inference.Outputs, acceptance], Gap = gap };
    }

    /// <summary>Minus the mean utility of executed trades, by the exact rules.</summary>
    public override Tensor Loss(Tensor inference, Tensor data, Tensor targets) => tensor(ValidationLoss(inference, data, targets));

    public override double ValidationLoss(Tensor inference, Tensor data, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(inference);
        ArgumentNullException.ThrowIfNull(data);
        var N = network.ReserveCount;
        var trades = CfmmTrades.Empty((int)data.shape[0], N) with { Tender = TensorNumbers.Of(inference.slice(1, 0, N, 1)), Receive = TensorNumbers.Of(inference.slice(1, N, 2 * N, 1)) };
        return -MarginRule.ExecutedUtility(network, trades, CfmmColumns.Split(network, data).Prices, TensorNumbers.Of(targets)).Utility;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            tensors.Dispose();
            one.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>The probability that a CFMM refuses a trade.</summary>
    private sealed class RefusalTerm(string name, CfmmNetwork network, ExpectedTrade method) : Term(name, new IdentityOperator(2 * network.ReserveCount))
    {
        public override string Cause => "a trade so large, or so close to the edge of a rule, that errors of the usual size in the observed reserves void it";

        public override string Formula => "probability that an exchange refuses the trade, by the learned errors of the reserves";

        public override Tensor PropertyValue(Tensor x, Tensor data)
        {
            var N = network.ReserveCount;
            var acceptance = method.Acceptance(CfmmColumns.Split(network, data).Reserves, TensorNumbers.Of(x.slice(1, 0, N, 1)), TensorNumbers.Of(x.slice(1, N, 2 * N, 1)));
            return 1 - tensor(acceptance);
        }
    }
}
