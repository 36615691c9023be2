namespace XaiL2O.Certifiers;

/// <summary>What happens to rows whose group has no calibration of its own: too few rows when fitted, or never seen.</summary>
public enum GroupFallback
{
    /// <summary>They are judged against the calibration rows of all groups together. Valid on average over groups, not within the group.</summary>
    Pooled,

    /// <summary>They fail: what was not calibrated is not certified.</summary>
    Fail,
}
