using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet.Tests;

/// <summary>Several certifiers in one chain: a row is to be trusted if all of them say so, whoever asks.</summary>
internal sealed class CertifierChainLaws
{
    private static readonly MLContext Ml = new(1);

    private sealed class Row
    {
        public float Number { get; set; }

        public float Flag { get; set; }

        public string Kind { get; set; } = "";
    }

    private sealed class Output
    {
        public float Number { get; set; }

        public float Flag { get; set; }

        public bool Trustworthy { get; set; }

        public double JointPValue { get; set; }

        public string FailedParts { get; set; } = "";

        public string WarnedParts { get; set; } = "";

        public string Explanation { get; set; } = "";
    }

    /// <summary>Numbers 0 … 39; every tenth flag is 1.</summary>
    private static Row[] Rows => [.. Enumerable.Range(0, 40).Select(i => new Row { Number = i, Flag = i % 10 == 0 ? 1 : 0, Kind = i % 2 == 0 ? "even" : "odd" })];

    private static IDataView View => Ml.Data.LoadFromEnumerable(Rows);

    private static CertifiedProperty Limited(string name, string column, double limit) => new(name, column) { Limits = new ValueLimits { FailAbove = limit } };

    private static EstimatorChain<CertifierTransformer> Two() =>
        Ml.L2O().Certify(Limited("First", "Number", 5)).Append(Ml.L2O().Certify(Limited("Second", "Flag", 0.5)));

    private static CertifierEstimator Prefixed(string prefix, params CertifiedProperty[] properties) => Ml.L2O().Certify(new CertifierOptions { OutputPrefix = prefix, Properties = properties });

    /// <summary>Two certifiers of the same property names.</summary>
    private static EstimatorChain<CertifierTransformer> TwoPrefixed(string first, string second) => Prefixed(first, Limited("Size", "Number", 5)).Append(Prefixed(second, Limited("Size", "Flag", 0.5)));

    private static Output[] Read(IDataView view) => [.. Ml.Data.CreateEnumerable<Output>(view, reuseRowObject: false)];

    private static ITransformer Reload(ITransformer model)
    {
        using var stream = new MemoryStream();
        Ml.Model.Save(model, View.Schema, stream);
        stream.Position = 0;
        return new MLContext().Model.Load(stream, out _);
    }

    [TestCase("A.", "B.")]
    [TestCase("", "B.")]
    [TestCase("A.", "")]
    public void Certifiers_of_different_prefixes_are_judged_together_by_all_that_ask(string first, string second)
    {
        var fitted = TwoPrefixed(first, second).Append(Ml.L2O().RequireTrust(TrustAction.Pass, TrustAction.Drop)).Fit(View);
        foreach (var model in (ITransformer[])[fitted, Reload(fitted)])
            Assert.That(model.Transform(View).GetColumn<float>("Number"), Is.EqualTo(new[] { 1f, 2, 3, 4, 5 }));

        var certified = TwoPrefixed(first, second).Fit(View);
        var judged = certified.Transform(View);
        foreach (var (prefix, trusted) in new[] { (first, 6), (second, 5) })
            Assert.That(judged.GetColumn<bool>(prefix + "Trustworthy").Count(t => t), Is.EqualTo(trusted), "the last speaks for all, the first for itself");
        var (a, b) = (first + "Size", second + "Size");
        foreach (var (row, failed) in Rows.Zip(judged.GetColumn<string>(second + "FailedParts")))
            Assert.That(failed, Is.EqualTo(string.Join(", ", [.. row.Number > 5 ? new[] { a } : [], .. row.Flag > 0.5 ? new[] { b } : []])));
        Assert.That(judged.GetColumn<int[]>(second + "PartLabels").Skip(9).First(), Is.EqualTo(new[] { 6, 0 }), "fails alone, and jointly");
        Assert.That(judged.GetColumn<int[]>(first + "PartLabels").First(), Is.EqualTo(new[] { 0 }));

        var strict = certified.Append(Ml.L2O().RequireTrust(TrustAction.Pass, TrustAction.Throw).Fit(judged));
        var verdict = Assert.Throws<UntrustworthyInferenceException>(() => strict.Transform(Ml.Data.SkipRows(View, 10)).GetColumn<float>("Number").Count())!.Verdict;
        Assert.That((verdict.Certificates.Select(c => (c.Name, c.Label)), verdict.FailedParts), Is.EqualTo((new[] { (a, CertificateLabel.Fail), (b, CertificateLabel.Fail) }, new[] { a, b })));
        using var engine = Ml.L2O().CreateTrustedPredictionEngine<Row, Row>(certified);
        Assert.That(Rows.Count(row => engine.Predict(row).Trustworthy), Is.EqualTo(5));
        var report = Ml.L2O().Report(certified, judged);
        Assert.That((report.Overall.Fail, report.Properties.Select(p => p.Name)), Is.EqualTo((35, new[] { a, b })));
        Assert.That(Constraint.FailRate(1).Measure(judged).Value, Is.EqualTo(35 / 40.0).Within(1e-12));
        Assert.That(Constraint.FailRate(b, 1).Measure(judged).Value, Is.EqualTo(4 / 40.0).Within(1e-12));
    }

