using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Trades on a network of constant function market makers whose reserves are observed with errors: of each row the trade of greatest expected value, see <see cref="ExpectedTrade"/>. Learned: what errors of the
/// reserves do to trades (<see cref="ObservationErrors"/>). Properties: <c>TradeRisk</c>, the probability that a CFMM refuses, <c>Profit</c>, <c>Feasibility</c>.
/// </summary>
/// <remarks>
/// Columns as those of <see cref="CfmmTradeDefinition"/>: <c>Reserves</c>, <c>Prices</c> where they are not the same for all rows, in training <c>TrueReserves</c>; appended <c>Tender</c>, <c>Receive</c>,
/// <c>Utility</c> (what the trade brings if it executes) and <c>Acceptance</c> (the probability that it does), in double precision. A row converged where no other of the candidate margins of one CFMM is better, and its gap
/// bounds what other candidates of several could bring. Rows and CFMMs without reserves are treated as there. The model runs on the CPU.
/// </remarks>
public sealed class ExpectedTradeDefinition : ModelDefinition
{
    private ObservationErrors? errors;

    /// <summary>The CFMMs. Required.</summary>
    public required CfmmNetwork Network { get; init; }

    /// <summary>Prices p, one per token, for all rows; null where each row has its own, in the column <c>Prices</c>.</summary>
    public double[]? Prices { get; init; }

    /// <summary>What is known of the errors; learned from the training rows when null, the default.</summary>
    public ObservationErrors? Errors { get => errors; init => errors = value; }

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
    public override IReadOnlyList<ModelColumn> Outputs => [.. CfmmColumns.Trade(Network), new("Acceptance", 0) { IsDouble = true }];

    /// <summary>Nothing is trained by gradients.</summary>
    public override bool LearnsWeights => false;

    /// <summary>All rows, for the errors.</summary>
    public override int RowsToChoose => Errors is null ? int.MaxValue : 0;

    /// <summary>The sizes, and two numbers per CFMM.</summary>
    public override int ChosenNumbers => Errors is { } e ? e.Sizes.Count + e.Bias.Count + e.Deviation.Count : 0;

    /// <summary>Default 512.</summary>
    public override int BatchSize => 512;

    /// <inheritdoc/>
    public override void Validate()
    {
        ArgumentNullException.ThrowIfNull(Network);
        CfmmColumns.Validate(Network, Prices);
        Errors?.Validate(Network);
    }

    /// <summary>Reserves, then prices: those of the row, or those of all.</summary>
    /// <inheritdoc/>
    public override Tensor Join(IReadOnlyList<Tensor> inputs) => CfmmColumns.Join(inputs, Prices);

    /// <summary>Rows whose reserves, prices and true reserves are all positive and finite.</summary>
    /// <inheritdoc/>
    public override Tensor Trainable(Tensor data, Tensor targets) => CfmmColumns.Trainable(data, targets);

    /// <summary>Learns the errors.</summary>
    /// <inheritdoc/>
    public override ModelDefinition Choose(Tensor data, Tensor targets, FixedPointOptions solver, Device device, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(targets);
        var chosen = (ExpectedTradeDefinition)MemberwiseClone();
        var (reserves, prices) = CfmmColumns.Split(Network, data);
        chosen.errors = ObservationErrors.Learn(Network, reserves, prices, TensorNumbers.Of(targets), cancellationToken);
        return chosen;
    }

    /// <summary>The model; it computes in double precision on the CPU, whatever is asked for.</summary>
    /// <inheritdoc/>
    public override ImplicitModel CreateModel(ScalarType dtype = ScalarType.Float32, Device? device = null) => new ExpectedTradeModel(Network, Errors ?? ObservationErrors.Independent(Network, [1e-3]));
}
