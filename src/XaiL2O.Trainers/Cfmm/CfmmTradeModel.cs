using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The implicit model of trading on CFMMs (23): for observed reserves d, the trade (x, y) of greatest utility U_Θ = ⟨p, y − x⟩ − ½‖W(y − x)‖²
/// among those that keep the learned margins, or none in a CFMM where that one is worth less than nothing. Θ = W (one square matrix per CFMM), δ and κ (one each per CFMM). Properties:
/// <c>TradeRisk</c>, <c>Profit</c> and <c>Feasibility</c>.
/// </summary>
/// <remarks>
/// Data rows are d followed by prices p, <c>[batch, N + tokens]</c>; inferences are x followed by y, <c>[batch, 2N]</c>; training targets are
/// the true reserves, <c>[batch, N]</c>. Each CFMM is solved in amounts relative to its observed reserves and values relative to its pool,
/// so that the weights have no units and any scale of reserves is solved alike. Training maximises the utility of executed trades,
/// with the acceptance by each CFMM smoothed by a sigmoid of its slack on the true reserves.
/// </remarks>
public sealed class CfmmTradeModel : ImplicitModel
{
    /// <summary>Trained margins stay where they can be computed with: e^−30 is below rounding.</summary>
    private const double LowestLog = -30;

    private readonly CfmmTensors tensors;
    private readonly CfmmNewtonStep newton;
    private readonly Tensor riskIndex;
    private readonly Tensor risk;
    private readonly Tensor logMargin;
    private readonly Tensor logKept;
    private readonly ExchangeRuleTerm rule;
    private readonly TradeUtilityTerm utility;
    private readonly TradeFeasibilityTerm feasibility;
    private readonly Tensor one;

