using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// How far an iterate is from the conditions of optimality of min Σᵢ fᵢ(Kᵢx), each relative to its own scale, so that no value changes when data,
/// operators or the objective are multiplied by a number. An iterate is a solution where all three are 0; a small step from one iterate to the next
/// says nothing of the kind.
/// </summary>
/// <remarks>
/// A splitting has for every term a point uᵢ ≈ Kᵢx and a subgradient sᵢ ∈ ∂fᵢ(uᵢ), which its proximal steps give exactly. With the dual residual
/// r = Σ Kᵢᵀsᵢ, convexity bounds the objective P of every feasible x* from below: P(x*) ≥ D + ⟨r, x*⟩ with D = Σ fᵢ(uᵢ) − ⟨sᵢ, uᵢ⟩. So
/// P(x) − P* ≤ (P(x) − D) − ⟨r, x*⟩ up to the violation of constraints. The level sets of the terms say what ⟨r, x*⟩ is at least.
/// </remarks>
/// <param name="Primal">Largest distance from Kᵢx to the set of a constraint, relative to the larger of ‖uᵢ‖, ‖Kᵢx‖ and, for terms that compare with measurements, ‖d‖; shape <c>[batch]</c>.</param>
/// <param name="Dual">See <see cref="Dual"/>.</param>
/// <param name="Gap">
/// |P(x) − D| relative to the objective; where the values of terms are not known (learned proximal operators), the largest ‖Kᵢx − uᵢ‖ of terms that are no
/// constraints, relative to ‖Kᵢ‖‖x‖. Shape <c>[batch]</c>.
/// </param>
public sealed record Optimality(Tensor Primal, Tensor Dual, Tensor Gap)
{
    private Func<(Tensor Dual, Tensor Excess)>? complete;
    private (Tensor Dual, Tensor Excess)? completed;

    /// <summary>
    /// The larger of ‖r‖·‖x‖ and a fifth of the most that −⟨r, x*⟩ can be where terms bound x*, relative to the objective. Where values of terms are not known, ‖r‖
    /// relative to the largest ‖Kᵢᵀsᵢ‖. Shape <c>[batch]</c>. The bound is computed when this is read first.
    /// </summary>
    public Tensor Dual
    {
        get => Completed.Dual;
        init => (DualAtIterate, complete, completed) = (value, null, null);
    }

    /// <summary>
    /// The most by which the objective at x exceeds its minimum, relative to the objective: P(x) − D less the least that ⟨r, x*⟩ can be. Where the terms bound no solution, that is for
    /// solutions no larger than x, or than the data suggest. Where values of terms are not known there is no such bound, and this is the larger of <see cref="Dual"/> and
    /// <see cref="Gap"/>. Shape <c>[batch]</c>. Computed when this or <see cref="Dual"/> is read first.
    /// </summary>
    public Tensor Excess => Completed.Excess;

    /// <summary>What <see cref="Dual"/> is at least, of the iterate alone: ‖r‖·‖x‖ relative to the objective, without the bound of what is known of x*.</summary>
    internal Tensor DualAtIterate { get; private init; } = Dual;

    /// <summary>
    /// Computes <see cref="Dual"/> and <see cref="Excess"/> with the bound of what is known of x*, from tensors that are there as long as the conditions are; null where there is none.
    /// </summary>
    internal Func<(Tensor Dual, Tensor Excess)>? Complete
    {
        init => complete = value;
    }

    /// <summary>
    /// The most by which x differs from the solution, ‖x − x*‖, where the objective is strongly convex by what its terms say (<see cref="ISmooth.StrongConvexity"/>,
    /// <see cref="IProximable.StrongConvexity"/>); ∞ elsewhere. Where x misses constraints, x* is the solution of the problem whose sets are moved by what x violates. Shape <c>[batch]</c>. Computed when it is read.
    /// </summary>
    public Tensor Distance => MeasureDistance?.Invoke() ?? full_like(Primal, double.PositiveInfinity);

    /// <summary>Computes <see cref="Distance"/>; null, or gives null, where the objective is not known to be strongly convex.</summary>
    internal Func<Tensor?>? MeasureDistance { get; init; }

    private (Tensor Dual, Tensor Excess) Completed => completed ??= complete?.Invoke() ?? (DualAtIterate, DualAtIterate.maximum(Gap));

    /// <summary>For iterations that solve no optimisation problem: how far a step moves, relative to the size of what moves.</summary>
    /// <param name="step">Shape <c>[batch]</c>.</param>
    public static Optimality OfStep(Tensor step)
    {
        ArgumentNullException.ThrowIfNull(step);
        return new Optimality(zeros_like(step), zeros_like(step), step);
    }

    /// <summary>The largest of the three, row by row.</summary>
    public Tensor Largest => Primal.maximum(Dual).maximum(Gap);
}
