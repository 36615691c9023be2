using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Gradient steps of potentials of filtered images, one after the other: R(q) = q − Wᵀφ(Wq) with W a convolution C → H, ‖W‖₂ ≤ 1, and
/// φ(t) = clip_θ(t) − μ·clip_{θ/μ}(t), θ &gt; 0 learned per channel and μ per step.
/// </summary>
/// <remarks>
/// μ = 0 gives the derivative of a convex Huber function: each step is firmly non-expansive, their composition is averaged, and the iteration
/// that contains it converges. μ &gt; 0 gives that of a potential that grows no further where features are large, as the minimax concave penalty
/// (Zhang 2010, doi 10.1214/09-AOS729) does: edges are kept better, a step is Lipschitz with 1 + μ, and convergence has to be measured.
/// </remarks>
public sealed class PotentialRegularizer : Regularizer
{
    /// <summary>Norm of the random filters, beside 1 for those that pick a channel.</summary>
    private const double InitialScale = 0.1;

    private const double InitialThreshold = 5e-3;

    private readonly (Parameter Filters, Parameter Threshold, Parameter? Concavity)[] stages;
    private readonly double concavity;
    private readonly ConvolutionBound bound;
    private readonly int kernel;

    /// <summary>
    /// Creates the map near soft thresholding of the channels, the proximal operator of ‖·‖₁: the first filters of the first step pick one
    /// channel each, all others are small and random. So the untrained model is sparse in the transform it is used with.
    /// </summary>
    /// <param name="channels">C, at least 1.</param>
    /// <param name="hidden">H, filters of each step, at least 1.</param>
    /// <param name="kernel">Rows and columns of the filters, odd.</param>
    /// <param name="stages">Steps, at least 1.</param>
    /// <param name="concavity">The largest μ that training can reach, in [0, 1); 0 keeps the potentials convex.</param>
    /// <param name="seed">Seed of the filters.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="device">Device; CPU when null.</param>
    public PotentialRegularizer(int channels, int hidden, int kernel, int stages, double concavity, int seed, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        Check.AtLeast(channels, 1);
        Check.AtLeast(hidden, 1);
        Check.Odd(kernel);
        Check.AtLeast(stages, 1);
        Check.Within(concavity, 0, 0.99);
        LibTorch.EnsureLoaded();
        Channels = channels;
        (this.kernel, this.concavity) = (kernel, concavity);
        var where = device ?? CPU;
        bound = new ConvolutionBound(kernel, where);
        using var generator = new Generator((ulong)(uint)seed);
        this.stages = [.. Enumerable.Range(0, stages).Select(stage =>
        {
            using var scope = NewDisposeScope();
            var filters = randn(hidden, channels, kernel, kernel, dtype: ScalarType.Float32, generator: generator);
            filters = filters * (InitialScale / bound.Of(filters.to(where)));
            if (stage == 0)
            {
                for (var i = 0; i < Math.Min(hidden, channels); i++)
                {
                    filters[i] = 0;
                    filters[i, i, kernel / 2, kernel / 2] = 1;
                }
            }

            return (TrainableWeight.Create(filters, dtype, where), TrainableWeight.Create(FirmShrinkage.ThresholdWeights(hidden, InitialThreshold), dtype, where), concavity > 0 ? TrainableWeight.Create(FirmShrinkage.ConcavityStart(), dtype, where) : null);
        })];
    }

    /// <inheritdoc/>
    public override int Channels { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, Tensor Weight)> Weights =>
    [
        .. stages.SelectMany((s, i) => new (string, Tensor)[] { ($"Filters{i + 1}", s.Filters), ($"Threshold{i + 1}", s.Threshold) }),
        .. stages.Select(s => s.Concavity).OfType<Tensor>().Select((weight, i) => ($"Concavity{i + 1}", weight)),
    ];

    /// <summary>Π max(1 + μ‖W‖², (1 − μ)‖W‖² − 1): 1 for convex potentials.</summary>
    public override double LipschitzBound => stages.Aggregate(1.0, (product, s) =>
    {
        using var scope = NewDisposeScope();
        var (μ, norm) = (FirmShrinkage.Concavity(s.Concavity, concavity)?.ToDouble() ?? 0, bound.Of(s.Filters));
        return product * Math.Max(1 + (μ * norm * norm), ((1 - μ) * norm * norm) - 1);
    });

    /// <inheritdoc/>
    public override Tensor Apply(Tensor p)
    {
        ArgumentNullException.ThrowIfNull(p);
        long[] padding = [kernel / 2, kernel / 2];
        var q = ImageConvolution.ChannelsInnermost(p);
        foreach (var (filters, threshold, weight) in stages)
        {
            var features = nn.functional.conv2d(q, filters, null, padding: padding);
            var φ = FirmShrinkage.Apply(features, FirmShrinkage.LogThreshold(threshold), FirmShrinkage.Concavity(weight, concavity));
            q = q - nn.functional.conv_transpose2d(φ, filters, null, padding: padding);
        }

        return q;
    }

    /// <summary>Divides every W whose norm may be above 1 by the bound on its norm.</summary>
    public override void ProjectWeights()
    {
        using var grad = no_grad();
        foreach (var (filters, _, _) in stages)
            bound.Limit(filters);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            bound.Dispose();
    }
}
