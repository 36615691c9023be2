using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Exact steps for the equality-constrained case of (14), min f(Kx) s.t. Mx = d: Douglas–Rachford splitting of f and the affine set
/// V(d) = {Kx : Mx = d}, whose projection is factorised once for all samples and iterations.
/// </summary>
/// <remarks>
/// <code>
/// z  = P_V(y)
/// p  = prox_{λf}(2z − y)
/// y⁺ = y + p − z
/// </code>
/// (Lions and Mercier 1979, doi 10.1137/0716071; Eckstein and Bertsekas 1992, doi 10.1007/BF01581204, show it to be ADMM with exact
/// steps.) It has the solutions of <see cref="LinearizedAdmm"/> on the same terms, needs one matrix product per iteration in
/// place of four, and its rate does not depend on how well K and M are conditioned. Steps taken in training are attached to
/// (15), so the gradient is that of linearised ADMM at the same fixed point.
/// </remarks>
public sealed class AffineDouglasRachford : Splitting, IDisposable
{
    private readonly LinearizedAdmm problem;
    private readonly Tensor projector;      // QQᵀ, [q, q], Q an orthonormal basis of {Kx : Mx = 0}
    private readonly Tensor offset;         // d ↦ the point of V(d) nearest 0, transposed, [m, q]
    private readonly Tensor inferenceFromZ; // z ↦ x, transposed, [q, n]
    private readonly Tensor inferenceFromData; // d ↦ x, transposed, [m, n]
    private readonly Tensor dual;           // ν₁ ↦ ν₂ with Kᵀν₁ + Mᵀν₂ = 0, transposed, [q, m]
    private readonly double step;

    /// <summary>Factorises the affine set for the current weights.</summary>
    /// <param name="problem">The problem; λ is taken from its step sizes.</param>
    /// <param name="geometry">The parts of the factorisation that depend on M alone; they can be shared while K is trained.</param>
    /// <exception cref="ArgumentException">The problem has a term h, a tolerance δ &gt; 0, or a K that is not a matrix.</exception>
    public AffineDouglasRachford(LinearizedAdmm problem, MeasurementGeometry geometry)
    {
        ArgumentNullException.ThrowIfNull(problem);
        ArgumentNullException.ThrowIfNull(geometry);
        if (problem.H is not null)
            throw new ArgumentException("Exact steps need h = 0; use LinearizedAdmm for a model with a term in x.", nameof(problem));
        if (problem.Fidelity.Radius.Value != 0)
            throw new ArgumentException("Exact steps need equality Mx = d (δ = 0); use LinearizedAdmm for a ball.", nameof(problem));
        if (problem.F.Operator is not MatrixOperator transform)
            throw new ArgumentException("Exact steps need K as a MatrixOperator.", nameof(problem));
        this.problem = problem;
        step = problem.Steps.Lambda.Value;

        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var K = transform.Matrix.detach();
        var (M, N) = (geometry.Matrix, geometry.NullBasis);
        var KN = mm(K, N);
        var (Q, left) = Factorise(KN);                               // KN = QR; left is a left inverse of KN
        var P = mm(Q, Q.t());
        var Kd = mm(K, geometry.PseudoInverse);                      // K M⁺, [q, m]
        var back = mm(N, left);                                      // [n, q]
        projector = P.MoveToOuterDisposeScope().DetachFromDisposeScope();
        offset = (Kd - mm(P, Kd)).t().contiguous().DetachFromDisposeScope();
        inferenceFromZ = back.t().contiguous().DetachFromDisposeScope();
        inferenceFromData = (geometry.PseudoInverse - mm(back, Kd)).t().contiguous().DetachFromDisposeScope();
        // Mᵀν₂ = −Kᵀν₁ has a solution at a fixed point; M⁺ᵀ gives it.
        dual = mm(K, geometry.PseudoInverse).neg().contiguous().DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public override SplittingState Initialize(Tensor data) => new DouglasRachfordState(mm(data, offset));

    /// <inheritdoc/>
    public override SplittingState Step(SplittingState state, Tensor data)
    {
        using var scope = NewDisposeScope();
        var y = ((DouglasRachfordState)state).Y;
        var z = Project(y, data);
        var p = problem.F.Proximal((2 * z) - y, step, data);
        return new DouglasRachfordState((y + p - z).MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override Tensor Inference(SplittingState state, Tensor data)
    {
        using var scope = NewDisposeScope();
        var z = Project(((DouglasRachfordState)state).Y, data);
        return (mm(z, inferenceFromZ) + mm(data, inferenceFromData)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// With z = P_V(y), p = prox_{λf}(2z − y) and s = (2z − y − p)/λ ∈ ∂f(p): Mx = d holds in every iterate, and the dual residual is the part of s in
    /// the range of K on {x : Mx = 0}, P(z − p)/λ, which acts on Kx.
    /// </summary>
    /// <inheritdoc/>
    public override Optimality Optimality(SplittingState previous, SplittingState next, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(next);
        ArgumentNullException.ThrowIfNull(data);
        var y = ((DouglasRachfordState)next).Y;
        var z = Project(y, data);
        var reflected = (2 * z) - y;
        var p = problem.F.Proximal(reflected, step, data);
        var s = (reflected - p) / step;
        var x = Inference(next, data);
        var measure = new OptimalityMeasure(x, data);
        measure.Add(problem.F, z, p, s);
        measure.Add(problem.Fidelity, problem.Fidelity.Operator.Apply(x), data, mm(s, dual));
        measure.AddReference(problem.F, problem.Fidelity);
        return measure.Result(mm(s, projector), [s.norm(1)], z.norm(1).maximum(mm(data, offset).norm(1)));
    }

    /// <inheritdoc/>
    public override Tensor AttachedInference(SplittingState fixedPoint, Tensor data, int steps = 1) =>
        problem.AttachedInference(ToAdmm(fixedPoint, data), data, steps);

    /// <summary>The variables of (15) at the point a state stands for; a fixed point goes to a fixed point.</summary>
    /// <param name="state">y.</param>
    /// <param name="data">d, shape <c>[batch, m]</c>.</param>
    public AdmmState ToAdmm(SplittingState state, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(state);
        using var grad = no_grad();
        var y = ((DouglasRachfordState)state).Y;
        var z = Project(y, data);
        var reflected = (2 * z) - y;
        var p = problem.F.Proximal(reflected, step, data);
        var ν1 = (reflected - p) / step;
        return new AdmmState(p, data, ν1, mm(ν1, dual), Inference(state, data));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in (Tensor[])[projector, offset, inferenceFromZ, inferenceFromData, dual])
            tensor.Dispose();
    }

    private Tensor Project(Tensor y, Tensor data)
    {
        using var z0 = mm(data, offset);
        return addmm(z0, y, projector, 1f, 1f);
    }

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
}
