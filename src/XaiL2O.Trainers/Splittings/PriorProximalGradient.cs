using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>Proximal gradient in the metric of a Gaussian prior, for min ½‖Ax − d‖²/σ² + q(x) with q of <see cref="RidgePriorTerm"/>, in white signals u = C^−½x:</summary>
/// <remarks>
/// <code>
/// z  = u − γ∇q(u)
/// u⁺ = argmin ½‖Bu − d‖²/σ² + ‖u − z‖²/2γ = z + Bᵀ(BBᵀ + (σ²/γ)I)⁻¹(d − Bz),   B = AC^½
/// </code>
/// Forward–backward splitting in a variable metric (Combettes and Vũ 2014, doi 10.1080/02331934.2012.733883). For γ below 2/L, with L the curvature of q in u, the objective falls in
/// every step and the iterates end in a stationary point, also where q is not convex (Attouch, Bolte and Svaiter 2013, doi 10.1007/s10107-011-0484-9); the solution where it is. Without
/// learned filters one step with γ = 1 is the linear estimate. It starts from that estimate, so that where there are several stationary points the one that is found
/// depends on the row alone.
/// </remarks>
internal sealed class PriorProximalGradient : Splitting
{
    /// <summary>γ as a share of the least that convergence is not proved for.</summary>
    private const double StepShare = 0.95;

    private readonly RidgePriorTerm prior;
    private readonly Tensor projection; // I − GB, [n, n], symmetric
    private readonly Tensor gain;       // Gᵀ, [m, n], with G = Bᵀ(BBᵀ + (σ²/γ)I)⁻¹
    private readonly double γ;

    /// <summary>Composes the iteration.</summary>
    /// <param name="B">AC^½ in double precision, shape <c>[m, n]</c>; not owned.</param>
    /// <param name="variance">σ², positive: of the noise of a measurement, in rows at unit scale.</param>
    /// <param name="prior">q.</param>
    public PriorProximalGradient(Tensor B, double variance, RidgePriorTerm prior)
    {
        this.prior = prior;
        var (_, _, bend) = prior.Curvature;
        γ = Math.Min(1, 2 * StepShare / (1 + bend));
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var noisy = B.mm(B.t()) + (variance / γ * eye(B.shape[0], dtype: ScalarType.Float64, device: B.device));
        var G = linalg.solve(noisy, B).t();
        Tensor Keep(Tensor t) => t.to(prior.Root.dtype).contiguous().clone().DetachFromDisposeScope();
        gain = Keep(G.t());
        projection = Keep(eye(B.shape[1], dtype: ScalarType.Float64, device: B.device) - G.mm(B));
    }

    /// <summary>The linear estimate with this noise, in white signals.</summary>
    /// <inheritdoc/>
    public override SplittingState Initialize(Tensor data) => new PointState(data.mm(gain));

    /// <inheritdoc/>
    public override SplittingState Step(SplittingState state, Tensor data)
    {
        var u = ((PointState)state).X;
        var z = ((1 - γ) * u) - (γ * prior.WhiteGradient(u));
        return new PointState(z.mm(projection) + data.mm(gain));
    }

    /// <inheritdoc/>
    public override Tensor Inference(SplittingState state, Tensor data) => ((PointState)state).X.mm(prior.Root);

    /// <summary>At u⁺: (z − u⁺)/γ is the gradient of the data term, which with ∇q(u⁺) leaves r.</summary>
    /// <inheritdoc/>
    public override Optimality Optimality(SplittingState previous, SplittingState next, Tensor data, Tensor? inference = null)
    {
        var (u, uNext) = (((PointState)previous).X, ((PointState)next).X);
        var (before, after) = (u + prior.WhiteGradient(u), uNext + prior.WhiteGradient(uNext));
        var force = ((u - uNext) / γ) - before;
        var residual = Ratio.OfNorms((force + after).norm(1), force.norm(1).maximum(after.norm(1)).maximum(uNext.norm(1)));
        return new Optimality(zeros_like(residual), residual, zeros_like(residual));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            projection.Dispose();
            gain.Dispose();
        }

        base.Dispose(disposing);
    }
}
