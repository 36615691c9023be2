using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Examples;

namespace XaiL2O.MLNet.Tests;

/// <summary>Selections after any model: batches, streams, what is bad, reload in a fresh process, refusals.</summary>
internal sealed class SelectionLaws
{
    private static readonly MLContext Ml = new(1);

    private sealed class Row
    {
        public float Score { get; set; }

        public float Label { get; set; }

        public float Doubt { get; set; }

        public string Predicted { get; set; } = "";

        public string Truth { get; set; } = "";

        public bool Bad { get; set; }
    }

    private static Row[] Draw(int seed, int count)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, count).Select(_ =>
            {
                var error = -Math.Log(1 - random.NextDouble());
                var bad = error > 1;
                return new Row { Label = (float)error, Doubt = (float)(error * (0.7 + (0.6 * random.NextDouble()))), Predicted = bad ? "a" : "b", Truth = "b", Bad = bad };
            }),
        ];
    }

    private static IDataView View(Row[] rows) => Ml.Data.LoadFromEnumerable(rows);

    private static readonly (string Name, SelectionOptions Options)[] Cases =
    [
        ("limit", new SelectionOptions { RankColumnName = "Doubt", ErrorLimit = 1 }),
        ("wrong label", new SelectionOptions { RankColumnName = "Doubt", OutputColumnName = "Predicted", TruthColumnName = "Truth" }),
        ("own", new SelectionOptions { RankColumnName = "Doubt", BadColumnName = "Bad" }),
        ("stream", new SelectionOptions { RankColumnName = "Doubt", BadColumnName = "Bad", Stream = true, Window = 500 }),
    ];

    private static IEnumerable<string> Names() => Cases.Select(c => c.Name);

    [TestCaseSource(nameof(Names))]
    public void Few_of_the_selected_are_bad_and_the_selection_reloads_in_a_fresh_process(string name)
    {
        var options = Cases.Single(c => c.Name == name).Options;
        var estimator = Ml.L2O().SelectTrustworthy(options);
        var test = View(Draw(3, 1000));
        var promised = estimator.GetOutputSchema(ErrorBoundLaws.Shape(test));
        var selection = estimator.Fit(View(Draw(2, 3000)));
        var view = selection.Transform(test);
        Assert.That(view.Schema.Skip(test.Schema.Count).Select(c => (c.Name, c.Type)), Is.EqualTo(new (string, DataViewType)[] { ("Selected", BooleanDataViewType.Instance), (options.Stream ? "Selected.EValue" : "Selected.PValue", NumberDataViewType.Double) }));
        foreach (var column in view.Schema)
            Assert.That(promised.Any(c => c.Name == column.Name && c.ItemType == column.Type), column.Name);
        var judged = Draw(3, 1000).Zip(view.GetColumn<bool>("Selected")).ToArray();
        var selected = judged.Where(r => r.Second).ToArray();
        Assert.That(selected, Has.Length.GreaterThan(options.Stream ? 200 : 500));
        // A tenth on average over calibrations and batches.
        Assert.That(selected.Average(r => r.First.Bad ? 1.0 : 0), Is.LessThan(0.14));
        var reported = Ml.L2O().Report(selection, view).Selections.Single();
        Assert.That((reported.Released.Count, reported.Released.Rows, reported.BadReleased.Count, reported.Bad.Count), Is.EqualTo((selected.Length, 1000, selected.Count(r => r.First.Bad), judged.Count(r => r.First.Bad))));
        Assert.That((reported.IsStream, reported.Curve.Single(r => r.Rate == 0.1).Released), Is.EqualTo((options.Stream, selected.Length / 1000.0)));
        using var folder = new TemporaryFolder();
        Assert.That(ChainReload.Compare(Ml, selection, View(Draw(4, 100)), folder.PathOf("model.zip")).Differing, Is.Zero);
    }

    [Test]
    public void All_kinds_of_bad_agree_and_a_batch_is_that_of_the_mathematics()
    {
        var (calibration, test) = (Draw(2, 400), Draw(3, 300));
        bool[] Selected(SelectionOptions options) => [.. Ml.L2O().SelectTrustworthy(options).Fit(View(calibration)).Transform(View(test)).GetColumn<bool>("Selected")];
        var mathematics = new ConformalSelection([.. calibration.Select(r => -(double)r.Doubt)], [.. calibration.Select(r => r.Bad)]);
        var expected = BenjaminiHochberg.Select([.. test.Select(r => mathematics.PValue(-r.Doubt))], 0.1);
        foreach (var (name, options) in Cases.Where(c => !c.Options.Stream))
            Assert.That(Selected(options), Is.EqualTo(expected), name);
    }

    [Test]
    public void A_stream_is_decided_on_in_order_whatever_columns_are_read_and_however_often()
    {
        var selection = Ml.L2O().SelectTrustworthy(Cases[^1].Options).Fit(View(Draw(2, 3000)));
        var view = selection.Transform(View(Draw(3, 600)));
        var stream = new StreamSelection(selection.Calibration, new StreamOptions { Window = 500 });
        bool[] expected = [.. Draw(3, 600).Select(r => stream.Observe(-r.Doubt))];
        Assert.That(view.GetColumn<bool>("Selected"), Is.EqualTo(expected));
        Assert.That(view.GetColumn<bool>("Selected"), Is.EqualTo(expected));
        Assert.That(view.CanShuffle, Is.False);
        Assert.That(view.GetRowCursorSet([view.Schema["Selected"]], 4), Has.Length.EqualTo(1));
        Assert.That(view.GetColumn<float>("Doubt").Count(), Is.EqualTo(600));
    }

    [Test]
    public void What_cannot_be_selected_is_refused_with_what_is_needed()
    {
        var options = Cases[0].Options;
        Assert.That(() => Ml.L2O().SelectTrustworthy(options).Fit(View(Draw(2, 8))), Throws.InvalidOperationException.With.Message.Contains("at least 9 calibration rows"));
        Assert.That(() => Ml.L2O().SelectTrustworthy(Cases[^1].Options).Fit(View(Draw(2, 10))), Throws.InvalidOperationException.With.Message.Contains("calibration rows to select anything"));
        Assert.That(() => Ml.L2O().SelectTrustworthy(options with { BadColumnName = "Truth" }).Fit(View(Draw(2, 50))), Throws.InvalidOperationException.With.Message.Contains("a Boolean scalar"));
        Assert.That(() => Ml.L2O().SelectTrustworthy(1, 0), Throws.ArgumentException.With.Message.Contains("FalseDiscoveryRate = 0"));
        var missing = Draw(2, 50);
        missing[3].Label = float.NaN;
        Assert.That(() => Ml.L2O().SelectTrustworthy(options).Fit(View(missing)), Throws.InvalidOperationException.With.Message.Contains("1 of 50 rows have no truth in 'Label'"));
        var selection = Ml.L2O().SelectTrustworthy(options).Fit(View(Draw(2, 50)));
        Assert.That(() => Ml.Model.CreatePredictionEngine<Row, Row>(selection), Throws.InstanceOf<Exception>());
        var odd = Draw(3, 30);
        odd[0].Doubt = float.NaN;
        Assert.That(selection.Transform(View(odd)).GetColumn<bool>("Selected").First(), Is.False);
    }
}
