using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet.Tests;

/// <summary>Certified functions of columns, limits, groups, sketches and joint verdicts through the estimator, in views and zips.</summary>
internal sealed class CertificationLaws
{
    private static readonly MLContext Ml = new(1);

    /// <summary>An own function: the largest entry in magnitude times a weight.</summary>
    private sealed class Largest(double weight) : PropertyFunction
    {
        public override FunctionDescription Describe() => new("XaiL2O.Tests.Largest") { Numbers = { ["weight"] = weight } };

        public override double Evaluate(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
        {
            var largest = 0.0;
            foreach (var value in first)
                largest = double.IsNaN(value) ? double.NaN : Math.Max(largest, Math.Abs(value));
            return weight * largest;
        }
    }

    static CertificationLaws()
    {
        PropertyRegistry.Register("XaiL2O.Tests.Largest", d => new Largest(d.Numbers["weight"]));
        PropertyRegistry.RegisterMap("XaiL2O.Tests.Zero", (_, result) => result.Clear());
    }

    private sealed class Row
    {
        [VectorType(3)]
        public float[] X { get; set; } = [];

        [VectorType(3)]
        public double[] Y { get; set; } = [];

        [VectorType(3)]
        public float[] Scores { get; set; } = [];

        public float Number { get; set; }

        public string Kind { get; set; } = "";

        public bool Flag { get; set; }
    }

    private sealed class Judged
    {
        public bool Trustworthy { get; set; }

        public double JointPValue { get; set; }

        public string FailedParts { get; set; } = "";

        public string WarnedParts { get; set; } = "";

        public string Explanation { get; set; } = "";
    }

