namespace XaiL2O.Certifiers;

/// <summary>
/// How wrong the rows of a report are, where the truth is known. Certificates say that a row is like the calibration rows; whether those were any good, only this says.
/// </summary>
/// <param name="Measure">What is measured, such as <c>‖Estimate − Signal‖/‖Signal‖</c>.</param>
/// <param name="All">All rows with a truth.</param>
/// <param name="Trustworthy">Those of them that did not fail.</param>
public sealed record ReportErrors(string Measure, ReportErrors.Spread All, ReportErrors.Spread Trustworthy)
{
    /// <summary>Quantiles of errors.</summary>
    /// <param name="Rows">How many.</param>
    /// <param name="Median">The typical error: half of the rows are at most this wrong; NaN without rows.</param>
    /// <param name="Ninth">Nine tenths of the rows are at most this wrong; NaN without rows.</param>
    public sealed record Spread(int Rows, double Median, double Ninth)
    {
        internal static Spread Of(IEnumerable<double> errors)
        {
            // A row without an estimate is as wrong as can be.
            double[] sorted = [.. errors.Select(e => double.IsNaN(e) ? double.PositiveInfinity : e).Order()];
            double At(double share) => sorted.Length == 0 ? double.NaN : sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
            return new Spread(sorted.Length, At(0.5), At(0.9));
        }
    }
}
