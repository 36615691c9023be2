using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Agreement with measurements, the constraint ‖Ax − d‖ ≤ δ‖d‖; with δ = 0 the equality Ax = d.
/// Proximal: projection onto the ball around d. Property value: ‖Ax − d‖/‖d‖.
/// </summary>
/// <remarks>
/// With a noise floor η, norms are weighted: ‖r‖² = Σ rᵢ²/vᵢ, where vᵢ = (dᵢ² + η²·mean d²)/((1 + η²)·mean d²) is the variance, up to a factor, of
/// noise whose standard deviation is proportional to what is measured. The ball is an ellipsoid then, and the proximal operator still the Euclidean
/// projection.
/// </remarks>
public sealed class FidelityTerm : Term, IProximable, IDataTerm, IBoundedLevels
{
    /// <summary>Below every number that occurs, so that 0/0 is 0.</summary>
    private const double Tiny = 1e-30;

    /// <summary>Steps to the multiplier of the projection onto the ellipsoid, before the one that carries the gradient.</summary>
    private const int NewtonSteps = 6;

    private readonly RowInput? target;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="measurement">A; its output is compared with the data.</param>
    /// <param name="radius">δ ≥ 0, relative to ‖d‖; may be trained.</param>
    /// <param name="noiseFloor">η &gt; 0: norms are weighted for noise proportional to what is measured. Null: all measurements count the same.</param>
    /// <param name="target">The input that Ax is compared with; all of d when null.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="radius"/> is negative or not finite, or <paramref name="noiseFloor"/> not positive.</exception>
    public FidelityTerm(string name, LinearOperator measurement, Coefficient radius = default, double? noiseFloor = null, RowInput? target = null)
        : base(name, measurement)
    {
        if (!(radius.Value >= 0 && double.IsFinite(radius.Value)))
            throw new ArgumentOutOfRangeException(nameof(radius), radius.Value, "The radius of the data ball is a finite number, at least 0.");
        Check.PositiveIfGiven(noiseFloor);
        target?.CheckSize(measurement.OutputSize, "what the operator gives", nameof(target));
        (Radius, NoiseFloor, this.target) = (radius, noiseFloor, target);
    }

    /// <summary>η, the standard deviation of the noise where nothing is measured, relative to that at the root mean square of d; null without weights.</summary>
    public double? NoiseFloor { get; }

    /// <summary>δ, the radius of the ball relative to ‖d‖.</summary>
    public Coefficient Radius { get; }

    /// <inheritdoc/>
    public override string Formula => NoiseFloor is null ? "‖Ax − d‖/‖d‖" : "‖Ax − d‖/‖d‖, weighted for noise proportional to d";

    /// <inheritdoc/>
    public override string Cause => "an estimate that does not explain its measurements: a damaged or missing measurement, more noise than the model allows, or a solve that did not converge";

    /// <inheritdoc/>
    public bool IsConstraint => true;

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data)
    {
        data = Target(data);
        if (Radius.Value == 0)
            return data;
        var offset = u - data;
        if (NoiseFloor is not { } floor)
        {
            var allowed = Radius * data.norm(1, true);
            // Inside the ball the factor is 1; the clamp keeps 0/0 out where u = d.
            return data + (offset * (allowed / offset.norm(1, true).clamp_min(Tiny)).clamp_max(1));
        }

        var weights = Weights(data, floor);
        var limit = (Radius * Norm(data, weights, true)).clamp_min(Tiny);
        return data + (offset / (1 + (Multiplier(offset, weights, limit) * weights)));
    }

    Tensor IDataTerm.DataNorm(Tensor data) => Target(data).norm(1);

    Tensor IDataTerm.Target(Tensor data) => Target(data);

    /// <summary>⟨s, d⟩ less what the ball allows.</summary>
    Tensor IBoundedLevels.LeastProduct(Tensor direction, Tensor level, Tensor data) => (direction * Target(data)).sum(1) - Support(direction, data);

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data)
    {
        data = Target(data);
        var residual = Operator.Apply(x) - data;
        if (NoiseFloor is not { } floor)
            return Ratio.OfNorms(residual.norm(1), data.norm(1));
        var weights = Weights(data, floor);
        return Ratio.OfNorms(Norm(residual, weights, false), Norm(data, weights, false));
    }

    /// <summary>The largest ⟨z, r⟩ over the residuals r that the ball allows, row by row: what the dual problem charges for z.</summary>
    internal Tensor Support(Tensor z, Tensor data)
    {
        data = Target(data);
        if (NoiseFloor is not { } floor)
            return Radius * data.norm(1) * z.norm(1);
        var weights = Weights(data, floor);
        return Radius * Norm(data, weights, false) * Norm(z, weights.reciprocal(), false);
    }

    /// <summary>The measurements, shape <c>[batch, A.OutputSize]</c>.</summary>
    internal Tensor Target(Tensor data) => target is null ? data : target.Of(data);

    private static Tensor Norm(Tensor r, Tensor weights, bool keepDimension) => (weights * r.pow(2)).sum(1, keepDimension).sqrt();

    /// <summary>1/vᵢ.</summary>
    private static Tensor Weights(Tensor data, double floor)
    {
        var squares = data.pow(2);
        var mean = squares.mean([1], true).clamp_min(Tiny);
        return (1 + (floor * floor)) * mean / (squares + (floor * floor * mean));
    }

    /// <summary>
    /// τ ≥ 0 at which o/(1 + τw) has the weighted norm r; 0 where o has no more. Newton's iteration on 1/‖o/(1 + τw)‖, a concave function of τ, linear
    /// for equal weights: the iterates rise to the root from 0.
    /// </summary>
    private static Tensor Multiplier(Tensor offset, Tensor weights, Tensor limit)
    {
        var energy = weights * offset.pow(2);
        Tensor root;
        using (no_grad())
        {
            using var scope = NewDisposeScope();
            root = zeros_like(limit);
            for (var step = 0; step < NewtonSteps; step++)
                root = Newton(energy, weights, limit, root);
            root.MoveToOuterDisposeScope();
        }

        // A step from the root stays there and has the derivatives of the root.
        return Newton(energy, weights, limit, root);
    }

    private static Tensor Newton(Tensor energy, Tensor weights, Tensor limit, Tensor τ)
    {
        var shrink = (1 + (τ * weights)).reciprocal();
        var terms = energy * shrink.pow(2);
        var square = terms.sum(1, true).clamp_min(Tiny);
        var slope = (terms * weights * shrink).sum(1, true).clamp_min(Tiny);
        return (τ + (((square.sqrt() / limit) - 1) * square / slope)).clamp_min(0);
    }
}
