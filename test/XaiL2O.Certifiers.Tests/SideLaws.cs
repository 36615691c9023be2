using CsCheck;

namespace XaiL2O.Certifiers.Tests;

/// <summary>Two-sided certificates, and calibration on truths or on both: against the definitions, exactly over all ranks, and by simulation.</summary>
internal sealed class SideLaws
{
    private static readonly LabelPolicy Policy = new() { PassProbability = 0.7, WarningProbability = 0.1, FailProbability = 0.2 };

    // Small integers give many ties.
    private static readonly Gen<double[]> Values = Gen.Int[0, 6].Select(i => (double)i).Array[10, 40];

    private static PropertyCertifier Create(
        double[] values, Sides sides = Sides.TwoSided, double tolerance = 0, double[]? truths = null, CalibrationSource source = CalibrationSource.Both, Calibration calibration = Calibration.Conformal, LabelPolicy? policy = null) =>
        new("P", new EmpiricalDistribution(values), policy ?? Policy, calibration, tolerance, sides, truths is null ? CalibrationSource.Inferences : source, truths is null ? null : new EmpiricalDistribution(truths));

    private static double Naive(double[] values, double x, double tolerance, bool upper)
    {
        double Effective(double v) => Math.Max(v, tolerance);
        return (1.0 + values.Count(v => upper ? Effective(v) >= Effective(x) : Effective(v) <= Effective(x))) / (values.Length + 1);
    }

    [Test]
    public void Two_sided_labels_agree_with_the_definition([Values(0, 2.5)] double tolerance) => Values.Select(Gen.Double[0, 8]).Sample((values, x) =>
    {
        foreach (var at in values.Append(x))
        {
            var certificate = Create(values, tolerance: tolerance).Certify(at);
            var p = Math.Min(1, 2 * Math.Min(Naive(values, at, tolerance, true), Naive(values, at, tolerance, false)));
            Assert.That(certificate.PValue, Is.EqualTo(p).Within(1e-15));
            if (Math.Abs(p - 0.2) > 1e-9 && Math.Abs(p - 0.3) > 1e-9)
                Assert.That(certificate.Label, Is.EqualTo(p <= 0.2 ? CertificateLabel.Fail : p <= 0.3 ? CertificateLabel.Warning : CertificateLabel.Pass));
        }
    });

    [Test]
    public void Two_sided_paper_labels_agree_with_the_definition() => Values.Select(Gen.Double[0, 8]).Sample((values, x) =>
    {
        var (below, above) = (values.Count(v => v < x) / (double)values.Length, values.Count(v => v > x) / (double)values.Length);
        var share = Math.Max(below, above);
        var expected = share == 0 || share < 0.85 ? CertificateLabel.Pass : share >= 0.9 ? CertificateLabel.Fail : CertificateLabel.Warning;
        if (Math.Abs(share - 0.85) > 1e-9 && Math.Abs(share - 0.9) > 1e-9)
            Assert.That(Create(values, calibration: Calibration.Paper).Certify(x).Label, Is.EqualTo(expected));
    });

    [Test]
    public void The_thresholds_are_the_first_and_the_last_value_that_do_not_fail([Values] Calibration calibration, [Values] bool withTruths) => Values.Select(Values).Sample((values, truths) =>
    {
        if (values.Length < 19 || truths.Length < 19)
            return;
        // From 1 on, so that 0 is smaller than all.
        (values, truths) = ([.. values.Select(v => v + 1)], [.. truths.Select(v => v + 1)]);
        var certifier = Create(values, calibration: calibration, truths: withTruths ? truths : null);
        foreach (var (threshold, next) in new[] { (certifier.FailThreshold, Math.BitIncrement(certifier.FailThreshold)), (certifier.LowerFailThreshold, Math.BitDecrement(certifier.LowerFailThreshold)) })
        {
            if (double.IsInfinity(threshold))
                continue;
            Assert.That(certifier.Certify(threshold).Label, Is.Not.EqualTo(CertificateLabel.Fail));
            Assert.That(certifier.Certify(next).Label, Is.EqualTo(CertificateLabel.Fail));
        }

        Assert.That(certifier.Certify(0).Label == CertificateLabel.Fail, Is.EqualTo(double.IsFinite(certifier.LowerFailThreshold)));
        Assert.That(certifier.LowerWarnThreshold, Is.GreaterThanOrEqualTo(certifier.LowerFailThreshold));
    });

    [Test]
    public void Two_sided_p_values_are_super_uniform_over_every_rank()
    {
        // Exchangeability makes each of N + 1 ranks equally likely, ties or not.
        double[] pool = [1, 1, 2, 3, 3, 3, 4, 5, 8, 9, 9, 10];
        double[] p = [.. pool.Select((x, i) => Create([.. pool.Where((_, j) => j != i)]).Certify(x).PValue)];
        foreach (var level in p.Append(0.5))
            Assert.That(p.Count(v => v <= level) / (double)p.Length, Is.LessThanOrEqualTo(level + 1e-12));
    }

