using CsCheck;
using XaiL2O.Certifiers;

namespace XaiL2O.Certifiers.Tests;

internal sealed class CertifierTests
{
    private static readonly LabelPolicy Policy = new() { PassProbability = 0.8, WarningProbability = 0.1, FailProbability = 0.1 };

    // Small integers give many ties.
    private static readonly Gen<double[]> Values = Gen.Int[0, 6].Select(i => (double)i).Array[10, 40];

    private static PropertyCertifier Create(double[] values, Calibration calibration, LabelPolicy? policy = null, double tolerance = 0) =>
        new("P", new EmpiricalDistribution(values), policy ?? Policy, calibration, tolerance);

    [Test]
    public void Counts_agree_with_brute_force() => Values.Select(Gen.Double[-1, 8]).Sample((values, x) =>
    {
        var distribution = new EmpiricalDistribution(values);
        foreach (var at in values.Append(x))
        {
            Assert.That(distribution.CountStrictlyBelow(at), Is.EqualTo(values.Count(v => v < at)));
            Assert.That(distribution.CountAtLeast(at), Is.EqualTo(values.Count(v => v >= at)));
            Assert.That(distribution.Cdf(at), Is.EqualTo(values.Count(v => v <= at) / (double)values.Length));
        }
    });

    [Test]
    public void Quantile_is_the_smallest_value_whose_cdf_reaches_the_level() => Values.Select(Gen.Double[0, 1]).Sample((values, level) =>
    {
        var distribution = new EmpiricalDistribution(values);
        var quantile = distribution.Quantile(level);
        Assert.That(distribution.Cdf(quantile), Is.GreaterThanOrEqualTo(level - 1e-9));
        Assert.That(values.Where(v => v < quantile).All(v => distribution.Cdf(v) < level), Is.True);
    });

    [Test]
    public void Conformal_labels_agree_with_the_definition() => Values.Select(Gen.Double[0, 8]).Sample((values, x) =>
    {
        var certificate = Create(values, Calibration.Conformal).Certify(x);
        var p = (1.0 + values.Count(v => v >= x)) / (values.Length + 1);
        Assert.That(certificate.PValue, Is.EqualTo(p).Within(1e-15));
        var expected = p <= 0.1 ? CertificateLabel.Fail : p <= 0.2 ? CertificateLabel.Warning : CertificateLabel.Pass;
        if (Math.Abs(p - 0.1) > 1e-9 && Math.Abs(p - 0.2) > 1e-9)
            Assert.That(certificate.Label, Is.EqualTo(expected));
    });

    [Test]
    public void Paper_labels_agree_with_the_definition() => Values.Select(Gen.Double[0, 8]).Sample((values, x) =>
    {
        var below = values.Count(v => v < x) / (double)values.Length;
        var expected = below == 0 || below < 0.8 ? CertificateLabel.Pass : below >= 0.9 ? CertificateLabel.Fail : CertificateLabel.Warning;
        if (Math.Abs(below - 0.8) > 1e-9 && Math.Abs(below - 0.9) > 1e-9)
            Assert.That(Create(values, Calibration.Paper).Certify(x).Label, Is.EqualTo(expected));
    });

    [TestCase(Calibration.Paper)]
    [TestCase(Calibration.Conformal)]
    public void Labels_never_improve_as_values_grow(Calibration calibration) => Values.Select(Gen.Double[0, 8], Gen.Double[0, 8]).Sample((values, a, b) =>
    {
        var certifier = Create(values, calibration);
        Assert.That(certifier.Certify(Math.Min(a, b)).Label, Is.LessThanOrEqualTo(certifier.Certify(Math.Max(a, b)).Label));
    });

    [TestCase(Calibration.Paper)]
    [TestCase(Calibration.Conformal)]
    public void The_threshold_is_the_last_value_that_does_not_fail(Calibration calibration) => Values.Sample(values =>
    {
        var certifier = Create(values, calibration);
        var threshold = certifier.FailThreshold;
        if (double.IsInfinity(threshold))
            return;
        Assert.That(certifier.Certify(threshold).Label, Is.Not.EqualTo(CertificateLabel.Fail));
        Assert.That(certifier.Certify(Math.BitIncrement(threshold)).Label, Is.EqualTo(CertificateLabel.Fail));
    });

    [TestCase(Calibration.Paper)]
    [TestCase(Calibration.Conformal)]
    public void A_value_equal_to_all_calibration_values_passes(Calibration calibration)
    {
        var certifier = Create([.. Enumerable.Repeat(0.0, 50)], calibration);
        Assert.That(certifier.Certify(0).Label, Is.EqualTo(CertificateLabel.Pass));
        Assert.That(certifier.Certify(1e-300).Label, Is.EqualTo(CertificateLabel.Fail));
    }

