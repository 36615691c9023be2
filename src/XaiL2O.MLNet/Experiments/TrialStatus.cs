namespace XaiL2O.MLNet;

/// <summary>How a trial ended.</summary>
public enum TrialStatus
{
    /// <summary>It has a finite metric.</summary>
    Succeeded,

    /// <summary>It threw, or its metric is NaN or infinite; <see cref="TrialOutcome.Error"/> says why.</summary>
    Failed,

    /// <summary>The deadline or a cancellation cut it short. It is not measured, not stored, and not counted as a trial.</summary>
    Cancelled,
}
