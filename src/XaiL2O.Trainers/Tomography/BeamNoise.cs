using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>Noise of a scan whose standard deviation is proportional to what a beam measures.</summary>
internal static class BeamNoise
{
    /// <summary>Keeps an empty scan from dividing by 0, and its reciprocal within single precision.</summary>
    private const double Tiny = 1e-30;

    /// <summary>σᵢ² = level²·(dᵢ² + η²·mean d²), shape of d: the floor keeps beams beside the body, which measure nothing, from deciding alone.</summary>
    public static Tensor Variance(Tensor data, double level, double floor)
    {
        var squares = data.square();
        return level * level * (squares + (floor * floor * squares.mean([1], true))).clamp_min(Tiny);
    }
}
