using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Adds up the conditions of <see cref="Optimality"/> term by term, at an inference x of a splitting and with the points uᵢ and subgradients sᵢ that
/// it has.
/// </summary>
internal sealed class OptimalityMeasure
{
    /// <summary>
    /// A gap that counts as nothing, as a share of the objective at points that know no more than the size of the data: rounding. An optimum of 0 is reached
    /// to this share, since no gap is small beside nothing.
    /// </summary>
    private const double DoubleRounding = 1e-13;

    private const double SingleRounding = 1e-7;

    /// <summary>
    /// How many times the tolerance the most that the objective can fall may be. That bound holds for every solution that the terms allow, and is several times what
    /// ‖r‖‖x‖ says where solutions are near; with 5, a row within tolerances of 10⁻⁴ is within 6·10⁻⁴ of the minimum at worst.
    /// </summary>
    private const double WorstCase = 5;

    /// <summary>ε of what strong convexity says of points uᵢ that are not quite Kᵢx.</summary>
    private const double PointShare = 0.1;

    private readonly Tensor x;
    private readonly Tensor data;
    private Tensor primal; // largest relative violation
    private Tensor consistency; // largest relative ‖Kᵢx − uᵢ‖ of terms that are no constraints
    private Tensor objective; // Σ fᵢ(Kᵢx)
    private Tensor bound; // Σ fᵢ(uᵢ) − ⟨sᵢ, uᵢ⟩
    private Tensor size; // largest ‖x‖ that the data suggest
    private Tensor reference; // objective at points that know the size of the data only
    private readonly List<(IBoundedLevels Set, Tensor Subgradient)> enclosures = []; // bounded sets that x itself is in
    private readonly List<(IProximable Term, Tensor Image, Tensor Point, Tensor Subgradient)> proximable = [];
    private readonly List<(ISmooth Term, Tensor Point, Tensor Gradient)> smooth = [];
    private bool known = true;
    private bool constraintsOnly = true;

    /// <summary>Starts at an inference.</summary>
    /// <param name="x">Shape <c>[batch, n]</c>.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    public OptimalityMeasure(Tensor x, Tensor data)
    {
        (this.x, this.data) = (x, data);
        size = x.norm(1);
        (primal, consistency, objective, bound, reference) = (zeros_like(size), zeros_like(size), zeros_like(size), zeros_like(size), zeros_like(size));
    }

    /// <summary>A proximable term.</summary>
    /// <param name="term">f with its operator K.</param>
    /// <param name="image">Kx, shape <c>[batch, K.OutputSize]</c>.</param>
    /// <param name="point">u.</param>
    /// <param name="subgradient">s ∈ ∂f(u).</param>
    public void Add(IProximable term, Tensor image, Tensor point, Tensor subgradient)
    {
        if (term is StackedTerm stack)
        {
            foreach (var (part, from, length) in stack.Blocks)
                Add(part, image.narrow(1, from, length), point.narrow(1, from, length), subgradient.narrow(1, from, length));
            return;
        }

        proximable.Add((term, image, point, subgradient));
        constraintsOnly &= term.IsConstraint;
        var scale = image.norm(1).maximum(point.norm(1));
        if (BlockProblem.Measured(term) is { } measured)
        {
            var norm = measured.DataNorm(data);
            scale = scale.maximum(norm);
            if (term.Operator.NormBound is > 0 and var K)
                size = size.maximum(norm / K);
        }

        bound = bound - (subgradient * point).sum(1);
        if (term.IsConstraint)
        {
            if (term.Operator is IdentityOperator && SolutionBound.IsBounded(term))
                enclosures.Add(((IBoundedLevels)term, subgradient));
            primal = primal.maximum(Ratio.OfNorms((image - term.Proximal(image, 1, data)).norm(1), scale));
            return;
        }

        // ‖K‖‖x‖ is the scale where Kx is 0 up to rounding, as the differences of a constant signal are. What a soft ball leaves of the measurements is far smaller than they are.
        // Single precision cannot tell it from less than a thousandth of them.
        var whole = term is not FidelityTerm ball ? scale.maximum(term.Operator.NormBound * x.norm(1))
            : (point - ball.Target(data)).norm(1).maximum(ball.Target(data).norm(1) * (x.dtype == ScalarType.Float64 ? 0 : 1e-3));
        consistency = consistency.maximum(Ratio.OfNorms((image - point).norm(1), whole));
        if (term.Value(image, data) is { } value)
        {
            objective = objective + value;
            bound = bound + term.Value(point, data)!;
        }
        else
        {
            known = false;
        }
    }

