using CsCheck;

namespace XaiL2O.Certifiers.Tests;

/// <summary>Joint verdicts, limits, groups and explanations.</summary>
internal sealed class JointLaws
{
    private static readonly double[] Hundred = [.. Enumerable.Range(1, 100).Select(i => (double)i)];

    private static PropertyCertifier Part(string name, double[]? values = null, double fail = 0.05) =>
        new(name, new EmpiricalDistribution(values ?? Hundred), new LabelPolicy { PassProbability = 1 - fail, FailProbability = fail }, Calibration.Conformal);

    private static Certifier Three(JointRule rule, double level = 0.05) => new([Part("A"), Part("B"), Part("C")], new JointPolicy { Rule = rule, FamilyLevel = level });

    /// <summary>Holm by its definition: the ordered p-values against level/(m − i) until one is not rejected.</summary>
    private static bool[] Holm(double[] p, double level)
    {
        var rejected = new bool[p.Length];
        var order = Enumerable.Range(0, p.Length).OrderBy(i => p[i]).ToArray();
        for (var i = 0; i < order.Length && p[order[i]] <= (level / (p.Length - i)) + 1e-12; i++)
            rejected[order[i]] = true;
        return rejected;
    }

    private static readonly Gen<double[]> Values = Gen.Frequency((1, Gen.Double[0, 101]), (2, Gen.Double[90, 101])).Array[3];

    [Test]
    public void Bonferroni_and_holm_agree_with_their_definitions() => Values.Sample(values =>
    {
        var (bonferroni, holm) = (Three(JointRule.Bonferroni).Certify(values), Three(JointRule.Holm).Certify(values));
        var p = bonferroni.Certificates.Select(c => c.PValue).ToArray();
        string[] names = ["A", "B", "C"];
        Assert.That(bonferroni.FailedParts, Is.EqualTo(names.Where((_, i) => p[i] <= (0.05 / 3) + 1e-12)));
        var rejected = Holm(p, 0.05);
        Assert.That(holm.FailedParts, Is.EqualTo(names.Where((_, i) => rejected[i])));
        Assert.That(holm.Trustworthy, Is.EqualTo(bonferroni.Trustworthy));
        Assert.That(holm.JointPValue, Is.EqualTo(Math.Min(1, 3 * p.Min())).Within(1e-12));
        Assert.That(holm.Trustworthy, Is.EqualTo(holm.JointPValue > 0.05 + 1e-9));
    });

    [Test]
    public void All_pass_fails_with_any_part() => Values.Sample(values =>
    {
        var verdict = Three(JointRule.AllPass).Certify(values);
        Assert.That(verdict.FailedParts, Is.EqualTo(verdict.Certificates.Where(c => c.Label == CertificateLabel.Fail).Select(c => c.Name)));
        Assert.That(verdict.Trustworthy, Is.EqualTo(verdict.FailedParts.Count == 0));
    });

    [Test]
    public void A_part_that_fails_alone_but_not_jointly_is_a_warning()
    {
        // p = 4/101 is below 0.05 and above 0.05/3.
        var verdict = Three(JointRule.Holm).Certify([98, 3, 4]);
        Assert.That(verdict.Certificates[0].Label, Is.EqualTo(CertificateLabel.Fail));
        Assert.That((verdict.Trustworthy, verdict.Label), Is.EqualTo((true, CertificateLabel.Warning)));
        Assert.That(verdict.WarnedParts, Is.EqualTo(new[] { "A" }));
        Assert.That(verdict.Explanation, Does.StartWith("A failed alone, not jointly"));
    }

    [TestCase(JointRule.AllPass)]
    [TestCase(JointRule.Bonferroni)]
    [TestCase(JointRule.Holm)]
    public void What_is_not_finite_fails_jointly(JointRule rule)
    {
        var verdict = Three(rule).Certify([1, double.NaN, 2]);
        Assert.That(verdict.FailedParts, Is.EqualTo(new[] { "B" }));
        Assert.That(verdict.Explanation, Does.Contain("not a number"));
    }

