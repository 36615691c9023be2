using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>Proximal gradient (ISTA where f = τ‖·‖₁) for min h(x) + f(x), h smooth, f proximable:</summary>
/// <remarks>
/// <code>
/// x⁺ = prox_{αf}( x − α∇h(x) )
/// </code>
/// Converges for α in (0, 2/L) with L the Lipschitz constant of ∇h (Combettes and Wajs 2005, doi 10.1137/050626090). x satisfies the
/// constraints of f exactly in every iterate, and one attached step carries the gradient to the weights of both terms.
/// </remarks>
public sealed class ProximalGradient : Splitting
{
    private readonly ISmooth h;
    private readonly IProximable? f;
    private readonly int size;

    /// <summary>Composes the iteration.</summary>
    /// <param name="h">h.</param>
    /// <param name="f">f, in x itself: its operator is the identity; absent when null, which leaves gradient descent.</param>
    /// <param name="size">Length of x.</param>
    /// <param name="step">α in (0, 2/L).</param>
    /// <exception cref="ArgumentException">The step is out of range, or f does not take x itself.</exception>
    public ProximalGradient(ISmooth h, IProximable? f, int size, double step)
    {
        ArgumentNullException.ThrowIfNull(h);
        Check.AtLeast(size, 1);
        if (f is not null && f.Operator is not IdentityOperator)
            throw new ArgumentException("Proximal gradient takes a proximable term in x itself: the operator of f must be the identity. Use PrimalDual or LinearizedAdmm for a transformed term.", nameof(f));
        if (f is not null && f.Operator.InputSize != size)
            throw new ArgumentException($"f takes vectors of length {f.Operator.InputSize}; x has length {size}.", nameof(f));
        if (!(step > 0 && double.IsFinite(step) && step * h.LipschitzBound < 2))
            throw new ArgumentException($"Proximal gradient needs 0 < α < 2/L = {2 / h.LipschitzBound}; got {step}.", nameof(step));
        (this.h, this.f, this.size, StepSize) = (h, f, size, step);
    }

    /// <summary>α.</summary>
    public double StepSize { get; }

    /// <summary>x = 0, or its projection where f is a constraint.</summary>
    /// <inheritdoc/>
    public override SplittingState Initialize(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var x = zeros(data.shape[0], size, dtype: data.dtype, device: data.device);
        return new PointState(f is null ? x : f.Proximal(x, StepSize, data));
    }

    /// <inheritdoc/>
    public override SplittingState InitializeAt(Tensor estimate, Tensor data) => new PointState(f is null ? estimate : f.Proximal(estimate, StepSize, data));

    /// <inheritdoc/>
    public override SplittingState Step(SplittingState state, Tensor data)
    {
        var (α, x) = (StepSize, ((PointState)state).X);
        var u = x - (α * h.Gradient(x, data));
        return new PointState(f is null ? u : f.Proximal(u, α, data));
    }

    /// <inheritdoc/>
    internal override BlockProblem? Blocks() =>
        BlockProblem.Parts(h) is { } smooth ? new BlockProblem([.. BlockProblem.Parts(f), .. smooth], null, (x, _) => new PointState(x)) : null;

    /// <inheritdoc/>
    public override Tensor Inference(SplittingState state, Tensor data) => ((PointState)state).X;

    /// <summary>At x⁺: (x − α∇h(x) − x⁺)/α ∈ ∂f(x⁺), which with ∇h(x⁺) leaves r.</summary>
    /// <inheritdoc/>
    public override Optimality Optimality(SplittingState previous, SplittingState next, Tensor data, Tensor? inference = null)
    {
        ArgumentNullException.ThrowIfNull(previous);
        ArgumentNullException.ThrowIfNull(next);
        var (α, x, xNext) = (StepSize, ((PointState)previous).X, ((PointState)next).X);
        var (before, gradient) = (h.Gradient(x, data), h.Gradient(xNext, data));
        var s = ((x - xNext) / α) - before;
        var measure = new OptimalityMeasure(inference ?? xNext, data);
        if (f is not null)
            measure.Add(f, inference ?? xNext, xNext, s);
        measure.Add(h, xNext, gradient);
        return measure.Result(s + gradient, [s.norm(1), gradient.norm(1)], this);
    }
}
