using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The implicit reconstruction model N_Θ(d) = argmin_{x ∈ [0,1]ⁿ} f_Ω(Kx) s.t. ‖Ax − d‖ ≤ δ‖d‖ (17), solved by linearised ADMM (15).
/// Trained: the regulariser Ω, the convolution K, δ and the steps α, β, λ. Properties: <c>Box</c>, <c>Fidelity</c>, <c>Regularizer</c> (the
/// proximal residual); beside the terms, for certificates, <c>TotalVariation</c>, <c>Whiteness</c> (<see cref="WhitenessTerm"/>) and
/// <c>LocalMisfit</c> (<see cref="LocalMisfitTerm"/>).
/// </summary>
/// <remarks>
/// The steps are trained through maps whose values always satisfy αλ ≤ ¼ and αβ(‖K‖² + ‖A‖²) ≤ 1, so that every value of the weights gives a
/// convergent iteration when R_Ω is non-expansive. ‖K‖₂ ≤ 1 is kept, and the entries of each
/// kernel sum to 0: f is a function of how pixels differ. A kernel with the least mean would answer to brightness, many times stronger than
/// to edges, and training would spend itself on it. With <see cref="ReconstructionOptions.Preconditioning"/> the step in x
/// takes A into account exactly, and the box is a block beside K.
/// </remarks>
public sealed class ImplicitReconstructionModel : ImplicitModel
{
    /// <summary>Bounds of α, the penalty; the fixed point does not change the answer's feasibility, only the balance learned with it.</summary>
    private const double AlphaLow = 0.05;
    private const double AlphaHigh = 5;

    /// <summary>
    /// Scale of the box beside K. The box says nothing of most pixels, but its block slows each step in x as much as K's does where K is strongest.
    /// </summary>
    private const double BoxScale = 0.2;

    /// <summary>
    /// The largest αλ. Neither α nor λ changes where the iteration ends, and implicit gradients say nothing of how soon; near 1, where convergence
    /// is still proved, trained models need twice the iterations.
    /// </summary>
    private const double DualStepLimit = 0.25;

    /// <summary>η of what is measured beside the terms, where the data ball has none.</summary>
    private const double DefaultNoiseFloor = 0.1;

    /// <summary>Shares t of the way from an inference to the back-projection, see <see cref="ReconstructionOptions.Separation"/>.</summary>
    private static readonly double[] Shares = [0.25, 1];

    private readonly RadonOperator radon;
    private readonly ConvolutionOperator transform;
    private readonly ConvolutionBound transformBound;
    private readonly Regularizer regularizer;
    private readonly Parameter logRadius;
    private readonly Parameter stepWeights; // [3], logits of α, β, λ in their ranges
    private readonly BoxTerm box;
    private readonly Term[] measures; // beside the terms
    private readonly StartingImage startingImage;

