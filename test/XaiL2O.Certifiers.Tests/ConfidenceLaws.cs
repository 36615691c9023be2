namespace XaiL2O.Certifiers.Tests;

/// <summary>Levels that hold for the calibration rows at hand, and what certifiers and reports say of these. That they hold is simulated in <see cref="GuaranteeLaws"/>.</summary>
internal sealed class ConfidenceLaws
{
    private static readonly LabelPolicy Kept = new() { Confidence = 0.95 };

    private static PropertyCertifier Part(int rows, LabelPolicy? policy = null, Sides sides = Sides.Upper, Calibration calibration = Calibration.Conformal, int truths = 0) => new(
        "P",
        new EmpiricalDistribution(Enumerable.Range(1, rows).Select(i => (double)i)),
        policy ?? new LabelPolicy(),
        calibration,
        sides: sides,
        source: truths > 0 ? CalibrationSource.Both : CalibrationSource.Inferences,
        truths: truths > 0 ? new EmpiricalDistribution(Enumerable.Range(1, truths).Select(i => (double)i)) : null);

    [TestCase(38, null, Sides.Upper, 1)]
    [TestCase(39, null, Sides.Upper, 2)]
    [TestCase(39, null, Sides.TwoSided, 2)]
    [TestCase(78, null, Sides.TwoSided, 2)]
    [TestCase(79, null, Sides.TwoSided, 4)]
    [TestCase(59, 0.95, Sides.Upper, 1)]
    [TestCase(92, 0.95, Sides.Upper, 1)]
    [TestCase(93, 0.95, Sides.Upper, 2)]
    [TestCase(93, 0.95, Sides.TwoSided, 2)]
    [TestCase(153, 0.95, Sides.TwoSided, 4)]
    public void As_many_values_fail_as_the_rate_counts(int rows, double? confidence, Sides sides, int exceedances)
    {
        var part = Part(rows, Kept with { Confidence = confidence }, sides);
        Assert.That(part.FalseFailRate, Is.EqualTo(new RateGivenCalibration(rows, exceedances)));
        // A value fails where fewer than k of the calibration values are as large; half as many on each of two sides.
        var side = sides == Sides.TwoSided ? exceedances / 2 : exceedances;
        Assert.That(part.FailThreshold, Is.EqualTo(rows - side + 1));
        Assert.That(part.LowerFailThreshold, Is.EqualTo(sides == Sides.TwoSided ? side : double.NegativeInfinity));
        Assert.That((part.Certify(part.FailThreshold).Label, part.Certify(part.FailThreshold + 0.5).Label), Is.EqualTo((CertificateLabel.Pass, CertificateLabel.Fail)));
        if (confidence is not null)
            Assert.That(part.FalseFailRate!.ProbabilityAbove(0.05), Is.LessThanOrEqualTo(0.05 + 1e-9));
    }

    [TestCase(Sides.Upper, 59)]
    [TestCase(Sides.TwoSided, 93)]
    public void The_number_of_rows_that_is_asked_for_is_the_least(Sides sides, int needed)
    {
        Assert.That(() => Part(needed, Kept, sides), Throws.Nothing);
        Assert.That(() => Part(needed - 1, Kept, sides), Throws.ArgumentException.With.Message.Contains($"at least {needed} rows").And.Message.Contains("Confidence = 0.95"));
    }

    [Test]
    public void Of_two_sets_of_values_the_smaller_decides_and_a_warning_has_its_own_level()
    {
        Assert.That(() => Part(500, Kept, truths: 58), Throws.ArgumentException.With.Message.Contains("has 58 calibration values"));
        var part = Part(500, Kept with { PassProbability = 0.85, WarningProbability = 0.1 });
        var (fail, warn) = (new ConformalLevel { Miscoverage = 0.05, Confidence = 0.95 }, new ConformalLevel { Miscoverage = 0.15, Confidence = 0.95 });
        Assert.That((part.FailThreshold, part.WarnThreshold), Is.EqualTo((501.0 - fail.Exceedances(500), 501.0 - warn.Exceedances(500))));
    }