    [Test]
    public void Joint_levels_that_cannot_be_reached_and_paper_calibration_are_refused()
    {
        Assert.That(() => new Certifier([Part("A", [.. new double[30]]), Part("B")], new JointPolicy { Rule = JointRule.Holm }), Throws.ArgumentException.With.Message.Contains("'A' has 30").And.Message.Contains("at least 39").And.Message.Contains("FamilyLevel"));
        Assert.That(() => new Certifier([new PropertyCertifier("A", new EmpiricalDistribution(Hundred), new LabelPolicy(), Calibration.Paper)], new JointPolicy { Rule = JointRule.Bonferroni }), Throws.ArgumentException.With.Message.Contains("Paper"));
        Assert.That(() => new JointPolicy { FamilyLevel = 0 }.Validate(), Throws.ArgumentException.With.Message.Contains("FamilyLevel = 0"));
    }

    [Test]
    public void Limits_label_without_calibration_and_stay_out_of_the_joint_p_value()
    {
        var limited = new PropertyCertifier("Fidelity", new ValueLimits { FailAbove = 1e-2, WarnAbove = 5e-3 }, null, 0);
        Assert.That(new[] { 1e-3, 5e-3, 7e-3, 1e-2, 1.1e-2, double.NaN }.Select(v => limited.Certify(v).Label), Is.EqualTo(new[]
        {
            CertificateLabel.Pass, CertificateLabel.Pass, CertificateLabel.Warning, CertificateLabel.Warning, CertificateLabel.Fail, CertificateLabel.Fail,
        }));
        Assert.That(limited.Certify(1).PValue, Is.NaN);
        var certifier = new Certifier([Part("A"), limited], new JointPolicy { Rule = JointRule.Holm });
        Assert.That(certifier.Certify([50, 1e-3]).JointPValue, Is.EqualTo(52.0 / 101).Within(1e-12).Or.EqualTo(51.0 / 101).Within(1e-12));
        var failed = certifier.Certify([50, 1]);
        Assert.That(failed.FailedParts, Is.EqualTo(new[] { "Fidelity" }));
        Assert.That(failed.Explanation, Does.Contain("its value 1 is above the given limit 0.01"));
        Assert.That(() => new ValueLimits { FailAbove = 1, WarnAbove = 2 }.Validate(), Throws.ArgumentException.With.Message.Contains("WarnAbove = 2"));
    }

    [Test]
    public void A_joint_p_value_counts_only_what_labels_by_calibration()
    {
        var limited = new PropertyCertifier("Limited", new ValueLimits { FailAbove = 1000 }, new EmpiricalDistribution(Hundred), 0);
        var certifier = new Certifier([Part("A"), limited]);
        var verdict = certifier.Certify([50, 50]);
        Assert.That(verdict.Certificates[1].PValue, Is.Not.NaN, "beside the label");
        Assert.That(verdict.JointPValue, Is.EqualTo(verdict.Certificates[0].PValue));
        // The same certificates taken by themselves say the same.
        Assert.That(new Verdict(verdict.Certificates).JointPValue, Is.EqualTo(verdict.JointPValue));
        Assert.That(new Verdict(verdict.Certificates.Skip(1)).JointPValue, Is.NaN);
        Assert.That(new Certifier([limited]).Certify([50]).JointPValue, Is.NaN);
        Assert.That(new Certifier([Part("A"), Part("B"), limited]).Certify([50, 20, 99]).JointPValue, Is.EqualTo(1));
        Assert.That(new Certifier([Part("A"), Part("B"), limited]).Certify([95, 20, 200]).JointPValue, Is.EqualTo(2 * Part("A").Certify(95).PValue).Within(1e-15));
    }

    [Test]
    public void Explanations_say_what_failed_by_how_much_how_unusual_and_why()
    {
        var part = new PropertyCertifier("Sparsity", new EmpiricalDistribution(Hundred), new LabelPolicy(), Calibration.Conformal) { Cause = "noise taken for signal" };
        var verdict = new Certifier([part]).Certify([1234.5]);
        Assert.That(verdict.Explanation, Is.EqualTo("Sparsity failed: its value 1234 is above the calibrated limit 96 and larger than all 100 calibration values (p = 0.009901). Usual cause: noise taken for signal."));
        Assert.That(new Certifier([part]).Certify([3]).Explanation, Is.Empty);
    }