    /// <summary>Creates the model.</summary>
    /// <param name="radon">A; shared, not owned.</param>
    /// <param name="options">Shape of the learned parts.</param>
    /// <param name="dtype">Element type of the computation.</param>
    /// <param name="device">Device; CPU when null.</param>
    public ImplicitReconstructionModel(RadonOperator radon, ReconstructionOptions options, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(radon);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        using var mode = inference_mode(false);
        (this.radon, Options, DataType, Device) = (radon, options, dtype, device ?? CPU);
        regularizer = options.Regularizer switch
        {
            RegularizerKind.Potential => new PotentialRegularizer(options.Channels, options.Hidden, options.Kernel, options.Stages, options.Concavity, options.Seed, dtype, Device),
            RegularizerKind.Adaptive => new AdaptiveRegularizer(options.Channels, options.Hidden, options.Context, options.Kernel, options.Stages, options.Concavity, options.Seed, dtype, Device),
            _ => new ResidualRegularizer(options.Channels, options.Kernel, options.Stages, options.SpectralNorm, options.Seed, dtype, Device),
        };
        transformBound = new ConvolutionBound(options.TransformKernel, Device);
        using var scope = NewDisposeScope();
        Parameter Weight(Tensor start) => TrainableWeight.Create(start, dtype, Device);
        var kernels = CosineKernels(options.Channels, options.TransformKernel);
        transform = new ConvolutionOperator(Weight(kernels / transformBound.Of(kernels.to(Device))), radon.Geometry.ImageSize);
        logRadius = Weight(tensor(new[] { Math.Log(options.InitialRadius) }));
        // α = 1, β and λ nearly at their limits.
        stepWeights = Weight(tensor(new[] { Logit(Math.Log(1 / AlphaLow) / Math.Log(AlphaHigh / AlphaLow)), Logit(0.95), Logit(0.9) }));
        box = new BoxTerm("Box", InferenceSize, 0, 1);
        var floor = options.NoiseFloor ?? DefaultNoiseFloor;
        measures =
        [
            new L1Term("TotalVariation", new DifferencesOperator(radon.Geometry.ImageSize)),
            new WhitenessTerm("Whiteness", radon, floor),
            new LocalMisfitTerm("LocalMisfit", radon, options.NoiseLevel, floor),
        ];
        startingImage = new StartingImage(radon, options.Start);
    }

    /// <summary>Shape of the learned parts.</summary>
    public ReconstructionOptions Options { get; }

    /// <inheritdoc/>
    public override int DataSize => radon.OutputSize;

    /// <inheritdoc/>
    public override int InferenceSize => radon.InputSize;

    /// <inheritdoc/>
    public override IReadOnlyList<Term> Terms => [box, new FidelityTerm("Fidelity", radon, Radius, Options.NoiseFloor), new RegularizerTerm("Regularizer", transform, regularizer)];

    /// <inheritdoc/>
    public override IReadOnlyList<Term> Properties => [.. Terms, .. measures];

