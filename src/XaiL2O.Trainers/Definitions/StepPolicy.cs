namespace XaiL2O.Trainers;

/// <summary>
/// How the step sizes of a composed model follow from the Lipschitz constants and norms of its terms, which training changes. The default steps
/// satisfy the convergence condition whatever the weights.
/// </summary>
public sealed record StepPolicy
{
    /// <summary>
    /// The step of proximal gradient and Davis–Yin splitting as a share of its limit 2/L, in (0, 1). Default 0.5, that is α = 1/L.
    /// </summary>
    public double Share { get; init; } = 0.5;

    /// <summary>The step α itself, in place of <see cref="Share"/>; refused as soon as the terms do not allow it. Default null.</summary>
    public double? Fixed { get; init; }

    /// <summary>
    /// The penalty α of linearised ADMM, and the factor on the dual step of the primal–dual splitting: larger settles constraints sooner and the
    /// objective later. Positive. Default 1.
    /// </summary>
    public double Penalty { get; init; } = 1;

    /// <summary>Throws unless every option is in its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it.</exception>
    public void Validate()
    {
        if (!(Share > 0 && Share < 1))
            throw new ArgumentOutOfRangeException(nameof(Share), Share, $"{nameof(Share)} = {Share} is out of range; it must lie between 0 and 1.");
        Check.PositiveIfGiven(Fixed);
        Check.Positive(Penalty);
    }

    internal double For(ISmooth smooth)
    {
        var L = smooth.LipschitzBound;
        // Without a gradient every step converges.
        return Fixed ?? (L > 0 ? Share * 2 / L : 1);
    }
}
