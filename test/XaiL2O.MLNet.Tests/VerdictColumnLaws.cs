using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet.Tests;

/// <summary>A verdict is found and counts for all that read it, also where its columns were renamed, hidden, dropped in part, or read from a file.</summary>
internal sealed class VerdictColumnLaws
{
    private static readonly MLContext Ml = new(1);

    private class Row
    {
        public float Number { get; set; }

        public float Flag { get; set; }

        public bool Yes { get; set; } = true;

        public bool No { get; set; }

        public string Text { get; set; } = "hello";
    }

    /// <summary>A judged row as it comes back from a file, which knows of no certifier.</summary>
    private sealed class Judged : Row
    {
        public bool Trustworthy { get; set; }

        public double JointPValue { get; set; }

        public string FailedParts { get; set; } = "";

        public string WarnedParts { get; set; } = "";

        public string Explanation { get; set; } = "";

        [ColumnName("First.Value")]
        public double Value { get; set; }

        [ColumnName("First.PValue")]
        public double PValue { get; set; }

        [ColumnName("First.Label")]
        public string Label { get; set; } = "";
    }

    /// <summary>Numbers 0 … 39; every eighth flag is 1. First trusts 0 … 5, Second flags of 0: both trust 1 … 5.</summary>
    private static Row[] Rows => [.. Enumerable.Range(0, 40).Select(i => new Row { Number = i, Flag = i % 8 == 0 ? 1 : 0 })];

    private static IDataView View => Ml.Data.LoadFromEnumerable(Rows);

    private static CertifierEstimator First => Certifier("First", "Number", 5);

    private static CertifierEstimator Second => Certifier("Second", "Flag", 0.5);

    private static RequireTrustEstimator Drop => Ml.L2O().RequireTrust(TrustAction.Pass, TrustAction.Drop);

    private static CertifierEstimator Certifier(string name, string column, double limit) => Ml.L2O().Certify(new CertifiedProperty(name, column) { Limits = new ValueLimits { FailAbove = limit } });

    private static float[] Numbers(IDataView view) => [.. view.GetColumn<float>("Number")];

    private static readonly float[] Both = [1, 2, 3, 4, 5];

    private static Judged[] FromFile => [.. Ml.Data.CreateEnumerable<Judged>(First.Append(Ml.Transforms.CopyColumns("First.Value", "Number")).Append(Ml.Transforms.Conversion.ConvertType("First.Value", outputKind: DataKind.Double)).Fit(View).Transform(View), reuseRowObject: false)];

    [Test]
    public void A_verdict_that_comes_with_the_rows_counts()
    {
        var view = Ml.Data.LoadFromEnumerable(FromFile);
        var model = Second.Append(Drop).Fit(view);
        Assert.That(Numbers(model.Transform(view)), Is.EqualTo(Both));
        var judged = Second.Fit(view).Transform(view);
        Assert.That(judged.GetColumn<string>("FailedParts").ElementAt(8), Is.EqualTo("First, Second"));
        Assert.That(judged.GetColumn<string>("Explanation").ElementAt(6), Does.StartWith("First failed"));
    }

    [Test]
    public void A_column_named_as_the_verdict_counts_with_certificates_alone()
    {
        // A class for both inputs and outputs: nothing has judged the rows.
        var empty = Ml.Transforms.CopyColumns("Trustworthy", "No").Append(Ml.Transforms.CopyColumns("FailedParts", "Text")).Fit(View).Transform(View);
        var judged = Second.Fit(empty).Transform(empty);
        Assert.That(judged.GetColumn<bool>("Trustworthy").Count(t => t), Is.EqualTo(35));
        Assert.That(judged.GetColumn<string>("FailedParts").Take(2), Is.EqualTo(new[] { "Second", "" }));
        Assert.That(Numbers(Drop.Fit(judged).Transform(judged)), Has.Length.EqualTo(35));

        var behind = First.Append(Ml.Transforms.CopyColumns("Trustworthy", "No")).Fit(View).Transform(View);
        var both = Second.Fit(behind).Transform(behind);
        Assert.That(both.GetColumn<bool>("Trustworthy"), Is.All.False);
    }

    [Test]
    public void A_renamed_verdict_counts()
    {
        var renamed = First.Append(Ml.Transforms.CopyColumns("Before", "Trustworthy")).Append(Ml.Transforms.DropColumns(["Trustworthy", "FailedParts", "WarnedParts", "JointPValue", "Explanation"]));
        Assert.That(Numbers(renamed.Append(Second).Append(Drop).Fit(View).Transform(View)), Is.EqualTo(Both));
        // The last marked column is the older one here.
        var reordered = First.Append(Ml.Transforms.CopyColumns("Before", "Trustworthy")).Append(Second)
            .Append(Ml.Transforms.SelectColumns("Number", "Trustworthy", "JointPValue", "FailedParts", "WarnedParts", "Explanation", "Before"));
        Assert.That(Numbers(reordered.Append(Drop).Fit(View).Transform(View)), Is.EqualTo(Both));
    }

