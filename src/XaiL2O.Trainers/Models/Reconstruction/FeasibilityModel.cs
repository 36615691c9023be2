using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The feasibility-based fixed-point network (F-FPN, arXiv 2104.14090): <see cref="FeasibilityIteration"/> with R four residual convolutions
/// 1 → C → C → C → 1 with LeakyReLU₀.₁, clamped to [0, 1]. Properties: <c>Box</c>, <c>Fidelity</c>, <c>TotalVariation</c>.
/// </summary>
public sealed class FeasibilityModel : ImplicitModel
{
    private const double Slope = 0.1;
    private const int PowerSteps = 50;

    private readonly RadonOperator radon;
    private readonly FeasibilityOptions options;
    private readonly (Parameter Kernel, Parameter Bias)[] layers;
    private readonly Tensor columnWeights;
    private readonly StartingImage startingImage;

    /// <summary>Creates the model.</summary>
    /// <param name="radon">A; shared, not owned.</param>
    /// <param name="options">Shape of the network.</param>
    /// <param name="device">Device; CPU when null.</param>
    public FeasibilityModel(RadonOperator radon, FeasibilityOptions options, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(radon);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        using var mode = inference_mode(false);
        (this.radon, this.options, Device) = (radon, options, device ?? CPU);
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)(uint)options.Seed);
        int[] widths = [1, options.Channels, options.Channels, options.Channels, 1];
        layers =
        [
            .. Enumerable.Range(0, 4).Select(i =>
            {
                // Small last layers: the network begins near the identity, where the iteration converges.
                var gain = i == 3 ? 0.02 : i == 0 ? 1 : 0.3;
                var kernel = randn(widths[i + 1], widths[i], options.Kernel, options.Kernel, dtype: DataType, generator: generator)
                    * (gain * Math.Sqrt(2.0 / (widths[i] * options.Kernel * options.Kernel)));
                return (TrainableWeight.Create(kernel, DataType, Device), TrainableWeight.Create(zeros(widths[i + 1], dtype: DataType), DataType, Device));
            }),
        ];
        columnWeights = ColumnWeights(radon).to(Device).DetachFromDisposeScope();
        startingImage = new StartingImage(radon, options.Start);
        Terms =
        [
            new BoxTerm("Box", InferenceSize, 0, 1),
            new FidelityTerm("Fidelity", radon),
            new L1Term("TotalVariation", new DifferencesOperator(radon.Geometry.ImageSize)),
        ];
    }

    /// <inheritdoc/>
    public override int DataSize => radon.OutputSize;

    /// <inheritdoc/>
    public override int InferenceSize => radon.InputSize;

    /// <summary>What is measured of the images; the iteration does not minimise a sum of terms.</summary>
    public override IReadOnlyList<Term> Terms { get; }

    /// <inheritdoc/>
    public override Term? Feasibility => null;

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, Tensor Weight)> Weights =>
        [.. layers.SelectMany((l, i) => new (string, Tensor)[] { ($"Kernel{i + 1}", l.Kernel), ($"Bias{i + 1}", l.Bias) })];

    /// <summary>Options and geometry.</summary>
    public override IReadOnlyList<object?> Configuration => [options, radon.Geometry];

    /// <inheritdoc/>
    public override ScalarType DataType => ScalarType.Float32;

    /// <inheritdoc/>
    public override Device Device { get; }

    /// <inheritdoc/>
    public override Splitting CreateSplitting() => new FeasibilityIteration(Network, radon, columnWeights, options.Relaxation);

    /// <summary>Finds fixed points; without a warm start from where <see cref="FeasibilityOptions.Start"/> says.</summary>
    /// <inheritdoc/>
    public override FixedPointResult Solve(Splitting splitting, Tensor data, FixedPointOptions options, SplittingState? warmStart = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        using var grad = no_grad();
        using var image = warmStart is null ? startingImage.Of(data) : null;
        return base.Solve(splitting, data, options, image is null ? warmStart : new ImageState(image), cancellationToken);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var (_, weight) in Weights)
                weight.Dispose();
            columnWeights.Dispose();
        }

        base.Dispose(disposing);
    }

    private Tensor Network(Tensor u)
    {
        var size = radon.Geometry.ImageSize;
        long[] padding = [options.Kernel / 2, options.Kernel / 2];
        var image = u.view(-1, 1, size, size);
        Tensor Convolve(int layer, Tensor t) => nn.functional.conv2d(t, layers[layer].Kernel, layers[layer].Bias, padding: padding);
        var features = nn.functional.leaky_relu(ImageConvolution.Apply(u, size, layers[0].Kernel, layers[0].Bias), Slope);
        features = features + nn.functional.leaky_relu(Convolve(1, features), Slope);
        features = features + nn.functional.leaky_relu(Convolve(2, features), Slope);
        return (image + Convolve(3, features)).clamp(0, 1).flatten(1);
    }

    /// <summary>1/nonzeros per column over the largest eigenvalue of S·AᵀA, by power iteration with a margin of 1 %.</summary>
    private static Tensor ColumnWeights(RadonOperator radon)
    {
        using var grad = no_grad();
        var S = tensor(radon.ColumnCounts()).clamp_min(1).reciprocal();
        var v = ones(1, radon.InputSize, dtype: ScalarType.Float32);
        var eigenvalue = 0.0;
        for (var step = 0; step < PowerSteps; step++)
        {
            var image = S * radon.ApplyAdjoint(radon.Apply(v));
            eigenvalue = image.norm().ToDouble();
            v = image / eigenvalue;
        }

        return S / (1.01 * eigenvalue);
    }
}
