namespace XaiL2O.Certifiers;

/// <summary>What happens to rows whose group has no calibration of its own: too few rows when fitted, or never seen.</summary>
public enum GroupFallback
{
    /// <summary>They are judged against the calibration rows of all groups together. Nothing is promised to them, nor to all rows together: a small group that is harder than the others fails more often.</summary>
    Pooled,

    /// <summary>They fail: what was not calibrated is not certified.</summary>
    Fail,
}