    private static Row[] Rows(int seed, int count)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, count).Select(i =>
            {
                var scale = i % 3 == 0 ? 10 : 1;
                float[] x = [.. Enumerable.Range(0, 3).Select(_ => (float)(scale * ((2 * random.NextDouble()) - 1)))];
                double[] e = [.. Enumerable.Range(0, 3).Select(_ => random.NextDouble())];
                return new Row
                {
                    X = x, Y = [.. x.Select(v => v + (0.01 * random.NextDouble()))], Scores = [.. e.Select(v => (float)(v / e.Sum()))],
                    Number = x[0], Kind = i % 3 == 0 ? "large" : i == 1 ? "rare" : "small", Flag = i % 2 == 0,
                };
            }),
        ];
    }

    private static IDataView View(Row[] rows) => Ml.Data.LoadFromEnumerable(rows);

    private static CertifiedProperty[] Properties() =>
    [
        CertifiedProperty.Of("L1", PropertyFunction.L1Norm(), "X"),
        CertifiedProperty.Of("Transformed", PropertyFunction.L1Norm(new DenseMatrix(new float[,] { { 1, 2, 0 }, { 0, -1, 1 } })), "X"),
        CertifiedProperty.Of("Error", PropertyFunction.RelativeError(), "X", "Y"),
        CertifiedProperty.Of("Box", PropertyFunction.DistanceTo(TargetSet.Box(0, 1)), "X"),
        CertifiedProperty.Of("Confidence", PropertyFunction.ShortOfOneHot(), "Scores"),
        CertifiedProperty.Of("Variation", PropertyFunction.TotalVariation(), "Y"),
        CertifiedProperty.Of("Scalar", PropertyFunction.DistanceTo(TargetSet.Box(-1, 1)), "Number"),
        CertifiedProperty.Of("Own", new Largest(2), "X"),
        CertifiedProperty.Of("Proximal", PropertyFunction.ProximalResidual("XaiL2O.Tests.Zero"), "X"),
        CertifiedProperty.Of("Limited", PropertyFunction.L1Norm(), "Number") with { Limits = new ValueLimits { FailAbove = 5, WarnAbove = 3 }, Cause = "a number that is too large" },
        new("Flagged", "Flag"),
    ];

    private static double[] Expected(Row row) =>
    [
        row.X.Sum(v => Math.Abs((double)v)),
        Math.Abs(row.X[0] + (2.0 * row.X[1])) + Math.Abs((double)row.X[2] - row.X[1]),
        Math.Sqrt(row.X.Zip(row.Y, (x, y) => Math.Pow(x - y, 2)).Sum()) / Math.Sqrt(row.Y.Sum(y => y * y)),
        Math.Sqrt(row.X.Sum(v => Math.Pow(v - Math.Clamp((double)v, 0, 1), 2))),
        1 - row.Scores.Max(),
        Math.Abs(row.Y[1] - row.Y[0]) + Math.Abs(row.Y[2] - row.Y[1]),
        Math.Abs(row.Number - Math.Clamp((double)row.Number, -1, 1)),
        2 * row.X.Max(v => Math.Abs((double)v)),
        Math.Sqrt(row.X.Sum(v => (double)v * v)),
        Math.Abs(row.Number),
        row.Flag ? 0 : 1,
    ];

    private static Judged[] Read(IDataView view) => [.. Ml.Data.CreateEnumerable<Judged>(view, reuseRowObject: false)];

    private static byte[] Save(ITransformer model)
    {
        using var stream = new MemoryStream();
        Ml.Model.Save(model, View(Rows(1, 1)).Schema, stream);
        return stream.ToArray();
    }

    private static ITransformer Load(byte[] zip) => new MLContext().Model.Load(new MemoryStream(zip), out _);

    private static IEnumerable<TestCaseData> Settings() =>
    [
        new TestCaseData(new CertifierOptions { Properties = Properties() }).SetArgDisplayNames("all pass"),
        new TestCaseData(new CertifierOptions { Properties = Properties(), Joint = new JointPolicy { Rule = JointRule.Holm, FamilyLevel = 0.1 } }).SetArgDisplayNames("holm"),
        new TestCaseData(new CertifierOptions { Properties = Properties(), Calibration = Calibration.Paper, Policy = new LabelPolicy { PassProbability = 0.8, WarningProbability = 0.1, FailProbability = 0.1 } }).SetArgDisplayNames("paper"),
        new TestCaseData(new CertifierOptions { Properties = Properties(), Policy = new LabelPolicy { Confidence = 0.9 } }).SetArgDisplayNames("confidence"),
        new TestCaseData(new CertifierOptions { Properties = Properties(), GroupColumnName = "Kind", GroupFallback = GroupFallback.Pooled }).SetArgDisplayNames("groups"),
        new TestCaseData(new CertifierOptions { Properties = Properties(), GroupColumnName = "Kind", GroupFallback = GroupFallback.Fail, MinimumPerGroup = 50 }).SetArgDisplayNames("groups, others fail"),
        new TestCaseData(new CertifierOptions { Properties = Properties(), SketchError = 0.01 }).SetArgDisplayNames("sketch"),
    ];

    [TestCaseSource(nameof(Settings))]
    public void Columns_agree_with_the_plain_certifier_and_survive_the_zip(CertifierOptions options)
    {
        var model = Ml.L2O().Certify(options).Fit(View(Rows(2, 300)));
        var rows = Rows(3, 60);
        rows[5].X = [float.NaN, 0, 0];
        foreach (var transformer in (ITransformer[])[model, Load(Save(model))])
        {
            var view = transformer.Transform(View(rows));
            var judged = Read(view);
            var values = options.Properties.Select(p => view.GetColumn<double>(p.Name + ".Value").ToArray()).ToArray();
            var p = options.Properties.Select(q => view.GetColumn<double>(q.Name + ".PValue").ToArray()).ToArray();
            var labels = options.Properties.Select(q => view.GetColumn<string>(q.Name + ".Label").ToArray()).ToArray();
            for (var r = 0; r < rows.Length; r++)
            {
                double[] row = [.. values.Select(v => v[r])];
                if (r != 5)
                    Assert.That(row, Is.EqualTo(Expected(rows[r])).Within(1e-5));
                var verdict = model.Certifier.Certify(row, rows[r].Kind);
                Assert.That(p.Select(q => q[r]), Is.EqualTo(verdict.Certificates.Select(c => c.PValue)));
                Assert.That(labels.Select(q => q[r]), Is.EqualTo(verdict.Certificates.Select(c => c.Label.ToString())));
                Assert.That(judged[r].Trustworthy, Is.EqualTo(verdict.Trustworthy));
                Assert.That(judged[r].JointPValue, Is.EqualTo(verdict.JointPValue));
                Assert.That(judged[r].FailedParts, Is.EqualTo(string.Join(", ", verdict.FailedParts)));
                Assert.That(judged[r].WarnedParts, Is.EqualTo(string.Join(", ", verdict.WarnedParts)));
                Assert.That(judged[r].Explanation, Is.EqualTo(verdict.Explanation));
            }

            Assert.That(judged[5].FailedParts, Does.Contain("L1, Transformed, Error, Box"));
            Assert.That(judged[5].Explanation, Does.Contain("not a number"));
        }
    }

    [Test]
    public void Groups_with_enough_rows_calibrate_apart()
    {
        var options = new CertifierOptions { Properties = [CertifiedProperty.Of("L1", PropertyFunction.L1Norm(), "X")], GroupColumnName = "Kind" };
        var model = Ml.L2O().Certify(options).Fit(View(Rows(2, 300)));
        Assert.That(model.Certifier.Groups.Keys, Is.EquivalentTo(new[] { "large", "small" }));
        Assert.That(model.Certifier.Groups["large"].Properties[0].FailThreshold, Is.GreaterThan(5 * model.Certifier.Groups["small"].Properties[0].FailThreshold));
        // As a key the group has the same name, whatever its number.
        var keyed = Ml.Transforms.Conversion.MapValueToKey("Kind").Append(Ml.L2O().Certify(options)).Fit(View(Rows(2, 300)));
        Assert.That(keyed.LastTransformer.Certifier.Groups.Keys, Is.EquivalentTo(new[] { "large", "small" }));
        Assert.That(Read(keyed.Transform(View(Rows(4, 50)))).Select(j => j.Explanation), Is.EqualTo(Read(model.Transform(View(Rows(4, 50)))).Select(j => j.Explanation)));
        var byFlag = Ml.L2O().Certify(options with { GroupColumnName = "Flag" }).Fit(View(Rows(2, 300)));
        Assert.That(byFlag.Certifier.Groups.Keys, Is.EquivalentTo(new[] { "True", "False" }));
    }

    [Test]
    public void An_own_function_that_is_not_registered_is_named_with_what_to_do()
    {
        var model = Ml.L2O().Certify(CertifiedProperty.Of("Own", new Renamed(), "X")).Fit(View(Rows(2, 60)));
        Assert.That(() => Load(Save(model)), Throws.Nothing);
        Renamed.Kind = "XaiL2O.Tests.Elsewhere";
        var error = Assert.Catch(() => Load(Save(model)))!.GetBaseException();
        Assert.That(error, Is.InstanceOf<InvalidOperationException>());
        Assert.That(error.Message, Does.Contain("'XaiL2O.Tests.Elsewhere' is not registered in this process").And.Contain("before the model is loaded"));
        Assert.That(() => Ml.L2O().Certify(CertifiedProperty.Of("Own", new Unregistered(), "X")), Throws.ArgumentException.With.Message.Contains("XaiL2O.Tests.Unregistered").And.Message.Contains("not registered"));
    }

    private sealed class Renamed : PropertyFunction
    {
        public Renamed() => PropertyRegistry.Register(Kind, _ => new Renamed());

        public static string Kind { get; set; } = "XaiL2O.Tests.Renamed";

        public override FunctionDescription Describe() => new(Kind);

        public override double Evaluate(ReadOnlySpan<double> first, ReadOnlySpan<double> second) => first.Length;
    }

    private sealed class Unregistered : PropertyFunction
    {
        public override FunctionDescription Describe() => new("XaiL2O.Tests.Unregistered");

        public override double Evaluate(ReadOnlySpan<double> first, ReadOnlySpan<double> second) => 0;
    }

    [Test]
    public void Causes_come_from_the_option_the_function_or_the_terms_of_the_model()
    {
        var parts = Fixture.Model.LastTransformer.Certifier.Properties;
        Assert.That(parts[0].Cause, Does.Contain("transform does not make sparse"));
        Assert.That(parts[1].Cause, Does.Contain("does not explain its measurements"));
        Assert.That(parts[2].Cause, Does.Contain("iteration limit"));
        var model = Ml.L2O().Certify(Properties()).Fit(View(Rows(2, 60)));
        Assert.That(model.Certifier.Properties[4].Cause, Does.Contain("classifier spreads its probability"));
        Assert.That(model.Certifier.Properties[9].Cause, Is.EqualTo("a number that is too large"));
    }

    [Test]
    public void Wrong_columns_and_options_are_refused_with_what_to_do()
    {
        var rows = View(Rows(1, 60));
        CertifierEstimator Certify(params CertifiedProperty[] properties) => Ml.L2O().Certify(properties);
        Assert.That(() => Certify(CertifiedProperty.Of("A", PropertyFunction.L1Norm(), "Kind")).Fit(rows), Throws.InvalidOperationException.With.Message.Contains("'Kind'").And.Message.Contains("vector of numbers"));
        Assert.That(() => Certify(CertifiedProperty.Of("A", PropertyFunction.DistanceTo(TargetSet.Box([0, 0], [1, 1])), "X")).Fit(rows), Throws.InvalidOperationException.With.Message.Contains("a vector of 2"));
        Assert.That(() => Certify(CertifiedProperty.Of("A", PropertyFunction.L1Norm(), "Nosuch")).Fit(rows), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("no column 'Nosuch'"));
        Assert.That(() => Certify(CertifiedProperty.Of("A", PropertyFunction.RelativeError(), "X")), Throws.ArgumentException.With.Message.Contains("takes 2 columns; got 1"));
        Assert.That(() => Certify(CertifiedProperty.Of("A", PropertyFunction.L1Norm(), "X", "Y")), Throws.ArgumentException.With.Message.Contains("takes 1 columns; got 2"));
        Assert.That(() => Certify(new CertifiedProperty("A", "X") { SecondColumnName = "Y" }), Throws.ArgumentException.With.Message.Contains("no Function"));
        var one = new CertifierOptions { Properties = [CertifiedProperty.Of("A", PropertyFunction.L1Norm(), "Number") with { Sides = Sides.Upper }] };
        Assert.That(() => Ml.L2O().Certify(one with { SketchError = 2 }), Throws.ArgumentException.With.Message.Contains("SketchError = 2"));
        Assert.That(() => Ml.L2O().Certify(one with { MinimumPerGroup = 0 }), Throws.ArgumentException.With.Message.Contains("MinimumPerGroup = 0"));
        Assert.That(() => Ml.L2O().Certify(one with { GroupColumnName = "X" }).Fit(rows), Throws.InvalidOperationException.With.Message.Contains("text, key"));
        Assert.That(() => Ml.L2O().Certify(one with { GroupColumnName = "Kind", MinimumPerGroup = 5 }).Fit(View(Rows(1, 31))), Throws.InvalidOperationException.With.Message.Contains("group 'large'").And.Message.Contains("at least 19"));
        Assert.That(() => Ml.L2O().Certify(one with { Joint = new JointPolicy { Rule = JointRule.Holm }, Calibration = Calibration.Paper }).Fit(rows), Throws.ArgumentException.With.Message.Contains("Paper"));
        var odd = Rows(1, 60);
        odd[3].X = [float.NaN, 0, 0];
        Assert.That(() => Certify(CertifiedProperty.Of("A", PropertyFunction.L1Norm(), "X")).Fit(View(odd)), Throws.InvalidOperationException.With.Message.Contains("1 of 60 values are NaN"));
    }

    [Test]
    public void Schema_promised_is_schema_produced()
    {
        var rows = View(Rows(2, 60));
        var estimator = Ml.L2O().Certify(Properties());
        var shape = Shapes.Of(rows.Schema);
        Assert.That(estimator.GetOutputSchema(shape).Select(c => c.Name), Is.EquivalentTo(estimator.Fit(rows).GetOutputSchema(rows.Schema).Select(c => c.Name)));
    }

    [Test]
    public void Judging_allocates_nothing_per_row()
    {
        // Few properties, so that each combination of failed parts, whose text is made once, comes up early.
        var options = new CertifierOptions { Properties = [.. Properties().Take(3)], Joint = new JointPolicy { Rule = JointRule.Holm, FamilyLevel = 0.2 }, GroupColumnName = "Kind" };
        var model = Ml.L2O().Certify(options).Fit(View(Rows(2, 600)));
        long Allocated(IDataView view, params string[] outputs)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            string[] columns = ["X", "Y", "Scores", "Number", "Kind", "Flag", .. outputs];
            using var cursor = view.GetRowCursor(columns.Select(c => view.Schema[c]));
            var floats = new[] { "X", "Scores" }.Select(c => cursor.GetGetter<VBuffer<float>>(view.Schema[c])).ToArray();
            var doubles = cursor.GetGetter<VBuffer<double>>(view.Schema["Y"]);
            var kind = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Kind"]);
            var texts = outputs.Where(o => o != "JointPValue").Select(o => cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema[o])).ToArray();
            var (x, y, text) = (default(VBuffer<float>), default(VBuffer<double>), default(ReadOnlyMemory<char>));
            while (cursor.MoveNext())
            {
                foreach (var getter in floats)
                    getter(ref x);
                doubles(ref y);
                kind(ref text);
                foreach (var getter in texts)
                    getter(ref text);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        long Pass(int rows) => Allocated(model.Transform(View(Rows(5, rows))), "L1.Label", "FailedParts", "WarnedParts", "JointPValue") - Allocated(View(Rows(5, rows)));
        Pass(100);
        // What a cursor allocates once is the same for both.
        Assert.That((Pass(22_000) - Pass(2_000)) / 20_000.0, Is.LessThan(1));
    }

    [Test]
    public void A_report_of_judged_rows_counts_them_and_a_drift_monitor_reads_them()
    {
        var model = Ml.L2O().Certify(new CertifierOptions { Properties = Properties(), GroupColumnName = "Kind" }).Fit(View(Rows(2, 300)));
        var judged = model.Transform(View(Rows(3, 90)));
        var report = Ml.L2O().Report(model, judged, new ReportOptions { Title = "T", SetColumnName = "Flag", RowNameColumnName = "Kind" });
        var read = Read(judged);
        Assert.That(report.Overall.Fail, Is.EqualTo(read.Count(r => !r.Trustworthy)));
        Assert.That(report.Sets.Values.Sum(s => s.Rows), Is.EqualTo(90));
        Assert.That(report.Groups["large"].Rows, Is.EqualTo(30));
        Assert.That(report.Properties[2].Description, Is.EqualTo("relative error ‖Ax − d‖/‖d‖ of X and Y"));
        Assert.That(() => Ml.L2O().Report(Ml.Transforms.CopyColumns("Z", "X").Fit(judged), judged), Throws.ArgumentException.With.Message.Contains("no certifier"));
        var states = Ml.L2O().ObserveDrift(new DriftMonitor(model.Certifier), judged);
        Assert.That(states, Has.Count.EqualTo(90));
        Assert.That(states[^1].Rows, Is.EqualTo(90));
        Assert.That(states[^1].Alarm, Is.False);
    }
}
