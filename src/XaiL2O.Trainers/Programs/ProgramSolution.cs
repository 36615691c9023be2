namespace XaiL2O.Trainers;

/// <summary>Solution of one problem of a <see cref="QuadraticProgram"/>, with what proves it.</summary>
/// <param name="Status">How the solve ended.</param>
/// <param name="X">x, n numbers; NaN where the constraints contradict each other, the objective is unbounded or the data are invalid.</param>
/// <param name="Multipliers">
/// y, one number per constraint, with Hx + g = Cᵀy: at least 0 where the lower bound is active, at most 0 where the upper one is, 0 where neither is. It is the rate at which
/// the optimal value rises with the bound. NaN where there is no solution.
/// </param>
/// <param name="Active">Which bounds hold the solution back: linearly independent ones that determine it together with H. All None where there is no solution.</param>
/// <param name="Objective">½xᵀHx + gᵀx at x; NaN where there is no solution.</param>
/// <param name="Residual">
/// The largest of the conditions of optimality, each on its own scale: violation of a constraint and distance from an active bound relative to the size of bound and point, or to 10⁻⁶ of the unconstrained optimum where that is more,
/// Hx + g − Cᵀy relative to the largest of its parts. Signs and complementarity of the multipliers hold exactly. ∞ where there is no solution.
/// </param>
/// <param name="Iterations">Changes of the set of active constraints.</param>
public sealed record ProgramSolution(
    ProgramStatus Status,
    double[] X,
    double[] Multipliers,
    ActiveBound[] Active,
    double Objective,
    double Residual,
    int Iterations)
{
    /// <summary>
    /// Where <see cref="Status"/> is <see cref="ProgramStatus.Infeasible"/>: y, one number per constraint, with yᵀC = 0 and Σ_{yᵢ &gt; 0} yᵢlᵢ + Σ_{yᵢ &lt; 0} yᵢuᵢ &gt; 0,
    /// which no x can satisfy since the sum is at most yᵀCx (Farkas). Scaled to a largest absolute value of 1. All zeros where the bounds of one constraint cross, which
    /// <see cref="Conflict"/> then names alone; null for every other status.
    /// </summary>
    public double[]? Infeasibility { get; init; }

    /// <summary>
    /// Indices of the constraints that contradict each other, in rising order: without any one of them, the others can be satisfied together. Empty unless <see cref="Status"/> is
    /// <see cref="ProgramStatus.Infeasible"/>.
    /// </summary>
    public IReadOnlyList<int> Conflict { get; init; } = [];

    /// <summary>Where <see cref="Status"/> is <see cref="ProgramStatus.Unbounded"/>: a direction of length 1 with Hd = 0 and gᵀd &lt; 0 that no constraint ends; null otherwise.</summary>
    public double[]? Ray { get; init; }
}
