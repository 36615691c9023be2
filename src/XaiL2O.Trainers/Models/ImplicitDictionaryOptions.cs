namespace XaiL2O.Trainers;

/// <summary>Settings of <see cref="DictionaryDefinition"/> that are not trained.</summary>
public sealed record ImplicitDictionaryOptions
{
    /// <summary>The iteration. Default <see cref="DictionarySolver.ExactAdmm"/>.</summary>
    public DictionarySolver Solver { get; init; } = DictionarySolver.ExactAdmm;

    /// <summary>
    /// λ = 1/α, the soft threshold of one step at unit scale; positive. It changes the speed of the solve, not its answer. Default 0.1.
    /// </summary>
    public double ProximalStep { get; init; } = 0.1;

    /// <summary>
    /// Whether the sparsity property is ‖Kx‖₁/‖d‖₂, the same for a row and for its multiples, or ‖Kx‖₁, as in the source; see <see cref="L1Term"/>. Default true:
    /// the model's answer to c·d is c times that to d, so that ‖Kx‖₁ judges amplitude, and a bad row passes where it is weak.
    /// </summary>
    public bool SparsityRelativeToData { get; init; } = true;

    /// <summary>Throws unless every option is in its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it.</exception>
    public void Validate()
    {
        Check.Positive(ProximalStep);
        Check.Defined(Solver);
    }
}
