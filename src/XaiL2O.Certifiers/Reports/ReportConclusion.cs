using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>What a report comes to: how many fails there are, how many good rows would have, and which part they blame.</summary>
internal static class ReportConclusion
{
    /// <summary>
    /// Largest share of rows like the calibration rows that fails by chance: the nominal shares of the calibrated parts together, however these depend on each
    /// other, or the level of the joint rule. Given limits have no such share.
    /// </summary>
    public static double NominalFailShare(CertificateReport report) => report.Properties.All(p => p.Policy is null) ? 0
        : report.Joint.Rule == JointRule.AllPass ? Math.Min(1, report.Properties.Sum(p => p.Policy?.FailProbability ?? 0))
        : report.Joint.FamilyLevel;

    public static string Of(CertificateReport report)
    {
        if (report.Properties.Count == 0)
            return string.Join(" ", report.Bounds.Select(b => b.Conclusion).Concat(report.Selections.Select(s => s.Conclusion)).Concat(report.Gaps.Select(g => g.Conclusion)));
        var (rows, failed) = (report.Overall.Rows, report.Overall.Fail);
        if (rows == 0)
            return "No rows were evaluated.";
        var expected = report.NominalFailShare * rows;
        var most = string.Create(CultureInfo.InvariantCulture, $"{failed} of {rows} rows fail; of as many rows like the calibration rows at most {expected:0.#} would by chance");
        // Two standard deviations of a count.
        if (failed <= expected + (2 * Math.Sqrt(Math.Max(1, expected))))
            return $"{most}, so these rows are like them as far as the certificates see.";
        var blamed = report.Properties.MaxBy(p => p.Counts.Fail)!;
        return string.Create(CultureInfo.InvariantCulture, $"{most}, so some of these rows are not like them; most often it is {blamed.Name} that fails{(report.Joint.Rule == JointRule.AllPass ? "" : " alone")}, in {blamed.Counts.Fail} rows.");
    }
}