    [Test]
    public void Prefixed_certifiers_with_joint_rules_and_warnings_say_what_one_certifier_says()
    {
        CertifiedProperty[] properties = [new("A", "Number") { Policy = new LabelPolicy { PassProbability = 0.7, WarningProbability = 0.2, FailProbability = 0.1 } }, new("B", "Flag"), Limited("C", "Number", 30)];
        var one = Ml.L2O().Certify(properties).Fit(View).Transform(View);
        var three = Prefixed("1.", properties[0]).Append(Prefixed("2.", properties[1])).Append(Prefixed("3.", properties[2])).Fit(View).Transform(View);
        Assert.That(three.GetColumn<double>("3.JointPValue"), Is.EqualTo(one.GetColumn<double>("JointPValue")).Within(1e-12));
        Assert.That(three.GetColumn<bool>("3.Trustworthy"), Is.EqualTo(one.GetColumn<bool>("Trustworthy")));
        Assert.That(three.GetColumn<int[]>("3.PartLabels"), Is.EqualTo(one.GetColumn<int[]>("PartLabels")));
        Assert.That(three.GetColumn<string>("3.WarnedParts").Count(w => w.Length > 0), Is.EqualTo(one.GetColumn<string>("WarnedParts").Count(w => w.Length > 0)).And.GreaterThan(3));
        float[] Kept(IDataView judged) => [.. Ml.L2O().RequireTrust(TrustAction.Drop, TrustAction.Drop).Fit(judged).Transform(judged).GetColumn<float>("Number")];
        Assert.That(Kept(three), Is.EqualTo(Kept(one)).And.Length.InRange(1, 35));
    }

    [Test]
    public void A_verdict_is_read_from_numbers_whatever_columns_of_texts_come_after_it()
    {
        var texts = Two().Append(Ml.Transforms.CopyColumns("FailedParts", "Kind")).Append(Ml.Transforms.CopyColumns("WarnedParts", "Kind")).Append(Ml.Transforms.CopyColumns("First.Label", "Kind"));
        var judged = texts.Append(Ml.L2O().RequireTrust(TrustAction.Pass, TrustAction.Throw)).Fit(View);
        var verdict = Assert.Throws<UntrustworthyInferenceException>(() => judged.Transform(View).GetColumn<float>("Number").Count())!.Verdict;
        Assert.That((verdict.FailedParts, verdict.WarnedParts), Is.EqualTo((new[] { "Second" }, Array.Empty<string>())));
    }

    [Test]
    public void The_verdict_of_all_that_was_dropped_is_missed_though_that_of_the_first_is_there()
    {
        var dropped = TwoPrefixed("A.", "B.").Append(Ml.Transforms.DropColumns("B.Trustworthy"));
        Assert.That(() => dropped.Append(Ml.L2O().RequireTrust()).Fit(View), Throws.InvalidOperationException.With.Message.Contains("'B.Size.Label'").And.Message.Contains("Keep 'Trustworthy'"));
        Assert.That(() => dropped.Append(Prefixed("C.", Limited("X", "Flag", 1))).Fit(View), Throws.InvalidOperationException.With.Message.Contains("'B.PartLabels'"));
    }

