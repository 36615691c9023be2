namespace XaiL2O.Trainers;

/// <summary>Step sizes of linearised ADMM (15), which converges for αβ‖S‖² ≤ 1 and αλ ≤ 1 with S = [K; M].</summary>
/// <param name="Alpha">α, the penalty on p = Kx and w = Mx. Steps may be trained, see <see cref="Coefficient"/>.</param>
/// <param name="Beta">β, the step in x.</param>
/// <param name="Lambda">λ, the proximal step in p and w.</param>
internal readonly record struct StepSizes(Coefficient Alpha, Coefficient Beta, Coefficient Lambda)
{
    /// <summary>The largest steps the condition allows: λ = 1/α and β = 1/(α‖S‖²).</summary>
    /// <param name="stacked">S = [K; M].</param>
    /// <param name="alpha">α &gt; 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="alpha"/> is not positive and finite.</exception>
    public static StepSizes FromNormBound(LinearOperator stacked, double alpha)
    {
        ArgumentNullException.ThrowIfNull(stacked);
        if (!(alpha > 0 && double.IsFinite(alpha)))
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "The penalty α is a positive finite number.");
        var norm = Math.Max(stacked.NormBound, 1e-12);
        return new StepSizes(alpha, 1 / (alpha * norm * norm), 1 / alpha);
    }

    /// <summary>Throws unless the convergence condition holds.</summary>
    /// <param name="stacked">S = [K; M].</param>
    /// <exception cref="ArgumentException">A step is not positive, αλ &gt; 1 or αβ‖S‖² &gt; 1.</exception>
    public void Validate(LinearOperator stacked)
    {
        ArgumentNullException.ThrowIfNull(stacked);
        Validate(stacked.NormBound);
    }

    /// <summary>Throws unless the convergence condition holds for a bound on ‖S‖.</summary>
    internal void Validate(double norm)
    {
        var (α, β, λ) = (Alpha.Value, Beta.Value, Lambda.Value);
        if (!(α > 0 && β > 0 && λ > 0))
            throw new ArgumentException($"Step sizes are positive; got α = {α}, β = {β}, λ = {λ}.");
        const double rounding = 1 + 1e-9;
        if (α * λ > rounding)
            throw new ArgumentException($"Linearised ADMM needs αλ ≤ 1; got {α * λ}. Choose λ ≤ {1 / α}.");
        if (α * β * norm * norm > rounding)
            throw new ArgumentException($"Linearised ADMM needs αβ‖S‖² ≤ 1; got {α * β * norm * norm}. Choose β ≤ {1 / (α * norm * norm)}.");
    }
}
