using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// A U-Net applied to the filtered back-projection: an encoder–decoder with skip connections that predicts the error of its input image (Jin et al. 2017,
/// doi 10.1109/TIP.2017.2713099). Per level two 3×3 convolutions with ReLU, average pooling down, transposed 2×2 convolution up, channels doubling with depth.
/// </summary>
public sealed class UNetReconstruction : ReconstructionDefinition
{
    private const int MostLevels = 10;

    /// <summary>Filter of the back-projection. Default <see cref="BackProjectionFilter.Hann"/>.</summary>
    public BackProjectionFilter Filter { get; init; } = BackProjectionFilter.Hann;

    /// <summary>Channels of the first level; at least 1. Default 16.</summary>
    public int Channels { get; init; } = 16;

    /// <summary>Levels, in [2, 10]. The image size must be divisible by 2^(levels − 1). Default 4.</summary>
    public int Levels { get; init; } = 4;

    private protected override int ImageMultiple => 1 << (Levels - 1);

    // The second convolution of the last level.
    internal override double LeastWeights => 9 * Math.Pow(Channels * Math.Pow(2, Levels - 1), 2);

    /// <inheritdoc/>
    public override void Validate()
    {
        Check.Defined(Filter);
        Check.Whole(Channels, 1, 4096);
        Check.Whole(Levels, 2, MostLevels);
        base.Validate();
    }

    /// <inheritdoc/>
    public override void Compose(ModelBuilder model)
    {
        Measure(model);
        var (backProjector, network, scan) = (BackProjector(model, Filter), Network(model), Scan(model));
        model.SolveWith(() => new ExplicitMap(d => network(backProjector.Apply(scan.Of(d)))));
    }

    /// <summary>The network on images, shape <c>[batch, pixels]</c>.</summary>
    private Func<Tensor, Tensor> Network(ModelBuilder model)
    {
        using var generator = new Generator((ulong)(uint)Seed);
        (Tensor Kernel, Tensor Bias) Weights(string name, int from, int to, double gain) =>
            Layer(model, (name, name + "Bias"), [to, from, 3, 3], to, gain * Math.Sqrt(2.0 / (from * 9)), generator);
        Func<Tensor, Tensor> Convolution(string name, int from, int to, double gain = 1)
        {
            var (kernel, bias) = Weights(name, from, to, gain);
            return t => nn.functional.conv2d(t, kernel, bias, padding: [1, 1]);
        }

        int Width(int level) => Channels << level;
        var first = Weights("Down0A", 1, Width(0), 1);
        var second = Convolution("Down0B", Width(0), Width(0));
        var down = Enumerable.Range(1, Levels - 1)
            .Select(level => (A: Convolution($"Down{level}A", Width(level - 1), Width(level)), B: Convolution($"Down{level}B", Width(level), Width(level)))).ToArray();
        var up = Enumerable.Range(0, Levels - 1).Reverse().Select(level => (
            Up: Layer(model, ($"Up{level}", $"Up{level}Bias"), [Width(level + 1), Width(level), 2, 2], Width(level), Math.Sqrt(2.0 / Width(level + 1)), generator),
            A: Convolution($"Merge{level}A", Width(level + 1), Width(level)),
            B: Convolution($"Merge{level}B", Width(level), Width(level)))).ToArray();
        // The network begins as the identity.
        var output = Convolution("Output", Channels, 1, 0);
        return image =>
        {
            var skips = new Stack<Tensor>();
            var features = second(ImageConvolution.Apply(image, Geometry.ImageSize, first.Kernel, first.Bias).relu()).relu();
            foreach (var (a, b) in down)
            {
                skips.Push(features);
                features = b(a(nn.functional.avg_pool2d(features, 2)).relu()).relu();
            }

            foreach (var ((kernel, bias), a, b) in up)
                features = b(a(cat([skips.Pop(), nn.functional.conv_transpose2d(features, kernel, bias, strides: [2, 2])], 1)).relu()).relu();
            return image + output(features).flatten(1);
        };
    }
}
