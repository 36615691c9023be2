namespace XaiL2O.Certifiers.Tests;

/// <summary>What several certifiers say together of a row.</summary>
internal sealed class ChainLaws
{
    private static readonly EmpiricalDistribution Values = new(Enumerable.Range(0, 99).Select(i => (double)i));

    private static PropertyCertifier Calibrated(string name) => new(name, Values, new LabelPolicy(), Calibration.Conformal);

    private static PropertyCertifier Limited(string name) => new(name, new ValueLimits { FailAbove = 50, WarnAbove = 40 }, null, 0);

    [Test]
    public void Together_they_say_what_one_certifier_of_all_properties_says()
    {
        var (a, b, c) = (new Certifier([Calibrated("A"), Limited("B")]), new Certifier([Limited("C")]), new Certifier([Calibrated("D"), Calibrated("E")]));
        var all = new Certifier([Calibrated("A"), Limited("B"), Limited("C"), Calibrated("D"), Calibrated("E")]);
        var random = new Random(1);
        for (var i = 0; i < 300; i++)
        {
            double[] values = [.. Enumerable.Range(0, 5).Select(_ => 100 * random.NextDouble())];
            var (together, one) = (Verdict.Combine([a.Certify(values.AsSpan(0, 2)), b.Certify(values.AsSpan(2, 1)), c.Certify(values.AsSpan(3, 2))]), all.Certify(values));
            Assert.That(together.Trustworthy, Is.EqualTo(one.Trustworthy));
            Assert.That(together.JointPValue, Is.EqualTo(one.JointPValue).Within(1e-12));
            Assert.That(together.FailedParts, Is.EqualTo(one.FailedParts));
            Assert.That(together.WarnedParts, Is.EqualTo(one.WarnedParts));
            Assert.That(together.Certificates, Is.EqualTo(one.Certificates));
            Assert.That(together.Explanation, Is.EqualTo(one.Explanation));
        }
    }

    /// <summary>What makes a value large does not make it no number.</summary>
    [Test]
    public void A_value_that_is_no_number_has_a_cause_of_its_own()
    {
        var certifier = new Certifier([new PropertyCertifier("A", Values, new LabelPolicy(), Calibration.Conformal) { Cause = "a large thing" }, new PropertyCertifier("B", new ValueLimits { FailAbove = 50 }, null, 0) { Cause = "an unfinished thing" }]);
        Assert.That(certifier.Certify([double.NaN, double.NaN]).Explanation, Is.EqualTo("A failed: its value is not a number. Usual cause: an input that is missing, all zero or not finite, or arithmetic that overflowed. B failed: its value is not a number. Usual cause: an unfinished thing."));
        Assert.That(certifier.Certify([-2, 60]).Explanation, Does.StartWith("A failed: its value -2 is negative, which no property's is. Usual cause: a column that holds no property values").And.Contain("an unfinished thing"));
    }

    [Test]
    public void A_row_of_one_that_failed_is_not_trustworthy()
    {
        var (good, bad) = (new JointOutcome(true, 0.5), new JointOutcome(false, 0.01));
        Assert.That(JointOutcome.Combine(good, 1, bad, 1), Is.EqualTo(new JointOutcome(false, 0.02)));
        Assert.That(JointOutcome.Combine(good, 1, new JointOutcome(true, double.NaN), 0), Is.EqualTo(good), "limits alone");
        Assert.That(JointOutcome.Combine(new JointOutcome(true, double.NaN), 0, new JointOutcome(true, double.NaN), 0).JointPValue, Is.NaN);
        Assert.That(() => new ReportBuilder([new Certifier([Calibrated("A")]), new Certifier([Calibrated("B")])], "T").Add([1], "", ""), Throws.ArgumentException.With.Message.Contains("2 property values"));
    }
}
