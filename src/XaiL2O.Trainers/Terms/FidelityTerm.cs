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
/// <para>
/// With a noise level per row the ball is δ times as large as the row's noise: ‖Ax − d‖ ≤ δ·level·‖d‖, and the property value is ‖Ax − d‖/(level·‖d‖).
/// </para>
/// <para>
/// A soft ball, which <see cref="ReconstructionOptions.Misfit"/> asks for, is a penalty in the place of the constraint: the squared norm as far as the ball reaches, ½·μ·level·Σ rᵢ²/σᵢ², and
/// beyond it its linear continuation (the function of Huber 1964, doi 10.1214/aoms/1177703732, of the norm). The pull towards the data has a bound, and data that no x explains leave a
/// solution, whose property value says how far it is off.
/// </para>
/// </remarks>
public sealed class FidelityTerm : Term, IProximable, IDataTerm, IBoundedLevels
{
    /// <summary>Below every number that occurs, so that 0/0 is 0.</summary>
    private const double Tiny = 1e-30;

    /// <summary>Steps to the multiplier of the projection onto the ellipsoid, before the one that carries the gradient.</summary>
    private const int NewtonSteps = 6;

    private readonly RowInput? target;
    private readonly RowInput? level;
    private readonly Coefficient? misfit;
    private readonly RowInput? dead;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="measurement">A; its output is compared with the data.</param>
    /// <param name="radius">δ ≥ 0, relative to ‖d‖; may be trained.</param>
    /// <param name="noiseFloor">η &gt; 0: norms are weighted for noise proportional to what is measured. Null: all measurements count the same.</param>
    /// <param name="target">The input that Ax is compared with; all of d when null.</param>
    /// <param name="noiseLevel">An input with one positive number for each row, by which its radius is multiplied and its property value divided; 1 when null.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="radius"/> is negative or not finite, or <paramref name="noiseFloor"/> not positive.</exception>
    public FidelityTerm(string name, LinearOperator measurement, Coefficient radius = default, double? noiseFloor = null, RowInput? target = null, RowInput? noiseLevel = null)
        : this(name, measurement, radius, noiseFloor, target, noiseLevel, null)
    {
    }

    /// <summary>A soft ball where there is a weight of the misfit, μ of the remarks. Measurements that are dead, 1 in their input, have no part in the term; the radius is then positive.</summary>
    internal FidelityTerm(string name, LinearOperator measurement, Coefficient radius, double? noiseFloor, RowInput? target, RowInput? noiseLevel, Coefficient? misfit, RowInput? dead = null)
        : base(name, measurement)
    {
        noiseLevel?.CheckSize(1, "the noise level", nameof(noiseLevel));
        noiseLevel?.CheckLimits(0, double.PositiveInfinity, nameof(noiseLevel));
        if (!(radius.Value >= 0 && double.IsFinite(radius.Value)))
            throw new ArgumentOutOfRangeException(nameof(radius), radius.Value, "The radius of the data ball is a finite number, at least 0.");
        Check.PositiveIfGiven(noiseFloor);
        target?.CheckSize(measurement.OutputSize, "what the operator gives", nameof(target));
        dead?.CheckSize(measurement.OutputSize, "what the operator gives", nameof(dead));
        if (dead is not null)
            Check.Positive(radius.Value, nameof(radius));
        (Radius, NoiseFloor, this.target, this.level, this.misfit, this.dead) = (radius, noiseFloor, target, noiseLevel, misfit, dead);
    }

    /// <summary>η, the standard deviation of the noise where nothing is measured, relative to that at the root mean square of d; null without weights.</summary>
    public double? NoiseFloor { get; }

    /// <summary>δ, the radius of the ball relative to ‖d‖.</summary>
    public Coefficient Radius { get; }

    /// <inheritdoc/>
    public override string Formula => $"‖Ax − d‖/‖d‖{(NoiseFloor is null ? "" : ", weighted for noise proportional to d")}{(level is null ? "" : ", relative to the noise level")}";

    /// <inheritdoc/>
    public override string Cause => "an estimate that does not explain its measurements: a damaged or missing measurement, more noise than the model allows, or a solve that did not converge";

