namespace XaiL2O.Certifiers;

/// <summary>How labels follow from calibration values.</summary>
public enum Calibration
{
    /// <summary>
    /// By the conformal p-value: a row fails if p ≤ p_f. If the calibration rows were held out of training and are exchangeable with
    /// the row judged, a good row fails with probability at most p_f for every N (Vovk, Gammerman and Shafer, <i>Algorithmic
    /// Learning in a Random World</i>, 2005, doi 10.1007/b106715).
    /// </summary>
    Conformal,

    /// <summary>
    /// By the empirical distribution, rule (12) with ties counted for the row: a row fails if at least 1 − p_f of the calibration
    /// values are smaller. No guarantee for finite N, and none at all if the values come from training rows.
    /// </summary>
    Paper,
}
