using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Memory layout of feature maps: the channels of a pixel beside each other, which later convolutions keep. With channels outermost libtorch copies
/// into blocks of 8 or 16 channels, and what it leaves in the unused part of the last block can be NaN (oneDNN 3.7, seen on AMD family 26).
/// </summary>
internal static class ChannelsInnermost
{
    /// <summary>The same tensor in that layout.</summary>
    /// <param name="features">Shape <c>[batch, channels, rows, columns]</c>.</param>
    public static Tensor Of(Tensor features) => features.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
}
