using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// A method that is a formula, x = F(d), as a splitting: the start is the answer and a step stays there. So explicit methods run, train and
/// are certified like the implicit ones they are compared with; the attached step is F with its gradient.
/// </summary>
/// <param name="function">F, <c>[batch, data size]</c> to <c>[batch, inference size]</c>.</param>
internal sealed class ExplicitMap(Func<Tensor, Tensor> function) : Splitting
{
    /// <inheritdoc/>
    public override SplittingState Initialize(Tensor data)
    {
        using var grad = no_grad();
        return new ImageState(function(data));
    }

    /// <inheritdoc/>
    public override SplittingState Step(SplittingState state, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.Map(t => t.clone());
    }

    /// <inheritdoc/>
    public override Tensor Inference(SplittingState state, Tensor data) => ((ImageState)state).X;

    /// <inheritdoc/>
    public override Optimality Optimality(SplittingState previous, SplittingState next, Tensor data, Tensor? inference = null) =>
        Trainers.Optimality.OfStep(RelativeChange(((ImageState)previous).X, ((ImageState)next).X));

    /// <inheritdoc/>
    public override Tensor AttachedInference(SplittingState fixedPoint, Tensor data, int steps = 1) => function(data);

    /// <inheritdoc/>
    internal override bool AttachesExactly => true;
}