    /// <summary>A smooth term.</summary>
    /// <param name="term">h.</param>
    /// <param name="point">The point of the splitting, of which x differs at most by rounding; shape <c>[batch, n]</c>.</param>
    /// <param name="gradient">∇h there, of the same shape.</param>
    public void Add(ISmooth term, Tensor point, Tensor gradient)
    {
        smooth.Add((term, point, gradient));
        // An empty sum has no curvature and is nowhere more than 0.
        constraintsOnly &= term is SmoothSum { Parts.Count: 0 };
        bound = bound - (gradient * point).sum(1);
        if (term.Value(x, data) is not { } value)
        {
            known = false;
            return;
        }

        (objective, bound) = (objective + value, bound + term.Value(point, data)!);
        reference = reference + term.Value(zeros_like(x), data)!.abs();
        // Where the gradient at 0 alone would lead.
        if (term.LipschitzBound is > 0 and var L)
            size = size.maximum(term.Gradient(zeros_like(x), data).norm(1) / L);
    }

    /// <summary>
    /// The objective at 0 and at Aᵀd/‖A‖², with A the operator of the first term that compares with the measurements: a point that knows no more than the size of
    /// the data, as a scale for objectives near 0.
    /// </summary>
    /// <param name="terms">All terms that are not smooth ones.</param>
    public void AddReference(params IProximable?[] terms)
    {
        var parts = terms.SelectMany(t => BlockProblem.Parts(t)).ToList();
        if (parts.FirstOrDefault(p => BlockProblem.Measured(p) is not null) is not { Operator: { NormBound: > 0 and var norm } A } measured)
            return;
        var point = A.ApplyAdjoint(BlockProblem.Measured(measured)!.Target(data)) / (norm * norm);
        foreach (var part in parts.Where(p => !p.IsConstraint))
        {
            // At 0 as well: Aᵀd/‖A‖² can be the solution.
            var image = part.Operator.Apply(point);
            if (part.Value(image, data) is { } value)
                reference = reference + value.abs() + part.Value(zeros_like(image), data)!.abs();
        }
    }

    /// <summary>The conditions.</summary>
    /// <param name="residual">r = Σ Kᵢᵀsᵢ, shape <c>[batch, n]</c>.</param>
    /// <param name="forces">‖Kᵢᵀsᵢ‖ of the parts of r, each of shape <c>[batch]</c>.</param>
    /// <param name="splitting">Whose terms say where solutions are.</param>
    public Optimality Result(Tensor residual, IReadOnlyList<Tensor> forces, Splitting splitting) =>
        Result(residual.norm(1), forces, size, () => (residual, splitting.BoundSolutions(x.dtype, x.device) is { } bounds ? (level, reach) => bounds.Least(residual, level, reach, data) : null));

