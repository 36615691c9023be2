namespace XaiL2O.Certifiers;

/// <summary>In which units a distance between rows of features counts.</summary>
public enum FeatureScaling
{
    /// <summary>Those of the features: for features of one unit, such as pixels. A feature with large numbers decides alone.</summary>
    None,

    /// <summary>Each feature in its standard deviation over the known rows; one that never varied there in its own unit.</summary>
    Standardised,

    /// <summary>Standardised, and then in the standard deviations of combinations of features that do not vary together over the known rows: what breaks a correlation is far.</summary>
    Whitened,
}
