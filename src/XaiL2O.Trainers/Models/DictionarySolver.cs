namespace XaiL2O.Trainers;

/// <summary>Which iteration solves the implicit dictionary model. Both have the same solutions.</summary>
public enum DictionarySolver
{
    /// <summary>Exact steps, <see cref="AffineDouglasRachford"/>: fewer and cheaper iterations.</summary>
    ExactAdmm,

    /// <summary>The iteration of the source, <see cref="Trainers.LinearizedAdmm"/>.</summary>
    LinearizedAdmm,
}
