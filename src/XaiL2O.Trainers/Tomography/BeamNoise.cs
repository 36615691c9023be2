using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>Noise of a scan whose standard deviation is proportional to what a beam measures.</summary>
internal static class BeamNoise
{
    /// <summary>Keeps an empty scan from dividing by 0, and its reciprocal within single precision.</summary>
    private const double Tiny = 1e-30;

    /// <summary>σᵢ² = level²·(dᵢ² + η²·mean d²), shape of d: the floor keeps beams beside the body, which measure nothing, from deciding alone.</summary>
    public static Tensor Variance(Tensor data, double level, double floor, Tensor? alive = null)
    {
        var squares = data.square();
        return level * level * (squares + (floor * floor * Mean(squares, alive))).clamp_min(Tiny);
    }

    /// <summary>How much each beam counts, 0 for dead ones; null where all count alike.</summary>
    public static Tensor? Alive(RowInput? dead, Tensor data) => dead is null ? null : 1 - dead.Of(data);

    /// <summary>The mean over the beams that are not dead, shape <c>[batch, 1]</c>.</summary>
    public static Tensor Mean(Tensor values, Tensor? alive) => alive is null ? values.mean([1], true) : (alive * values).sum(1, true) / alive.sum(1, true).clamp_min(Tiny);
}
