using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>Sentences that say what failed, by how much, how unusual that is and what usually causes it.</summary>
internal static class Explanations
{
    public static string Of(PropertyCertifier property, Certificate certificate, bool failed, string? group)
    {
        var verb = failed ? "failed" : certificate.Label == CertificateLabel.Fail ? "failed alone, not jointly" : "warns";
        return string.Create(CultureInfo.InvariantCulture, $"{property.Name} {verb}: {Judgement(property, certificate, group)}.{Cause(property)}");
    }

    public static string NotCalibrated(Certificate certificate, string? group) =>
        $"{certificate.Name} failed: no calibration rows of the group '{group}', and rows of other groups do not vouch for it.";

    /// <summary>Four significant digits.</summary>
    public static string Number(double value) => value.ToString(Math.Abs(value) is >= 1e-3 and < 1e5 or 0 ? "G4" : "0.##e0", CultureInfo.InvariantCulture);

    private static string Judgement(PropertyCertifier property, Certificate certificate, string? group)
    {
        if (!double.IsFinite(certificate.Value))
            return $"its value is {(double.IsNaN(certificate.Value) ? "not a number" : "infinite")}";
        if (property.Limits is { } limits)
        {
            var limit = certificate.Label == CertificateLabel.Fail ? limits.FailAbove : limits.WarnAbove ?? limits.FailAbove;
            return $"its value {Number(certificate.Value)} is above the given limit {Number(limit)}";
        }

        var limited = certificate.Label == CertificateLabel.Fail ? property.FailThreshold : property.WarnThreshold;
        var n = property.Distribution.Count;
        var below = property.Distribution.CountStrictlyBelow(certificate.Value);
        var of = group is null ? "" : $" of the group '{group}'";
        var compared = certificate.Value > limited ? $"is above the calibrated limit {Number(limited)}" : $"is close to the calibrated limit {Number(limited)}";
        var larger = below == n ? "all" : string.Create(CultureInfo.InvariantCulture, $"{100.0 * below / n:0.#} % of the");
        return $"its value {Number(certificate.Value)} {compared} and larger than {larger} {n} calibration values{of} (p = {Number(certificate.PValue)})";
    }

    private static string Cause(PropertyCertifier property) => property.Cause.Length == 0 ? "" : $" Usual cause: {property.Cause.TrimEnd('.')}.";
}
