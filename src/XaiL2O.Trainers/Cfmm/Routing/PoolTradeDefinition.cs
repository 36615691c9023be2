using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Trades through a network of pools of any kinds, concentrated liquidity among them, that a trader's holdings limit and a fixed cost per used pool makes dearer, each with a certified gap
/// (see <see cref="PoolRouter"/>). Properties: <c>Feasibility</c>, <c>Profit</c>.
/// </summary>
/// <remarks>
/// <para>Columns: <c>State</c> (N numbers, ordered as <see cref="PoolNetwork"/> says), <c>Prices</c> (one number per token), <c>Holdings</c> (one number ≥ 0 per token, ∞ where tenders are not limited) where
/// <see cref="LimitTenders"/> asks for them, in fitting <c>TrueState</c> (N numbers) where the fee margin is to be chosen; appended <c>Tender</c> and <c>Receive</c> (N numbers ≥ 0 each, in units of the
/// tokens), <c>Utility</c> (⟨p, y − x⟩ less fixed costs) and <c>ShadowPrices</c> (one number per token), in double precision.</para>
/// <para>Observed states are not the true ones when a trade arrives. Trades are computed as if fee factors were γ(1 − c); fitting chooses c as the one that executes the most utility on the true states of
/// its rows. A row with a state, price or holding that is none gets NaN outputs and <c>Converged</c> = false. The model runs on the CPU.</para>
/// </remarks>
/// <seealso cref="CfmmTradeDefinition"/>
public sealed class PoolTradeDefinition : ModelDefinition
{
    private double? feeMargin;

    /// <summary>The pools. Required.</summary>
    public required PoolNetwork Network { get; init; }

    /// <summary>Whether each row limits the net tender of each token, in the column <c>Holdings</c>. Default true.</summary>
    public bool LimitTenders { get; init; } = true;

    /// <summary>c in [0, 1); chosen on the rows that the model is fitted on when null, the default.</summary>
    public double? FeeMargin { get => feeMargin; init => feeMargin = value; }

    /// <summary>N numbers of states, the prices of all tokens, and holdings where they are limited.</summary>
    public override int DataSize => Network.StateCount + (Network.Tokens.Count * (LimitTenders ? 2 : 1));

    /// <summary>2N: x, then y.</summary>
    public override int InferenceSize => 2 * Network.StateCount;

    /// <summary>N.</summary>
    public override int TargetSize => Network.StateCount;

    /// <inheritdoc/>
    public override IReadOnlyList<ModelColumn> Inputs =>
    [
        new("State", Network.StateCount),
        new("Prices", Network.Tokens.Count),
        .. LimitTenders ? new ModelColumn[] { new("Holdings", Network.Tokens.Count) } : [],
    ];

    /// <inheritdoc/>
    public override ModelColumn Target => new("TrueState", TargetSize);

    /// <inheritdoc/>
    public override IReadOnlyList<ModelColumn> Outputs =>
    [
        new("Tender", Network.StateCount) { IsDouble = true, SlotNames = Slots },
        new("Receive", Network.StateCount) { IsDouble = true, SlotNames = Slots },
        new("Utility", 0) { IsDouble = true },
        new("ShadowPrices", Network.Tokens.Count) { IsDouble = true, SlotNames = Network.Tokens },
    ];

    /// <summary>The gap of a converged row, and a limit on Newton steps.</summary>
    public override FixedPointOptions Solver => PoolRouter.DefaultOptions;

    /// <summary>There are no weights; only c is chosen.</summary>
    public override bool LearnsWeights => false;

    /// <summary>All rows, for c.</summary>
    public override int RowsToChoose => FeeMargin is null ? int.MaxValue : 0;

    /// <summary>c.</summary>
    public override int ChosenNumbers => 1;

    private string[] Slots => [.. Network.Pools.SelectMany(pool => pool.Tokens.Select(token => $"{pool.Name}: {token}"))];

    /// <inheritdoc/>
    public override void Validate()
    {
        ArgumentNullException.ThrowIfNull(Network);
        if (FeeMargin is { } c && !(c >= 0 && c < 1))
            throw new ArgumentException($"{nameof(FeeMargin)} = {c} is out of range; it must lie in [0, 1).");
    }

    /// <inheritdoc/>
    public override Tensor Join(IReadOnlyList<Tensor> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return cat([.. inputs.Select(t => t.to(ScalarType.Float64))], 1);
    }

    /// <summary>Rows whose states, true states and prices are finite and whose holdings are no NaN.</summary>
    /// <inheritdoc/>
    public override Tensor Trainable(Tensor data, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(targets);
        var given = Network.StateCount + Network.Tokens.Count;
        var limits = data.slice(1, given, DataSize, 1);
        return data.slice(1, 0, given, 1).isfinite().all(1).logical_and(targets.isfinite().all(1)).logical_and(limits.isnan().any(1).logical_not());
    }

    /// <summary>Chooses c.</summary>
    /// <inheritdoc/>
    public override ModelDefinition Choose(Tensor data, Tensor targets, FixedPointOptions solver, Device device, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(targets);
        using var scope = NewDisposeScope();
        var rows = PoolTradeModel.Split(this, data);
        var chosen = (PoolTradeDefinition)MemberwiseClone();
        chosen.feeMargin = PoolRouter.TuneFeeMargin(Network, rows.States, rows.Prices, TensorNumbers.Of(targets), rows.Holdings, cancellationToken);
        return chosen;
    }

    /// <summary>The model; it computes in double precision on the CPU, whatever is asked for.</summary>
    /// <inheritdoc/>
    public override ImplicitModel CreateModel(ScalarType dtype = ScalarType.Float32, Device? device = null) => new PoolTradeModel(this);
}
