using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// A convolution 1 → C channels of square images, without bias, with zero padding that keeps the size; the adjoint is the transposed
/// convolution with the same kernel. The kernel may be a trained parameter. Channels are the fast index of the output vector: libtorch's CPU
/// convolutions are about twice as fast on that layout.
/// </summary>
public sealed class ConvolutionOperator : LinearOperator
{
    private readonly int size;
    private readonly ConvolutionBound bound;

    /// <summary>Takes ownership of a kernel.</summary>
    /// <param name="kernel">Shape <c>[C, 1, k, k]</c> with odd k. Disposed with the operator.</param>
    /// <param name="imageSize">Rows and columns of the images, at least 1.</param>
    /// <exception cref="ArgumentException">The kernel has another shape.</exception>
    public ConvolutionOperator(Tensor kernel, int imageSize)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        ArgumentOutOfRangeException.ThrowIfLessThan(imageSize, 1);
        if (kernel.dim() != 4 || kernel.shape[1] != 1 || kernel.shape[2] != kernel.shape[3] || kernel.shape[2] % 2 == 0)
            throw new ArgumentException($"The kernel must be [C, 1, k, k] with odd k; got [{string.Join(", ", kernel.shape)}].", nameof(kernel));
        Kernel = kernel.DetachFromDisposeScope();
        size = imageSize;
        bound = new ConvolutionBound((int)kernel.shape[2], kernel.device);
    }

    /// <summary>Shape <c>[C, 1, k, k]</c>.</summary>
    public Tensor Kernel { get; }

    /// <summary>C.</summary>
    public int Channels => (int)Kernel.shape[0];

    /// <inheritdoc/>
    public override int InputSize => size * size;

    /// <inheritdoc/>
    public override int OutputSize => Channels * InputSize;

    /// <summary>An upper bound for the kernel as it is now, from its Fourier transform; tight to about 2 %.</summary>
    public override double NormBound => bound.Of(Kernel);

    /// <summary>Divides the kernel where its norm may be above a limit.</summary>
    internal void LimitNorm(double limit) => bound.Limit(Kernel, limit);

    private long Padding => Kernel.shape[2] / 2;

    /// <inheritdoc/>
    public override Tensor Apply(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return ImageConvolution.Apply(x, size, Kernel).permute(0, 2, 3, 1).flatten(1);
    }

    /// <inheritdoc/>
    public override Tensor ApplyAdjoint(Tensor y)
    {
        ArgumentNullException.ThrowIfNull(y);
        // libtorch's convolution towards one channel takes three times as long as the same sum written out: each pixel's share in the k × k
        // pixels around it, added up.
        var (k, rows) = (Kernel.shape[2], y.shape[0]);
        var shares = Kernel.view(Channels, k * k).t().expand(rows, -1, -1).bmm(y.view(rows, InputSize, Channels).transpose(1, 2));
        return nn.functional.fold(shares, size, k, padding: Padding).flatten(1);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Kernel.Dispose();
            bound.Dispose();
        }

        base.Dispose(disposing);
    }
}
