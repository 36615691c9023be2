namespace XaiL2O.Certifiers;

/// <summary>Which values of a property are unusual.</summary>
public enum Sides
{
    /// <summary>Large ones: 0 is perfect, as for residuals, distances to sets and what a classifier lacks of certainty.</summary>
    Upper,

    /// <summary>
    /// Large and small ones: no real row comes near 0, as for norms, energies, counts of nonzeros and total variation, so a value far below the
    /// calibrated ones means that something is missing. p = min(1, 2·min(p_large, p_small)), each of the two being conformal.
    /// </summary>
    TwoSided,
}
