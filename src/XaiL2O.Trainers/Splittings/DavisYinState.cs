using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The one variable of Davis–Yin splitting.</summary>
/// <param name="Zeta">ζ, shape <c>[batch, size]</c>.</param>
internal sealed record DavisYinState(Tensor Zeta) : SplittingState
{
    /// <inheritdoc/>
    public override IReadOnlyList<Tensor> Tensors => [Zeta];

    /// <inheritdoc/>
    public override SplittingState With(IReadOnlyList<Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        return new DavisYinState(tensors[0]);
    }
}
