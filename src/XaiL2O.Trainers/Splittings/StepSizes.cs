namespace XaiL2O.Trainers;

/// <summary>Step sizes of linearised ADMM (15), which converges for αβ‖S‖² ≤ 1 and αλ ≤ 1 with S = [K; M].</summary>
/// <param name="Alpha">α, the penalty on p = Kx and w = Mx.</param>
/// <param name="Beta">β, the step in x.</param>
/// <param name="Lambda">λ, the proximal step in p and w.</param>
public readonly record struct StepSizes(double Alpha, double Beta, double Lambda)
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
        if (!(Alpha > 0 && Beta > 0 && Lambda > 0))
            throw new ArgumentException($"Step sizes are positive; got α = {Alpha}, β = {Beta}, λ = {Lambda}.");
        const double rounding = 1 + 1e-9;
        if (Alpha * Lambda > rounding)
            throw new ArgumentException($"Linearised ADMM needs αλ ≤ 1; got {Alpha * Lambda}. Choose λ ≤ {1 / Alpha}.");
        var norm = stacked.NormBound;
        if (Alpha * Beta * norm * norm > rounding)
            throw new ArgumentException($"Linearised ADMM needs αβ‖S‖² ≤ 1; got {Alpha * Beta * norm * norm}. Choose β ≤ {1 / (Alpha * norm * norm)}.");
    }
}
