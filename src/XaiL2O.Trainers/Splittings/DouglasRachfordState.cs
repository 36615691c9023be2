using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The one variable of Douglas–Rachford splitting.</summary>
/// <param name="Y">y, shape <c>[batch, K.OutputSize]</c>.</param>
public sealed record DouglasRachfordState(Tensor Y) : SplittingState
{
    /// <inheritdoc/>
    public override IReadOnlyList<Tensor> Tensors => [Y];

    /// <inheritdoc/>
    public override SplittingState With(IReadOnlyList<Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        return new DouglasRachfordState(tensors[0]);
    }
}
