using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet.Tests;

/// <summary>Which side of the calibration values is unusual, and whose values they are, through the estimator, views and zips.</summary>
internal sealed class CalibrationChoiceLaws
{
    private static readonly MLContext Ml = new(1);

    private sealed class Row
    {
        [VectorType(3)]
        public float[] Estimate { get; set; } = [];

        [VectorType(3)]
        public double[] Truth { get; set; } = [];

        [VectorType(3)]
        public float[] Measured { get; set; } = [];

        public double TruthValue { get; set; }

        public string Kind { get; set; } = "";
    }

    /// <summary>Rows without their truths, as they are judged.</summary>
    private sealed class NewRow
    {
        [VectorType(3)]
        public float[] Estimate { get; set; } = [];

        [VectorType(3)]
        public float[] Measured { get; set; } = [];

        public string Kind { get; set; } = "";
    }

    private static Row[] Rows(int seed, int count)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, count).Select(i =>
            {
                double[] truth = [.. Enumerable.Range(0, 3).Select(_ => 1 + random.NextDouble())];
                var shrunk = 0.5 + (0.3 * random.NextDouble());
                return new Row
                {
                    Truth = truth, Estimate = [.. truth.Select(v => (float)(shrunk * v))], Measured = [.. truth.Select(v => (float)(v * (1 + (0.01 * random.NextDouble()))))],
                    TruthValue = truth.Sum(), Kind = i % 2 == 0 ? "a" : "b",
                };
            }),
        ];
    }

    private static IDataView New(Row[] rows, Func<Row, float[]>? estimate = null) =>
        Ml.Data.LoadFromEnumerable(rows.Select(r => new NewRow { Estimate = estimate?.Invoke(r) ?? r.Estimate, Measured = r.Measured, Kind = r.Kind }));

    private static CertifiedProperty[] Properties(CalibrationSource source) =>
    [
        CertifiedProperty.Of("Size", PropertyFunction.L1Norm(), "Estimate") with { CalibrateOn = source, TruthColumnName = source == CalibrationSource.Inferences ? null : "Truth" },
        CertifiedProperty.Of("Fidelity", PropertyFunction.RelativeError(), "Estimate", "Measured") with { CalibrateOn = source, TruthColumnName = source == CalibrationSource.Inferences ? null : "Truth" },
    ];

    private static ITransformer Reload(ITransformer model, IDataView rows)
    {
        using var stream = new MemoryStream();
        Ml.Model.Save(model, rows.Schema, stream);
        return new MLContext().Model.Load(new MemoryStream(stream.ToArray()), out _);
    }

    private static double FailRate(IDataView judged, string name) => judged.GetColumn<string>(name + ".Label").Average(label => label == "Fail" ? 1.0 : 0);

    [Test]
    public void Truths_calibrate_where_asked_and_are_not_needed_to_judge([Values] CalibrationSource source, [Values] bool grouped, [Values] bool sketched)
    {
        var options = new CertifierOptions { Properties = Properties(source), GroupColumnName = grouped ? "Kind" : null, SketchError = sketched ? 0.004 : null };
        var calibration = Ml.Data.LoadFromEnumerable(Rows(1, 400));
        var model = Ml.L2O().Certify(options).Fit(calibration);
        var size = model.Certifier.Properties[0];
        Assert.That((size.Source, size.Sides, size.Truths is null), Is.EqualTo((source, Sides.TwoSided, source == CalibrationSource.Inferences)));
        Assert.That(model.Certifier.Properties[1].Sides, Is.EqualTo(Sides.Upper));
        var rows = Rows(2, 600);
        foreach (var transformer in (ITransformer[])[model, Reload(model, New(rows))])
        {
            var (inferences, truths) = (transformer.Transform(New(rows)), transformer.Transform(New(rows, r => [.. r.Truth.Select(v => (float)v)])));
            foreach (var (view, of) in new[] { (inferences, "inferences"), (truths, "truths") })
            {
                var (sizes, fidelities) = (view.GetColumn<double>("Size.Value").ToArray(), view.GetColumn<double>("Fidelity.Value").ToArray());
                var p = view.GetColumn<double>("Size.PValue").ToArray();
                for (var i = 0; i < rows.Length; i += 37)
                    Assert.That(p[i], Is.EqualTo(model.Certifier.Certify([sizes[i], fidelities[i]], rows[i].Kind).Certificates[0].PValue));
            }

            foreach (var name in new[] { "Size", "Fidelity" })
            {
                if (source != CalibrationSource.Truths)
                    Assert.That(FailRate(inferences, name), Is.LessThan(0.08));
                if (source != CalibrationSource.Inferences)
                    Assert.That(FailRate(truths, name), Is.LessThan(0.08));
            }

            // Truths measured by likeness to inferences, and the other way round.
            Assert.That(FailRate(truths, "Size"), source == CalibrationSource.Inferences ? Is.GreaterThan(0.5) : Is.LessThan(0.08));
            Assert.That(FailRate(inferences, "Fidelity"), source == CalibrationSource.Truths ? Is.EqualTo(1) : Is.LessThan(0.08));
        }
    }

    [Test]
    public void A_column_of_property_values_has_a_column_of_the_truths_values_beside_it()
    {
        var property = new CertifiedProperty("Value", "TruthValue") { CalibrateOn = CalibrationSource.Truths, TruthColumnName = "Double" };
        var rows = Ml.Transforms.Expression("Double", "x => 2 * x", "TruthValue").Fit(Ml.Data.LoadFromEnumerable(Rows(1, 100))).Transform(Ml.Data.LoadFromEnumerable(Rows(1, 100)));
        var model = Ml.L2O().Certify(property).Fit(rows);
        Assert.That(model.Certifier.Properties[0].FailThreshold, Is.EqualTo(2 * Ml.L2O().Certify(new CertifiedProperty("Value", "TruthValue")).Fit(rows).Certifier.Properties[0].FailThreshold).Within(1e-6));
    }

    [Test]
    public void A_dead_input_fails_where_no_real_row_is_empty()
    {
        var model = Ml.L2O().Certify(Properties(CalibrationSource.Inferences)[0]).Fit(Ml.Data.LoadFromEnumerable(Rows(1, 100)));
        var judged = model.Transform(New(Rows(2, 5), _ => new float[3]));
        Assert.That(judged.GetColumn<bool>("Trustworthy"), Is.All.False);
        Assert.That(judged.GetColumn<string>("Explanation"), Is.All.Contains("unusually small"));
        var upper = Ml.L2O().Certify(Properties(CalibrationSource.Inferences)[0] with { Sides = Sides.Upper }).Fit(Ml.Data.LoadFromEnumerable(Rows(1, 100)));
        Assert.That(upper.Transform(New(Rows(2, 5), _ => new float[3])).GetColumn<bool>("Trustworthy"), Is.All.True);
    }

    [Test]
    public void All_zero_measurements_fail_the_sparsity_of_a_solved_model()
    {
        var rows = Fixture.Rows(3, 10);
        foreach (var row in rows)
            row.Measurements = new float[Fixture.M];
        var sparsity = Fixture.Model.LastTransformer.Certifier.Properties[0];
        Assert.That(sparsity.Sides, Is.EqualTo(Sides.TwoSided));
        Assert.That(Fixture.Model.LastTransformer.Certifier.Properties[1].Sides, Is.EqualTo(Sides.Upper));
        foreach (var read in Fixture.Read(Fixture.Model.Transform(Ml.Data.LoadFromEnumerable(rows))))
        {
            Assert.That(read.Trustworthy, Is.False);
            Assert.That(read.FailedParts, Does.Contain("Sparsity"));
        }
    }

    /// <summary>The model's answer to c·d is c times that to d, so its certificates must not depend on c.</summary>
    [Test]
    public void A_bad_row_stays_bad_however_weak_it_is()
    {
        var random = new Random(5);
        float[] Noise(float scale) => [.. Enumerable.Range(0, Fixture.M).Select(_ => scale * (float)((2 * random.NextDouble()) - 1))];
        Fixture.Row[] Bad(float scale)
        {
            random = new Random(5);
            return [.. Enumerable.Range(0, 20).Select(_ => new Fixture.Row { Measurements = Noise(scale) })];
        }

        var expected = Fixture.Read(Fixture.Model.Transform(Ml.Data.LoadFromEnumerable(Bad(1))));
        Assert.That(expected.Count(r => r.Label == "Fail"), Is.GreaterThan(10));
        foreach (var scale in new[] { 1e-3f, 0.1f, 100 })
        {
            var read = Fixture.Read(Fixture.Model.Transform(Ml.Data.LoadFromEnumerable(Bad(scale))));
            Assert.That(read.Select(r => r.Sparsity), Is.EqualTo(expected.Select(r => r.Sparsity)).Within(1).Percent, $"× {scale}");
            Assert.That(read.Count(r => r.Label == "Fail"), Is.EqualTo(expected.Count(r => r.Label == "Fail")).Within(1), $"× {scale}");
        }
    }

    [Test]
    public void Two_sides_ask_for_more_rows_per_group()
    {
        var rows = Ml.Data.LoadFromEnumerable(Rows(1, 60));
        CertifierOptions Options(Sides sides) => new() { Properties = [Properties(CalibrationSource.Inferences)[0] with { Sides = sides }], GroupColumnName = "Kind" };
        Assert.That(Ml.L2O().Certify(Options(Sides.Upper)).Fit(rows).Certifier.Groups, Has.Count.EqualTo(2));
        Assert.That(Ml.L2O().Certify(Options(Sides.TwoSided)).Fit(rows).Certifier.Groups, Is.Empty);
    }

    [Test]
    public void Choices_that_contradict_each_other_are_refused()
    {
        var property = Properties(CalibrationSource.Both)[0];
        Assert.That(() => Ml.L2O().Certify(property with { TruthColumnName = null }), Throws.ArgumentException.With.Message.Contains("'Size' is calibrated on Both; name the column of truths"));
        Assert.That(() => Ml.L2O().Certify(property with { CalibrateOn = CalibrationSource.Inferences }), Throws.ArgumentException.With.Message.Contains("has no effect"));
        Assert.That(() => Ml.L2O().Certify(property with { Limits = new ValueLimits { FailAbove = 1 } }), Throws.ArgumentException.With.Message.Contains("Limits"));
        Assert.That(() => Ml.L2O().Certify(property with { Sides = (Sides)7 }), Throws.ArgumentException.With.Message.Contains("Sides = 7"));
        Assert.That(() => Ml.L2O().Certify(property).Fit(New(Rows(1, 60))), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("no column 'Truth'"));
        Assert.That(() => Ml.L2O().Certify(property with { TruthColumnName = "Kind" }).Fit(Ml.Data.LoadFromEnumerable(Rows(1, 60))), Throws.InvalidOperationException.With.Message.Contains("'Kind'"));
        var rows = Rows(1, 60);
        rows[7].Truth = [double.NaN, 1, 1];
        Assert.That(() => Ml.L2O().Certify(property).Fit(Ml.Data.LoadFromEnumerable(rows)), Throws.InvalidOperationException.With.Message.Contains("column 'Truth'").And.Message.Contains("1 of 60"));
    }

    private sealed class OldRow
    {
        [VectorType(3)]
        public float[] X { get; set; } = [];

        public bool Flag { get; set; }
    }

    /// <summary>Written by format 2: ‖x‖₁ of 40 rows, and a Boolean column that is false in 10 of them, both calibrated.</summary>
    private const string FormatTwo =
        "UEsDBBQAAAAIAI8we12l77AQLwAAAC8AAAAYAAAAVHJhaW5pbmdJbmZvL1ZlcnNpb24udHh0BcHBDQAgCASwv6uYmDsBlXGUwP4j2NrAYL9aW5CBcGLFDM/yZF1RkLKVtHp+2gdQSwME" +
        "FAAAAAgAjzB7XUQZuTexAgAAEAcAABoAAABUcmFuc2Zvcm1lckNoYWluL01vZGVsLmtleeXTMW8TMRQA4EdRoRNiYGBBsiyGDqcojdoKThRa0qTQ3iWhiUpF1cG5OK0Vnx3Zd4UoCkId" +
        "GCmCjQGG/gJ2GBC/g40ViZER+e6F0iIEQ8WCddF3z3725fl8YQBhfbkSTMAZcD93ubY/CX/VNoNSHcrrrfH8TSaCUr3MTSK6gps/zp86n3sR3T+X+xT+TXs8mdfgyn49OaT1fiK0stQf" +
        "0obRfVcHt9TfGtIaizn1abPPjBXJgHq0rGUaK+zfpB5tackNUxGnftGjTR5p1fk5SaVSejQQsUjsOGpoKaLBOCqz1LrVmCJCdbnhKuJEcmuJdc/lJNlliiS7OrvlJNYdLklP6YfWJzYx" +
        "aZSkJh9KDFO2q01MOppbonRC+KO+ZEJ5RBuitHBrsB5XpKsNsWJHMUlH3lGlWu7xzsk6q5LtnGapLhhtHw0OaYNZ2zC6zdpCuo32i4Xrcx69z4wSauf4iEerTMgT2cW5kVteirZh7m1m" +
        "eataqMQtv57K/E9XWSzkIOB7XP6YtWJ02v+1jlAoEadxg5ssYdydBVUmZZtFvXwjejyJdivGaIOlebSaqggP1daQrgnVoT4NZmraxNSjtTRuc+MO3MijS8awgcvbHnlu9jY+I++acN/L" +
        "HpMpt6R4tjs/6w7t9PHzvIifE3oZJehVdBr10CJaQmfRefQa6qM30JvoIrqE3kbL6DJaQavoCnoHvYuuomtogIZoDa2jjdwnKNzDGIV1jFFoYoxCa3G8sTO/2dj/rH29dVq+Ozx480V9" +
        "CD8dvr/w7IC++Pjt+caDl5/fXpm6JJNR89UmMBAQQAnqUIAQAqgBhwQ8ILABHAxYEKBBwQIUoQAzUMgsZhllSEFCAikY4LAACjikkIABBjLLaEAKbZAgIII14DCAFmjoAc9WVNl8CUFl" +
        "uR5CEH4HUEsDBBQAAAAIAI8we13ZfnqRTQAAAFUBAAAGAAAAU2NoZW1hc/b1YXAJc2JgY2AEQxgNQiDgC6VhgIlheAHGCPYwp9K0tNQiAbbgzLz0nFSwz5lBUuBwQAYsbjmJ6exO+fk5" +
        "qYl5WOQZnMJcGHx8nQFQSwECFAMUAAAACACPMHtdpe+wEC8AAAAvAAAAGAAAAAAAAAAAAAAApIEAAAAAVHJhaW5pbmdJbmZvL1ZlcnNpb24udHh0UEsBAhQDFAAAAAgAjzB7XUQZuTex" +
        "AgAAEAcAABoAAAAAAAAAAAAAAKSBZQAAAFRyYW5zZm9ybWVyQ2hhaW4vTW9kZWwua2V5UEsBAhQDFAAAAAgAjzB7Xdl+epFNAAAAVQEAAAYAAAAAAAAAAAAAAKSBTgMAAFNjaGVtYVBL" +
        "BQYAAAAAAwADAMIAAAC/AwAAAAA=";

    [Test]
    public void A_zip_of_the_format_before_sides_loads_and_judges_as_it_did()
    {
        var model = new MLContext().Model.Load(new MemoryStream(Convert.FromBase64String(FormatTwo)), out _);
        var judged = model.Transform(Ml.Data.LoadFromEnumerable(new[] { new OldRow { X = [0, 0, 0] }, new OldRow { X = [100, 0, 0], Flag = true } }));
        Assert.That(judged.GetColumn<double>("Sparsity.PValue").Select(p => p.ToString("0.####", CultureInfo.InvariantCulture)), Is.EqualTo(new[] { "1", "0.0244" }));
        Assert.That(judged.GetColumn<string>("Sparsity.Label"), Is.EqualTo(new[] { "Pass", "Fail" }));
        Assert.That(judged.GetColumn<string>("Solved.Label"), Is.EqualTo(new[] { "Pass", "Pass" }));
    }

    /// <summary>Asked for one after the other, 19 rows lead to 39, and these under a joint rule to 79.</summary>
    [TestCase(JointRule.AllPass, 39)]
    [TestCase(JointRule.Holm, 79)]
    [TestCase(JointRule.Bonferroni, 79)]
    public void The_rows_that_are_asked_for_at_first_are_enough(JointRule rule, int enough)
    {
        var ml = new MLContext(1);
        var options = new CertifierOptions
        {
            Properties =
            [
                CertifiedProperty.Of("Small", PropertyFunction.DistanceTo(TargetSet.Ball(0)), "Signal"),
                CertifiedProperty.Of("Usual", PropertyFunction.L1Norm(), "Signal"),
                new CertifiedProperty("Number", "Id") { Limits = new ValueLimits { FailAbove = 1e6 } },
            ],
            Joint = new JointPolicy { Rule = rule, FamilyLevel = 0.05 },
        };
        foreach (var rows in (int[])[5, 19, enough - 1])
            Assert.That(() => ml.L2O().Certify(options).Fit(ml.Data.LoadFromEnumerable(Fixture.Rows(1, rows))), Throws.InvalidOperationException.With.Message.Contains($"there are {rows}").And.Message.Contains($"Calibrate on at least {enough} rows"));
        Assert.That(() => ml.L2O().Certify(options).Fit(ml.Data.LoadFromEnumerable(Fixture.Rows(1, enough))), Throws.Nothing);
    }
}
