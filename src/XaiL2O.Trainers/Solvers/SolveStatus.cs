namespace XaiL2O.Trainers;

/// <summary>How a solve ended for one sample. Only <see cref="Converged"/> answers can be trusted.</summary>
public enum SolveStatus
{
    /// <summary>The conditions of optimality hold within their tolerances; see <see cref="Optimality"/>.</summary>
    Converged,

    /// <summary>The iteration limit came first; the last iterate is returned, and the result says which conditions of optimality it misses. Raise the limit; where primal feasibility is missing whatever the limit, the constraints may contradict each other.</summary>
    IterationLimit,

    /// <summary>
    /// The conditions hold in the precision of the solve, but not for the single-precision numbers that are delivered: the objective or a constraint is more
    /// sensitive to x than 24 bits are fine. Rescale the model.
    /// </summary>
    Imprecise,

    /// <summary>The measurements hold NaN or ∞; nothing was solved and the inference is NaN.</summary>
    InvalidData,

    /// <summary>The iteration left the finite numbers; the inference is NaN. The weights or step sizes are not stable.</summary>
    Diverged,

    /// <summary>The constraints of the row contradict each other, which has been proved; the inference is NaN.</summary>
    Infeasible,

    /// <summary>The objective of the row falls without end, which has been proved; the inference is NaN.</summary>
    Unbounded,
}