    [Test]
    public void Measured_rates_of_two_sided_false_fails_are_at_most_nominal_on_each_side([Values] bool sketched)
    {
        var random = new Random(7);
        var (low, high, repetitions) = (0, 0, 10_000);
        for (var r = 0; r < repetitions; r++)
        {
            double[] values = [.. Enumerable.Range(0, 60).Select(_ => random.NextDouble())];
            var sketch = new QuantileSketch(0.02);
            foreach (var value in values)
                sketch.Add(value);
            var certifier = new PropertyCertifier("P", sketched ? sketch.ToDistribution() : new EmpiricalDistribution(values), Policy, Calibration.Conformal, sides: Sides.TwoSided);
            var certificate = certifier.Certify(random.NextDouble());
            low += certificate.Label == CertificateLabel.Fail && certificate.Value < certificate.LowerFailLimit ? 1 : 0;
            high += certificate.Label == CertificateLabel.Fail && certificate.Value > certificate.FailLimit ? 1 : 0;
        }

        // Exactly 6/61 on each side without a sketch; four standard errors of the simulation beside it.
        var slack = 4 * Math.Sqrt(0.1 * 0.9 / repetitions);
        Assert.That(low / (double)repetitions, Is.LessThan(0.1 + slack).And.GreaterThan(0.07));
        Assert.That(high / (double)repetitions, Is.LessThan(0.1 + slack).And.GreaterThan(0.07));
    }

    [Test]
    public void Values_equal_to_all_calibration_values_pass_and_what_is_below_or_above_them_fails([Values] Calibration calibration)
    {
        var certifier = Create([.. Enumerable.Repeat(3.0, 50)], calibration: calibration);
        Assert.That(new[] { 3, 2.9, 0, 3.1 }.Select(v => certifier.Certify(v).Label), Is.EqualTo(new[] { CertificateLabel.Pass, CertificateLabel.Fail, CertificateLabel.Fail, CertificateLabel.Fail }));
        Assert.That(Create([.. new double[50]], calibration: calibration).Certify(0).Label, Is.EqualTo(CertificateLabel.Pass));
        // Values within the tolerance are the same to it, on both sides.
        var tolerant = Create([.. Enumerable.Range(1, 50).Select(i => i * 1e-9)], calibration: calibration, tolerance: 1e-2);
        Assert.That(tolerant.Certify(0).Label, Is.EqualTo(CertificateLabel.Pass));
        Assert.That(tolerant.LowerFailThreshold, Is.EqualTo(double.NegativeInfinity));
    }

    [Test]
    public void Upper_sides_let_small_values_pass_and_two_sides_say_which_one_failed()
    {
        double[] values = [.. Enumerable.Range(1, 100).Select(i => (double)i)];
        Assert.That(Create(values, Sides.Upper).Certify(0).Label, Is.EqualTo(CertificateLabel.Pass));
        var certifier = new Certifier([Create(values)]);
        Assert.That(certifier.Certify([0]).Explanation, Is.EqualTo("P failed: its value 0 is unusually small: below the calibrated limit 10 and smaller than all 100 calibration values (p = 0.0198). Usual cause: something is missing: a dead or muted input, or an inference that has lost its structure."));
        Assert.That(certifier.Certify([1000]).Explanation, Does.Contain("above the calibrated limit 91 and larger than all 100"));
        Assert.That(certifier.Certify([12]).Explanation, Does.Contain("warns").And.Contain("unusually small: below the calibrated limit"));
        Assert.That(certifier.Certify([50]).Explanation, Is.Empty);
    }

    [Test]
    public void Numbers_that_are_not_finite_fail_on_both_sides([Values(double.NaN, double.PositiveInfinity, double.NegativeInfinity)] double value, [Values] Calibration calibration, [Values] Sides sides)
    {
        double[] values = [.. Enumerable.Range(0, 50).Select(i => (double)i)];
        Assert.That(Create(values, sides, calibration: calibration).Certify(value).Label, Is.EqualTo(CertificateLabel.Fail));
        Assert.That(Create(values, sides, calibration: calibration, truths: values).Certify(value).Label, Is.EqualTo(CertificateLabel.Fail));
    }

    [Test]
    public void Calibrated_on_both_p_is_the_larger_of_the_two_on_each_side([Values] Sides sides) => Values.Select(Values, Gen.Double[0, 8]).Sample((inferences, truths, x) =>
    {
        double Larger(bool upper) => Math.Max(Naive(inferences, x, 0, upper), Naive(truths, x, 0, upper));
        var p = sides == Sides.Upper ? Larger(true) : Math.Min(1, 2 * Math.Min(Larger(true), Larger(false)));
        Assert.That(Create(inferences, sides, truths: truths).Certify(x).PValue, Is.EqualTo(p).Within(1e-15));
        Assert.That(Create(inferences, sides, truths: truths, source: CalibrationSource.Truths).Certify(x), Is.EqualTo(Create(truths, sides).Certify(x)));
    });

