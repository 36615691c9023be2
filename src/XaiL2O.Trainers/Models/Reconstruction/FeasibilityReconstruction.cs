using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The feasibility-based fixed-point network (F-FPN, arXiv 2104.14090): <see cref="FeasibilityIteration"/> with R four residual convolutions
/// 1 → C → C → C → 1 with LeakyReLU₀.₁, clamped to [0, 1].
/// </summary>
public sealed class FeasibilityReconstruction : ReconstructionDefinition
{
    private const double Slope = 0.1;
    private const int PowerSteps = 50;

    /// <summary>Standard deviations of the kernels, relative to those of He et al. 2015. Small last layers: the network begins near the identity, where the iteration converges.</summary>
    private static readonly double[] Gains = [1, 0.3, 0.3, 0.02];

    /// <summary>Shape of its network.</summary>
    public FeasibilityOptions Model { get; init; } = new();

    internal override double LeastWeights => 2.0 * Model.Channels * Model.Channels * Model.Kernel * Model.Kernel;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        ArgumentNullException.ThrowIfNull(Model);
        Model.Validate();
    }

    /// <inheritdoc/>
    public override void Compose(ModelBuilder model)
    {
        Measure(model);
        Start(model, Model.Start);
        var (A, network) = (RadonOperator.Shared(Geometry), Network(model));
        var weights = model.Shared("ColumnWeights", () => ColumnWeights(A).to(model.DataType).to(model.Device));
        model.SolveWith(() => new FeasibilityIteration(network, A, weights, Model.Relaxation, Scan(model), Dead(model)));
    }

    /// <summary>R on images, shape <c>[batch, pixels]</c>.</summary>
    private Func<Tensor, Tensor> Network(ModelBuilder model)
    {
        using var generator = new Generator((ulong)(uint)Model.Seed);
        var (C, k, n) = (Model.Channels, Model.Kernel, Geometry.ImageSize);
        int[] widths = [1, C, C, C, 1];
        var layers = Gains.Select((gain, i) =>
            Layer(model, ($"Kernel{i + 1}", $"Bias{i + 1}"), [widths[i + 1], widths[i], k, k], widths[i + 1], gain * Math.Sqrt(2.0 / (widths[i] * k * k)), generator)).ToArray();
        Tensor Convolve(int layer, Tensor t) => nn.functional.conv2d(t, layers[layer].Kernel, layers[layer].Bias, padding: [k / 2, k / 2]);
        return u =>
        {
            var features = nn.functional.leaky_relu(ImageConvolution.Apply(u, n, layers[0].Kernel, layers[0].Bias), Slope);
            features = features + nn.functional.leaky_relu(Convolve(1, features), Slope);
            features = features + nn.functional.leaky_relu(Convolve(2, features), Slope);
            return (u.view(-1, 1, n, n) + Convolve(3, features)).clamp(0, 1).flatten(1);
        };
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
