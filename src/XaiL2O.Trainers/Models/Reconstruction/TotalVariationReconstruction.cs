using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Total variation minimisation, min_{u ∈ [0,1]ⁿ} ‖Du‖₁ s.t. ‖Au − d‖ ≤ ε‖d‖ (38): problem (14) with K = D/√8, anisotropic. Nothing is trained; ε may be chosen on training rows.
/// </summary>
public sealed class TotalVariationReconstruction : ReconstructionDefinition
{
    private TotalVariationOptions model = new();

    /// <summary>ε and the step. Fitting replaces ε by the best of <see cref="Radii"/>.</summary>
    public TotalVariationOptions Model { get => model; init => model = value; }

    /// <summary>Values of ε among which fitting chooses by the mean PSNR on training rows; that of <see cref="Model"/> is kept when empty.</summary>
    public double[] Radii { get; init; } = [];

    /// <summary>Training rows on which ε is chosen; at least 1. Default 24.</summary>
    public int TuningRows { get; init; } = 24;

    /// <inheritdoc/>
    public override int RowsToChoose => Radii.Length > 0 ? TuningRows : 0;

    private protected override NoiseSource Noise => Model.Noise;

    /// <summary>ε.</summary>
    public override int ChosenNumbers => 1;

    /// <inheritdoc/>
    public override void Validate()
    {
        ArgumentNullException.ThrowIfNull(Model);
        base.Validate();
        ArgumentNullException.ThrowIfNull(Radii);
        Model.Validate();
        Check.AtLeast(TuningRows, 1);
        foreach (var radius in Radii)
            Check.Positive(radius, nameof(Radii));
        if (Radii.Distinct().Count() < Radii.Length)
            throw new ArgumentException($"{nameof(Radii)} holds a radius twice: {string.Join(", ", Radii)}; each must be tried once.");
    }

    /// <summary>Chooses ε.</summary>
    /// <inheritdoc/>
    public override ModelDefinition Choose(Tensor data, Tensor targets, FixedPointOptions solver, Device device, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(targets);
        return Radii.Select(WithRadius).MaxBy(candidate =>
        {
            using var scope = NewDisposeScope();
            using var instance = candidate.CreateModel(InferenceType, device);
            var inferences = instance.Infer(data, solver, null, cancellationToken).Inference;
            var errors = tensor(inferences.SelectMany(x => x).ToArray()).reshape(targets.shape).to(ScalarType.Float64) - targets.to(ScalarType.Float64);
            return -10 * errors.square().mean([1]).log10().mean().ToDouble();
        })!;
    }

    /// <inheritdoc/>
    public override void Compose(ModelBuilder model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var (A, n) = (RadonOperator.Shared(Geometry), Geometry.ImageSize);
        var (box, fidelity) = (new BoxTerm("Box", InferenceSize, 0, 1), new FidelityTerm("Fidelity", A, Model.Radius, Model.NoiseFloor, Scan(model), NoiseLevel(model), null, Dead(model)));
        model.Add(box);
        model.Add(fidelity);
        model.Add(new L1Term("TotalVariation", new DifferencesOperator(n)));
        ReportDead(model);
        // The same norm for both operators balances their duals.
        var objective = new L1Term("Objective", new DifferencesOperator(n, 1 / Math.Sqrt(8)));
        model.SolveWith(() => new LinearizedAdmm(objective, fidelity, box, StepSizes.FromNormBound(new StackedOperator(objective.Operator, A), Model.Penalty)));
    }

    private TotalVariationReconstruction WithRadius(double radius)
    {
        var candidate = (TotalVariationReconstruction)MemberwiseClone();
        candidate.model = Model with { Radius = radius };
        return candidate;
    }
}
