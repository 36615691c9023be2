namespace XaiL2O.Trainers;

/// <summary>How a solve ended for one sample. Only <see cref="Converged"/> answers can be trusted.</summary>
public enum SolveStatus
{
    /// <summary>Fidelity and residual are within their tolerances.</summary>
    Converged,

    /// <summary>The iteration limit came first; the last iterate is returned. Raise the limit or check the step sizes.</summary>
    IterationLimit,

    /// <summary>The measurements hold NaN or ∞; nothing was solved and the inference is NaN.</summary>
    InvalidData,

    /// <summary>The iteration left the finite numbers; the inference is NaN. The weights or step sizes are not stable.</summary>
    Diverged,
}
