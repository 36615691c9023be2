using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Trades on a network of constant function market makers whose reserves are observed with errors, so that trades execute, at a profit, on the true reserves
/// (Heaton and Wu Fung, <i>Scientific Reports</i> 13:10103, 2023, doi 10.1038/s41598-023-36249-3, eq. (23)). Properties: <c>TradeRisk</c>, <c>Profit</c>, <c>Feasibility</c>.
/// </summary>
/// <remarks>
/// <para>Columns: <c>Reserves</c> (N numbers, ordered as <see cref="CfmmNetwork"/> says), <c>Prices</c> (one number per token) where <see cref="Prices"/> are not the same
/// for all rows, in training <c>TrueReserves</c> (N numbers); appended <c>Tender</c> and <c>Receive</c> (N numbers ≥ 0 each, in units of the tokens) and <c>Utility</c> (⟨p, y − x⟩), in
/// double precision.</para>
/// <para>Training starts from the margin rule tuned on its rows. Nothing is traded with a CFMM that has 0 of every token. A row whose other
/// reserves or prices are not positive and finite, or are an empty vector, gets NaN outputs and <c>Converged</c> = false, never a trade, with its other CFMMs neither: to leave
/// out a CFMM whose reserves are damaged, set all of them to 0.
/// Training leaves out rows of both kinds. The model runs on the CPU.</para>
/// </remarks>
public sealed class CfmmTradeDefinition : ModelDefinition
{
    private CfmmTradeOptions model = new();

    /// <summary>The CFMMs. Required.</summary>
    public required CfmmNetwork Network { get; init; }

    /// <summary>Prices p, one per token, for all rows; null where each row has its own, in the column <c>Prices</c>.</summary>
    public double[]? Prices { get; init; }

    /// <summary>Whether the risk and the margins are trained; false keeps the initial margins and a negligible risk. Default true.</summary>
    public bool LearnTrades { get; init; } = true;

    /// <summary>Model settings. Without initial margins, training starts from the tuned margin rule, which fitting puts here.</summary>
    public CfmmTradeOptions Model { get => model; init => model = value; }

    /// <summary>N reserves and the prices of all tokens.</summary>
    public override int DataSize => Network.ReserveCount + Network.Tokens.Count;

    /// <summary>2N: x, then y.</summary>
    public override int InferenceSize => 2 * Network.ReserveCount;

    /// <summary>N.</summary>
    public override int TargetSize => Network.ReserveCount;

    /// <inheritdoc/>
    public override IReadOnlyList<ModelColumn> Inputs => CfmmColumns.Inputs(Network, Prices);

    /// <inheritdoc/>
    public override ModelColumn Target => new("TrueReserves", TargetSize);

    /// <inheritdoc/>
    public override IReadOnlyList<ModelColumn> Outputs => CfmmColumns.Trade(Network);

    /// <summary>A solve is either finished or not worth a gradient: no rising iteration limit.</summary>
    public override TrainingOptions Training => new()
    {
        Epochs = 40,
        BatchSize = 250,
        LearningRate = 0.03,
        ValidationFraction = 0.2,
        Patience = 0,
        WarmStart = false,
        Solver = Solver,
        InitialIterations = Solver.MaxIterations,
        FinalIterations = Solver.MaxIterations,
    };

    /// <summary>The residual tolerance concerns the few solves that Newton's method does not finish.</summary>
    public override FixedPointOptions Solver => new() { MaxIterations = 5000, ResidualTolerance = 1e-11, CheckEvery = 20 };

    /// <summary>Default 512.</summary>
    public override int BatchSize => 512;

    /// <inheritdoc/>
    public override bool LearnsWeights => LearnTrades;

    /// <summary>All rows, for the margins.</summary>
    public override int RowsToChoose => LearnTrades && Model.InitialMargins is null ? int.MaxValue : 0;

    /// <inheritdoc/>
    public override void Validate()
    {
        ArgumentNullException.ThrowIfNull(Network);
        ArgumentNullException.ThrowIfNull(Model);
        CfmmColumns.Validate(Network, Prices);
        Model.Validate();
    }

    /// <summary>Reserves, then prices: those of the row, or those of all.</summary>
    /// <inheritdoc/>
    public override Tensor Join(IReadOnlyList<Tensor> inputs) => CfmmColumns.Join(inputs, Prices);

    /// <summary>Rows whose reserves, prices and true reserves are all positive and finite.</summary>
    /// <inheritdoc/>
    public override Tensor Trainable(Tensor data, Tensor targets) => CfmmColumns.Trainable(data, targets);

    /// <summary>Tunes the margin rule.</summary>
    /// <inheritdoc/>
    public override ModelDefinition Choose(Tensor data, Tensor targets, FixedPointOptions solver, Device device, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(targets);
        var chosen = (CfmmTradeDefinition)MemberwiseClone();
        var (reserves, prices) = CfmmColumns.Split(Network, data);
        chosen.model = Model with { InitialMargins = MarginRule.Tune(Network, reserves, prices, TensorNumbers.Of(targets), cancellationToken) };
        return chosen;
    }

    /// <summary>The model; it computes in double precision on the CPU, whatever is asked for.</summary>
    /// <inheritdoc/>
    public override ImplicitModel CreateModel(ScalarType dtype = ScalarType.Float32, Device? device = null) => new CfmmTradeModel(Network, Model);
}