    /// <summary>The conditions, with a residual that acts on images of x.</summary>
    /// <param name="norm">The norm of what stands for r = Σ Kᵢᵀsᵢ, shape <c>[batch]</c>.</param>
    /// <param name="forces">Norms of the parts of it, each of shape <c>[batch]</c>.</param>
    /// <param name="radius">The size of what it acts on; the size of x that the data suggest counts if it is more.</param>
    /// <param name="solutions">
    /// r, shape <c>[batch, n]</c>, and a lower bound of ⟨r, x*⟩ from the level of the objective and the size of x that the data suggest, where the terms give one. Both take
    /// as long as many steps, and are asked for where <see cref="Optimality.Dual"/> is read.
    /// </param>
    public Optimality Result(Tensor norm, IReadOnlyList<Tensor> forces, Tensor radius, Func<(Tensor Residual, Func<Tensor, Tensor, Tensor>? Least)> solutions)
    {
        if (constraintsOnly)
            return new Optimality(primal, zeros_like(norm), zeros_like(norm)); // Every feasible point is a solution.
        if (!known)
            return new Optimality(primal, Ratio.OfNorms(norm, forces.Aggregate((a, b) => a.maximum(b))), consistency);
        var scale = objective.abs().maximum(bound.abs());
        var rounding = (x.dtype == ScalarType.Float64 ? DoubleRounding : SingleRounding) * reference;
        Tensor Relative(Tensor gap) => Ratio.OfNorms(where(gap.le(rounding), zeros_like(gap), gap), scale);
        var fall = norm * radius.maximum(size);
        var gap = (objective - bound).abs();
        return new Optimality(primal, Relative(fall), Relative(gap)) { Complete = Complete, MeasureDistance = Distance };

        Tensor? Distance() => StrongConvexity is > 0 and var μ ? DistanceToSolution(μ, forces.Aggregate((a, b) => a.maximum(b))) : null;

        (Tensor Dual, Tensor Excess) Complete()
        {
            var level = objective.clamp_min(0);
            var (residual, least) = solutions();
            var lowest = least?.Invoke(level, size);
            foreach (var (set, s) in enclosures)
            {
                // A bounded set takes r into its own subgradient s: what the bound loses is the difference of its support function at s − r and at s.
                var inside = set.LeastProduct(residual - s, level, data) - set.LeastProduct(-s, level, data);
                lowest = lowest?.maximum(inside) ?? inside;
            }

            // Each part that is rounding counts as nothing, as it does in the conditions; their sum is not compared with rounding again.
            return lowest is null
                ? (Relative(fall), Relative(gap) + Relative(fall))
                : (Relative(fall.maximum(-lowest / WorstCase)), Relative(gap) + (WorstCase * Relative(fall.maximum((-lowest).clamp_min(0) / WorstCase))));
        }
    }

    /// <summary>
    /// μ for which the objective less <c>μ/2·‖x‖²</c> is convex, with what is said of points uᵢ that are not quite Kᵢx: ‖Kᵢx* − uᵢ‖² ≥ (1 − ε)‖Kᵢ(x* − x)‖² − (1/ε − 1)‖Kᵢx − uᵢ‖².
    /// </summary>
    private double StrongConvexity
    {
        get
        {
            var sum = smooth.Sum(h => h.Term.StrongConvexity);
            // A bound of an operator from below can take a decomposition of its matrix.
            foreach (var (term, _, _, _) in proximable.Where(p => p.Term.StrongConvexity > 0))
                sum += term.StrongConvexity * Math.Pow(term.Operator.LowerNormBound, 2);
            return (1 - PointShare) * sum;
        }
    }

    /// <summary>
    /// A bound on t = ‖x − x*‖, row by row, where x* solves the problem whose sets are moved by what x violates, δᵢ = Kᵢx − P(Kᵢx). Of that problem x is a feasible point, so that with
    /// r = Σ Kᵢᵀsᵢ from P(x*) ≥ D + ⟨r, x*⟩ + μ/2·t² and P(x*) ≤ P(x) follows μ/2·t² ≤ G + ‖r‖t, where G = Σ fᵢ(Kᵢx) − fᵢ(uᵢ) − ⟨sᵢ, Kᵢx − uᵢ⟩, and Σ ⟨sᵢ, δᵢ − (Kᵢx − uᵢ)⟩ of the sets.
    /// </summary>
    private Tensor DistanceToSolution(double μ, Tensor force)
    {
        var rounding = 10 * (x.dtype == ScalarType.Float64 ? DoubleRounding : SingleRounding);
        var room = rounding * (objective.abs() + reference); // G
        var residual = zeros_like(x);
        foreach (var (term, image, point, s) in proximable)
        {
            residual = residual + term.Operator.ApplyAdjoint(s);
            var away = image - point;
            var product = (s * away).sum(1);
            var part = term.IsConstraint ? (s * (image - term.Proximal(image, 1, data))).sum(1) - product : term.Value(image, data)! - term.Value(point, data)! - product;
            room = room + part.clamp_min(0) + Away(term.StrongConvexity, away);
        }

        foreach (var (term, point, gradient) in smooth)
        {
            residual = residual + gradient;
            var away = x - point;
            room = room + (term.Value(x, data)! - term.Value(point, data)! - (gradient * away).sum(1)).clamp_min(0) + Away(term.StrongConvexity, away);
        }

        var r = residual.norm(1) + (rounding * force);
        return (r + (r.square() + (2 * μ * room)).sqrt()) / μ;

        static Tensor Away(double convexity, Tensor away) => convexity / 2 * ((1 / PointShare) - 1) * away.square().sum(1);
    }
}