    /// <summary>Creates the model; it computes in double precision on the CPU.</summary>
    /// <param name="network">The network.</param>
    /// <param name="options">Starting point and training loss.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public CfmmTradeModel(CfmmNetwork network, CfmmTradeOptions options)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var margins = options.InitialMargins ?? CfmmMargins.Uniform(network, 5e-4, 2e-3);
        margins.Validate(network);
        if (margins.FeeMargin?.Any(c => c != 0) == true)
            throw new ArgumentException($"{nameof(CfmmTradeOptions.InitialMargins)}.{nameof(CfmmMargins.FeeMargin)}: the model has no fee margins to start from; give δ and κ only.");
        LibTorch.EnsureLoaded();
        using var work = NativeWork.Enter();
        (Network, Options) = (network, options);
        using var mode = inference_mode(false);
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)(uint)options.Seed);
        long N = network.ReserveCount;
        var index = Enumerable.Range(0, network.Cfmms.Count).SelectMany(j =>
            from a in Range(j)
            from b in Range(j)
            select (a * N) + b).ToArray();
        tensors = new CfmmTensors(network);
        newton = new CfmmNewtonStep(tensors);
        riskIndex = tensor(index).DetachFromDisposeScope();
        risk = Keep(options.InitialRisk * randn(index.Length, dtype: ScalarType.Float64, generator: generator));
        logMargin = Keep(tensor(margins.Margin.ToArray()).log().clamp_min(LowestLog));
        logKept = Keep(tensor(margins.Kept.ToArray()).log().clamp_min(LowestLog));
        rule = new ExchangeRuleTerm("TradeRisk", tensors, Levels, Kept);
        one = ones(1, dtype: ScalarType.Float64).DetachFromDisposeScope();
        utility = Utility(one);
        feasibility = new TradeFeasibilityTerm("Feasibility", tensors, Levels, Kept);
    }

    /// <summary>The network.</summary>
    public CfmmNetwork Network { get; }

    /// <summary>Starting point and training loss.</summary>
    public CfmmTradeOptions Options { get; }

    /// <summary>N reserves and the prices of all tokens.</summary>
    public override int DataSize => Network.ReserveCount + Network.Tokens.Count;

    /// <summary>2N: x, then y.</summary>
    public override int InferenceSize => 2 * Network.ReserveCount;

    /// <summary>N: true reserves.</summary>
    public override int TargetSize => Network.ReserveCount;

    /// <inheritdoc/>
    public override IReadOnlyList<Term> Terms => [rule, utility, feasibility];

    /// <inheritdoc/>
    public override Term Feasibility => feasibility;

    /// <summary>W (the square matrices of the CFMMs one after the other), ln δ and ln κ.</summary>
    public override IReadOnlyList<(string Name, Tensor Weight)> Weights => [("W", risk), ("LogMargin", logMargin), ("LogKept", logKept)];

    /// <summary>Network and options.</summary>
    public override IReadOnlyList<object?> Configuration => [Network, Options];

    /// <inheritdoc/>
    public override ScalarType DataType => ScalarType.Float64;

    /// <inheritdoc/>
    public override Device Device => CPU;

    /// <summary>δ and κ as they are now.</summary>
    public CfmmMargins Margins => new(TensorNumbers.Of(logMargin.exp()), TensorNumbers.Of(logKept.exp()));

    /// <summary>W, δ as <c>Margin</c> and κ as <c>Kept</c>.</summary>
    public override IReadOnlyList<NamedArray> LearnedValues()
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        return [NamedArray.Of("W", risk), NamedArray.Of("Margin", logMargin.exp()), NamedArray.Of("Kept", logKept.exp())];
    }

    /// <inheritdoc/>
    public override Splitting CreateSplitting() => CreateSplitting(Solver());

    /// <inheritdoc/>
    public override void ProjectWeights()
    {
        using var grad = no_grad();
        logMargin.clamp_(LowestLog, 0);
        logKept.clamp_(LowestLog, 0);
    }

    /// <summary>Decides trades, in double precision throughout.</summary>
    /// <param name="reserves">Observed reserves d, rows × N, row-major.</param>
    /// <param name="prices">p, tokens or rows × tokens.</param>
    /// <param name="options">Limits.</param>
    /// <param name="cancellationToken">Stops by throwing <see cref="OperationCanceledException"/>.</param>
    /// <returns>
    /// Nothing is traded with a dead CFMM, one whose reserves are all 0. Rows with other reserves or prices that are not positive and finite
    /// have status <see cref="SolveStatus.InvalidData"/>.
    /// </returns>
    public CfmmTrades Decide(double[] reserves, double[] prices, FixedPointOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return Solver().Solve(reserves, prices, options, null, cancellationToken);
    }

    /// <summary>Decides a batch of trades; beside them the outputs hold the predicted utility ⟨p, y − x⟩.</summary>
    /// <inheritdoc/>
    public override ModelInference Infer(Tensor data, FixedPointOptions options, Splitting? splitting = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        using var work = NativeWork.Enter();
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var (reserves, prices) = CfmmColumns.Split(Network, data);
        var trades = Decide(reserves, prices, options, cancellationToken);
        return CfmmColumns.Inference(Network, trades, prices, PropertyValues(trades, reserves, prices), OptimalityCondition.DualFeasibility);
    }

    /// <summary>Property values of any trades, this model's or not: one array per term, in the order of <see cref="Terms"/>.</summary>
    /// <param name="trades">Trades, rows × N.</param>
    /// <param name="reserves">Observed reserves d, rows × N.</param>
    /// <param name="prices">p, tokens or rows × tokens.</param>
    public IReadOnlyList<double[]> PropertyValues(CfmmTrades trades, double[] reserves, double[] prices)
    {
        ArgumentNullException.ThrowIfNull(trades);
        var rows = CfmmRows.Check(Network, reserves, prices);
        using var scope = NewDisposeScope();
        var n = Network.ReserveCount;
        var x = cat([tensor(trades.Tender).reshape(rows, n), tensor(trades.Receive).reshape(rows, n)], 1);
        var p = tensor(prices).reshape(-1, Network.Tokens.Count).expand(rows, Network.Tokens.Count);
        var data = cat([tensor(reserves).reshape(rows, n), p], 1);
        return Evaluate(x, data);
    }

    /// <inheritdoc/>
    public override FixedPointResult Solve(Splitting splitting, Tensor data, FixedPointOptions options, SplittingState? warmStart = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var (rows, N) = ((int)data.shape[0], Network.ReserveCount);
        var (reserves, prices) = CfmmColumns.Split(Network, data);
        var states = new double[rows * 4 * N];
        var trades = Solver().Solve(reserves, prices, options, states, cancellationToken);
        for (var row = 0; row < rows; row++)
        {
            if (trades.Status[row] is SolveStatus.InvalidData or SolveStatus.Diverged)
                states.AsSpan(row * 4 * N, 4 * N).Fill(double.NaN);
        }

        return new FixedPointResult(new DavisYinState(tensor(states).reshape(rows, 4 * N).MoveToOuterDisposeScope()), trades.Residual, trades.Iterations, trades.Status, Missing(trades.Status));
    }

    /// <summary>
    /// −mean(U·Πⱼ P(CFMM j accepts))/mean|U|, P a sigmoid of the rule's slack on the true reserves over
    /// <see cref="CfmmTradeOptions.Smoothing"/> times the change of that slack under the typical error of the observation.
    /// </summary>
    /// <inheritdoc/>
    public override Tensor Loss(Tensor inference, Tensor data, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(inference);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(targets);
        var error = ((tensors.Reserves(data) / targets) - 1).pow(2).mean().sqrt();
        var v = Change(tensors, inference) / targets;
        var (weight, left) = (tensors.Weights(targets), (1 + v).clamp_min(1e-9));
        var slack = tensors.Sum(weight * left.log());
        // To first order the slack of a rule changes by Σωᵢεᵢvᵢ/(1 + vᵢ) under errors ε, that of a drained reserve by ε.
        var width = Options.Smoothing * error;
        var spread = (width * tensors.Sum((weight * v / left).pow(2)).sqrt()).detach();
        var geometric = tensors.GeometricCfmm.logical_and(spread.gt(0));
        // An arithmetic rule does not depend on the reserves; only what is left of them can be refused.
        var accepted = where(geometric, nn.functional.logsigmoid(slack / spread.clamp_min(1e-300)), zeros_like(slack)).sum(1)
            + where(tensors.Geometric.logical_or(v.ge(0)), zeros_like(v), nn.functional.logsigmoid((1 + v) / width.clamp_min(1e-9))).sum(1);
        var utility = Utility(tensors, inference, data);
        return -(utility * accepted.exp()).mean() / utility.detach().abs().mean().clamp_min(1e-300);
    }

    /// <summary>Minus the mean utility of executed trades, by the exact rules.</summary>
    /// <inheritdoc/>
    public override double ValidationLoss(Tensor inference, Tensor data, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(inference);
        ArgumentNullException.ThrowIfNull(data);
        var N = Network.ReserveCount;
        var rows = (int)data.shape[0];
        var trades = CfmmTrades.Empty(rows, N) with { Tender = TensorNumbers.Of(inference.slice(1, 0, N, 1)), Receive = TensorNumbers.Of(inference.slice(1, N, 2 * N, 1)) };
        return -MarginRule.ExecutedUtility(Network, trades, TensorNumbers.Of(data.slice(1, N, DataSize, 1)), TensorNumbers.Of(targets)).Utility;
    }

    /// <summary>v/d for a trade in units of the tokens: [batch, N].</summary>
    internal static Tensor RelativeChange(CfmmTensors network, Tensor trade, Tensor data) => Change(network, trade) / network.Reserves(data);

    /// <summary>⟨p, y − x⟩ per row.</summary>
    internal static Tensor Utility(CfmmTensors network, Tensor trade, Tensor data)
    {
        var N = network.Network.ReserveCount;
        return (network.Prices(data) * (trade.slice(1, N, 2 * N, 1) - trade.slice(1, 0, N, 1))).sum(1);
    }

    internal Splitting CreateSplitting(CfmmTradeSolver solver)
    {
        var N = Network.ReserveCount;
        var f = new SeparableTerm(new NonnegativeTerm("Nonnegative", 2 * N), rule);
        var g = new ExchangeLinkTerm(tensors, Levels);
        // Each CFMM's step goes into its factor, so that one α serves all.
        var factors = tensors.Spread(tensor(solver.Steps.ToArray())).DetachFromDisposeScope();
        return new CfmmTradeSplitting(new DavisYin(f, g, Utility(factors), 1), tensors, newton, () => (Risk(), Levels(), Kept()), factors);
    }

    internal CfmmTradeSolver Solver()
    {
        var values = TensorNumbers.Of(risk);
        var (start, matrices) = (0, new double[Network.Cfmms.Count][]);
        for (var j = 0; j < matrices.Length; j++)
        {
            var n = Network.Cfmms[j].Tokens.Count;
            var W = values.AsSpan(start, n * n);
            var Q = matrices[j] = new double[n * n];
            for (var a = 0; a < n; a++)
            {
                for (var b = 0; b < n; b++)
                {
                    for (var k = 0; k < n; k++)
                        Q[(a * n) + b] += W[(k * n) + a] * W[(k * n) + b];
                }
            }

            start += n * n;
        }

        return new CfmmTradeSolver(Network, Margins, matrices);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            tensors.Dispose();
            newton.Dispose();
            foreach (var t in (Tensor[])[riskIndex, risk, logMargin, logKept, one])
                t.Dispose();
        }

        base.Dispose(disposing);
    }

    private static Tensor Change(CfmmTensors network, Tensor trade)
    {
        var N = network.Network.ReserveCount;
        return (network.FeeFactor * trade.slice(1, 0, N, 1)) - trade.slice(1, N, 2 * N, 1);
    }

    private static Tensor Keep(Tensor values) => nn.Parameter(values).DetachFromDisposeScope();

    private static OptimalityCondition[] Missing(SolveStatus[] status) => [.. status.Select(s => s == SolveStatus.Converged ? OptimalityCondition.None : OptimalityCondition.DualFeasibility)];

    private IEnumerable<long> Range(int cfmm) => Enumerable.Range(Network.Offset(cfmm), Network.Cfmms[cfmm].Tokens.Count).Select(i => (long)i);

    // Steps are chosen as 1.8/L at most.
    private TradeUtilityTerm Utility(Tensor factors) => new("Profit", tensors, Risk, factors, 1.8);

    private Tensor Risk()
    {
        var N = Network.ReserveCount;
        return zeros(N * (long)N, dtype: ScalarType.Float64).scatter(0, riskIndex, risk).reshape(N, N);
    }

    private Tensor Levels()
    {
        var δ = logMargin.exp();
        return where(tensors.GeometricCfmm, (1 + δ).log(), δ);
    }

    private Tensor Kept() => logKept.exp();
}
