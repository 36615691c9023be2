namespace XaiL2O.Trainers;

/// <summary>How the solve of a <see cref="QuadraticProgram"/> ended. What the first three say has been verified in the numbers of the problem.</summary>
public enum ProgramStatus
{
    /// <summary>The conditions of optimality hold to <see cref="QuadraticProgram.Tolerance"/>.</summary>
    Solved,

    /// <summary>No point satisfies the constraints; <see cref="ProgramSolution.Infeasibility"/> proves it and <see cref="ProgramSolution.Conflict"/> says which ones contradict each other.</summary>
    Infeasible,

    /// <summary>The objective falls without end along <see cref="ProgramSolution.Ray"/>.</summary>
    Unbounded,

    /// <summary>None of these could be verified: the problem is too badly conditioned for double precision. The last point is returned.</summary>
    NotConverged,

    /// <summary>The gradient or a bound is NaN, the gradient is infinite, or a lower bound is +∞ or an upper bound −∞; nothing was solved.</summary>
    InvalidData,
}
