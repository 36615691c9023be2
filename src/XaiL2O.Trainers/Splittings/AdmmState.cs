using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The variables of linearised ADMM (15).</summary>
/// <param name="P">p ≈ Kx, shape <c>[batch, K.OutputSize]</c>.</param>
/// <param name="W">w ≈ Mx, shape <c>[batch, M.OutputSize]</c>.</param>
/// <param name="Nu1">ν₁, the dual of p = Kx, shape of <paramref name="P"/>.</param>
/// <param name="Nu2">ν₂, the dual of w = Mx, shape of <paramref name="W"/>.</param>
/// <param name="X">x, shape <c>[batch, K.InputSize]</c>.</param>
internal sealed record AdmmState(Tensor P, Tensor W, Tensor Nu1, Tensor Nu2, Tensor X) : SplittingState
{
    /// <inheritdoc/>
    public override IReadOnlyList<Tensor> Tensors => [P, W, Nu1, Nu2, X];

    /// <inheritdoc/>
    public override SplittingState With(IReadOnlyList<Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        return new AdmmState(tensors[0], tensors[1], tensors[2], tensors[3], tensors[4]);
    }
}
