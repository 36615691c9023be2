using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// An upper bound on the spectral norm of a convolution with zero padding, from its kernel alone. The convolution is a part of one on the
/// infinite grid, whose squared norm is the largest eigenvalue of Ŵ(ω)ᴴŴ(ω) over frequencies ω. That is a trigonometric polynomial of
/// degree k − 1 in each direction, so its maximum is at most 1/cos²(π(k − 1)/N) times that on an N×N grid (Ehlich and Zeller 1964). On the grid,
/// λ_max(G) ≤ (tr G^s)^{1/s}, and repeated squaring takes s far.
/// </summary>
internal sealed class ConvolutionBound : IDisposable
{
    private const int Grid = 96;
    private const int Squarings = 8;

    private readonly Tensor cosine; // [frequencies, k²]
    private readonly Tensor sine;
    private readonly double between;

    public ConvolutionBound(int kernel, Device device)
    {
        using var scope = NewDisposeScope();
        // A kernel of one entry is the same matrix at every frequency.
        var grid = kernel == 1 ? 1 : Grid;
        var frequencies = arange(grid, dtype: ScalarType.Float64) * (2 * Math.PI / grid);
        // Frequencies ω and −ω give the same norm for a real kernel.
        var half = frequencies.slice(0, 0, (grid / 2) + 1, 1);
        var taps = arange(kernel, dtype: ScalarType.Float64);
        var phase = (frequencies.view(-1, 1, 1, 1) * taps.view(1, 1, -1, 1)) + (half.view(1, -1, 1, 1) * taps.view(1, 1, 1, -1));
        var flat = phase.reshape(-1, (long)kernel * kernel);
        cosine = flat.cos().to(ScalarType.Float32).to(device).DetachFromDisposeScope();
        sine = flat.sin().to(ScalarType.Float32).to(device).DetachFromDisposeScope();
        between = kernel == 1 ? 1 : 1 / Math.Pow(Math.Cos(Math.PI * (kernel - 1) / Grid), 2);
    }

    /// <summary>
    /// Divides a kernel whose bound exceeds the limit, by slightly more than the excess, so that rounding does not let the next call divide again.
    /// </summary>
    public void Limit(Tensor weight, double limit = 1)
    {
        using var grad = no_grad();
        var excess = Of(weight) / limit;
        if (excess > 1)
            weight.div_(excess * (1 + 1e-6));
    }

    /// <summary>The bound for a kernel of shape <c>[out, in, k, k]</c>.</summary>
    public double Of(Tensor weight)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var w = weight.detach().to(ScalarType.Float32);
        var (outputs, inputs) = (w.shape[0], w.shape[1]);
        // The smaller side gives the smaller Gram matrices.
        if (inputs > outputs)
            (w, outputs, inputs) = (w.transpose(0, 1), inputs, outputs);
        var taps = w.reshape(outputs * inputs, -1).t();
        var (re, im) = (mm(cosine, taps).view(-1, outputs, inputs), mm(sine, taps).view(-1, outputs, inputs));
        // A complex matrix as a real one of twice the size; its Gram matrix has every eigenvalue twice.
        var real = cat([cat([re, -im], 2), cat([im, re], 2)], 1);
        var gram = bmm(real.transpose(1, 2), real);
        var logarithm = zeros(gram.shape[0], dtype: ScalarType.Float64, device: w.device);
        for (var i = 0; i <= Squarings; i++)
        {
            var size = gram.flatten(1).norm(1).clamp_min(1e-30);
            logarithm = logarithm + (size.to(ScalarType.Float64).log() / Math.Pow(2, i));
            gram = gram / size.view(-1, 1, 1);
            if (i < Squarings)
                gram = bmm(gram, gram);
        }

        var trace = gram.diagonal(0, 1, 2).sum(1).to(ScalarType.Float64).clamp_min(1e-30) / 2;
        var largest = (logarithm + (trace.log() / Math.Pow(2, Squarings))).max().exp().ToDouble();
        // Rounding of single precision.
        return Math.Sqrt(largest * between) * (1 + 1e-5);
    }

    public void Dispose()
    {
        cosine.Dispose();
        sine.Dispose();
    }
}
