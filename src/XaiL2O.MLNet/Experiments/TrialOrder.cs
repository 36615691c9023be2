namespace XaiL2O.MLNet;

/// <summary>
/// The order of trials, best first: one that meets the constraints before any that does not; among the former the better metric; among the
/// latter the smaller violation, then the better metric; failed ones last; the earlier of two equal ones first.
/// </summary>
/// <param name="Maximizes">Whether a larger metric is better.</param>
public sealed record TrialOrder(bool Maximizes) : IComparer<TrialOutcome>
{
    /// <summary>Negative where <paramref name="x"/> is better.</summary>
    /// <param name="x">A trial.</param>
    /// <param name="y">Another trial.</param>
    public int Compare(TrialOutcome? x, TrialOutcome? y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        if (x.Status != y.Status && (x.Status == TrialStatus.Succeeded || y.Status == TrialStatus.Succeeded))
            return x.Status == TrialStatus.Succeeded ? -1 : 1;
        var byViolation = x.Violation.CompareTo(y.Violation);
        if (byViolation != 0)
            return byViolation;
        var byMetric = Maximizes ? y.Metric.CompareTo(x.Metric) : x.Metric.CompareTo(y.Metric);
        return byMetric != 0 ? byMetric : x.Number.CompareTo(y.Number);
    }
}