    [TestCase(Calibration.Paper)]
    [TestCase(Calibration.Conformal)]
    public void Values_within_the_tolerance_are_not_told_apart(Calibration calibration)
    {
        var certifier = Create([.. Enumerable.Range(1, 50).Select(i => i * 1e-9)], calibration, tolerance: 1e-2);
        Assert.That(certifier.Certify(9e-3).Label, Is.EqualTo(CertificateLabel.Pass));
        Assert.That(certifier.Certify(2e-2).Label, Is.EqualTo(CertificateLabel.Fail));
        Assert.That(certifier.FailThreshold, Is.EqualTo(1e-2));
    }

    [Test]
    public void Numbers_that_are_not_finite_fail([Values(double.NaN, double.PositiveInfinity, double.NegativeInfinity)] double value, [Values] Calibration calibration)
    {
        var certificate = Create([.. Enumerable.Range(0, 50).Select(i => (double)i)], calibration).Certify(value);
        Assert.That(certificate.Label, Is.EqualTo(CertificateLabel.Fail));
        Assert.That(certificate.PValue, Is.EqualTo(1.0 / 51));
    }

    [Test]
    public void Conformal_p_values_are_super_uniform_over_every_rank()
    {
        // Exchangeability makes each of N + 1 ranks equally likely, ties or not.
        double[] pool = [1, 1, 2, 3, 3, 3, 4, 5, 8, 9, 9, 10];
        double[] p = [.. pool.Select((x, i) => Create([.. pool.Where((_, j) => j != i)], Calibration.Conformal).Certify(x).PValue)];
        foreach (var level in p.Append(0.5))
            Assert.That(p.Count(v => v <= level) / (double)p.Length, Is.LessThanOrEqualTo(level + 1e-12));
    }

    [Test]
    public void Measured_rate_of_false_fails_is_at_most_nominal()
    {
        var random = new Random(5);
        var (fails, repetitions) = (0, 20_000);
        for (var r = 0; r < repetitions; r++)
        {
            var certifier = Create([.. Enumerable.Range(0, 30).Select(_ => random.NextDouble())], Calibration.Conformal);
            fails += certifier.Certify(random.NextDouble()).Label == CertificateLabel.Fail ? 1 : 0;
        }

        // Exactly 3/31 here; four standard errors of the simulation above it.
        Assert.That(fails / (double)repetitions, Is.LessThan(0.1 + (4 * Math.Sqrt(0.1 * 0.9 / repetitions))).And.GreaterThan(0.08));
    }

    [Test]
    public void A_level_the_calibration_set_cannot_support_is_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => Create([.. new double[18]], Calibration.Conformal, new LabelPolicy()));
        Assert.That(error!.Message, Does.Contain("'P' has 18 calibration values").And.Contain("at least 19"));
        Assert.That(() => Create([.. new double[19]], Calibration.Conformal, new LabelPolicy()), Throws.Nothing);
        Assert.That(() => Create([.. new double[2]], Calibration.Paper, new LabelPolicy()), Throws.Nothing);
    }

    [Test]
    public void Calibration_values_that_are_not_finite_are_refused() =>
        Assert.That(() => new EmpiricalDistribution([1, double.NaN, double.PositiveInfinity]), Throws.ArgumentException.With.Message.Contains("2 of 3"));

    [Test]
    public void Policies_that_do_not_sum_to_one_are_refused()
    {
        Assert.That(() => new LabelPolicy { FailProbability = 0.1 }.Validate(), Throws.ArgumentException.With.Message.Contains("sum to 1"));
        Assert.That(() => new LabelPolicy { FailProbability = -0.1 }.Validate(), Throws.ArgumentException.With.Message.Contains("FailProbability = -0.1"));
    }

    [Test]
    public void A_verdict_names_the_parts_that_failed()
    {
        double[] values = [.. Enumerable.Range(0, 100).Select(i => (double)i)];
        var certifier = new Certifier([new("A", new EmpiricalDistribution(values), new(), Calibration.Conformal), new("B", new EmpiricalDistribution(values), new(), Calibration.Conformal)]);
        var verdict = certifier.Certify([3, 1000]);
        Assert.That(verdict.Trustworthy, Is.False);
        Assert.That(verdict.FailedParts, Is.EqualTo(new[] { "B" }));
        Assert.That(certifier.Certify([3, 4]).Trustworthy, Is.True);
        Assert.That(() => certifier.Certify([1]), Throws.ArgumentException);
    }
}
