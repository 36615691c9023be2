using XaiL2O.Certifiers;
using XaiL2O.MLNet;

namespace XaiL2O.Examples;

/// <summary>What is certified of an ECG window, and how well certificates tell bad estimates from good ones.</summary>
internal static class EcgCertificates
{
    /// <summary>PRD in percent up to which an estimate counts as good.</summary>
    public const double LargestPrd = 15;

    /// <summary>
    /// Three tests whose levels add up to 5 %, so at most 5 % of true signals like the calibration windows' fail altogether, however the tests
    /// depend on each other. Prediction has most of it: of corrupted windows of the calibration patients it sees most. Two requirements have limits: an estimate explains
    /// its measurements and its solve has converged, whatever the calibration windows did.
    /// </summary>
    public static readonly CertifiedProperty[] Properties =
    [
        new("Sparsity") { Policy = Level(0.005), Cause = "a signal that the learned transform does not make sparse: damaged measurements, or a source unlike those of the training data" },
        new("Prediction") { Policy = Level(0.04), Cause = "measurements that do not go together as those of the training rows do: damaged, missing or noisy ones, or a source unlike those of the training data" },
        new("Agreement") { Policy = Level(0.005), Cause = "an estimate that the linear estimate contradicts: damaged or noisy measurements, or a source unlike those of the training data" },
        new("Fidelity") { Limits = new ValueLimits { FailAbove = 1e-3 } },
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
