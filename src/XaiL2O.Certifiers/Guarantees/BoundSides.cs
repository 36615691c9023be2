namespace XaiL2O.Certifiers;

/// <summary>On which sides a value is bounded.</summary>
public enum BoundSides
{
    /// <summary>On both, as far from the prediction: one quantile of the larger distance. The default.</summary>
    Symmetric,

    /// <summary>On both, each at half the miscoverage: for errors that are skewed. Needs about twice as many calibration rows.</summary>
    TwoTailed,

    /// <summary>From above only.</summary>
    Upper,

    /// <summary>From below only.</summary>
    Lower,
}
