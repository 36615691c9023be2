namespace XaiL2O.Certifiers;

/// <summary>
/// Whose property values say what is usual. The source calibrates on truths or on inferences: Heaton and Wu Fung, <i>Scientific Reports</i>
/// 13:10103 (2023), doi 10.1038/s41598-023-36249-3.
/// </summary>
public enum CalibrationSource
{
    /// <summary>Inferences of the calibration rows: a good inference fails at the nominal rate. A truth may fail more often, or always.</summary>
    Inferences,

    /// <summary>Truths of the calibration rows: a truth fails at the nominal rate. A good inference may fail more often, or always.</summary>
    Truths,

    /// <summary>
    /// Both: p is the larger of the two p-values, on each side. Of truths, and of good inferences as well, at most the nominal share fails.
    /// </summary>
    Both,
}
