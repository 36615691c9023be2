namespace XaiL2O.Certifiers;

/// <summary>What a drift monitor promises while nothing changes. The two cannot be had at once: a promise for all time must ask for more evidence as time goes on.</summary>
public enum DriftPromise
{
    /// <summary>
    /// The probability of ever raising an alarm is at most δ, for streams of any length. After n quiet rows a change has to bring about ln n more
    /// evidence than at the start, so that it is found later, slowly without end.
    /// </summary>
    Lifetime,

    /// <summary>
    /// The mean number of rows until an alarm is at least the run length asked for, and a false alarm comes some time on an endless stream. A change is found
    /// after as many rows as ever, however long nothing changed.
    /// </summary>
    RunLength,
}
