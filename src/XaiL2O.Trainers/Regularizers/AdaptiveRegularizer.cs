using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Firm thresholding whose thresholds follow the image: R(p) = p − Wᵀφ(Wp) with W a mixing of channels C → H, ‖W‖₂ ≤ 1, and
/// φ(t) = clip_θ(t) − μ·clip_{θ/μ}(t), where log θ = log θ₀ + log 8·tanh(c) per channel and pixel, c the output of a small network that looks
/// at the magnitudes of Wp around the pixel: it can lower thresholds where there is structure and raise them where there is none.
/// </summary>
/// <remarks>
/// The network: log(1 + |Wp|/θ₀), averaged over 2 × 2 pixels; convolutions with LeakyReLU between, from H to the network's channels, among them and
/// back to H; bilinear upsampling. The idea is that of learned attentive regularisers (Pourya, Neumayer and Unser 2024, arXiv 2407.06608), with the
/// thresholds set in every step of the solve and not between solves.
/// Under constraints alone, what minimises the penalty f minimises 2f as well: the strength of R is a direction that no loss of the solution sees, and in
/// which training drifts until solves take too long. <see cref="ProjectWeights"/> therefore holds the geometric mean of θ₀ at 0.004, and the
/// mean of the last layer's biases at 0.
/// No bound on the Lipschitz constant is known, so convergence has to be measured.
/// </remarks>
public sealed class AdaptiveRegularizer : Regularizer
{
    private const double Slope = 0.1;

    /// <summary>Geometric mean of θ₀.</summary>
    private const double Strength = 4e-3;

    /// <summary>The network moves a threshold by a factor of at most 8.</summary>
    private static readonly double LogRange = Math.Log(8);

    private readonly Parameter filters;
    private readonly Parameter threshold;
    private readonly Parameter? concavityWeight;
    private readonly (Parameter Kernel, Parameter Bias)[] layers;
    private readonly double concavity;
    private readonly ConvolutionBound bound;
    private readonly int kernel;

    /// <summary>
    /// Creates the map as firm thresholding of the channels: filters pick one channel each, and the network's last layer is 0, so that thresholds
    /// are the same everywhere.
    /// </summary>
    /// <param name="channels">C, at least 1.</param>
    /// <param name="hidden">H, mixed channels, at least 1.</param>
    /// <param name="context">Channels of the network that sets thresholds, at least 1.</param>
    /// <param name="kernel">Rows and columns of the network's convolutions, odd.</param>
    /// <param name="layers">Convolutions of the network beside the first and the last, at least 1.</param>
    /// <param name="concavity">The largest μ that training can reach, in [0, 1).</param>
    /// <param name="seed">Seed of the network's weights.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="device">Device; CPU when null.</param>
    public AdaptiveRegularizer(int channels, int hidden, int context, int kernel, int layers, double concavity, int seed, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        Check.AtLeast(channels, 1);
        Check.AtLeast(hidden, 1);
        Check.AtLeast(context, 1);
        Check.Odd(kernel);
        Check.AtLeast(layers, 1);
        Check.Within(concavity, 0, 0.99);
        LibTorch.EnsureLoaded();
        (Channels, this.kernel, this.concavity) = (channels, kernel, concavity);
        var where = device ?? CPU;
        bound = new ConvolutionBound(1, where);
        using var generator = new Generator((ulong)(uint)seed);
        using var scope = NewDisposeScope();
        (Parameter, Parameter) Layer(int from, int to, double gain) =>
            (TrainableWeight.Create(randn(to, from, kernel, kernel, dtype: ScalarType.Float32, generator: generator) * (gain * Math.Sqrt(2.0 / (kernel * kernel * from))), dtype, where), TrainableWeight.Create(zeros(to, dtype: ScalarType.Float32), dtype, where));

        filters = TrainableWeight.Create(eye(hidden, channels, dtype: ScalarType.Float32).view(hidden, channels, 1, 1), dtype, where);
        threshold = TrainableWeight.Create(FirmShrinkage.ThresholdWeights(hidden, Strength), dtype, where);
        concavityWeight = concavity > 0 ? TrainableWeight.Create(FirmShrinkage.ConcavityStart(), dtype, where) : null;
        this.layers = [Layer(hidden, context, 1), .. Enumerable.Range(0, layers).Select(_ => Layer(context, context, 1)), Layer(context, hidden, 0)];
    }

    /// <inheritdoc/>
    public override int Channels { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, Tensor Weight)> Weights =>
    [
        ("Filters", filters), ("Threshold", threshold), .. concavityWeight is null ? [] : new (string, Tensor)[] { ("Concavity", concavityWeight) },
        .. layers.SelectMany((l, i) => new (string, Tensor)[] { ($"Context{i + 1}", l.Kernel), ($"Context{i + 1}Bias", l.Bias) }),
    ];

    /// <summary>+∞: none is known.</summary>
    public override double LipschitzBound => double.PositiveInfinity;

    /// <inheritdoc/>
    public override Tensor Apply(Tensor p)
    {
        ArgumentNullException.ThrowIfNull(p);
        var features = nn.functional.conv2d(ImageConvolution.ChannelsInnermost(p), filters);
        var logThreshold = FirmShrinkage.LogThreshold(threshold);
        var μ = FirmShrinkage.Concavity(concavityWeight, concavity);
        var φ = AdaptiveShrinkage.Handles(features)
            ? AdaptiveShrinkage.Apply(features, logThreshold, Network(AdaptiveShrinkage.PooledMagnitudes(features, logThreshold)), LogRange, μ?.ToDouble() ?? 0)
            : FirmShrinkage.Apply(features, logThreshold + (LogRange * Context(features, logThreshold).tanh()), μ);
        return p - nn.functional.conv_transpose2d(φ, filters);
    }

    /// <summary>
    /// Divides W by the bound on its norm if that is above 1; multiplies θ₀ so that its geometric mean is 4·10⁻³; subtracts from the last layer's
    /// biases their mean.
    /// </summary>
    public override void ProjectWeights()
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        bound.Limit(filters);
        threshold.add_(FirmShrinkage.ThresholdWeights(1, Strength).to(threshold.device) - threshold.mean());
        layers[^1].Bias.sub_(layers[^1].Bias.mean());
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            bound.Dispose();
    }

    /// <summary>c, of the features' shape.</summary>
    private Tensor Context(Tensor features, Tensor logThreshold)
    {
        var magnitudes = (features.abs() / logThreshold.exp()).log1p();
        var c = Network(nn.functional.avg_pool2d(magnitudes, 2, ceil_mode: true, count_include_pad: false));
        c = nn.functional.interpolate(c, scale_factor: [2, 2], mode: InterpolationMode.Bilinear, align_corners: false);
        // Odd sizes were rounded up.
        return c.narrow(2, 0, features.shape[2]).narrow(3, 0, features.shape[3]);
    }

    /// <summary>The convolutions, at half the resolution.</summary>
    private Tensor Network(Tensor magnitudes)
    {
        long[] padding = [kernel / 2, kernel / 2];
        var c = magnitudes;
        foreach (var (weights, bias) in layers[..^1])
            c = nn.functional.leaky_relu(nn.functional.conv2d(c, weights, bias, padding: padding), Slope);
        return nn.functional.conv2d(c, layers[^1].Kernel, layers[^1].Bias, padding: padding);
    }
}
