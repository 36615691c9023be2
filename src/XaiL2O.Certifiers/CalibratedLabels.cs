namespace XaiL2O.Certifiers;

/// <summary>p-values, labels and thresholds of one property from calibration values: of one set of rows, or of two of which the kinder one decides.</summary>
internal sealed class CalibratedLabels(CalibrationDistribution[] distributions, LabelPolicy policy, Calibration calibration, double tolerance, Sides sides)
{
    /// <summary>What is compared with: one distribution, or two; none where there is nothing.</summary>
    public CalibrationDistribution[] Distributions => distributions;

    /// <summary>The p-value up to which a row fails.</summary>
    public double FailLevel { get; } = Level(distributions, policy.FailProbability, policy.Confidence, sides);

    /// <summary>The p-value up to which a row gets a warning or fails.</summary>
    public double WarnLevel { get; } = Level(distributions, policy.FailProbability + policy.WarningProbability, policy.Confidence, sides);

    /// <summary>The p-value that a share of good rows stays at or below: the share itself on average over calibrations, less with a confidence.</summary>
    public static double Level(CalibrationDistribution[] distributions, double share, double? confidence, Sides sides)
    {
        if (confidence is null || share <= 0 || share >= 1)
            return share;
        // Where there are two distributions the larger p-value counts, so the smaller level is safe for both.
        return distributions.Select(d => Exceedances(d.Count, share, confidence, sides) / (d.Count + 1.0)).DefaultIfEmpty(share).Min();
    }

    /// <summary>k: given N calibration rows, a share Beta(k, N + 1 − k) of good rows is beyond the level, on both sides together.</summary>
    public static int Exceedances(int rows, double share, double? confidence, Sides sides)
    {
        var perSide = sides == Sides.TwoSided ? 2 : 1;
        if (confidence is null)
            return perSide * (int)Math.Floor((share / perSide * (rows + 1.0)) + (PropertyCertifier.Slack * (rows + 1.0)));
        var exceedances = new ConformalLevel { Miscoverage = share, Confidence = confidence }.Exceedances(rows);
        return exceedances - (exceedances % perSide);
    }

    public int SideCount => sides == Sides.TwoSided ? 2 : 1;

    /// <summary>The p-value; NaN where there is nothing to compare with.</summary>
    public double PValue(double value)
    {
        if (Distributions.Length == 0)
            return double.NaN;
        var upper = UpperP(value);
        return sides == Sides.Upper ? upper : Math.Min(1, 2 * (PropertyCertifier.IsValue(value) ? Math.Min(upper, LowerP(value)) : upper));
    }

    /// <summary>The label of a finite value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="p">Its p-value.</param>
    public CertificateLabel Label(double value, double p)
    {
        if (calibration == Calibration.Conformal)
            return OfP(p);
        var (upper, lower) = (UpperLabel(value), LowerLabel(value));
        return upper > lower ? upper : lower;
    }

    /// <summary>Whether a value is nearer the lower end of the calibration values than the upper, where that counts.</summary>
    public bool IsLow(double value) => sides == Sides.TwoSided && PropertyCertifier.IsValue(value) && LowerP(value) < UpperP(value);

    /// <summary>The largest kept value (or the tolerance) whose label is better than one. Labels only get worse as values grow, and change only just above a kept value.</summary>
    public double UpperThreshold(CertificateLabel label)
    {
        if (UpperLabel(double.MaxValue) < label)
            return double.PositiveInfinity;
        var threshold = tolerance;
        foreach (var distribution in Distributions)
        {
            var values = distribution.Values;
            var first = First(values, v => UpperLabel(v) >= label);
            threshold = first == 0 ? threshold : Math.Max(values[first - 1], threshold);
        }

        return threshold;
    }

    /// <summary>The smallest kept value whose label is better than one. Labels only get worse as values sink, and change only just below a kept value.</summary>
    public double LowerThreshold(CertificateLabel label)
    {
        if (LowerLabel(double.MinValue) < label)
            return double.NegativeInfinity;
        var threshold = double.PositiveInfinity;
        foreach (var distribution in Distributions)
        {
            var values = distribution.Values;
            var first = First(values, v => LowerLabel(v) < label);
            threshold = first == values.Length ? threshold : Math.Min(values[first], threshold);
        }

        return threshold;
    }

    /// <summary>(1 + #{αᵢ ≥ α})/(N + 1), the largest where there are two distributions to compare with. What is no property value, not finite or negative, is larger than all.</summary>
    private double UpperP(double value)
    {
        var p = 0.0;
        foreach (var distribution in Distributions)
            p = Math.Max(p, (1.0 + distribution.Count - Below(distribution, value)) / (distribution.Count + 1));
        return p;
    }

    /// <summary>(1 + #{αᵢ ≤ α})/(N + 1), the largest likewise.</summary>
    private double LowerP(double value)
    {
        var p = 0.0;
        foreach (var distribution in Distributions)
            p = Math.Max(p, (1.0 + distribution.Count - Above(distribution, value)) / (distribution.Count + 1));
        return p;
    }

    private CertificateLabel UpperLabel(double value)
    {
        if (calibration == Calibration.Conformal)
            return OfP(SideCount * UpperP(value));
        var share = 1.0;
        foreach (var distribution in Distributions)
            share = Math.Min(share, (double)Below(distribution, value) / distribution.Count);
        return OfShare(share);
    }

    private CertificateLabel LowerLabel(double value)
    {
        if (sides == Sides.Upper)
            return CertificateLabel.Pass;
        if (calibration == Calibration.Conformal)
            return OfP(SideCount * LowerP(value));
        var share = 1.0;
        foreach (var distribution in Distributions)
            share = Math.Min(share, (double)Above(distribution, value) / distribution.Count);
        return OfShare(share);
    }

    private CertificateLabel OfP(double p) =>
        Of(p <= FailLevel + PropertyCertifier.Slack, p <= WarnLevel + PropertyCertifier.Slack);

    /// <summary>(12) in terms of the share c of values strictly nearer the usual: fail if c ≥ 1 − p_f, pass if c &lt; p_p. With none, pass.</summary>
    private CertificateLabel OfShare(double share)
    {
        var (fail, warn) = (policy.FailProbability / SideCount, (policy.FailProbability + policy.WarningProbability) / SideCount);
        return Of(share >= 1 - fail - PropertyCertifier.Slack && fail > 0 && share > 0, share >= 1 - warn - PropertyCertifier.Slack && warn > 0 && share > 0);
    }

    // Values within the tolerance are equal to each other, so none of them is strictly below another.
    private int Below(CalibrationDistribution distribution, double value) =>
        !PropertyCertifier.IsValue(value) ? distribution.Count : value <= tolerance ? 0 : distribution.CountStrictlyBelow(value);

    private int Above(CalibrationDistribution distribution, double value) => distribution.Count - distribution.CountAtMost(Math.Max(value, tolerance));

    /// <summary>Index of the first of ascending values from which on something holds.</summary>
    private static int First(ReadOnlySpan<double> values, Func<double, bool> holds)
    {
        var (low, high) = (0, values.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (holds(values[middle]))
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    private static CertificateLabel Of(bool fails, bool warns) =>
        fails ? CertificateLabel.Fail : warns ? CertificateLabel.Warning : CertificateLabel.Pass;
}
