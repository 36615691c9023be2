using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>Linearised ADMM for min f(Kx) + h(x) s.t. ‖Mx − d‖ ≤ δ (14):</summary>
/// <remarks>
/// <code>
/// p⁺  = prox_{λf}( p + λ(ν₁ + α(Kx − p)) )        (15a)
/// w⁺  = proj_{B(d,δ)}( w + λ(ν₂ + α(Mx − w)) )    (15b)
/// ν₁⁺ = ν₁ + α(Kx − p⁺)                           (15c)
/// ν₂⁺ = ν₂ + α(Mx − w⁺)                           (15d)
/// r   = Kᵀ(2ν₁⁺ − ν₁) + Mᵀ(2ν₂⁺ − ν₂)             (15e)
/// x⁺  = prox_{βh}(x − βr)                         (15f)
/// </code>
/// Converges for αβ‖S‖² ≤ 1 and αλ ≤ 1 with S = [K; M] (Ryu and Yin, <i>Large-Scale Convex Optimization</i>, 2022). x comes last,
/// so one attached step carries the gradient to the weights.
/// <para>
/// With a preconditioner P = (I + κMᵀM)⁻¹ the step in x is taken in its metric, x⁺ = x − βPr, and the penalty on w = Mx is κα in place of α:
/// proximal ADMM whose metric holds MᵀM exactly and the rest linearised. It has the same solutions, converges for αβ‖K‖² ≤ 1, αβ ≤ 1 and
/// αλ ≤ 1, and needs far fewer iterations where M is ill-conditioned. h must then be part of f, see <see cref="StackedTerm"/>: its proximal
/// operator in that metric is not cheap.
/// </para>
/// </remarks>
internal sealed class LinearizedAdmm : Splitting
{
    /// <summary>Composes the iteration.</summary>
    /// <param name="f">f with its operator K.</param>
    /// <param name="fidelity">The data constraint with its operator M.</param>
    /// <param name="h">h, a term in x itself; absent when null.</param>
    /// <param name="steps">Step sizes, checked against the norm bound.</param>
    /// <param name="preconditioner">P, built from the fidelity's operator M; the identity when null. Not owned.</param>
    /// <param name="constraint">
    /// A constraint on x that is part of f: the inference is projected onto it, so that it holds exactly whatever the tolerance of the solve.
    /// </param>
    /// <exception cref="ArgumentException">
    /// Shapes do not fit, the step sizes violate the convergence condition, or h is given beside a preconditioner.
    /// </exception>
    public LinearizedAdmm(IProximable f, FidelityTerm fidelity, IProximable? h, StepSizes steps, GramPreconditioner? preconditioner = null, IProximable? constraint = null)
    {
        ArgumentNullException.ThrowIfNull(f);
        ArgumentNullException.ThrowIfNull(fidelity);
        if (h is not null && h.Operator is not IdentityOperator)
            throw new ArgumentException("h acts on x itself: its operator must be the identity. Give a transformed term as f.", nameof(h));
        if (h is not null && h.Operator.InputSize != f.Operator.InputSize)
            throw new ArgumentException($"h takes vectors of length {h.Operator.InputSize}, K of length {f.Operator.InputSize}.", nameof(h));
        if (preconditioner is not null && h is not null)
            throw new ArgumentException("Beside a preconditioner, h is part of f: stack both in a StackedTerm.", nameof(h));
        if (preconditioner is not null && preconditioner.InputSize != f.Operator.InputSize)
            throw new ArgumentException($"The preconditioner takes vectors of length {preconditioner.InputSize}, K of length {f.Operator.InputSize}.", nameof(preconditioner));
        if (preconditioner is null)
            steps.Validate(new StackedOperator(f.Operator, fidelity.Operator));
        else
            steps.Validate(Math.Max(1, f.Operator.NormBound));
        F = f;
        Fidelity = fidelity;
        H = h;
        Steps = steps;
        Preconditioner = preconditioner;
        Constraint = constraint;
    }

    /// <summary>f, with K its operator.</summary>
    public IProximable F { get; }

    /// <summary>The data constraint, with M its operator.</summary>
    public FidelityTerm Fidelity { get; }

    /// <summary>h, or null.</summary>
    public IProximable? H { get; }

    /// <summary>α, β, λ.</summary>
    public StepSizes Steps { get; }

    /// <summary>P, or null.</summary>
    public GramPreconditioner? Preconditioner { get; }

    /// <summary>The constraint onto which the inference is projected, or null.</summary>
    public IProximable? Constraint { get; }

    /// <summary>κ: the penalty on w = Mx relative to that on p = Kx.</summary>
    private double Weight => Preconditioner?.Strength ?? 1;

    /// <inheritdoc/>
    public override SplittingState Initialize(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        Tensor Zeros(int size) => zeros(data.shape[0], size, dtype: data.dtype, device: data.device);
        return StateAt(Zeros(F.Operator.InputSize), Zeros(F.Operator.OutputSize), data);
    }

