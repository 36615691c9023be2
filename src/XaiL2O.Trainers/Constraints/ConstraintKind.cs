namespace XaiL2O.Trainers;

/// <summary>What a <see cref="VectorConstraint"/> asks of x; made by the methods of that class.</summary>
public enum ConstraintKind
{
    /// <summary>l ≤ Cx ≤ u.</summary>
    Linear,

    /// <summary>l ≤ x ≤ u.</summary>
    Bounds,

    /// <summary>l ≤ Σxᵢ ≤ u.</summary>
    Sum,

    /// <summary>x ≥ 0 and Σxᵢ = u.</summary>
    Simplex,

    /// <summary>x₁ ≤ x₂ ≤ …</summary>
    Rising,

    /// <summary>x₁ ≥ x₂ ≥ …</summary>
    Falling,

    /// <summary>‖Cx − c‖₁ ≤ u.</summary>
    AbsoluteSum,

    /// <summary>‖Cx − c‖₂ ≤ u.</summary>
    Norm,
}
