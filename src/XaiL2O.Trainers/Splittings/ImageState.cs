using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>A state that is the inference itself.</summary>
/// <param name="X">x, shape <c>[batch, inference size]</c>.</param>
internal sealed record ImageState(Tensor X) : SplittingState
{
    /// <inheritdoc/>
    public override IReadOnlyList<Tensor> Tensors => [X];

    /// <inheritdoc/>
    public override SplittingState With(IReadOnlyList<Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        return new ImageState(tensors[0]);
    }
}
