using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The residual network of the source, p ← p + LeakyReLU₀.₁(conv(p)) block by block, C → C channels, with the spectral norm of every
/// convolution kept at a limit s: the network is Lipschitz with (1 + s)^blocks, which bounds how fast it can diverge and proves nothing more.
/// </summary>
public sealed class ResidualRegularizer : Regularizer
{
    private const double Slope = 0.1;

    private readonly (Parameter Kernel, Parameter Bias)[] blocks;
    private readonly ConvolutionBound bound;
    private readonly double limit;
    private readonly int kernel;

    /// <summary>Creates the network with small random kernels: it begins near the identity.</summary>
    /// <param name="channels">C, at least 1.</param>
    /// <param name="kernel">Rows and columns of the kernels, odd; 5 in the source.</param>
    /// <param name="blocks">Blocks, at least 1; 3 in the source.</param>
    /// <param name="spectralNorm">s, positive.</param>
    /// <param name="seed">Seed of the kernels.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="device">Device; CPU when null.</param>
    public ResidualRegularizer(int channels, int kernel, int blocks, double spectralNorm, int seed, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        Check.AtLeast(channels, 1);
        Check.Odd(kernel);
        Check.AtLeast(blocks, 1);
        Check.Positive(spectralNorm);
        LibTorch.EnsureLoaded();
        (Channels, limit, this.kernel) = (channels, spectralNorm, kernel);
        var where = device ?? CPU;
        bound = new ConvolutionBound(kernel, where);
        using var generator = new Generator((ulong)(uint)seed);
        this.blocks = [.. Enumerable.Range(0, blocks).Select(_ =>
        {
            using var scope = NewDisposeScope();
            var filters = randn(channels, channels, kernel, kernel, dtype: ScalarType.Float32, generator: generator);
            filters = filters * (0.1 * limit / bound.Of(filters.to(where)));
            return (TrainableWeight.Create(filters, dtype, where), TrainableWeight.Create(zeros(channels, dtype: ScalarType.Float32), dtype, where));
        })];
    }

    /// <inheritdoc/>
    public override int Channels { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, Tensor Weight)> Weights =>
        [.. blocks.SelectMany((b, i) => new (string, Tensor)[] { ($"Kernel{i + 1}", b.Kernel), ($"Bias{i + 1}", b.Bias) })];

    /// <inheritdoc/>
    public override double LipschitzBound => blocks.Aggregate(1.0, (product, b) => product * (1 + bound.Of(b.Kernel)));

    /// <inheritdoc/>
    public override Tensor Apply(Tensor p)
    {
        ArgumentNullException.ThrowIfNull(p);
        long[] padding = [kernel / 2, kernel / 2];
        var q = ImageConvolution.ChannelsInnermost(p);
        foreach (var (weight, bias) in blocks)
            q = q + nn.functional.leaky_relu(nn.functional.conv2d(q, weight, bias, padding: padding), Slope);
        return q;
    }

    /// <summary>Divides every kernel whose norm may be above the limit.</summary>
    public override void ProjectWeights()
    {
        using var grad = no_grad();
        foreach (var (weight, _) in blocks)
            bound.Limit(weight, limit);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            bound.Dispose();
    }
}
