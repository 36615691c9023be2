using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>Davis–Yin three-operator splitting for min f(x) + g(x) + h(x), f and g proximable, h smooth (74):</summary>
/// <remarks>
/// <code>
/// ξ  = prox_{αf}(ζ)
/// ψ  = prox_{αg}(2ξ − ζ − α∇h(ξ))
/// ζ⁺ = ζ + ψ − ξ
/// </code>
/// Converges for α in (0, 2/L) with L the Lipschitz constant of ∇h (arXiv 1504.01032). At a fixed point ξ = ψ is the solution.
/// </remarks>
public sealed class DavisYin : Splitting
{
    private readonly IProximable f;
    private readonly IProximable g;
    private readonly ISmooth h;

    /// <summary>Composes the iteration.</summary>
    /// <param name="f">f, in x itself: its operator is the identity.</param>
    /// <param name="g">g, likewise.</param>
    /// <param name="h">h.</param>
    /// <param name="step">α in (0, 2/L).</param>
    /// <exception cref="ArgumentException">The step is out of range, or f and g do not take x itself.</exception>
    public DavisYin(IProximable f, IProximable g, ISmooth h, double step)
    {
        ArgumentNullException.ThrowIfNull(f);
        ArgumentNullException.ThrowIfNull(g);
        ArgumentNullException.ThrowIfNull(h);
        if (f.Operator is not IdentityOperator || g.Operator is not IdentityOperator)
            throw new ArgumentException("Davis–Yin splitting takes terms in x itself: the operators of f and g must be the identity. Use LinearizedAdmm for a transformed term.");
        if (f.Operator.InputSize != g.Operator.InputSize)
            throw new ArgumentException($"f takes vectors of length {f.Operator.InputSize}, g of length {g.Operator.InputSize}.", nameof(g));
        if (!(step > 0 && double.IsFinite(step) && step * h.LipschitzBound < 2))
            throw new ArgumentException($"Davis–Yin splitting needs 0 < α < 2/L = {2 / h.LipschitzBound}; got {step}.", nameof(step));
        (this.f, this.g, this.h, StepSize) = (f, g, h, step);
    }

    /// <summary>α.</summary>
    public double StepSize { get; }

    /// <inheritdoc/>
    public override SplittingState Initialize(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return new DavisYinState(zeros(data.shape[0], f.Operator.InputSize, dtype: data.dtype, device: data.device));
    }

    /// <inheritdoc/>
    public override SplittingState InitializeAt(Tensor estimate, Tensor data) => new DavisYinState(estimate);

    /// <inheritdoc/>
    public override SplittingState Step(SplittingState state, Tensor data)
    {
        var (α, ζ) = (StepSize, ((DavisYinState)state).Zeta);
        var ξ = f.Proximal(ζ, α, data);
        var ψ = g.Proximal((2 * ξ) - ζ - (α * h.Gradient(ξ, data)), α, data);
        return new DavisYinState(ζ + ψ - ξ);
    }

    /// <inheritdoc/>
    internal override bool JudgesNextAlone => true;

    /// <summary>ζ = x + α·s with s ∈ ∂f(x).</summary>
    internal override BlockProblem? Blocks() =>
        BlockProblem.Parts(h) is { } smooth ? new BlockProblem([f, g, .. smooth], null, (x, points) => new DavisYinState(x + (StepSize * points[0].Subgradient))) : null;

    /// <summary>ξ, which satisfies f's constraints exactly.</summary>
    /// <inheritdoc/>
    public override Tensor Inference(SplittingState state, Tensor data) => f.Proximal(((DavisYinState)state).Zeta, StepSize, data);

    /// <summary>At ξ: (ζ − ξ)/α ∈ ∂f(ξ), (2ξ − ζ − α∇h(ξ) − ψ)/α ∈ ∂g(ψ), which with ∇h(ξ) leave r = (ξ − ψ)/α.</summary>
    /// <inheritdoc/>
    public override Optimality Optimality(SplittingState previous, SplittingState next, Tensor data, Tensor? inference = null)
    {
        ArgumentNullException.ThrowIfNull(next);
        var (α, ζ) = (StepSize, ((DavisYinState)next).Zeta);
        var ξ = f.Proximal(ζ, α, data);
        var gradient = h.Gradient(ξ, data);
        var reflected = (2 * ξ) - ζ - (α * gradient);
        var ψ = g.Proximal(reflected, α, data);
        var (sf, sg) = ((ζ - ξ) / α, (reflected - ψ) / α);
        var x = inference ?? ξ;
        var measure = new OptimalityMeasure(x, data);
        measure.Add(f, x, ξ, sf);
        measure.Add(g, x, ψ, sg);
        measure.Add(h, ξ, gradient);
        return measure.Result((ξ - ψ) / α, [sf.norm(1), sg.norm(1), gradient.norm(1)], this);
    }
}
