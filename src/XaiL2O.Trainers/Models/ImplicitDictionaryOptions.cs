namespace XaiL2O.Trainers;

/// <summary>Settings of <see cref="ImplicitDictionaryModel"/> that are not trained.</summary>
public sealed record ImplicitDictionaryOptions
{
    /// <summary>The iteration. Default <see cref="DictionarySolver.ExactAdmm"/>.</summary>
    public DictionarySolver Solver { get; init; } = DictionarySolver.ExactAdmm;

    /// <summary>
    /// λ = 1/α, the soft threshold of one step at unit scale; positive. It changes the speed of the solve, not its answer. Default 0.1.
    /// </summary>
    public double ProximalStep { get; init; } = 0.1;

    /// <summary>Whether the sparsity property is ‖Kx‖₁/‖d‖₂ in place of ‖Kx‖₁; see <see cref="L1Term"/>. Default false.</summary>
    public bool SparsityRelativeToData { get; init; }

    /// <summary>Throws unless every option is in its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it.</exception>
    public void Validate()
    {
        Check.Positive(ProximalStep);
        Check.Defined(Solver);
    }
}
