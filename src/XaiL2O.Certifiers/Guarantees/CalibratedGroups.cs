namespace XaiL2O.Certifiers;

/// <summary>
/// A calibration for each group of rows and one of all rows together (Mondrian conformal prediction): what each promises holds within its group, if rows are exchangeable within it.
/// </summary>
/// <typeparam name="T">The calibrated bound.</typeparam>
/// <remarks>Vovk, Gammerman and Shafer, <i>Algorithmic Learning in a Random World</i> (2005), section 4.5. A group's rows must be enough for the level.</remarks>
public sealed class CalibratedGroups<T>
    where T : class
{
    private readonly Dictionary<string, T> groups;
    private readonly Dictionary<string, T>.AlternateLookup<ReadOnlySpan<char>> lookup;
    private readonly GroupFallback fallback;

    /// <summary>Takes calibrations.</summary>
    /// <param name="pooled">Of all rows.</param>
    /// <param name="groups">Of each group with rows enough; none where there are no groups.</param>
    /// <param name="fallback">What happens to rows of other groups.</param>
    public CalibratedGroups(T pooled, IReadOnlyDictionary<string, T>? groups = null, GroupFallback fallback = GroupFallback.Pooled)
    {
        ArgumentNullException.ThrowIfNull(pooled);
        (Pooled, this.fallback, this.groups) = (pooled, groups is null ? GroupFallback.Pooled : fallback, new Dictionary<string, T>(groups ?? new Dictionary<string, T>(), StringComparer.Ordinal));
        lookup = this.groups.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Of all rows.</summary>
    public T Pooled { get; }

    /// <summary>Of each group that has its own.</summary>
    public IReadOnlyDictionary<string, T> Groups => groups;

    /// <summary>The calibration of a row; null where its group has none and nothing is promised to it.</summary>
    /// <param name="group">The row's group.</param>
    public T? For(ReadOnlySpan<char> group) => lookup.TryGetValue(group, out var own) ? own : fallback == GroupFallback.Pooled ? Pooled : null;
}