    [Test]
    public void A_column_that_would_hide_one_of_ours_is_refused_with_the_remedy()
    {
        Assert.That(() => TwoPrefixed("A.", "A.").Fit(View), Throws.InvalidOperationException.With.Message.Contains("'A.Size' is already judged").And.Message.Contains("OutputPrefix"));
        Assert.That(
            () => Prefixed("A.", Limited("X", "Number", 5)).Append(Ml.L2O().Certify(CertifiedProperty.Of("A.X", PropertyFunction.L1Norm(), "Number"))).Fit(View),
            Throws.InvalidOperationException.With.Message.Contains("'A.X"));
        Assert.That(() => Prefixed("", Limited("JointPValue", "Number", 5), CertifiedProperty.Of("X", PropertyFunction.L1Norm(), "Number")).Fit(View), Throws.Nothing);
        var rows = Ml.Data.LoadFromEnumerable(Fixture.Rows(2, 5));
        var judged = Ml.L2O().Certify(Limited("Size", "Id", 3)).Fit(rows).Transform(rows);
        var model = Ml.L2O().Train(new Steps { Size = Fixture.M }, "Measurements", targetColumnName: "Measurements", outputColumnName: "Size.PValue");
        Assert.That(() => model.Fit(judged), Throws.InvalidOperationException.With.Message.Contains("'Size.PValue'").And.Message.Contains("OutputPrefix"));
        Assert.That(() => Prefixed("a, b", Limited("X", "Number", 5)), Throws.ArgumentException.With.Message.Contains("OutputPrefix = 'a, b'"));
        Assert.That(() => Ml.L2O().Certify(new CertifierOptions { OutputPrefix = null!, Properties = [Limited("X", "Number", 5)] }), Throws.ArgumentNullException.With.Message.Contains("OutputPrefix"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void The_filter_keeps_rows_that_all_certifiers_trust(bool reload)
    {
        ITransformer model = Two().Append(Ml.L2O().RequireTrust(TrustAction.Pass, TrustAction.Drop)).Fit(View);
        var kept = Read((reload ? Reload(model) : model).Transform(View));
        Assert.That(kept.Select(r => r.Number), Is.EqualTo(new[] { 1f, 2, 3, 4, 5 }));
    }

    [Test]
    public void The_last_certifiers_columns_speak_for_all()
    {
        var judged = Read(Two().Fit(View).Transform(View));
        foreach (var (row, output) in Rows.Zip(judged))
        {
            string[] failed = [.. row.Number > 5 ? new[] { "First" } : [], .. row.Flag > 0.5 ? new[] { "Second" } : []];
            Assert.That(output.Trustworthy, Is.EqualTo(failed.Length == 0));
            Assert.That(output.FailedParts, Is.EqualTo(string.Join(", ", failed)));
            Assert.That(failed, Is.All.Matches<string>(part => output.Explanation.Contains($"{part} failed", StringComparison.Ordinal)));
        }
    }

    [Test]
    public void The_joint_p_value_counts_the_tests_of_all()
    {
        var three = Ml.L2O().Certify(new CertifiedProperty("A", "Number")).Append(Ml.L2O().Certify(Limited("B", "Number", 30))).Append(Ml.L2O().Certify(new CertifiedProperty("C", "Flag"), new CertifiedProperty("D", "Number"))).Fit(View);
        var one = Ml.L2O().Certify(new CertifiedProperty("A", "Number"), Limited("B", "Number", 30), new CertifiedProperty("C", "Flag"), new CertifiedProperty("D", "Number")).Fit(View);
        var (a, b) = (Read(three.Transform(View)), Read(one.Transform(View)));
        Assert.That(a.Select(r => r.JointPValue), Is.EqualTo(b.Select(r => r.JointPValue)).Within(1e-12));
        Assert.That(a.Select(r => (r.Trustworthy, r.FailedParts, r.WarnedParts, r.Explanation)), Is.EqualTo(b.Select(r => (r.Trustworthy, r.FailedParts, r.WarnedParts, r.Explanation))));
    }

    [Test]
    public void The_engine_and_the_thrown_verdict_have_the_certificates_of_all()
    {
        using var engine = Ml.L2O().CreateTrustedPredictionEngine<Row, Output>(Two().Append(Ml.L2O().RequireTrust(TrustAction.Pass, TrustAction.Drop)).Fit(View));
        var prediction = engine.Predict(new Row { Number = 9 });
        Assert.That(prediction.Trustworthy, Is.False);
        Assert.That(prediction.Value, Is.Null);
        Assert.That(prediction.Verdict.Certificates.Select(c => (c.Name, c.Label)), Is.EqualTo(new[] { ("First", CertificateLabel.Fail), ("Second", CertificateLabel.Pass) }));
        using var strict = Ml.Model.CreatePredictionEngine<Row, Output>(Two().Append(Ml.L2O().RequireTrust()).Fit(View));
        Assert.That(Assert.Throws<UntrustworthyInferenceException>(() => strict.Predict(new Row { Number = 9 }))!.Verdict.FailedParts, Is.EqualTo(new[] { "First" }));
    }

    [Test]
    public void The_report_shows_all_and_counts_as_the_rows_say()
    {
        var model = Ml.L2O().Certify(new CertifierOptions { Properties = [new("First", "Number")], GroupColumnName = "Kind", MinimumPerGroup = 20 })
            .Append(Ml.L2O().Certify(new CertifierOptions { Properties = [Limited("Second", "Flag", 0.5)], Joint = new JointPolicy { Rule = JointRule.Holm } })).Fit(View);
        var judged = model.Transform(View);
        var report = Ml.L2O().Report(model, judged);
        Assert.That(report.Properties.Select(p => p.Name), Is.EqualTo(new[] { "First", "Second" }));
        Assert.That(report.Overall.Fail, Is.EqualTo(Read(judged).Count(r => !r.Trustworthy)));
        Assert.That(report.Groups["even"].Rows, Is.EqualTo(20));
        Assert.That(report.ToHtml(), Does.Contain("all 2 certifiers of the chain say so").And.Contain("Number 2: no certificate fails jointly: Holm"));
    }

    [Test]
    public void An_experiments_fail_rate_is_that_of_all() =>
        Assert.That(Constraint.FailRate(1).Measure(Two().Fit(View).Transform(View)).Value, Is.EqualTo(35 / 40.0).Within(1e-12));

    [Test]
    public void A_verdict_that_a_column_of_the_same_name_hides_still_counts()
    {
        var hidden = Ml.L2O().Certify(Limited("First", "Number", 5)).Append(Ml.Transforms.Conversion.ConvertType("Trustworthy", "Flag", DataKind.Boolean));
        var model = hidden.Append(Ml.L2O().Certify(Limited("Second", "Flag", 2))).Fit(View);
        Assert.That(Read(model.Transform(View)).Where(r => r.Trustworthy).Select(r => r.Number), Is.EqualTo(new[] { 0f }), "First and the column of the same name");
        var required = hidden.Append(Ml.L2O().RequireTrust(TrustAction.Pass, TrustAction.Drop)).Fit(View);
        Assert.That(Read(required.Transform(View)).Select(r => r.Number), Is.EqualTo(new[] { 0f }), "what the column behind does not trust is not trusted either");
        using var engine = Ml.L2O().CreateTrustedPredictionEngine<Row, Output>(Ml.L2O().Certify(Limited("First", "Number", 5)).Append(Ml.Transforms.Conversion.ConvertType("Trustworthy", "Flag", DataKind.Boolean))
            .Append(Ml.L2O().Certify(Limited("Second", "Flag", 2))).Fit(View));
        Assert.That(engine.Predict(new Row { Number = 1, Flag = 0 }).Trustworthy, Is.False);
        Assert.That(engine.Predict(new Row { Number = 1, Flag = 1 }).Trustworthy, Is.True);
    }

    [Test]
    public void A_verdict_whose_texts_were_dropped_still_counts()
    {
        var model = Ml.L2O().Certify(Limited("First", "Number", 5)).Append(Ml.Transforms.DropColumns("Explanation", "JointPValue", "FailedParts"))
            .Append(Ml.L2O().Certify(Limited("Second", "Flag", 0.5))).Fit(View);
        Assert.That(Read(model.Transform(View)).Count(r => r.Trustworthy), Is.EqualTo(5));
    }

    [Test]
    public void A_property_that_would_hide_another_certifiers_is_refused()
    {
        var twice = Ml.L2O().Certify(Limited("Size", "Number", 5)).Append(Ml.L2O().Certify(Limited("Size", "Flag", 0.5)));
        Assert.That(() => twice.Fit(View), Throws.InvalidOperationException.With.Message.Contains("'Size' is already judged").And.Message.Contains("another name"));
    }
}