    [Test]
    public void Calibrated_on_both_neither_truths_nor_inferences_fail_more_often_than_nominal([Values] Sides sides)
    {
        var random = new Random(8);
        // Inferences are smoother than truths: values about a third smaller, and both vary with the row.
        (double Truth, double Inference) Row()
        {
            var truth = 1 + random.NextDouble();
            return (truth, (0.5 + (0.3 * random.NextDouble())) * truth);
        }

        var (fails, repetitions) = (new int[3, 2], 4000);
        for (var r = 0; r < repetitions; r++)
        {
            var rows = Enumerable.Range(0, 40).Select(_ => Row()).ToArray();
            var row = Row();
            foreach (var source in Enum.GetValues<CalibrationSource>())
            {
                var certifier = Create(
                    [.. rows.Select(t => t.Inference)], sides, truths: source == CalibrationSource.Inferences ? null : [.. rows.Select(t => t.Truth)], source: source, policy: new LabelPolicy { PassProbability = 0.9, FailProbability = 0.1 });
                fails[(int)source, 0] += certifier.Certify(row.Inference).Label == CertificateLabel.Fail ? 1 : 0;
                fails[(int)source, 1] += certifier.Certify(row.Truth).Label == CertificateLabel.Fail ? 1 : 0;
            }
        }

        var nominal = 0.1 + (4 * Math.Sqrt(0.1 * 0.9 / repetitions));
        double Rate(CalibrationSource source, int of) => fails[(int)source, of] / (double)repetitions;
        TestContext.Out.WriteLine(string.Join(", ", Enum.GetValues<CalibrationSource>().Select(s => $"{s}: inferences {Rate(s, 0):P1}, truths {Rate(s, 1):P1}")));
        Assert.That(Rate(CalibrationSource.Inferences, 0), Is.LessThan(nominal));
        Assert.That(Rate(CalibrationSource.Inferences, 1), Is.GreaterThan(0.5), "calibrated on inferences, most truths fail here");
        Assert.That(Rate(CalibrationSource.Truths, 1), Is.LessThan(nominal));
        Assert.That(Rate(CalibrationSource.Both, 0), Is.LessThan(nominal));
        Assert.That(Rate(CalibrationSource.Both, 1), Is.LessThan(nominal));
    }

    [Test]
    public void Explanations_say_whose_values_were_compared()
    {
        double[] values = [.. Enumerable.Range(1, 100).Select(i => (double)i)];
        double[] truths = [.. values.Select(v => 2 * v)];
        Assert.That(new Certifier([Create(values, truths: truths)]).Certify([195]).Explanation, Does.Contain("larger than all 100 calibration values of inferences and 97 % of the 100 calibration values of truths"));
        Assert.That(new Certifier([Create(values, truths: truths, source: CalibrationSource.Truths)]).Certify([1000]).Explanation, Does.Contain("larger than all 100 calibration values of truths"));
    }

    [Test]
    public void Levels_that_two_sides_cannot_support_are_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => Create([.. new double[38]], policy: new LabelPolicy()));
        Assert.That(error!.Message, Does.Contain("'P' has 38 calibration values").And.Contain("2/(N + 1)").And.Contain("at least 39").And.Contain("Sides.Upper"));
        Assert.That(() => Create([.. new double[39]], policy: new LabelPolicy()), Throws.Nothing);
        Assert.That(() => Create([.. new double[39]], truths: [.. new double[20]], policy: new LabelPolicy()), Throws.ArgumentException.With.Message.Contains("has 20 calibration values"));
        Assert.That(() => new Certifier([Create([.. new double[50]])], new JointPolicy { Rule = JointRule.Holm, FamilyLevel = 0.03 }), Throws.ArgumentException.With.Message.Contains("at least 66"));
        var sketch = new QuantileSketch(0.03);
        for (var i = 0; i < 1000; i++)
            sketch.Add(i);
        Assert.That(() => new PropertyCertifier("P", sketch.ToDistribution(), new LabelPolicy(), Calibration.Conformal, sides: Sides.TwoSided), Throws.ArgumentException.With.Message.Contains("rank error 0.03").And.Message.Contains("at most 0.005"));
        Assert.That(() => new PropertyCertifier("P", sketch.ToDistribution(), new LabelPolicy(), Calibration.Conformal), Throws.Nothing);
        Assert.That(() => new PropertyCertifier("P", sketch.ToDistribution(), new LabelPolicy(), Calibration.Conformal, source: CalibrationSource.Truths), Throws.ArgumentException.With.Message.Contains("no values of truths"));
    }

    [Test]
    public void Two_sided_p_values_from_a_sketch_are_never_smaller_than_exact_ones() => Gen.Double[0, 1].Array[100, 400].Select(Gen.Double[-0.2, 1.2]).Sample((values, x) =>
    {
        var sketch = new QuantileSketch(0.02);
        foreach (var value in values)
            sketch.Add(value);
        var exact = Create(values).Certify(x);
        var sketched = new PropertyCertifier("P", sketch.ToDistribution(), Policy, Calibration.Conformal, sides: Sides.TwoSided).Certify(x);
        Assert.That(sketched.PValue, Is.InRange(exact.PValue, exact.PValue + 0.04));
        Assert.That(sketched.Label, Is.LessThanOrEqualTo(exact.Label));
    });
}