    /// <summary>None: the conditions of optimality contain the violation of the data ball.</summary>
    public override Term? Feasibility => null;

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, Tensor Weight)> Weights =>
        [("K", transform.Kernel), .. regularizer.Weights, ("LogRadius", logRadius), ("Steps", stepWeights)];

    /// <summary>Options and geometry.</summary>
    public override IReadOnlyList<object?> Configuration => [Options, radon.Geometry];

    /// <inheritdoc/>
    public override ScalarType DataType { get; }

    /// <inheritdoc/>
    public override Device Device { get; }

    /// <summary>An upper bound on the Lipschitz constant of R_Ω; at most 1 proves that the iteration converges.</summary>
    public double LipschitzBound => regularizer.LipschitzBound;

    /// <summary>δ = exp(δ̂).</summary>
    public Coefficient Radius => Coefficient.Of(logRadius.exp());

    /// <summary>The weights, with <c>Radius</c> δ in place of its logarithm and <c>Steps</c> α, β and λ themselves.</summary>
    public override IReadOnlyList<NamedArray> LearnedValues()
    {
        using var grad = no_grad();
        var (α, β, λ) = Steps;
        return
        [
            .. ExportWeights().Where(w => w.Name is not ("LogRadius" or "Steps")),
            new NamedArray("Radius", [1], [(float)Radius.Value]),
            new NamedArray("Steps", [3], [(float)α.Value, (float)β.Value, (float)λ.Value]),
        ];
    }

    /// <summary>α, β, λ for the weights as they are now.</summary>
    internal StepSizes Steps
    {
        get
        {
            var share = stepWeights.sigmoid();
            var α = AlphaLow * (share[0] * Math.Log(AlphaHigh / AlphaLow)).exp();
            // A margin for the rounding of single precision, in which these are computed.
            const double rounding = 1 + 1e-5;
            // ‖[K; I]‖² with a preconditioner for A, I scaled like the box; ‖[K; A]‖² without.
            var limit = rounding * (1 + Math.Pow(Options.Preconditioning > 0 ? BoxScale : radon.NormBound, 2));
            return new StepSizes(Coefficient.Of(α), Coefficient.Of(share[1] / (α * limit)), Coefficient.Of(share[2] * (DualStepLimit / (α * rounding))));
        }
    }

    /// <inheritdoc/>
    public override Splitting CreateSplitting()
    {
        var terms = Terms;
        var (fidelity, learned) = ((FidelityTerm)terms[1], (IProximable)terms[2]);
        return Options.Preconditioning > 0
            ? new LinearizedAdmm(new StackedTerm(learned, new ScaledConstraint(box, BoxScale)), fidelity, null, Steps, GramPreconditioner.Shared(radon, Options.Preconditioning, DataType, Device), box)
            : new LinearizedAdmm(learned, fidelity, box, Steps);
    }

    /// <summary>Finds fixed points; without a warm start from where <see cref="ReconstructionOptions.Start"/> says.</summary>
    /// <inheritdoc/>
    public override FixedPointResult Solve(Splitting splitting, Tensor data, FixedPointOptions options, SplittingState? warmStart = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var start = warmStart is null && splitting is LinearizedAdmm iteration && startingImage.Of(data) is { } image ? iteration.StateAt(image, data) : warmStart;
        var result = base.Solve(splitting, data, options, start, cancellationToken);
        return result with { State = result.State.Map(t => t.MoveToOuterDisposeScope()) };
    }

    /// <summary>Mean squared error, and what <see cref="ReconstructionOptions.Separation"/> adds to it.</summary>
    /// <inheritdoc/>
    public override Tensor Loss(Tensor inference, Tensor data, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(inference);
        ArgumentNullException.ThrowIfNull(data);
        var error = base.Loss(inference, data, targets);
        return Options.Separation > 0 ? error + (Options.Separation * Separation(inference.detach(), data)) : error;
    }

    /// <inheritdoc/>
    public override void ProjectWeights()
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        transform.Kernel.sub_(transform.Kernel.mean([2, 3], keepdim: true));
        transformBound.Limit(transform.Kernel);
        regularizer.ProjectWeights();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            transform.Dispose();
            transformBound.Dispose();
            regularizer.Dispose();
            logRadius.Dispose();
            stepWeights.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>How far the proximal residual falls short of growing in proportion from x to the back-projection; with gradients for K and Ω.</summary>
    private Tensor Separation(Tensor x, Tensor data)
    {
        var (term, away) = (Terms[2], startingImage.BackProjection(data) - x);
        var logResiduals = term.PropertyValue(cat([x, .. Shares.Select(t => x + (t * away))]), data).clamp_min(1e-12).log().view(1 + Shares.Length, -1);
        var grown = logResiduals.slice(0, 1, 1 + Shares.Length, 1) - logResiduals[0];
        return (tensor(Shares, dtype: DataType, device: Device).log1p().unsqueeze(1) - grown).relu().mean();
    }

    /// <summary>
    /// Products of cosines, without the constant one, on the smallest patches that have enough of them: with the regulariser's start, sparsity
    /// of differences, as total variation has it.
    /// </summary>
    private static Tensor CosineKernels(int count, int size)
    {
        var patch = Enumerable.Range(1, size).First(s => (size - s) % 2 == 0 && ((s * s) - 1 >= count || s == size));
        using var cosines = MatrixOperator.CosineTransform(patch);
        var pairs = Enumerable.Range(patch == 1 ? 0 : 1, Math.Max(1, (patch * patch) - 1)).Select(i => (Row: i / patch, Column: i % patch)).OrderBy(p => p.Row + p.Column).ToArray();
        var margin = (size - patch) / 2;
        return stack([.. Enumerable.Range(0, count).Select(i => pairs[i % pairs.Length]).Select(p =>
            nn.functional.pad((cosines.Matrix[p.Row].view(-1, 1) * cosines.Matrix[p.Column].view(1, -1)).unsqueeze(0), [margin, margin, margin, margin]))]);
    }

    private static double Logit(double share) => Math.Log(share / (1 - share));
}
