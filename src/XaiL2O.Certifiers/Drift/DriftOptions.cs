namespace XaiL2O.Certifiers;

/// <summary>Settings of a <see cref="DriftMonitor"/>.</summary>
public sealed record DriftOptions
{
    private const double LongestRun = 1e15;

    /// <summary>
    /// δ in (0, 1): the probability of ever raising an alarm while nothing changes is at most δ. Default 0.01. Without effect where a
    /// <see cref="MeanRunLength"/> is given.
    /// </summary>
    public double FalseAlarmBound { get; init; } = 0.01;

    /// <summary>
    /// For streams without end: the mean number of rows until an alarm, while nothing changes, is at least this; in [1, 10¹⁵]. A change is then found after
    /// as many rows as ever, however long nothing changed. Null, the default, bounds the probability of ever raising an alarm instead.
    /// </summary>
    public double? MeanRunLength { get; init; }

    /// <summary>Which of the two promises is on.</summary>
    public DriftPromise Promise => MeanRunLength is null ? DriftPromise.Lifetime : DriftPromise.RunLength;

    /// <summary>Seed of the draws that break ties.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Throws unless the options are in range.</summary>
    /// <exception cref="ArgumentException">The message names the option and its value.</exception>
    public void Validate()
    {
        if (!(FalseAlarmBound > 0 && FalseAlarmBound < 1))
            throw new ArgumentException($"{nameof(FalseAlarmBound)} = {FalseAlarmBound} is out of range; it must lie in (0, 1).");
        if (MeanRunLength is { } length && length is not (>= 1 and <= LongestRun))
            throw new ArgumentException($"{nameof(MeanRunLength)} = {length} is out of range; it must lie in [1, {LongestRun}].");
    }
}
