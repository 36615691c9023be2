using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The implicit reconstruction model N_Θ(d) = argmin_{x ∈ [0,1]ⁿ} f_Ω(Kx) s.t. ‖Ax − d‖ ≤ δ‖d‖ (17) of Heaton and Wu Fung (<i>Scientific Reports</i> 13:10103, 2023,
/// doi 10.1038/s41598-023-36249-3), solved by linearised ADMM (15). Trained: the regulariser Ω, the convolution K, δ and the steps α, β, λ. Properties: <c>Box</c>, <c>Fidelity</c>,
/// <c>Regularizer</c> (the proximal residual); beside the terms <c>TotalVariation</c>, <c>Whiteness</c> (<see cref="WhitenessTerm"/>) and <c>LocalMisfit</c>
/// (<see cref="LocalMisfitTerm"/>).
/// </summary>
/// <remarks>
/// The steps are trained through maps whose values always satisfy αλ ≤ ¼ and αβ(‖K‖² + ‖A‖²) ≤ 1, so that every value of the weights gives a
/// convergent iteration when R_Ω is non-expansive. ‖K‖₂ ≤ 1 is kept, and the entries of each
/// kernel sum to 0: f is a function of how pixels differ. A kernel with the least mean would answer to brightness, many times stronger than
/// to edges, and training would spend itself on it. With <see cref="ReconstructionOptions.Preconditioning"/> the step in x
/// takes A into account exactly, and the box is a block beside K.
/// </remarks>
public sealed class ImplicitReconstruction : ReconstructionDefinition
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

    /// <summary>Shape of its learned parts.</summary>
    public ReconstructionOptions Model { get; init; } = new();

    private protected override NoiseSource Noise => Model.Noise;

    internal override double LeastWeights
    {
        get
        {
            var (C, H, X, stages, kernel) = ((double)Model.Channels, (double)Model.Hidden, (double)Model.Context, (double)Model.Stages, (double)Model.Kernel * Model.Kernel);
            return (C * Model.TransformKernel * Model.TransformKernel) + Model.Regularizer switch
            {
                RegularizerKind.Potential => stages * H * C * kernel,
                RegularizerKind.Adaptive => (H * C) + (kernel * ((2 * H * X) + (stages * X * X))),
                _ => stages * C * C * kernel,
            };
        }
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        ArgumentNullException.ThrowIfNull(Model);
        base.Validate();
        Model.Validate();
    }

    /// <inheritdoc/>
    public override void Compose(ModelBuilder model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var (A, n, κ) = (RadonOperator.Shared(Geometry), Geometry.ImageSize, Model.Preconditioning);
        var K = model.LearnedConvolution("K", Model.Channels, Model.TransformKernel, n, WeightStart.Made((_, _) => CosineKernels(Model.Channels, Model.TransformKernel)), zeroMean: true);
        var R = model.LearnedRegularizer("Regularizer", MakeRegularizer, prefixed: false);
        var logRadius = model.Learned("LogRadius", Values(Math.Log(Model.InitialRadius)), [1]);
        // α = 1, β and λ nearly at their limits.
        var stepWeights = model.Learned("Steps", Values(Logit(Math.Log(1 / AlphaLow) / Math.Log(AlphaHigh / AlphaLow)), Logit(0.95), Logit(0.9)), [3]);
        // ‖[K; I]‖² with a preconditioner for A, I scaled like the box; ‖[K; A]‖² without.
        var limit = 1 + Math.Pow(κ > 0 ? BoxScale : A.NormBound, 2);
        model.Show("LogRadius", logRadius.exp, "Radius");
        model.Show("Steps", () => stack([.. Steps(stepWeights, limit)]));

        var box = new BoxTerm("Box", InferenceSize, 0, 1);
        var (scan, level, dead) = (Scan(model), NoiseLevel(model), Dead(model));
        var fidelity = new FidelityTerm("Fidelity", A, level is null ? Coefficient.Of(logRadius.exp()) : Model.RadiusPerNoise, Model.NoiseFloor, scan, level, level is not null && Model.Misfit is { } μ ? Coefficient.Of(logRadius.exp() * (μ / Model.InitialRadius)) : null, dead);
        var regularizer = new RegularizerTerm("Regularizer", K, R);
        model.Add(box);
        model.Add(fidelity);
        model.Add(regularizer);
        var floor = Model.NoiseFloor ?? DefaultNoiseFloor;
        model.Report(new L1Term("TotalVariation", new DifferencesOperator(n)));
        model.Report(new WhitenessTerm("Whiteness", A, floor, scan, dead));
        model.Report(new LocalMisfitTerm("LocalMisfit", A, Model.NoiseLevel, floor, target: scan, rowLevel: level, dead: dead));
        ReportDead(model);

        Start(model, Model.Start);
        model.SolveWith(() =>
        {
            Coefficient[] s = [.. Steps(stepWeights, limit).Select(Coefficient.Of)];
            var steps = new StepSizes(s[0], s[1], s[2]);
            return κ > 0
                ? new LinearizedAdmm(new StackedTerm(regularizer, new ScaledConstraint(box, BoxScale)), fidelity, null, steps, GramPreconditioner.Shared(A, κ, model.DataType, model.Device), box)
                : new LinearizedAdmm(regularizer, fidelity, box, steps);
        });
        if (Model.Separation > 0)
        {
            var backProjector = BackProjector(model, BackProjectionFilter.Hann);
            model.AddLoss((x, d) => Model.Separation * Separation(regularizer, x.detach(), backProjector.Apply(scan.Of(d)).clamp(0, 1), d));
        }
    }

    /// <summary>α, β and λ, each in its range.</summary>
    private static IEnumerable<Tensor> Steps(Tensor weights, double limit)
    {
        // A margin for the rounding of single precision, in which these are computed.
        const double rounding = 1 + 1e-5;
        var share = weights.sigmoid();
        var α = AlphaLow * (share[0] * Math.Log(AlphaHigh / AlphaLow)).exp();
        return [α, share[1] / (α * (rounding * limit)), share[2] * (DualStepLimit / (α * rounding))];
    }

    private Regularizer MakeRegularizer(ScalarType dtype, Device device) => Model.Regularizer switch
    {
        RegularizerKind.Potential => new PotentialRegularizer(Model.Channels, Model.Hidden, Model.Kernel, Model.Stages, Model.Concavity, Model.Seed, dtype, device),
        RegularizerKind.Adaptive => new AdaptiveRegularizer(Model.Channels, Model.Hidden, Model.Context, Model.Kernel, Model.Stages, Model.Concavity, Model.Seed, dtype, device),
        _ => new ResidualRegularizer(Model.Channels, Model.Kernel, Model.Stages, Model.SpectralNorm, Model.Seed, dtype, device),
    };

    /// <summary>How far the proximal residual falls short of growing in proportion from x to the back-projection; with gradients for K and Ω.</summary>
    private static Tensor Separation(RegularizerTerm term, Tensor x, Tensor backProjection, Tensor data)
    {
        var away = backProjection - x;
        var logResiduals = term.PropertyValue(cat([x, .. Shares.Select(t => x + (t * away))]), data).clamp_min(1e-12).log().view(1 + Shares.Length, -1);
        var grown = logResiduals.slice(0, 1, 1 + Shares.Length, 1) - logResiduals[0];
        return (tensor(Shares, dtype: x.dtype, device: x.device).log1p().unsqueeze(1) - grown).relu().mean();
    }

    /// <summary>
    /// Products of cosines, without the constant one, on the smallest patches that have enough of them, of norm 1 together: with the regulariser's start, sparsity
    /// of differences, as total variation has it.
    /// </summary>
    private static Tensor CosineKernels(int count, int size)
    {
        var patch = Enumerable.Range(1, size).First(s => (size - s) % 2 == 0 && ((s * s) - 1 >= count || s == size));
        using var cosines = MatrixOperator.CosineTransform(patch);
        var pairs = Enumerable.Range(patch == 1 ? 0 : 1, Math.Max(1, (patch * patch) - 1)).Select(i => (Row: i / patch, Column: i % patch)).OrderBy(p => p.Row + p.Column).ToArray();
        var margin = (size - patch) / 2;
        var kernels = stack([.. Enumerable.Range(0, count).Select(i => pairs[i % pairs.Length]).Select(p =>
            nn.functional.pad((cosines.Matrix[p.Row].view(-1, 1) * cosines.Matrix[p.Column].view(1, -1)).unsqueeze(0), [margin, margin, margin, margin]))]);
        using var bound = new ConvolutionBound(size, CPU);
        return kernels / bound.Of(kernels);
    }

    private static WeightStart Values(params double[] values) => WeightStart.Made((_, _) => tensor(values));

    private static double Logit(double share) => Math.Log(share / (1 - share));
}