    [Test]
    public void A_verdict_that_was_dropped_is_missed()
    {
        Assert.That(
            () => First.Append(Ml.Transforms.DropColumns("Trustworthy")).Append(Second).Fit(View),
            Throws.InvalidOperationException.With.Message.Contains("'First.Label'").And.Message.Contains("Keep 'Trustworthy'"));
        Assert.That(
            () => First.Append(Ml.Transforms.SelectColumns("Number", "Flag", "First.Label")).Append(Second).Fit(View),
            Throws.InvalidOperationException.With.Message.Contains("'First.Label'"));
        Assert.That(First.Append(Ml.Transforms.SelectColumns("Number", "Flag")).Append(Second).Fit(View).Transform(View).GetColumn<bool>("Trustworthy").Count(t => t), Is.EqualTo(35));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Columns_of_the_users_that_are_named_like_certificates_are_not_read(bool fromFile)
    {
        var mine = Ml.Transforms.CopyColumns("My.Value", "Text").Append(Ml.Transforms.Conversion.ConvertType("My.PValue", "Number", DataKind.Double)).Append(Ml.Transforms.CopyColumns("My.Label", "Text"))
            .Append(Ml.Transforms.CopyColumns("Our.Value", "Number")).Append(Ml.Transforms.CopyColumns("Our.PValue", "My.PValue")).Append(Ml.Transforms.CopyColumns("Our.Label", "Text"));
        IDataView rows = fromFile ? Ml.Data.LoadFromEnumerable(FromFile) : View;
        IEstimator<ITransformer> judge = fromFile ? mine : mine.Append(First);
        var judged = judge.Fit(rows).Transform(rows);
        var throws = Ml.L2O().RequireTrust(TrustAction.Pass, TrustAction.Throw).Fit(judged).Transform(judged);
        var error = Assert.Throws<UntrustworthyInferenceException>(() => throws.GetColumn<float>("Number").Count())!;
        Assert.That(error.Certificates.Select(c => (c.Name, c.Label)), Is.EqualTo(new[] { ("First", CertificateLabel.Fail) }));
        Assert.That(Constraint.FailRate("First", 1).Measure(judged).Value, Is.EqualTo(34 / 40.0));
    }

    [Test]
    public void A_column_behind_the_certifier_counts_in_an_experiment_and_in_the_report()
    {
        IEstimator<ITransformer> Behind(string column) => First.Append(Ml.Transforms.CopyColumns("Trustworthy", column));
        foreach (var (column, fails) in new[] { ("Yes", 34), ("No", 40) })
        {
            var space = new OptionSpace();
            space.Range("x", 0, 1, initial: 0.5);
            var result = Ml.L2O().Experiment(space, _ => Behind(column)).SetTrainingData(View, View).Minimize(Metric.Of("m", _ => 1)).SubjectTo(Constraint.FailRate(0.5)).SetBudget(trials: 1).Run();
            Assert.That((result.Trials[0].FailRate, result.Trials[0].Constraints[0].Value), Is.EqualTo((fails / 40.0, fails / 40.0)));
            var model = Behind(column).Fit(View);
            var judged = model.Transform(View);
            Assert.That(Numbers(Drop.Fit(judged).Transform(judged)), Has.Length.EqualTo(40 - fails));
            var report = Ml.L2O().Report(model, judged, new ReportOptions { WorstRows = 40 });
            Assert.That(report.Overall.Fail, Is.EqualTo(fails));
            Assert.That(report.WorstRows.Any(r => r.Explanation.Contains("Trustworthy says", StringComparison.Ordinal)), Is.EqualTo(column == "No"));
        }
    }

    [TestCase(TrustAction.Drop, TrustAction.Log)]
    [TestCase(TrustAction.Throw, TrustAction.Drop)]
    [TestCase(TrustAction.Pass, TrustAction.Throw)]
    [TestCase(TrustAction.Pass, null)]
    public void An_engine_applies_the_strictest_of_several_post_conditions(TrustAction between, TrustAction? last)
    {
        var first = First.Fit(View);
        var judged = first.Transform(View);
        List<ITransformer> parts = [first, Ml.L2O().RequireTrust(TrustAction.Pass, between).Fit(judged), Second.Fit(judged)];
        if (last is { } action)
            parts.Add(Ml.L2O().RequireTrust(TrustAction.Pass, action).Fit(judged));
        var model = new TransformerChain<ITransformer>([.. parts]);
        using var engine = Ml.L2O().CreateTrustedPredictionEngine<Row, Row>(model);
        var strictest = last > between ? last.Value : last is null ? TrustAction.Drop : between;
        foreach (var row in Rows)
        {
            var good = row.Number <= 5 && row.Flag < 0.5;
            if (!good && strictest == TrustAction.Throw)
                Assert.That(() => engine.Predict(row), Throws.InstanceOf<UntrustworthyInferenceException>());
            else
                Assert.That((engine.Predict(row).Trustworthy, engine.Predict(row).Value is null), Is.EqualTo((good, !good && strictest == TrustAction.Drop)));
        }
    }

    [Test]
    public void An_engine_takes_two_post_conditions_at_the_end()
    {
        var model = First.Append(Ml.L2O().RequireTrust(TrustAction.Pass, TrustAction.Throw)).Append(Ml.L2O().RequireTrust(TrustAction.Pass, TrustAction.Pass)).Fit(View);
        using var engine = Ml.L2O().CreateTrustedPredictionEngine<Row, Row>(model);
        Assert.That(() => engine.Predict(new Row { Number = 9 }), Throws.InstanceOf<UntrustworthyInferenceException>());
    }
}
