using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Exact steps for min Σ fᵢ(Kᵢx) s.t. Ex = d with operators that fit into memory as matrices: Douglas–Rachford splitting of Σ fᵢ and the affine set
/// V(d) = {Sx : Ex = d}, S = [c₁K₁; c₂K₂; …], whose projection P_V is factorised once for all samples and iterations.
/// </summary>
/// <remarks>
/// <code>
/// z  = P_V(y)
/// p  = prox_{λf}(2z − y)
/// y⁺ = y + p − z
/// </code>
/// (Lions and Mercier 1979, doi 10.1137/0716071; Eckstein and Bertsekas 1992, doi 10.1007/BF01581204, show it to be ADMM with exact steps; Parikh and
/// Boyd 2014, doi 10.1007/s12532-013-0061-8, split all terms.) It has the solutions of the splitting whose problem it solves, needs one or two matrix
/// products per iteration, and its rate does not depend on how well E and the stacked operator are conditioned. cᵢ = 1/‖Kᵢ‖ makes it independent of the
/// operators' units, and λ, a number per row, is balanced between primal and dual feasibility. Implicit gradients are those of its own steps, attached ones those of
/// the splitting whose problem it solves, at its fixed point.
/// </remarks>
internal sealed partial class AffineDouglasRachford : Splitting
{
    /// <summary>Longest x, and most rows of S, for which matrices are held.</summary>
    internal const int LargestInference = 1024;

    internal const int LargestImage = 4096;

    private static readonly ConditionalWeakTable<Tensor, MeasurementGeometry> Geometries = [];

    private readonly BlockProblem blocks;
    private readonly Block[] parts;
    private readonly FidelityTerm? equality;
    private readonly Tensor basis;          // Q, an orthonormal basis of {Sx : Ex = 0}, [rows of S, r]
    private readonly Tensor? projector;     // QQᵀ where that is the cheaper product
    private readonly Tensor inferenceFromZ; // z ↦ x, transposed, [rows of S, n]
    private readonly Tensor? offset;        // d ↦ the point of V(d) nearest 0, transposed, [m, rows of S]
    private readonly Tensor? inferenceFromData; // d ↦ x, transposed, [m, n]
    private readonly Tensor? dual;          // subgradients in the space of S ↦ that of the equality, transposed, [rows of S, m]
    private readonly double? firstStep;

    /// <summary>Exact steps for the problem of <see cref="LinearizedAdmm"/> with an equality and no h.</summary>
    /// <param name="problem">The problem; λ at the start is taken from its step sizes.</param>
    /// <param name="geometry">The parts of the factorisation that depend on M alone; they can be shared while K is trained. Not owned.</param>
    /// <exception cref="ArgumentException">The problem has a term h, a tolerance δ &gt; 0, or a K that is not a matrix.</exception>
    public AffineDouglasRachford(LinearizedAdmm problem, MeasurementGeometry geometry)
        : this(Checked(problem), problem.Blocks()!, geometry, problem.Steps.Lambda.Value, Check.Given(geometry).Matrix.dtype, geometry.Matrix.device)
    {
    }

