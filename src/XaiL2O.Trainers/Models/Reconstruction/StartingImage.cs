using XaiL2O.Certifiers;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The image of a <see cref="SolveStart"/>; the filter is built at the first use.</summary>
/// <param name="radon">A; not owned.</param>
/// <param name="start">Where solves begin.</param>
internal sealed class StartingImage(RadonOperator radon, SolveStart start)
{
    private readonly Once<FilteredBackProjection> backProjection = new(() => new FilteredBackProjection(radon, BackProjectionFilter.Hann));

    /// <summary>The image, shape <c>[batch, pixels]</c>; null for 0, where splittings begin of their own.</summary>
    /// <param name="data">d, shape <c>[batch, beams]</c>.</param>
    public Tensor? Of(Tensor data) => start == SolveStart.BackProjection ? BackProjection(data) : null;

    /// <summary>The filtered back-projection, clipped to the box, shape <c>[batch, pixels]</c>.</summary>
    /// <param name="data">d, shape <c>[batch, beams]</c>.</param>
    public Tensor BackProjection(Tensor data) => backProjection.Value.Apply(data).clamp(0, 1);
}
