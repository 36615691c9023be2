using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The iteration of feasibility-based fixed-point networks (arXiv 2104.14090): u⁺ = R(u) − s·S·Aᵀ(A·R(u) − d) with a learned map R and
/// S = diag(1/nonzeros of each column of A), scaled so that the gradient part alone is stable for s &lt; 2.
/// </summary>
/// <param name="network">R on rows of images.</param>
/// <param name="measurement">A.</param>
/// <param name="weights">The diagonal of S over the largest eigenvalue of S·AᵀA, shape <c>[inference size]</c>.</param>
/// <param name="relaxation">s; 1.99 in the source.</param>
/// <param name="scan">The input that holds the measurements; all of d when null.</param>
/// <param name="dead">An input with 1 for measurements that have no part; none when null.</param>
internal sealed class FeasibilityIteration(Func<Tensor, Tensor> network, LinearOperator measurement, Tensor weights, double relaxation, RowInput? scan = null, RowInput? dead = null) : Splitting
{
    /// <inheritdoc/>
    public override SplittingState Initialize(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return new ImageState(zeros(data.shape[0], measurement.InputSize, dtype: data.dtype, device: data.device));
    }

    /// <inheritdoc/>
    public override SplittingState InitializeAt(Tensor estimate, Tensor data) => new ImageState(estimate);

    /// <inheritdoc/>
    public override SplittingState Step(SplittingState state, Tensor data)
    {
        var u = network(((ImageState)state).X);
        var residual = measurement.Apply(u) - (scan?.Of(data) ?? data);
        if (BeamNoise.Alive(dead, data) is { } alive)
            residual = alive * residual;
        return new ImageState(u - (relaxation * weights * measurement.ApplyAdjoint(residual)));
    }

    /// <inheritdoc/>
    public override Tensor Inference(SplittingState state, Tensor data) => ((ImageState)state).X;

    /// <inheritdoc/>
    public override Optimality Optimality(SplittingState previous, SplittingState next, Tensor data, Tensor? inference = null) =>
        Trainers.Optimality.OfStep(RelativeChange(((ImageState)previous).X, ((ImageState)next).X));
}