    private AffineDouglasRachford(Splitting problem, BlockProblem blocks, MeasurementGeometry? geometry, double? firstStep, ScalarType dtype, Device device)
    {
        (Problem, this.blocks, this.firstStep) = (problem, blocks, firstStep);
        equality = geometry is null ? null : blocks.Equality;
        IProximable[] terms = geometry is null && blocks.Equality is { } unreduced ? [.. blocks.Terms, unreduced] : [.. blocks.Terms];
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var n = terms[0].Operator.InputSize;
        var unit = eye(n, dtype: dtype, device: device);
        var from = 0L;
        parts = [.. terms.Select(term =>
        {
            var block = new Block(term, Scale(term, unit), from, term.Operator.OutputSize);
            from += block.Length;
            return block;
        })];
        var S = cat([.. parts.Select(b => (b.Scale * b.Term.Operator.Apply(unit)).t())], 0);
        var N = geometry?.NullBasis;
        var (Q, left) = Factorise(N is null ? S : mm(S, N));             // SN = QR; left is a left inverse of SN
        var back = N is null ? left : mm(N, left);                        // [n, rows of S]
        basis = Keep(Q);
        projector = Q.shape[0] <= 2 * Q.shape[1] ? Keep(mm(Q, Q.t())) : null;
        inferenceFromZ = Keep(back.t());
        if (geometry is null)
            return;
        var Sd = mm(S, geometry.PseudoInverse);                           // S E⁺, [rows of S, m]
        offset = Keep((Sd - mm(Q, mm(Q.t(), Sd))).t());
        inferenceFromData = Keep((geometry.PseudoInverse - mm(back, Sd)).t());
        // Eᵀν = −Sᵀs has a solution at a fixed point; E⁺ᵀ gives it.
        dual = Keep(Sd.neg());
    }

    /// <summary>The splitting whose problem this solves, and whose steps carry the gradients.</summary>
    public Splitting Problem { get; }

    /// <summary>Exact steps for the problem of another splitting; null where a term has no proximal operator or the matrices would be large.</summary>
    /// <param name="problem">The splitting, whose state is that of gradients.</param>
    /// <param name="dtype">Element type of the computation.</param>
    /// <param name="device">Device of the computation.</param>
    internal static AffineDouglasRachford? Of(Splitting problem, ScalarType dtype, Device device)
    {
        if (problem.Blocks() is not { } blocks)
            return null;
        IProximable[] all = [.. blocks.Terms, .. blocks.Equality is null ? (IProximable[])[] : [blocks.Equality]];
        if (all.Length == 0 || all[0].Operator.InputSize > LargestInference || all.Sum(t => (long)t.Operator.OutputSize) > LargestImage)
            return null;
        var geometry = blocks.Terms.Count > 0 && blocks.Equality?.Operator is MatrixOperator { Matrix.requires_grad: false } matrix ? Geometry(matrix.Matrix) : null;
        return new AffineDouglasRachford(problem, blocks, geometry, null, dtype, device);
    }

    /// <inheritdoc/>
    public override SplittingState Initialize(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var y = offset is null ? zeros(data.shape[0], basis.shape[0], dtype: data.dtype, device: data.device) : mm(Measured(data), offset);
        if (firstStep is { } λ)
            return new DouglasRachfordState(y, full([data.shape[0], 1], λ, dtype: data.dtype, device: data.device));
        // Beside quadratics of curvature L the step is 1/L, whatever the size of the data.
        var curvature = parts.Sum(b => Curvature(b.Term));
        if (curvature > 0)
            return new DouglasRachfordState(y, PowerOfTwo(full([data.shape[0], 1], 1 / curvature, dtype: data.dtype, device: data.device), double.PositiveInfinity));
        // Else about the size of an entry of Sx: subgradients of the terms met most are about 1.
        var size = y.norm(1, true);
        foreach (var (term, _, _, _) in parts)
        {
            if (BlockProblem.Measured(term) is { } measured && term.Operator.NormBound > 0)
                size = size.maximum(measured.DataNorm(data).unsqueeze(1) / term.Operator.NormBound);
        }

        return new DouglasRachfordState(y, PowerOfTwo(size / Math.Sqrt(basis.shape[0]), double.PositiveInfinity));
    }

    /// <summary>y = Sx.</summary>
    /// <inheritdoc/>
    public override SplittingState InitializeAt(Tensor estimate, Tensor data) =>
        ((DouglasRachfordState)Initialize(data)) with { Y = cat([.. parts.Select(b => b.Scale * b.Term.Operator.Apply(estimate))], 1) };

    /// <inheritdoc/>
    public override SplittingState Step(SplittingState state, Tensor data)
    {
        using var scope = NewDisposeScope();
        var (y, λ) = (DouglasRachfordState)state;
        var z = Project(y, data);
        var p = Proximal((2 * z) - y, λ, data);
        return new DouglasRachfordState((y + p - z).MoveToOuterDisposeScope(), λ.alias().MoveToOuterDisposeScope());
    }