    [Test]
    public void A_joint_rule_shares_what_is_left_to_chance()
    {
        Certifier Three(JointRule rule, int rows = 500) => new(Enumerable.Range(0, 3).Select(i => new PropertyCertifier($"{i}", new EmpiricalDistribution(Enumerable.Range(1, rows).Select(v => (double)v)), Kept, Calibration.Conformal)), new JointPolicy { Rule = rule });
        int Exceedances(int left) => new ConformalLevel { Miscoverage = 0.05 / left, Confidence = 1 - (0.05 / 3) }.Exceedances(500);
        string[] Failed(JointRule rule, params double[] values) => [.. Three(rule).Certify(values).FailedParts];
        Assert.That(Exceedances(3), Is.InRange(1, Exceedances(2) - 1));
        // Larger than all but k − 1, and one less than that.
        double Beyond(int left) => 501.5 - Exceedances(left);
        foreach (var rule in (JointRule[])[JointRule.Bonferroni, JointRule.Holm])
        {
            Assert.That(Failed(rule, Beyond(3), 1, 1), Is.EqualTo(new[] { "0" }));
            Assert.That(Failed(rule, Beyond(3) - 1, 1, 1), Is.Empty);
        }

        Assert.That(Failed(JointRule.Holm, Beyond(3), Beyond(2), 1), Is.EqualTo(new[] { "0", "1" }));
        Assert.That(Failed(JointRule.Bonferroni, Beyond(3), Beyond(2), 1), Is.EqualTo(new[] { "0" }));
        Assert.That(() => Three(JointRule.Holm, 200), Throws.ArgumentException.With.Message.Contains("at least 244 rows").And.Message.Contains("Confidence = 0.9833"));
    }

    [Test]
    public void Certifiers_and_reports_state_the_distribution()
    {
        var group = new Certifier([Part(20)]);
        var certifier = new Certifier([Part(38)], groups: new Dictionary<string, Certifier> { ["ward"] = group });
        const string stated = "With 38 calibration rows the rate is Beta(1, 38) over calibrations: 2.56 % on average, and below 7.58 % for 95 % of them.";
        Assert.That(certifier.ToString().Split(Environment.NewLine), Is.EqualTo(new[]
        {
            $"P: Fails above 38. Some rows like the calibration rows fail too. {stated}",
            "Group ward, P: Fails above 20. Some rows like the calibration rows fail too. With 20 calibration rows the rate is Beta(1, 20) over calibrations: 4.76 % on average, and below 13.91 % for 95 % of them.",
        }));
        Assert.That(new PropertyCertifier("L", new ValueLimits { FailAbove = 3 }, null, 0).ToString(), Is.EqualTo("L: Fails above 3. The limit is given."));
        Assert.That(Part(38, calibration: Calibration.Paper).FalseFailRate, Is.Null);
        var builder = new ReportBuilder(certifier, "Report");
        builder.Add([1], "", "row");
        Assert.That(builder.Build().ToHtml(), Does.Contain(stated));
        Assert.That(builder.Build().ToJson(), Does.Contain("\"Exceedances\": 1"));
        builder = new ReportBuilder(new Certifier([Part(100, Kept)]), "Report");
        builder.Add([1], "", "row");
        Assert.That(HtmlText(builder.Build().ToHtml()), Does.Contain("for 95 % of calibrations"));
    }

    [Test]
    public void A_confidence_that_means_nothing_is_refused()
    {
        foreach (var confidence in new[] { 0, 1, double.NaN })
            Assert.That(() => (Kept with { Confidence = confidence }).Validate(), Throws.ArgumentException.With.Message.Contains("Confidence = "));
        Assert.That(() => Part(100, Kept, calibration: Calibration.Paper), Throws.ArgumentException.With.Message.Contains("Confidence = 0.95 of 'P' must be null with Paper"));
    }

    private static string HtmlText(string html) => System.Net.WebUtility.HtmlDecode(html).Replace('\u00a0', ' ');
}