    /// <summary>p = Kx, w = d, ν₁ = ν₂ = 0.</summary>
    /// <inheritdoc/>
    public override SplittingState InitializeAt(Tensor estimate, Tensor data) => StateAt(estimate, F.Operator.Apply(estimate), data);

    private AdmmState StateAt(Tensor x, Tensor p, Tensor data)
    {
        var target = Fidelity.Target(data);
        return new AdmmState(p, target.clone(), zeros_like(p), zeros_like(target), x);
    }

    /// <inheritdoc/>
    public override SplittingState Step(SplittingState state, Tensor data)
    {
        var (p, w, ν1, ν2, x) = (AdmmState)state;
        var (α, β, λ) = Steps;
        var (K, M, κ) = (F.Operator, Fidelity.Operator, Weight);
        var Kx = K.Apply(x);
        var Mx = M.Apply(x);

        var pNext = F.Proximal(λ.Axpy(α.Axpy(Kx - p, ν1), p), λ, data);                                          // (15a)
        var wNext = Fidelity.Proximal(λ.Axpy(α.Axpy(Mx - w, ν2 / κ), w), κ == 1 ? λ : λ.Times(1 / κ), data);        // (15b)
        var ν1Next = α.Axpy(Kx - pNext, ν1);                                                                     // (15c)
        var ν2Next = α.Axpy(κ * (Mx - wNext), ν2);                                                               // (15d)
        var descent = K.ApplyAdjoint(ν1.add(ν1Next, -2)) + M.ApplyAdjoint(ν2.add(ν2Next, -2));                   // −r of (15e)
        var xNext = β.Axpy(Preconditioner?.Apply(descent) ?? descent, x);
        if (H is not null)
            xNext = H.Proximal(xNext, β, data);                                                                  // (15f)
        return new AdmmState(pNext, wNext, ν1Next, ν2Next, xNext);
    }

    /// <inheritdoc/>
    internal override BlockProblem? Blocks()
    {
        var equality = Fidelity.Radius is { Value: 0, Learned: null };
        IProximable[] parts = [.. BlockProblem.Parts(F)];
        IProximable[] terms = [.. parts, .. BlockProblem.Parts(H), .. equality ? (IProximable[])[] : [Fidelity]];
        return new BlockProblem(terms, equality ? Fidelity : null, (x, points) => new AdmmState(
            cat([.. points.Take(parts.Length).Select(p => p.Point)], 1),
            points[^1].Point,
            cat([.. points.Take(parts.Length).Select(p => p.Subgradient)], 1),
            points[^1].Subgradient,
            x));
    }

    /// <inheritdoc/>
    public override Tensor Inference(SplittingState state, Tensor data)
    {
        var x = ((AdmmState)state).X;
        return Constraint?.Proximal(x, 1, data) ?? x;
    }

    /// <summary>
    /// At the inference: s₁ = ν₁⁺ + (1/λ − α)(p − p⁺) ∈ ∂f(p⁺), s₂ = ν₂⁺ + κ(1/λ − α)(w − w⁺) normal to the ball at w⁺, and where there is h what (15f)
    /// leaves of x⁺, s₃ = (x − x⁺)/β − r; the dual residual is Kᵀs₁ + Mᵀs₂ + s₃.
    /// </summary>
    /// <inheritdoc/>
    public override Optimality Optimality(SplittingState previous, SplittingState next, Tensor data, Tensor? inference = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        var (a, b) = ((AdmmState)previous, (AdmmState)next);
        var (α, β, λ) = (Steps.Alpha.Value, Steps.Beta.Value, Steps.Lambda.Value);
        var (K, M) = (F.Operator, Fidelity.Operator);
        var slack = Math.Max(0, (1 / λ) - α);
        var s1 = b.Nu1 + (slack * (a.P - b.P));
        var s2 = b.Nu2 + (Weight * slack * (a.W - b.W));
        var (force1, force2) = (K.ApplyAdjoint(s1), M.ApplyAdjoint(s2));
        var x = inference ?? Inference(next, data);
        var measure = new OptimalityMeasure(x, data);
        measure.Add(F, K.Apply(x), b.P, s1);
        measure.Add(Fidelity, M.Apply(x), b.W, s2);
        List<Tensor> forces = [force1.norm(1), force2.norm(1)];
        var residual = force1 + force2;
        if (H is not null)
        {
            var s3 = ((a.X - b.X) / β) - K.ApplyAdjoint((2 * b.Nu1) - a.Nu1) - M.ApplyAdjoint((2 * b.Nu2) - a.Nu2);
            measure.Add(H, x, b.X, s3);
            forces.Add(s3.norm(1));
            residual = residual + s3;
        }

        measure.AddReference(F, Fidelity, H);
        return measure.Result(residual, forces, this);
    }
}
