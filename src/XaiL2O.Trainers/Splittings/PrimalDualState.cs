using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The variables of the primal–dual splitting.</summary>
/// <param name="Y">y, the dual of p = Kx, shape <c>[batch, K.OutputSize]</c>.</param>
/// <param name="X">x, shape <c>[batch, K.InputSize]</c>.</param>
internal sealed record PrimalDualState(Tensor Y, Tensor X) : SplittingState
{
    /// <inheritdoc/>
    public override IReadOnlyList<Tensor> Tensors => [Y, X];

    /// <inheritdoc/>
    public override SplittingState With(IReadOnlyList<Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        return new PrimalDualState(tensors[0], tensors[1]);
    }
}
