using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>Primal–dual splitting of Condat and Vũ for min h(x) + g(x) + f(Kx), h smooth, f and g proximable:</summary>
/// <remarks>
/// <code>
/// y⁺ = prox_{σf*}( y + σKx )                        with prox_{σf*}(v) = v − σ·prox_{f/σ}(v/σ)
/// x⁺ = prox_{τg}( x − τ(∇h(x) + Kᵀ(2y⁺ − y)) )
/// </code>
/// Converges for 1/τ − σ‖K‖² ≥ L/2 (Condat 2013, doi 10.1007/s10957-012-0245-9; Vũ 2013, doi 10.1007/s10444-011-9254-8). x comes last:
/// it satisfies the constraints of g exactly, and one attached step carries the gradient to the weights of every term.
/// </remarks>
public sealed class PrimalDual : Splitting
{
    private readonly ISmooth h;
    private readonly IProximable? g;
    private readonly IProximable f;

    /// <summary>Composes the iteration.</summary>
    /// <param name="h">h; an empty <see cref="SmoothSum"/> where there is none.</param>
    /// <param name="g">g, in x itself: its operator is the identity; absent when null.</param>
    /// <param name="f">f with its operator K; a <see cref="StackedTerm"/> joins several.</param>
    /// <param name="primalStep">τ.</param>
    /// <param name="dualStep">σ.</param>
    /// <exception cref="ArgumentException">The steps violate the condition, or shapes do not fit.</exception>
    public PrimalDual(ISmooth h, IProximable? g, IProximable f, double primalStep, double dualStep)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(f);
        if (g is not null && g.Operator is not IdentityOperator)
            throw new ArgumentException("g acts on x itself: its operator must be the identity. Give a transformed term as f.", nameof(g));
        if (g is not null && g.Operator.InputSize != f.Operator.InputSize)
            throw new ArgumentException($"g takes vectors of length {g.Operator.InputSize}, K of length {f.Operator.InputSize}.", nameof(g));
        var (τ, σ, norm, L) = (primalStep, dualStep, f.Operator.NormBound, h.LipschitzBound);
        if (!(τ > 0 && σ > 0 && double.IsFinite(τ) && double.IsFinite(σ)))
            throw new ArgumentException($"Step sizes are positive; got τ = {τ}, σ = {σ}.", nameof(primalStep));
        if (!(1 / τ >= ((σ * norm * norm) + (L / 2)) * (1 - 1e-9)))
            throw new ArgumentException($"Primal–dual splitting needs τ ≤ 1/(σ‖K‖² + L/2) = {1 / ((σ * norm * norm) + (L / 2))}; got {τ}.", nameof(primalStep));
        (this.h, this.g, this.f, PrimalStep, DualStep) = (h, g, f, τ, σ);
    }

    /// <summary>τ.</summary>
    public double PrimalStep { get; }

    /// <summary>σ.</summary>
    public double DualStep { get; }

    /// <inheritdoc/>
    public override SplittingState Initialize(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        Tensor Zeros(int size) => zeros(data.shape[0], size, dtype: data.dtype, device: data.device);
        return new PrimalDualState(Zeros(f.Operator.OutputSize), Zeros(f.Operator.InputSize));
    }

    /// <summary>y = 0.</summary>
    /// <inheritdoc/>
    public override SplittingState InitializeAt(Tensor estimate, Tensor data) => ((PrimalDualState)Initialize(data)) with { X = estimate };

    /// <inheritdoc/>
    public override SplittingState Step(SplittingState state, Tensor data)
    {
        var (y, x) = (PrimalDualState)state;
        var (τ, σ, K) = (PrimalStep, DualStep, f.Operator);
        var v = y + (σ * K.Apply(x));
        var yNext = v - (σ * f.Proximal(v / σ, 1 / σ, data));
        var u = x - (τ * (h.Gradient(x, data) + K.ApplyAdjoint((2 * yNext) - y)));
        return new PrimalDualState(yNext, g is null ? u : g.Proximal(u, τ, data));
    }

    /// <inheritdoc/>
    internal override BlockProblem? Blocks()
    {
        IProximable[] parts = [.. BlockProblem.Parts(f)];
        var equality = parts.OfType<FidelityTerm>().FirstOrDefault(t => t.Radius is { Value: 0, Learned: null });
        IProximable[] rest = [.. parts.Where(p => !ReferenceEquals(p, equality))];
        return BlockProblem.Parts(h) is not { } smooth ? null : new BlockProblem(
            [.. rest, .. BlockProblem.Parts(g), .. smooth],
            equality,
            (x, points) => new PrimalDualState(cat([.. parts.Select(p => points[ReferenceEquals(p, equality) ? ^1 : Array.IndexOf(rest, p)].Subgradient)], 1), x));
    }

    /// <inheritdoc/>
    public override Tensor Inference(SplittingState state, Tensor data) => ((PrimalDualState)state).X;

    /// <summary>
    /// At x⁺: y⁺ ∈ ∂f(u) with u = (y − y⁺)/σ + Kx, and (x − x⁺)/τ − ∇h(x) − Kᵀ(2y⁺ − y) ∈ ∂g(x⁺), which with Kᵀy⁺ and ∇h(x⁺) leaves r.
    /// </summary>
    /// <inheritdoc/>
    public override Optimality Optimality(SplittingState previous, SplittingState next, Tensor data, Tensor? inference = null)
    {
        var ((y, x), (yNext, xNext)) = ((PrimalDualState)previous, (PrimalDualState)next);
        var (τ, σ, K) = (PrimalStep, DualStep, f.Operator);
        var (force, change, gradient) = (K.ApplyAdjoint(yNext), K.ApplyAdjoint(yNext - y), h.Gradient(xNext, data));
        var s = ((x - xNext) / τ) - h.Gradient(x, data) - force - change;
        var judged = inference ?? xNext;
        var measure = new OptimalityMeasure(judged, data);
        measure.Add(f, K.Apply(judged), ((y - yNext) / σ) + K.Apply(x), yNext);
        if (g is not null)
            measure.Add(g, judged, xNext, s);
        measure.Add(h, xNext, gradient);
        measure.AddReference(f, g);
        // Without g, s would be 0 at a solution and is part of what is missing.
        return measure.Result((g is null ? zeros_like(s) : s) + force + gradient, [force.norm(1), gradient.norm(1), s.norm(1)], this);
    }
}
