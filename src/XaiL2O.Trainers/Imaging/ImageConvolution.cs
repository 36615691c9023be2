using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Convolution of grey images towards several channels, which lie innermost in memory: later convolutions keep that layout. With channels outermost
/// libtorch copies features and gradients into blocks of 8 or 16 channels, and what the last block has left over can hold whatever the memory held
/// before, NaN included; and with an incomplete block its gradient of a single input channel is now and then wrong (oneDNN 3.7 with two threads, both
/// seen on AMD processors of family 26).
/// </summary>
internal static class ImageConvolution
{
    /// <summary>Channels per block of the widest registers.</summary>
    private const int Block = 16;

    /// <summary>The same features, with channels innermost; a copy only where they are not.</summary>
    /// <param name="features">Shape <c>[batch, C, n, m]</c>.</param>
    public static Tensor ChannelsInnermost(Tensor features) => features.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

    /// <summary>Convolves, with zeros around the image.</summary>
    /// <param name="rows">Shape <c>[batch, n²]</c>.</param>
    /// <param name="size">n.</param>
    /// <param name="kernel">Shape <c>[C, 1, k, k]</c>, k odd.</param>
    /// <param name="bias">Shape <c>[C]</c>; none when null.</param>
    /// <returns>Shape <c>[batch, C, n, n]</c>.</returns>
    public static Tensor Apply(Tensor rows, long size, Tensor kernel, Tensor? bias = null)
    {
        var (channels, k) = (kernel.shape[0], kernel.shape[2]);
        if (channels % Block == 0)
            return nn.functional.conv2d(rows.reshape(-1, size, size, 1).permute(0, 3, 1, 2), kernel, bias, padding: [k / 2, k / 2]);

        var patches = nn.functional.unfold(rows.reshape(-1, 1, size, size), k, padding: k / 2);
        var products = patches.transpose(1, 2).matmul(kernel.view(channels, k * k).t());
        return (bias is null ? products : products + bias).view(-1, size, size, channels).permute(0, 3, 1, 2);
    }
}