    [Test]
    public void Groups_are_judged_by_their_own_calibration()
    {
        double[] large = [.. Hundred.Select(v => v * 10)];
        Certifier Create(GroupFallback fallback) => new(
            [Part("A", [.. Hundred, .. large])],
            groups: new Dictionary<string, Certifier> { ["small"] = new([Part("A")]), ["large"] = new([Part("A", large)]) },
            fallback: fallback);
        var certifier = Create(GroupFallback.Pooled);
        Assert.That(certifier.Certify([200], "small").Trustworthy, Is.False);
        Assert.That(certifier.Certify([200], "small").Explanation, Does.Contain("of the group 'small'"));
        Assert.That(certifier.Certify([200], "large").Trustworthy, Is.True);
        Assert.That(certifier.Certify([200], "other").Certificates[0].PValue, Is.EqualTo(new Certifier([Part("A", [.. Hundred, .. large])]).Certify([200]).Certificates[0].PValue));
        var refused = Create(GroupFallback.Fail).Certify([1], "other");
        Assert.That(refused.FailedParts, Is.EqualTo(new[] { "A" }));
        Assert.That(refused.Explanation, Does.Contain("no calibration rows of the group 'other'"));
        Assert.That(refused.JointPValue, Is.NaN);
        Assert.That(() => new Certifier([Part("A")], groups: new Dictionary<string, Certifier> { ["g"] = new([Part("B")]) }), Throws.ArgumentException.With.Message.Contains("'g'"));
    }

    [Test]
    public void Judging_agrees_with_certifying_and_allocates_nothing()
    {
        var certifier = Three(JointRule.Holm);
        var (certificates, failed) = (new Certificate[3], new bool[3]);
        double[] values = [98, 100.5, 3];
        var outcome = certifier.Judge(values, certificates, failed);
        var verdict = certifier.Certify(values);
        Assert.That(certificates, Is.EqualTo(verdict.Certificates));
        Assert.That((outcome.Trustworthy, outcome.JointPValue), Is.EqualTo((verdict.Trustworthy, verdict.JointPValue)));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            certifier.Judge(values, certificates, failed);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.EqualTo(0));
    }

    [Test]
    public void Measured_rates_of_joint_false_fails_are_at_most_nominal([Values(0.0, 0.9)] double correlation, [Values(JointRule.Bonferroni, JointRule.Holm)] JointRule rule)
    {
        var random = new Random(11);
        var (fails, rows, repetitions) = (0, 5, 2000);
        double[] Row()
        {
            var shared = random.NextDouble();
            return [.. Enumerable.Range(0, 3).Select(_ => random.NextDouble() < correlation ? shared : random.NextDouble())];
        }

        for (var r = 0; r < repetitions; r++)
        {
            var data = Enumerable.Range(0, 60).Select(_ => Row()).ToArray();
            var certifier = new Certifier(Enumerable.Range(0, 3).Select(i => Part($"{i}", [.. data.Select(d => d[i])], fail: 0.1)), new JointPolicy { Rule = rule, FamilyLevel = 0.1 });
            for (var i = 0; i < rows; i++)
                fails += certifier.Certify(Row()).Trustworthy ? 0 : 1;
        }

        Assert.That(fails / (double)(rows * repetitions), Is.LessThan(0.1 + (4 * Math.Sqrt(0.1 * 0.9 / repetitions))));
    }

    [Test]
    public void A_verdict_is_a_line_that_says_what_failed()
    {
        PropertyCertifier Part(string name) => new(name, new EmpiricalDistribution(Enumerable.Range(0, 199).Select(i => (double)i)), new LabelPolicy(), Calibration.Conformal);
        var certifier = new Certifier([Part("First"), Part("Second"), new PropertyCertifier("Given", new ValueLimits { FailAbove = 1, WarnAbove = 0.5 }, null, 0)]);
        Assert.That(certifier.Certify([1000, 1, 0.7]).ToString(), Is.EqualTo("Fail (joint p = 0.01); failed: First; warned: Given"));
        Assert.That(certifier.Certify([100, 100, 0]).ToString(), Is.EqualTo("Pass (joint p = 1)"));
        Assert.That(new Certifier([new PropertyCertifier("Given", new ValueLimits { FailAbove = 1 }, null, 0)]).Certify([2]).ToString(), Is.EqualTo("Fail; failed: Given"));
    }
}
