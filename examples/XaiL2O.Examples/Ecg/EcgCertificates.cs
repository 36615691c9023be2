using XaiL2O.Certifiers;
using XaiL2O.MLNet;

namespace XaiL2O.Examples;

/// <summary>What is certified of an ECG window, and how well certificates tell bad estimates from good ones.</summary>
internal static class EcgCertificates
{
    /// <summary>PRD in percent up to which an estimate counts as good.</summary>
    public const double LargestPrd = 15;

    /// <summary>
    /// Four tests whose levels add up to 5 %, so at most 5 % of good rows like the calibration windows' fail altogether, however the tests depend on each other. Prediction and Fidelity
    /// have most of it: of corrupted windows of the calibration patients they see most. Prior and Agreement differ between an estimate and the truth, and are calibrated on both. Prediction
    /// is of the measurements alone, so both have the same; a truth explains its measurements exactly, so Fidelity is calibrated on estimates. One requirement has a
    /// limit: a solve has converged, whatever the calibration windows did.
    /// </summary>
    public static readonly CertifiedProperty[] Properties =
    [
        new("Prior") { Policy = Level(0.005), CalibrateOn = CalibrationSource.Both, TruthColumnName = nameof(EcgCalibration.PriorOfTruth) },
        new("Prediction") { Policy = Level(0.02) },
        new("Agreement") { Policy = Level(0.005), CalibrateOn = CalibrationSource.Both, TruthColumnName = nameof(EcgCalibration.AgreementOfTruth) },
        new("Fidelity") { Policy = Level(0.02) },
        CertifiedProperty.Convergence(),
    ];

    /// <summary>Gives rows their verdicts.</summary>
    public static EcgInference[] Judge(Certifier certifier, EcgInference[] rows)
    {
        foreach (var row in rows)
        {
            var verdict = certifier.Certify(row.Values);
            (row.Trustworthy, row.JointPValue, row.FailedParts) = (verdict.Trustworthy, verdict.JointPValue, string.Join(", ", verdict.FailedParts));
        }

        return rows;
    }

    /// <summary>Share of rows that fail.</summary>
    public static double FailRate(IEnumerable<EcgInference> rows) => Share(rows, r => !r.Trustworthy);

    /// <summary>Share of the bad rows that pass.</summary>
    public static double MissedRate(IEnumerable<EcgInference> rows) => Share(rows.Where(r => r.Bad), r => r.Trustworthy);

    /// <summary>Share of rows of which something holds; NaN without rows.</summary>
    public static double Share(IEnumerable<EcgInference> rows, Func<EcgInference, bool> holds) => rows.Select(r => holds(r) ? 1.0 : 0).DefaultIfEmpty(double.NaN).Average();

    /// <summary>
    /// Area under the receiver operating characteristic: the probability that a bad row has a smaller joint p-value than a good one, ties counted
    /// half (Mann and Whitney 1947, doi 10.1214/aoms/1177730491).
    /// </summary>
    public static double AreaUnderCurve(IReadOnlyCollection<EcgInference> rows)
    {
        double good = rows.Count(r => !r.Bad), bad = rows.Count - good, goodAbove = good, ordered = 0;
        foreach (var equal in rows.GroupBy(r => r.JointPValue).OrderBy(g => g.Key))
        {
            double goodHere = equal.Count(r => !r.Bad), badHere = equal.Count() - goodHere;
            goodAbove -= goodHere;
            ordered += badHere * (goodAbove + (goodHere / 2));
        }

        return ordered / (good * bad);
    }

    private static LabelPolicy Level(double level) => new() { PassProbability = 1 - level, FailProbability = level };
}
