using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The one variable of proximal gradient.</summary>
/// <param name="X">x, shape <c>[batch, inference size]</c>.</param>
internal sealed record PointState(Tensor X) : SplittingState
{
    /// <inheritdoc/>
    public override IReadOnlyList<Tensor> Tensors => [X];

    /// <inheritdoc/>
    public override SplittingState With(IReadOnlyList<Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        return new PointState(tensors[0]);
    }
}
