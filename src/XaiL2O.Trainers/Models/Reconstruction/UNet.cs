using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// An encoder–decoder with skip connections that predicts the error of its input image (Jin et al. 2017, doi 10.1109/TIP.2017.2713099):
/// per level two 3×3 convolutions with ReLU, average pooling down, transposed 2×2 convolution up, channels doubling with depth.
/// </summary>
public sealed class UNet : IDisposable
{
    private readonly List<(string Name, Parameter Weight)> weights = [];
    private readonly Dictionary<string, (Parameter Kernel, Parameter Bias)> layers = [];
    private readonly int levels;

    /// <summary>Creates the network with random weights (He et al. 2015).</summary>
    /// <param name="channels">Channels of the first level, at least 1.</param>
    /// <param name="levels">Levels, at least 2; the image size must be divisible by 2^(levels − 1).</param>
    /// <param name="seed">Seed of the weights.</param>
    /// <param name="device">Device; CPU when null.</param>
    public UNet(int channels, int levels, int seed, Device? device = null)
    {
        Check.AtLeast(channels, 1);
        Check.AtLeast(levels, 2);
        LibTorch.EnsureLoaded();
        (this.levels, var where) = (levels, device ?? CPU);
        using var generator = new Generator((ulong)(uint)seed);
        void Layer(string name, int first, int second, int inputs, int kernel, double gain)
        {
            using var scope = NewDisposeScope();
            var values = randn(first, second, kernel, kernel, dtype: ScalarType.Float32, generator: generator) * (gain * Math.Sqrt(2.0 / inputs));
            var outputs = name.StartsWith("Up", StringComparison.Ordinal) ? second : first;
            var layer = (TrainableWeight.Create(values, ScalarType.Float32, where), TrainableWeight.Create(zeros(outputs, dtype: ScalarType.Float32), ScalarType.Float32, where));
            layers.Add(name, layer);
            weights.Add((name, layer.Item1));
            weights.Add((name + "Bias", layer.Item2));
        }

        void Convolution(string name, int from, int to, double gain = 1) => Layer(name, to, from, from * 9, 3, gain);
        for (var level = 0; level < levels; level++)
        {
            var width = channels << level;
            Convolution($"Down{level}A", level == 0 ? 1 : width / 2, width);
            Convolution($"Down{level}B", width, width);
        }

        for (var level = levels - 2; level >= 0; level--)
        {
            var width = channels << level;
            Layer($"Up{level}", 2 * width, width, 2 * width, 2, 1);
            Convolution($"Merge{level}A", 2 * width, width);
            Convolution($"Merge{level}B", width, width);
        }

        // The network begins as the identity.
        Convolution("Output", channels, 1, 0);
    }

    /// <summary>The trained tensors, with their names.</summary>
    public IReadOnlyList<(string Name, Tensor Weight)> Weights => [.. weights.Select(w => (w.Name, (Tensor)w.Weight))];

    /// <summary>Applies the network.</summary>
    /// <param name="image">Shape <c>[batch, 1, n, n]</c>.</param>
    /// <returns>Shape of <paramref name="image"/>.</returns>
    public Tensor Apply(Tensor image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var skips = new Stack<Tensor>();
        var features = Convolve("Down0B", First(image).relu()).relu();
        for (var level = 1; level < levels; level++)
        {
            skips.Push(features);
            features = Convolve($"Down{level}B", Convolve($"Down{level}A", nn.functional.avg_pool2d(features, 2)).relu()).relu();
        }

        for (var level = levels - 2; level >= 0; level--)
        {
            var (kernel, bias) = layers[$"Up{level}"];
            var up = nn.functional.conv_transpose2d(features, kernel, bias, strides: [2, 2]);
            features = Convolve($"Merge{level}B", Convolve($"Merge{level}A", cat([skips.Pop(), up], 1)).relu()).relu();
        }

        return image + Convolve("Output", features);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, weight) in weights)
            weight.Dispose();
    }

    private Tensor First(Tensor image) => ImageConvolution.Apply(image.flatten(1), image.shape[2], layers["Down0A"].Kernel, layers["Down0A"].Bias);

    private Tensor Convolve(string name, Tensor features) => nn.functional.conv2d(features, layers[name].Kernel, layers[name].Bias, padding: [1, 1]);
}