    /// <inheritdoc/>
    public bool IsConstraint => misfit is null;

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data)
    {
        var d = Target(data);
        if (Radius.Value == 0)
            return d;
        var offset = u - d;
        var given = Weights(d, data);
        if (given is null && misfit is null)
        {
            var allowed = Limit(data, d.norm(1, true));
            // Inside the ball the factor is 1; the clamp keeps 0/0 out where u = d.
            return d + (offset * (allowed / offset.norm(1, true).clamp_min(Tiny)).clamp_max(1));
        }

        var weights = given ?? ones_like(d);
        var limit = Limit(data, Norm(d, weights, true)).clamp_min(Tiny);
        var τ = misfit is null ? Multiplier(offset, weights, limit, null) : Multiplier(offset, weights, limit, step * Curvature(data));
        return d + (offset / (1 + (τ * weights)));
    }

    /// <summary>Of a soft ball: c·ρ²/2 inside, with ρ = ‖u − d‖, and c·(r·ρ − r²/2) outside.</summary>
    Tensor? IProximable.Value(Tensor u, Tensor data)
    {
        var d = Target(data);
        if (misfit is null)
            return zeros(u.shape[0], dtype: u.dtype, device: u.device);
        var weights = Weights(d, data);
        var (ρ, r) = (Norm(u - d, weights, true), Limit(data, Norm(d, weights, true)));
        return (Curvature(data) * where(ρ.le(r), ρ.square() / 2, r * (ρ - (r / 2)))).squeeze(1);
    }

    Tensor IDataTerm.DataNorm(Tensor data) => BeamNoise.Alive(dead, data) is { } alive ? (alive * Target(data)).norm(1) : Target(data).norm(1);

    Tensor IDataTerm.Target(Tensor data) => Target(data);

    /// <summary>⟨s, d⟩ less what the ball allows; of a soft ball, less what a misfit of this level does.</summary>
    Tensor IBoundedLevels.LeastProduct(Tensor direction, Tensor level, Tensor data)
    {
        var d = Target(data);
        if (misfit is null)
            return (direction * d).sum(1) - Support(direction, data);
        var weights = Weights(d, data);
        var (c, r) = (Curvature(data).squeeze(1), Limit(data, Norm(d, weights, true)).squeeze(1));
        var ρ = where(level.le(c * r.square() / 2), (2 * level / c).sqrt(), (level / (c * r).clamp_min(Tiny)) + (r / 2));
        return (direction * d).sum(1) - (ρ * Norm(direction, Reciprocal(weights), false));
    }

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data)
    {
        var d = Target(data);
        var weights = Weights(d, data);
        var ratio = Ratio.OfNorms(Norm(Operator.Apply(x) - d, weights, false), Norm(d, weights, false));
        return level is null ? ratio : ratio / level.Of(data).squeeze(1);
    }

    /// <summary>The largest ⟨z, r⟩ over the residuals r that the ball allows, row by row: what the dual problem charges for z.</summary>
    internal Tensor Support(Tensor z, Tensor data)
    {
        var d = Target(data);
        var weights = Weights(d, data);
        return Limit(data, Norm(d, weights, true)).squeeze(1) * Norm(z, Reciprocal(weights), false);
    }

    /// <summary>The measurements, shape <c>[batch, A.OutputSize]</c>.</summary>
    internal Tensor Target(Tensor data) => target is null ? data : target.Of(data);

    /// <summary>δ‖d‖ of each row, times its noise level; shape <c>[batch, 1]</c>.</summary>
    private Tensor Limit(Tensor data, Tensor norm) => Radius * (level is null ? norm : level.Of(data) * norm);

    /// <summary>c of the misfit c‖Ax − d‖²/2, such that c‖Ax − d‖² is μ·level·Σ rᵢ²/σᵢ²; shape <c>[batch, 1]</c>.</summary>
    private Tensor Curvature(Tensor data)
    {
        var floor = NoiseFloor ?? 0;
        var variance = (1 + (floor * floor)) * BeamNoise.Mean(Target(data).square(), BeamNoise.Alive(dead, data)).clamp_min(Tiny);
        return misfit!.Value * (level is null ? variance : level.Of(data) * variance).reciprocal();
    }

    private static Tensor Norm(Tensor r, Tensor? weights, bool keepDimension) => weights is null ? r.norm(1, keepDimension) : (weights * r.square()).sum(1, keepDimension).sqrt();

    /// <summary>1/vᵢ of measurements d, and 0 of dead ones; null where norms are not weighted.</summary>
    private Tensor? Weights(Tensor d, Tensor data)
    {
        var alive = BeamNoise.Alive(dead, data);
        if (NoiseFloor is not { } floor)
            return alive;
        var squares = d.square();
        var mean = BeamNoise.Mean(squares, alive).clamp_min(Tiny);
        var weights = (1 + (floor * floor)) * mean / (squares + (floor * floor * mean));
        return alive is null ? weights : alive * weights;
    }

    /// <summary>vᵢ; 0 of dead measurements, at which a multiplier is 0.</summary>
    private static Tensor? Reciprocal(Tensor? weights) => weights is null ? null : where(weights.gt(0), weights.reciprocal(), zeros_like(weights));

    /// <summary>
    /// τ ≥ 0 at which o/(1 + τw) has the weighted norm r; 0 where o has no more. Newton's iteration on 1/‖o/(1 + τw)‖, a concave function of τ, linear
    /// for equal weights: the iterates rise to the root from 0. Of a soft ball, s where o/(1 + sw) lies inside, with s the step times the curvature, and otherwise
    /// the root of τ = s·r/‖o/(1 + τw)‖, to which the iterates fall from s.
    /// </summary>
    private static Tensor Multiplier(Tensor offset, Tensor weights, Tensor limit, Tensor? stiffness)
    {
        var energy = weights * offset.square();
        Tensor root;
        using (no_grad())
        {
            using var scope = NewDisposeScope();
            root = stiffness is null ? zeros_like(limit) : stiffness.expand_as(limit);
            for (var step = 0; step < NewtonSteps; step++)
                root = Newton(energy, weights, limit, stiffness, root);
            root.MoveToOuterDisposeScope();
        }

        // A step from the root stays there and has the derivatives of the root.
        return Newton(energy, weights, limit, stiffness, root);
    }

    private static Tensor Newton(Tensor energy, Tensor weights, Tensor limit, Tensor? stiffness, Tensor τ)
    {
        var shrink = (1 + (τ * weights)).reciprocal();
        var terms = energy * shrink.square();
        var square = terms.sum(1, true).clamp_min(Tiny);
        var slope = (terms * weights * shrink).sum(1, true).clamp_min(Tiny);
        if (stiffness is not null)
        {
            // Of 1/‖o/(1 + τw)‖ the slope is this sum over the cube of the norm; at the root τ it is less than 1/(s·r).
            var pull = stiffness * limit;
            var norm = square.sqrt();
            return (τ - ((τ - (pull / norm)) / (1 - (pull * slope / (square * norm))).clamp_min(Tiny))).minimum(stiffness).clamp_min(0);
        }

        return (τ + (((square.sqrt() / limit) - 1) * square / slope)).clamp_min(0);
    }
}
