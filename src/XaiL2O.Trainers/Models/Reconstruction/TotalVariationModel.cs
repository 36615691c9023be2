using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Total variation minimisation, min_{u ∈ [0,1]ⁿ} ‖Du‖₁ s.t. ‖Au − d‖ ≤ ε‖d‖ (38): problem (14) with K = D/√8, anisotropic. Nothing is
/// trained; ε is chosen. Properties: <c>Box</c>, <c>Fidelity</c>, <c>TotalVariation</c>.
/// </summary>
public sealed class TotalVariationModel : ImplicitModel
{
    private readonly RadonOperator radon;
    private readonly DifferencesOperator scaledDifferences;
    private readonly L1Term objective;
    private readonly FidelityTerm fidelity;
    private readonly BoxTerm box;

    /// <summary>Creates the model.</summary>
    /// <param name="radon">A; shared, not owned.</param>
    /// <param name="options">ε and the step.</param>
    /// <param name="dtype">Element type of the computation.</param>
    /// <param name="device">Device; CPU when null.</param>
    public TotalVariationModel(RadonOperator radon, TotalVariationOptions options, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(radon);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        (this.radon, Options, DataType, Device) = (radon, options, dtype, device ?? CPU);
        // The same norm for both operators balances their duals.
        scaledDifferences = new DifferencesOperator(radon.Geometry.ImageSize, 1 / Math.Sqrt(8));
        objective = new L1Term("Objective", scaledDifferences);
        fidelity = new FidelityTerm("Fidelity", radon, options.Radius, options.NoiseFloor);
        box = new BoxTerm("Box", InferenceSize, 0, 1);
        Properties = [box, fidelity, new L1Term("TotalVariation", new DifferencesOperator(radon.Geometry.ImageSize))];
    }

    /// <summary>ε and the step.</summary>
    public TotalVariationOptions Options { get; }

    /// <inheritdoc/>
    public override int DataSize => radon.OutputSize;

    /// <inheritdoc/>
    public override int InferenceSize => radon.InputSize;

    /// <inheritdoc/>
    public override IReadOnlyList<Term> Terms => [box, fidelity, objective];

    /// <inheritdoc/>
    public override IReadOnlyList<Term> Properties { get; }

    /// <summary>None: the conditions of optimality contain the violation of the data ball.</summary>
    public override Term? Feasibility => null;

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, Tensor Weight)> Weights => [];

    /// <inheritdoc/>
    public override ScalarType DataType { get; }

    /// <inheritdoc/>
    public override Device Device { get; }

    /// <inheritdoc/>
    public override Splitting CreateSplitting() =>
        new LinearizedAdmm(objective, fidelity, box, StepSizes.FromNormBound(new StackedOperator(scaledDifferences, radon), Options.Penalty));

    /// <summary>
    /// (P − D)/P row by row, with P = ‖Du‖₁ the objective at the solve's image and D the value of the dual problem
    /// max −⟨d, z⟩ − ε‖d‖‖z‖ − Σ max(0, −(Dᵀy + Aᵀz))ᵢ over |y| ≤ 1, with the norm dual to that of the ball for z, at the solve's duals: a bound on how far P is from the minimum, up to the
    /// violation of the data ball.
    /// </summary>
    /// <param name="state">A state of <see cref="CreateSplitting"/>.</param>
    /// <param name="data">d, shape <c>[batch, DataSize]</c>.</param>
    public double[] RelativeGap(SplittingState state, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var (_, _, ν1, ν2, x) = (AdmmState)state;
        var primal = scaledDifferences.Apply(x).abs().sum(1);
        var y = ν1.clamp(-1, 1);
        var slope = scaledDifferences.ApplyAdjoint(y) + radon.ApplyAdjoint(ν2);
        var dual = -(data * ν2).sum(1) - fidelity.Support(ν2, data) + slope.clamp_max(0).sum(1);
        return Ratio.OfNorms((primal - dual).abs(), primal).to(ScalarType.Float64).cpu().data<double>().ToArray();
    }
}