    /// <summary>x with Ex = d; where there is a constraint on x itself, the point that it leaves, so that it holds exactly.</summary>
    /// <inheritdoc/>
    public override Tensor Inference(SplittingState state, Tensor data)
    {
        using var scope = NewDisposeScope();
        var (y, λ) = (DouglasRachfordState)state;
        return InferenceAt(Project(y, data), y, λ, data).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// With z = P_V(y), p = prox_{λf}(2z − y) and s = (2z − y − p)/λ ∈ ∂f(p): the dual residual is the part of s along V(d), QQᵀs, which acts on Sx.
    /// </summary>
    /// <inheritdoc/>
    public override Optimality Optimality(SplittingState previous, SplittingState next, Tensor data, Tensor? inference = null)
    {
        ArgumentNullException.ThrowIfNull(next);
        ArgumentNullException.ThrowIfNull(data);
        var (y, λ) = (DouglasRachfordState)next;
        var (z, p, s) = Point(y, λ, data);
        var x = inference ?? InferenceAt(z, y, λ, data);
        var measure = new OptimalityMeasure(x, data);
        foreach (var (term, scale, from, length) in parts)
            measure.Add(term, term.Operator.Apply(x), p.narrow(1, from, length) / scale, scale * s.narrow(1, from, length));
        var along = mm(s, basis);
        if (equality is not null)
            measure.Add(equality, equality.Operator.Apply(x), Measured(data), mm(s, dual!));
        measure.AddReference([.. parts.Select(b => b.Term), equality]);
        var radius = z.norm(1);
        if (offset is not null)
            radius = radius.maximum(mm(Measured(data), offset).norm(1));
        return measure.Result(along.norm(1), [s.norm(1)], radius, () =>
        {
            var e = mm(along, basis.t());
            (IProximable Term, Tensor Direction)[] directions = [.. parts.Select(b => (b.Term, b.Scale * e.narrow(1, b.From, b.Length)))];
            var residual = directions.Select(t => t.Term.Operator.ApplyAdjoint(t.Direction)).Aggregate((a, b) => a + b);
            var shift = equality is null ? null : mm(e, dual!); // r = Sᵀe + Eᵀ·shift
            if (shift is not null)
                residual = residual + equality!.Operator.ApplyAdjoint(shift);
            if (directions.All(t => SolutionBound.IsBounded(t.Term)))
                return (residual, (level, _) => SolutionBound.Sum(directions.Select(t => ((IBoundedLevels)t.Term, t.Direction)), level, data) + (shift is null ? zeros_like(level) : (shift * Measured(data)).sum(1)));
            return (residual, Problem.BoundSolutions(x.dtype, x.device) is { } bounds ? (level, size) => bounds.Least(residual, level, size, data) : null);
        });
    }

    /// <inheritdoc/>
    internal override bool JudgesNextAlone => true;

    /// <inheritdoc/>
    internal override (Splitting Splitting, SplittingState FixedPoint) Differentiable(SplittingState fixedPoint, Tensor data)
    {
        var (y, λ) = (DouglasRachfordState)fixedPoint;
        return (new FixedStep(this, λ.detach()), new PointState(y));
    }

    /// <summary>Of <see cref="Problem"/>, which Jacobian-free backpropagation is meant for: its last update is that of x.</summary>
    /// <inheritdoc/>
    public override Tensor AttachedInference(SplittingState fixedPoint, Tensor data, int steps = 1) =>
        Problem.AttachedInference(ToProblem(fixedPoint, data), data, steps);

    /// <summary>The variables of the splitting whose problem this solves, at the point a state stands for; a fixed point goes to a fixed point.</summary>
    /// <param name="state">y and λ.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    public SplittingState ToProblem(SplittingState state, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(data);
        using var grad = no_grad();
        var (y, λ) = (DouglasRachfordState)state;
        var (z, p, s) = Point(y, λ, data);
        List<BlockPoint> points = [.. parts.Select(b => new BlockPoint(p.narrow(1, b.From, b.Length) / b.Scale, b.Scale * s.narrow(1, b.From, b.Length)))];
        if (equality is not null)
            points.Add(new BlockPoint(Measured(data), mm(s, dual!)));
        return blocks.ToState(InferenceAt(z, y, λ, data), points);
    }

