using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Decisions whose costs are not known when they are made, but predicted from features: x(f) = argmin ĉ(f)ᵀx + g(x) s.t. constraints, with everything but the costs as a <see cref="DecisionDefinition"/>
/// states it. The prediction ĉ is trained for the value of the decisions that it leads to, not for its error.
/// </summary>
/// <remarks>
/// <para>Columns: <c>Features</c>, the columns of the decision but that of its costs, which only training reads; appended those of the decision and <c>PredictedCosts</c>. The properties are those of the decision.</para>
/// <para>The prediction starts from ridge regression, which is best for the squared error. Training minimises the convex surrogate of regret SPO+ (Elmachtoub and Grigas 2022, doi 10.1287/mnsc.2020.3922),
/// ℓ(ĉ, c) = −min{(2ĉ − c)ᵀx + g(x)} + 2(ĉᵀx*(c) + g(x*(c))) − z*(c), which is at least the regret cᵀx(ĉ) + g(x(ĉ)) − z*(c) for every convex g, not only the linear objectives of the source, and has the
/// subgradient 2(x*(c) − x(2ĉ − c)) in ĉ. Weights are kept where the regret on validation rows is least, those of the regression among them. The regression is of all rows, the validation rows among them, which favours it: weights that are kept
/// instead are better than that.</para>
/// </remarks>
public sealed class LearnedDecisionDefinition : ModelDefinition
{
    private const int MostUnits = 1_000_000;

    private CostStart? start;

    /// <summary>What is decided, with the column of the costs: <see cref="DecisionDefinition.Costs"/> names it. Required.</summary>
    public required DecisionDefinition Decision { get; init; }

    /// <summary>Length of the vector of features. Required.</summary>
    public required int FeatureCount { get; init; }

    /// <summary>Rectified units between features and costs, beside the linear prediction; 0, the default, for none.</summary>
    public int HiddenUnits { get; init; }

    /// <summary>What the prediction is trained for. Default regret.</summary>
    public DecisionLoss Objective { get; init; } = DecisionLoss.Regret;

    /// <summary>
    /// Weight of the squared prediction error, in units of the variance of the costs, beside the relative regret: it keeps predictions near those of regression, which pays where rows are few or the prediction
    /// is right anyhow. At least 0. Default 0.02.
    /// </summary>
    public double ErrorWeight { get; init; } = 0.02;

    /// <summary>Where training starts; by regression on the training rows when null, the default.</summary>
    public CostStart? Start { get => start; init => start = value; }

    /// <inheritdoc/>
    public override int DataSize => Inputs.Sum(c => c.Size);

    /// <inheritdoc/>
    public override int InferenceSize => Decision.Size;

    /// <inheritdoc/>
    public override IReadOnlyList<ModelColumn> Inputs => [new("Features", FeatureCount), .. Decision.Inputs.Where(c => c.Name != CostColumn)];

    /// <inheritdoc/>
    public override ModelColumn Target => new(CostColumn, Decision.Size);

    /// <inheritdoc/>
    public override IReadOnlyList<ModelColumn> Outputs => [.. Decision.Outputs, new("PredictedCosts", Decision.Size) { IsDouble = true }];

    /// <summary>Thirty epochs, a fifth of the rows for validation.</summary>
    public override TrainingOptions Training => new() { Epochs = 30, BatchSize = 32, LearningRate = 0.01, ValidationFraction = 0.2, Seed = Seed, WarmStart = false, CheckGradient = false };

    /// <summary>Regression alone, where nothing else is asked for, is exact without training.</summary>
    public override bool LearnsWeights => Objective == DecisionLoss.Regret || HiddenUnits > 0;

    /// <summary>All rows, for the regression.</summary>
    public override int RowsToChoose => Start is null ? int.MaxValue : 0;

    /// <summary>Means and deviations of the features.</summary>
    public override int ChosenNumbers => 2 * FeatureCount;

    internal string CostColumn => Decision.Costs?.Column ?? "";

    /// <inheritdoc/>
    public override void Validate()
    {
        ArgumentNullException.ThrowIfNull(Decision);
        Check.Whole(FeatureCount, 1, MostUnits);
        Check.Whole(HiddenUnits, 0, MostUnits);
        Check.Defined(Objective);
        Check.Within(ErrorWeight, 0, double.MaxValue);
        Decision.Validate();
        if (string.IsNullOrEmpty(CostColumn) || Decision.Costs!.IsSingle)
            throw new ArgumentException($"{nameof(Decision)}.{nameof(DecisionDefinition.Costs)} must name the column of the true costs, a vector of {Decision.Size} numbers: training compares with it, and inference predicts it.");
        if (Decision.Inputs.Any(c => c.Name == "Features"))
            throw new ArgumentException($"{nameof(Decision)} reads a column 'Features', which is that of the features; give its column another name.");
        if (Decision.Inputs.Count(c => c.Name == CostColumn) != 1 || Decision.ReadsTwice(CostColumn))
            throw new ArgumentException($"{nameof(Decision)} reads its costs '{CostColumn}' in another place too; what is not known when it decides can be its costs alone.");
        Start?.Validate(FeatureCount, Decision.Size);
    }

    /// <summary>The columns side by side, in double precision.</summary>
    /// <inheritdoc/>
    public override Tensor Join(IReadOnlyList<Tensor> inputs) => Decision.Join(inputs);

    /// <summary>Regression of the costs on the features.</summary>
    /// <inheritdoc/>
    public override ModelDefinition Choose(Tensor data, Tensor targets, FixedPointOptions solver, Device device, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(targets);
        var chosen = (LearnedDecisionDefinition)MemberwiseClone();
        using var scope = NewDisposeScope();
        chosen.start = CostStart.Fit(data.narrow(1, 0, FeatureCount).to(ScalarType.Float64), targets.to(ScalarType.Float64));
        return chosen;
    }

    /// <summary>Weights are relative to the means and deviations that they were trained with.</summary>
    internal override ModelDefinition? WithChoiceOf(ModelDefinition start)
    {
        if (start is not LearnedDecisionDefinition { Start: { } known } || known.Mean.Count != FeatureCount || known.Intercept.Count != Decision.Size)
            return null;
        var chosen = (LearnedDecisionDefinition)MemberwiseClone();
        chosen.start = known;
        return chosen;
    }

    /// <summary>The model; it computes in double precision on the CPU, whatever is asked for.</summary>
    /// <inheritdoc/>
    public override ImplicitModel CreateModel(ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        Validate();
        return new LearnedDecisionModel(this);
    }
}
