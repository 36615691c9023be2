using System.Runtime.InteropServices;
using TorchSharp;
using XaiL2O.Trainers;
using static TorchSharp.torch;

namespace XaiL2O.Data;

/// <summary>
/// Measurements of known images: d = Ax with independent Gaussian noise on every beam, whose standard deviation is a share of the beam's
/// value. The noise of an image depends on the seed and the image alone, not on its place in a batch or a file.
/// </summary>
public sealed class ScanSimulator
{
    private readonly RadonOperator radon;
    private readonly double noise;
    private readonly int seed;

    /// <summary>Creates the simulator.</summary>
    /// <param name="radon">A.</param>
    /// <param name="noise">Standard deviation relative to |(Ax)ᵢ|, at least 0; 0.015 in the source's experiment.</param>
    /// <param name="seed">Seed of the noise.</param>
    public ScanSimulator(RadonOperator radon, double noise, int seed)
    {
        ArgumentNullException.ThrowIfNull(radon);
        Check.AtLeast(noise, 0.0);
        (this.radon, this.noise, this.seed) = (radon, noise, seed);
    }

    /// <summary>Scans images.</summary>
    /// <param name="images">Shape <c>[batch, pixels]</c>, single precision on the CPU.</param>
    /// <returns>Shape <c>[batch, beams]</c>.</returns>
    public Tensor Scan(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var x = images.to(ScalarType.Float32).cpu().contiguous();
        var clean = radon.Apply(x);
        var draws = zeros_like(clean);
        for (var row = 0; row < x.shape[0]; row++)
        {
            using var image = x[row];
            using var generator = new Generator(SeedOf(image.bytes));
            using var target = draws[row];
            target.copy_(randn(clean.shape[1], dtype: ScalarType.Float32, generator: generator));
        }

        return (clean + (noise * clean.abs() * draws)).MoveToOuterDisposeScope();
    }

    /// <summary>FNV-1a over the image, started from the seed.</summary>
    private ulong SeedOf(ReadOnlySpan<byte> image)
    {
        var hash = 14695981039346656037UL ^ (uint)seed;
        foreach (var word in MemoryMarshal.Cast<byte, uint>(image))
            hash = (hash ^ word) * 1099511628211UL;
        return hash;
    }
}
