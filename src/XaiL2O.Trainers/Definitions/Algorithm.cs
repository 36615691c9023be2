namespace XaiL2O.Trainers;

/// <summary>Which splitting solves a composed model.</summary>
public enum Algorithm
{
    /// <summary>The simplest one that the terms allow, with exact steps for small models; see <see cref="ModelBuilder.Algorithm"/>.</summary>
    Automatic,

    /// <summary><see cref="Trainers.ProximalGradient"/>: smooth terms and at most one proximable term in x itself.</summary>
    ProximalGradient,

    /// <summary><see cref="Trainers.DavisYin"/>: smooth terms and at most two proximable terms in x itself.</summary>
    DavisYin,

    /// <summary><see cref="Trainers.LinearizedAdmm"/>: proximable terms, one of them a <see cref="FidelityTerm"/>.</summary>
    LinearizedAdmm,

    /// <summary><see cref="Trainers.PrimalDual"/>: any terms that are smooth or proximable.</summary>
    PrimalDual,
}
