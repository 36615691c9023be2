using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// A fixed-point iteration ζ⁺ = T(ζ; d) whose fixed points give the model's inference (3)–(4). Steps are pure functions: they change
/// no argument and keep nothing, and no step couples samples. The loop belongs to <see cref="FixedPointSolver"/>.
/// </summary>
public abstract class Splitting : IDisposable
{
    private SolutionBound? solutionBound;
    private bool hasSolutionBound;
    private readonly Lock solutionBoundLock = new();

    /// <summary>A starting point computed from the data alone.</summary>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    public abstract SplittingState Initialize(Tensor data);

    /// <summary>A starting point near an estimate of the inference; <see cref="Initialize"/>, unless the iteration can begin there.</summary>
    /// <param name="estimate">x, shape <c>[batch, inference size]</c>.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    public virtual SplittingState InitializeAt(Tensor estimate, Tensor data) => Initialize(data);

    /// <summary>The estimate near which solves begin; <see cref="Initialize"/> decides when null.</summary>
    internal Func<Tensor, Tensor>? Start { get; set; }

    /// <summary>The point from which a solve begins that has no iterate to go on from.</summary>
    internal SplittingState Begin(Tensor data) => Start is null ? Initialize(data) : InitializeAt(Start(data), data);

    /// <summary>One application of T.</summary>
    /// <param name="state">ζ.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    /// <returns>ζ⁺.</returns>
    public abstract SplittingState Step(SplittingState state, Tensor data);

    /// <summary>The inference x that a state stands for.</summary>
    /// <param name="state">ζ.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    /// <returns>Shape <c>[batch, inference size]</c>.</returns>
    public abstract Tensor Inference(SplittingState state, Tensor data);

    /// <summary>How far the inference of T(ζ) is from optimal, row by row; 0 at a fixed point, and nowhere but at a solution.</summary>
    /// <param name="previous">ζ.</param>
    /// <param name="next">T(ζ).</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    /// <param name="inference">x to judge in place of the inference of T(ζ), such as the same numbers rounded; shape <c>[batch, inference size]</c>.</param>
    public abstract Optimality Optimality(SplittingState previous, SplittingState next, Tensor data, Tensor? inference = null);

    /// <summary>
    /// The inference after one step or a few, differentiable in the model's weights: what Jacobian-free backpropagation differentiates.
    /// </summary>
    /// <param name="fixedPoint">A fixed point; treated as a constant.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    /// <param name="steps">Steps to follow, at least 1; an explicit method has but one.</param>
    /// <returns>Shape <c>[batch, inference size]</c>.</returns>
    public virtual Tensor AttachedInference(SplittingState fixedPoint, Tensor data, int steps = 1)
    {
        ArgumentNullException.ThrowIfNull(fixedPoint);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        var state = fixedPoint.Map(t => t.detach());
        for (var step = 0; step < steps; step++)
        {
            Interruption.Check();
            state = Step(state, data);
        }

        return Inference(state, data);
    }

    /// <summary>The iteration with its fixed point whose steps have the derivatives of the solution in the weights: this one, unless it steps around them.</summary>
    /// <param name="fixedPoint">A fixed point of this iteration.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    internal virtual (Splitting Splitting, SplittingState FixedPoint) Differentiable(SplittingState fixedPoint, Tensor data) => (this, fixedPoint);

    /// <summary>The solution of v = u + (1 − damping)(∂T/∂ζ)ᵀv where it is cheap; null, the default, where it has to be iterated for.</summary>
    /// <param name="fixedPoint">ζ.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    /// <param name="u">Shape of ζ with its variables side by side.</param>
    /// <param name="damping">Bounds ‖v‖ by ‖u‖/damping, for rows whose equation is singular: a solution that is not unique, or not reached.</param>
    internal virtual Tensor? SolveAdjoint(SplittingState fixedPoint, Tensor data, Tensor u, double damping) => null;

    /// <summary>Whether <see cref="AttachedInference"/> has the gradient of the solution itself, so that nothing remains to be solved for it.</summary>
    internal virtual bool AttachesExactly => false;

    /// <summary>Whether the conditions of optimality come from T(ζ) alone, so that a state can be judged without the one before.</summary>
    internal virtual bool JudgesNextAlone => false;

    /// <summary>The problem block by block; null where a term has no proximal operator.</summary>
    internal virtual BlockProblem? Blocks() => null;

    /// <summary>Where solutions are, as far as the terms say; null where they say nothing. Made at the first call, since the decomposition takes time.</summary>
    internal SolutionBound? BoundSolutions(ScalarType dtype, Device device)
    {
        // Cursors share a splitting: none may go on without the bound while another makes it.
        lock (solutionBoundLock)
        {
            if (hasSolutionBound)
                return solutionBound;
            solutionBound = Blocks() is { } blocks ? SolutionBound.Of(blocks.Equality is null ? blocks.Terms : [.. blocks.Terms, blocks.Equality], dtype, device) : null;
            hasSolutionBound = true;
            return solutionBound;
        }
    }

    /// <summary>
    /// Chooses the steps of every row anew from how far it is from primal and from dual feasibility; the point that the state stands for remains. Null, the default,
    /// where steps are fixed. The solver asks at iterations whose distance grows, so that convergence is that of a fixed step.
    /// </summary>
    /// <param name="state">ζ.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    /// <param name="exponentLimit">Largest change, as a power of 2: less each time, since iterates near the end say little of it.</param>
    internal virtual SplittingState? Rebalance(SplittingState state, Tensor data, double exponentLimit) => null;

    /// <summary>Releases what the iteration keeps beside its model's weights.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the iteration keeps.</summary>
    /// <param name="disposing">Whether <see cref="Dispose()"/> was called.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
            solutionBound?.Dispose();
        (solutionBound, hasSolutionBound) = (null, false);
    }

    /// <summary>‖a − b‖/‖b‖ row by row, 0 where both norms are 0.</summary>
    protected static Tensor RelativeChange(Tensor a, Tensor b) => Ratio.OfNorms((a - b).norm(1), b.norm(1));
}
