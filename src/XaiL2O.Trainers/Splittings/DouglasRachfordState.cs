using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The variables of Douglas–Rachford splitting.</summary>
/// <param name="Y">y, shape <c>[batch, rows of S]</c>.</param>
/// <param name="Step">λ of each row, shape <c>[batch, 1]</c>; steps keep it.</param>
internal sealed record DouglasRachfordState(Tensor Y, Tensor Step) : SplittingState
{
    /// <inheritdoc/>
    public override IReadOnlyList<Tensor> Tensors => [Y, Step];

    /// <inheritdoc/>
    public override SplittingState With(IReadOnlyList<Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        return new DouglasRachfordState(tensors[0], tensors[1]);
    }
}
