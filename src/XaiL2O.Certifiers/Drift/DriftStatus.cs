namespace XaiL2O.Certifiers;

/// <summary>What a drift monitor says after a row.</summary>
/// <param name="Rows">Rows seen.</param>
/// <param name="Part">The property with the most evidence of change.</param>
/// <param name="LogEvidence">Natural logarithm of its evidence now, see <see cref="PowerMartingale"/>.</param>
/// <param name="LogThreshold">The logarithm at which it raises the alarm, for m properties ln(m/δ), or ln(m·r) for a mean run length r.</param>
/// <param name="AlarmRow">Row at which the alarm was first raised, from 1; null while there is none.</param>
public readonly record struct DriftStatus(long Rows, string Part, double LogEvidence, double LogThreshold, long? AlarmRow)
{
    /// <summary>Whether the alarm was raised, at this row or before.</summary>
    public bool Alarm => AlarmRow is not null;

    /// <summary>What is promised while nothing changes.</summary>
    public DriftPromise Promise { get; init; }
}
