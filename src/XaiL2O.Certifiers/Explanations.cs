using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>Sentences that say what failed, by how much, how unusual that is and what usually causes it.</summary>
internal static class Explanations
{
    /// <summary>What usually makes a value that should be a number none.</summary>
    public const string CauseOfNoNumber = "an input that is missing, all zero or not finite, or arithmetic that overflowed";

    public static string Of(PropertyCertifier property, Certificate certificate, bool failed, string? group)
    {
        var verb = failed ? "failed" : certificate.Label == CertificateLabel.Fail ? "failed alone, not jointly" : "warns";
        return string.Create(CultureInfo.InvariantCulture, $"{property.Name} {verb}: {Judgement(property, certificate, group)}.{Cause(property, certificate.Value)}");
    }

    public static string NotCalibrated(Certificate certificate, string? group) =>
        $"{certificate.Name} failed: no calibration rows of the group '{group}', and rows of other groups do not vouch for it.";

    /// <summary>Four significant digits.</summary>
    /// <summary>Before what is said of the rate at which rows like the calibration rows fail.</summary>
    public const string SomeFailToo = "Some rows like the calibration rows fail too.";

    /// <summary>"Fails below 2.", "Fails below 2 and above 9.", and so on.</summary>
    public static string Limits(double lower, double upper) => (double.IsFinite(lower), double.IsFinite(upper)) switch
    {
        (false, false) => "No finite value fails.",
        (false, true) => $"Fails above {Number(upper)}.",
        (true, false) => $"Fails below {Number(lower)}.",
        _ => $"Fails below {Number(lower)} and above {Number(upper)}.",
    };

    public static string Number(double value) => value.ToString(Math.Abs(value) is >= 1e-3 and < 1e5 or 0 ? "G4" : "0.##e0", CultureInfo.InvariantCulture);

    private static string Judgement(PropertyCertifier property, Certificate certificate, string? group)
    {
        if (!double.IsFinite(certificate.Value))
            return $"its value is {(double.IsNaN(certificate.Value) ? "not a number" : "infinite")}";
        if (certificate.Value < 0)
            return $"its value {Number(certificate.Value)} is negative, which no property's is";
        if (property.Limits is { } limits)
        {
            var given = certificate.Label == CertificateLabel.Fail ? limits.FailAbove : limits.WarnAbove ?? limits.FailAbove;
            return $"its value {Number(certificate.Value)} is above the given limit {Number(given)}";
        }

        var (fails, low) = (certificate.Label == CertificateLabel.Fail, property.IsLow(certificate.Value));
        var limit = (fails, low) switch
        {
            (true, false) => property.FailThreshold,
            (false, false) => property.WarnThreshold,
            (true, true) => property.LowerFailThreshold,
            (false, true) => property.LowerWarnThreshold,
        };
        // Under a joint rule a part can fail within its own limit; without a finite limit nothing fails alone.
        var compared = low
            ? certificate.Value < limit ? $"is unusually small: below the calibrated limit {Number(limit)}" : $"is close to the calibrated lower limit {Number(limit)}"
            : certificate.Value > limit ? $"is above the calibrated limit {Number(limit)}" : $"is close to the calibrated limit {Number(limit)}";
        var others = string.Join(" and ", property.Compared.Select((distribution, i) => Others(property, distribution, i, certificate.Value, low)));
        var of = group is null ? "" : $" of the group '{group}'";
        return $"its value {Number(certificate.Value)} {compared} and {(low ? "smaller" : "larger")} than {others}{of} (p = {Number(certificate.PValue)})";
    }

    /// <summary>"all 100 calibration values", or the share of them, and of which rows' values where that was a choice.</summary>
    private static string Others(PropertyCertifier property, CalibrationDistribution distribution, int index, double value, bool low)
    {
        var n = distribution.Count;
        var beyond = low ? n - distribution.CountAtMost(value) : distribution.CountStrictlyBelow(value);
        var share = beyond == n ? "all" : string.Create(CultureInfo.InvariantCulture, $"{100.0 * beyond / n:0.#} % of the");
        var of = property.Source == CalibrationSource.Inferences ? "" : property.Source == CalibrationSource.Truths || index == 1 ? " of truths" : " of inferences";
        return $"{share} {n} calibration values{of}";
    }

    private static string Cause(PropertyCertifier property, double value)
    {
        // What makes a value large makes it neither small nor no number.
        var cause = property.IsLow(value) ? "something is missing: a dead or muted input, or an inference that has lost its structure"
            : value < 0 ? "a column that holds no property values, or one with the wrong sign"
            : !double.IsFinite(value) && property.Limits is null ? CauseOfNoNumber
            : property.Cause.TrimEnd('.');
        return cause.Length == 0 ? "" : $" Usual cause: {cause}.";
    }
}