    /// <summary>
    /// λ⁺ = λ·√(dual/primal) to the next power of two: p − z has a part along V(d), the dual residual times λ, and a part across it, by which p is no image of an x.
    /// z and the subgradient (z − y)/λ remain.
    /// </summary>
    internal override SplittingState? Rebalance(SplittingState state, Tensor data, double exponentLimit)
    {
        using var scope = NewDisposeScope();
        var (y, λ) = (DouglasRachfordState)state;
        var (z, p, s) = Point(y, λ, data);
        var (gap, force) = (p - z, λ * s);
        var along = mm(gap, basis);
        var across = (gap - mm(along, basis.t())).norm(1, true);
        // What is left of a part that vanishes is rounding, which depends on the batch and must not decide λ.
        var rounding = y.dtype == ScalarType.Float64 ? 1e-12 : 1e-6;
        var primal = (across / p.norm(1, true).maximum(z.norm(1, true))).clamp_min(rounding);
        var dualPart = (along.norm(1, true) / force.norm(1, true)).clamp_min(rounding);
        var factor = (dualPart / primal).sqrt();
        factor = PowerOfTwo(where(factor.isfinite().logical_and(factor.gt(0)), factor, ones_like(factor)), exponentLimit);
        var moved = z + (factor * (y - z));
        return new DouglasRachfordState(moved.MoveToOuterDisposeScope(), (λ * factor).MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var tensor in (Tensor?[])[.. parts.Select(b => b.Scale), basis, projector, inferenceFromZ, offset, inferenceFromData, dual])
                tensor?.Dispose();
            Problem.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>z = P_V(y), p = prox_{λf}(2z − y) and the subgradient s = (2z − y − p)/λ of f at p.</summary>
    private (Tensor Z, Tensor P, Tensor Subgradient) Point(Tensor y, Tensor λ, Tensor data)
    {
        var z = Project(y, data);
        var reflected = (2 * z) - y;
        var p = Proximal(reflected, λ, data);
        return (z, p, (reflected - p) / λ);
    }

    private bool InferenceIsProjected => Array.Exists(parts, IsProjection);

    private static bool IsProjection(Block part) => part.Term is { IsConstraint: true, Operator: IdentityOperator };

    private Tensor InferenceAt(Tensor z, Tensor y, Tensor λ, Tensor data)
    {
        if (InferenceIsProjected)
        {
            var (term, scale, from, length) = Array.Find(parts, IsProjection);
            return StepPerRow.Proximal(term, ((2 * z) - y).narrow(1, from, length) / scale, λ / (scale * scale), data);
        }

        var x = mm(z, inferenceFromZ);
        return inferenceFromData is null ? x : x + mm(Measured(data), inferenceFromData);
    }

    /// <summary>The right-hand side of the equality.</summary>
    private Tensor Measured(Tensor data) => equality!.Target(data);

    private Tensor Project(Tensor y, Tensor data)
    {
        if (projector is null)
        {
            var along = mm(mm(y, basis), basis.t());
            return offset is null ? along : along + mm(Measured(data), offset);
        }

        if (offset is null)
            return mm(y, projector);
        using var nearest = mm(Measured(data), offset);
        return addmm(nearest, y, projector, 1f, 1f);
    }

    /// <summary>prox_{λf} block by block: fᵢ(p/c) has the proximal operator c·prox_{(λ/c²)fᵢ}(u/c).</summary>
    private Tensor Proximal(Tensor u, Tensor λ, Tensor data) => parts.Length == 1
        ? parts[0].Proximal(u, λ, data)
        : cat([.. parts.Select(b => b.Proximal(u.narrow(1, b.From, b.Length), λ, data))], 1);

    /// <summary>The Lipschitz constant of a quadratic; 0 of other terms.</summary>
    private static double Curvature(IProximable term) => term switch
    {
        WeightedProximable weighted => weighted.Weight.Value * Curvature(weighted.Term),
        ISmooth smooth => smooth.LipschitzBound,
        _ => 0,
    };

    private static Tensor PowerOfTwo(Tensor t, double limit)
    {
        var safe = where(t.isfinite().logical_and(t.gt(0)), t, ones_like(t));
        return safe.log2().round().clamp(-limit, limit).exp2();
    }

    private static LinearizedAdmm Checked(LinearizedAdmm problem)
    {
        ArgumentNullException.ThrowIfNull(problem);
        if (problem.H is not null)
            throw new ArgumentException("Exact steps need h = 0; use LinearizedAdmm for a model with a term in x.", nameof(problem));
        if (problem.Fidelity.Radius.Value != 0)
            throw new ArgumentException("Exact steps need equality Mx = d (δ = 0); use LinearizedAdmm for a ball.", nameof(problem));
        if (problem.F.Operator is not MatrixOperator)
            throw new ArgumentException("Exact steps need K as a MatrixOperator.", nameof(problem));
        return problem;
    }

    /// <summary>The geometry of a constant matrix, computed once; null where its rows are dependent or determine x.</summary>
    private static MeasurementGeometry? Geometry(Tensor matrix)
    {
        if (matrix.shape[0] >= matrix.shape[1])
            return null;
        try
        {
            return Geometries.GetValue(matrix, m => new MeasurementGeometry(m));
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>cᵢ = 1/‖Kᵢ‖; for functions that treat every entry apart 1 over the norm of each row of Kᵢ. Shape <c>[1]</c> or <c>[rows of Kᵢ]</c>.</summary>
    private static Tensor Scale(IProximable term, Tensor unit)
    {
        var norm = StepPerRow.IsEntrywise(term) && term.Operator is not IdentityOperator ? term.Operator.Apply(unit).norm(0) : full(1, term.Operator.NormBound, dtype: unit.dtype, device: unit.device);
        return Keep(where(norm.gt(0), norm, ones_like(norm)).reciprocal());
    }

    private static Tensor Keep(Tensor t) => t.contiguous().clone().DetachFromDisposeScope();

    /// <summary>An orthonormal basis of the range and a left inverse; a rank-deficient matrix takes the slower decomposition.</summary>
    private static (Tensor Basis, Tensor LeftInverse) Factorise(Tensor matrix)
    {
        var (Q, R) = linalg.qr(matrix);
        var diagonal = R.diagonal().abs();
        var precision = matrix.dtype == ScalarType.Float64 ? 1e-11 : 1e-5;
        if (matrix.shape[0] >= matrix.shape[1] && diagonal.min().ToDouble() > precision * diagonal.max().ToDouble())
            return (Q, mm(linalg.inv(R), Q.t()));

        var (U, S, Vh) = linalg.svd(matrix, fullMatrices: false);
        var rank = S.gt(precision * S.max()).sum().ToInt64();
        var (u, s, v) = (U.slice(1, 0, rank, 1), S.slice(0, 0, rank, 1), Vh.slice(0, 0, rank, 1));
        return (u, mm(v.t() / s, u.t()));
    }

    /// <summary>A term as rows of S.</summary>
    /// <param name="Term">fᵢ.</param>
    /// <param name="Scale">cᵢ, a number or one per row.</param>
    /// <param name="From">First row.</param>
    /// <param name="Length">Number of rows.</param>
    private readonly record struct Block(IProximable Term, Tensor Scale, long From, long Length)
    {
        public Tensor Proximal(Tensor u, Tensor λ, Tensor data) => Scale * StepPerRow.Proximal(Term, u / Scale, λ / (Scale * Scale), data);
    }
}
