using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet.Tests;

/// <summary>Post-conditions over views, engines and zips.</summary>
internal sealed class TrustLaws
{
    private sealed class Row
    {
        public int Id { get; set; }

        public float Number { get; set; }
    }

    private sealed class Output
    {
        public int Id { get; set; }

        public float Number { get; set; }

        [ColumnName("Size.Label")]
        public string Label { get; set; } = "";
    }

    /// <summary>Rows 0 … 9: number 0 passes, 1.5 warns (ids 3 and 7), 9 fails (ids 2 and 5).</summary>
    private static Row[] Rows => [.. Enumerable.Range(0, 10).Select(i => new Row { Id = i, Number = i is 2 or 5 ? 9 : i is 3 or 7 ? 1.5f : 0 })];

    private static TransformerChain<RequireTrustTransformer> Model(MLContext ml, TrustAction onWarning, TrustAction onFail) =>
        ml.L2O().Certify(new CertifiedProperty("Size", "Number") { Limits = new ValueLimits { WarnAbove = 1, FailAbove = 2 } })
            .Append(ml.L2O().RequireTrust(onWarning, onFail))
            .Fit(ml.Data.LoadFromEnumerable(Rows));

    private static int[] Ids(MLContext ml, IDataView view) => [.. ml.Data.CreateEnumerable<Output>(view, reuseRowObject: false).Select(o => o.Id)];

    private static (MLContext Ml, List<string> Log) Context()
    {
        var (ml, log) = (new MLContext(1), new List<string>());
        ml.Log += (_, e) =>
        {
            if (e.Source.Contains("RequireTrust", StringComparison.Ordinal) && e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning)
                log.Add(e.RawMessage);
        };
        return (ml, log);
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Failed_rows_are_left_out_and_counted(bool reload)
    {
        var (ml, log) = Context();
        ITransformer model = Model(ml, TrustAction.Pass, TrustAction.Drop);
        if (reload)
        {
            using var stream = new MemoryStream();
            ml.Model.Save(model, ml.Data.LoadFromEnumerable(Rows).Schema, stream);
            stream.Position = 0;
            model = ml.Model.Load(stream, out _);
        }

        var view = model.Transform(ml.Data.LoadFromEnumerable(Rows));
        Assert.That(view.GetRowCount(), Is.Null);
        Assert.That(Ids(ml, view), Is.EqualTo(new[] { 0, 1, 3, 4, 6, 7, 8, 9 }));
        Assert.That(log, Is.EqualTo(new[] { "10 rows: 6 passed, 2 with a warning, 2 untrustworthy; 2 dropped." }));
        using var cursor = view.GetRowCursor([view.Schema["Id"]]);
        for (var position = 0; cursor.MoveNext(); position++)
            Assert.That(cursor.Position, Is.EqualTo(position));
        Assert.That(view.GetRowCursorSet(view.Schema, 3).Sum(c =>
        {
            using (c)
            {
                var n = 0;
                while (c.MoveNext())
                    n++;
                return n;
            }
        }), Is.EqualTo(8));
        Assert.That(ml.Data.TakeRows(view, 3).GetColumn<int>("Id"), Is.EqualTo(new[] { 0, 1, 3 }));
        Assert.That(() => ml.Model.CreatePredictionEngine<Row, Output>(model), Throws.Exception);
    }

    [Test]
    public void Warnings_and_failures_are_logged_with_their_explanation()
    {
        var (ml, log) = Context();
        Assert.That(Ids(ml, Model(ml, TrustAction.Log, TrustAction.Log).Transform(ml.Data.LoadFromEnumerable(Rows))), Has.Length.EqualTo(10));
        Assert.That(log, Has.Count.EqualTo(5));
        Assert.That(log[0], Is.EqualTo("Row 2: untrustworthy. Size failed: its value 9 is above the given limit 2."));
        Assert.That(log[1], Is.EqualTo("Row 3: warning. Size warns: its value 1.5 is above the given limit 1."));
        Assert.That(log[4], Does.StartWith("10 rows: 6 passed"));
    }

    [Test]
    public void Many_messages_are_cut_short_and_counted()
    {
        var (ml, log) = Context();
        var model = Model(ml, TrustAction.Pass, TrustAction.Log);
        Ids(ml, model.Transform(ml.Data.LoadFromEnumerable(Enumerable.Range(0, 150).Select(i => new Row { Id = i, Number = 9 }))));
        Assert.That(log, Has.Count.EqualTo(RequireTrustTransformer.MessagesPerPass + 2));
        Assert.That(log[^2], Does.Contain("those that follow are counted"));
        Assert.That(log[^1], Does.EndWith("50 more not logged one by one."));
    }

    [Test]
    public void A_pass_that_ends_early_is_counted()
    {
        var (ml, log) = Context();
        var view = Model(ml, TrustAction.Pass, TrustAction.Drop).Transform(ml.Data.LoadFromEnumerable(Rows));
        Assert.That(ml.Data.TakeRows(view, 3).GetColumn<int>("Id").Count(), Is.EqualTo(3));
        Assert.That(log.Single(), Does.Contain("1 dropped"));
    }

    [Test]
    public void A_prediction_engine_has_no_passes_and_logs_every_row()
    {
        var (ml, log) = Context();
        using var engine = ml.Model.CreatePredictionEngine<Row, Output>(Model(ml, TrustAction.Log, TrustAction.Log));
        for (var i = 0; i < 250; i++)
            engine.Predict(new Row { Id = i, Number = i % 2 == 0 ? 9 : 1.5f });
        Assert.That(log, Has.Count.EqualTo(250));
        Assert.That(log[^1], Does.StartWith("warning. Size warns"));
    }

    [Test]
    public void Failures_throw_with_the_certificates_even_where_no_certificate_column_is_read()
    {
        var (ml, _) = Context();
        var view = Model(ml, TrustAction.Pass, TrustAction.Throw).Transform(ml.Data.LoadFromEnumerable(Rows));
        var error = Assert.Throws<UntrustworthyInferenceException>(() => view.GetColumn<int>("Id").ToArray());
        Assert.That(error!.Row, Is.EqualTo(2));
        Assert.That(error.Certificates.Single(), Is.EqualTo(new Certificate("Size", 9, double.NaN, CertificateLabel.Fail)).Using<Certificate>((a, b) => (a.Name, a.Value, a.Label) == (b.Name, b.Value, b.Label)));
        Assert.That(error.Message, Does.Contain("its value 9 is above the given limit 2"));
    }

    [Test]
    public void Prediction_engines_throw_too()
    {
        var (ml, _) = Context();
        using var engine = ml.Model.CreatePredictionEngine<Row, Output>(Model(ml, TrustAction.Pass, TrustAction.Throw));
        Assert.That(engine.Predict(new Row { Id = 4, Number = 1.5f }).Label, Is.EqualTo("Warning"));
        Assert.That(Assert.Throws<UntrustworthyInferenceException>(() => engine.Predict(new Row { Number = 9 }))!.Verdict.FailedParts, Is.EqualTo(new[] { "Size" }));
        Assert.That(engine.Predict(new Row { Id = 6, Number = 0 }).Id, Is.EqualTo(6));
    }

    [Test]
    public void A_trusted_engine_returns_values_with_certificates_from_many_threads()
    {
        var (ml, _) = Context();
        using var engine = ml.L2O().CreateTrustedPredictionEngine<Row, Output>(Model(ml, TrustAction.Pass, TrustAction.Drop));
        Parallel.For(0, 2000, i =>
        {
            var row = new Row { Id = i, Number = i % 5 };
            var prediction = engine.Predict(row);
            Assert.That(prediction.Verdict.Certificates.Single().Value, Is.EqualTo(i % 5));
            Assert.That(prediction.Trustworthy, Is.EqualTo(i % 5 <= 2));
            Assert.That(prediction.Value?.Id, Is.EqualTo(i % 5 <= 2 ? i : null));
        });
    }

    [Test]
    public void A_trusted_engine_applies_the_post_condition_and_needs_a_certifier()
    {
        var (ml, log) = Context();
        using var strict = ml.L2O().CreateTrustedPredictionEngine<Row, Output>(Model(ml, TrustAction.Log, TrustAction.Throw));
        Assert.That(Assert.Throws<UntrustworthyInferenceException>(() => strict.Predict(new Row { Number = 9 }))!.Certificates, Has.Count.EqualTo(1));
        Assert.That(strict.Predict(new Row { Number = 1.5f }).Verdict.WarnedParts, Is.EqualTo(new[] { "Size" }));
        Assert.That(log.Single(), Does.StartWith("Warning. Size warns"));
        var bare = ml.Transforms.CopyColumns("Copy", "Id").Fit(ml.Data.LoadFromEnumerable(Rows));
        Assert.That(() => ml.L2O().CreateTrustedPredictionEngine<Row, Output>(bare), Throws.ArgumentException.With.Message.Contains("certifier"));
        strict.Dispose();
        Assert.That(() => strict.Predict(new Row()), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void A_trusted_engine_without_a_post_condition_gives_no_value_that_failed()
    {
        var (ml, log) = Context();
        var certified = ml.L2O().Certify(new CertifiedProperty("Size", "Number") { Limits = new ValueLimits { WarnAbove = 1, FailAbove = 2 } }).Fit(ml.Data.LoadFromEnumerable(Rows));
        using var engine = ml.L2O().CreateTrustedPredictionEngine<Row, Output>(certified);
        Assert.That(engine.Predict(new Row { Number = 9 }).Value, Is.Null);
        Assert.That(engine.Predict(new Row { Number = 9 }).Verdict.FailedParts, Is.EqualTo(new[] { "Size" }));
        Assert.That(engine.Predict(new Row { Number = 1.5f }).Value!.Label, Is.EqualTo("Warning"));
        // Who asks for values that failed gets them.
        using var open = ml.L2O().CreateTrustedPredictionEngine<Row, Output>(Model(ml, TrustAction.Pass, TrustAction.Pass));
        Assert.That(open.Predict(new Row { Number = 9 }).Value, Is.Not.Null);
        Assert.That(log, Is.Empty);
    }

    [Test]
    public void A_trusted_engine_gives_the_same_values_as_a_view_of_an_implicit_model()
    {
        var ml = new MLContext(1);
        var rows = Fixture.Rows(8, 12);
        var expected = Fixture.Read(Fixture.Model.Transform(ml.Data.LoadFromEnumerable(rows)));
        using var engine = ml.L2O().CreateTrustedPredictionEngine<Fixture.Row, Fixture.Output>(Fixture.Model);
        for (var i = 0; i < rows.Length; i++)
        {
            var prediction = engine.Predict(rows[i]);
            Assert.That(prediction.Verdict.Certificates[0].Value, Is.EqualTo(expected[i].Sparsity).Within(1e-5));
            Assert.That(prediction.Value?.Id, Is.EqualTo(prediction.Trustworthy ? rows[i].Id : null));
            Assert.That(string.Join(", ", prediction.Verdict.FailedParts), Is.EqualTo(expected[i].FailedParts));
        }
    }

    [Test]
    public void Rows_without_certificates_are_refused()
    {
        var ml = new MLContext(1);
        var rows = ml.Data.LoadFromEnumerable(Rows);
        Assert.That(() => ml.L2O().RequireTrust().Fit(rows), Throws.InvalidOperationException.With.Message.Contains("Append Certify"));
    }

    private sealed class Numbers
    {
        [VectorType(3)]
        public float[]? Features { get; set; }

        public float Label { get; set; }
    }

    private sealed class Scored
    {
        public float Score { get; set; }
    }

    /// <summary>ML.NET says of such rows that an operation is not valid.</summary>
    [Test]
    public void Vectors_that_are_missing_or_of_another_length_are_named()
    {
        var ml = new MLContext(1);
        var random = new Random(1);
        var rows = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 60).Select(_ => new Numbers { Features = [random.NextSingle(), random.NextSingle(), random.NextSingle()], Label = random.NextSingle() }).ToArray());
        var regression = ml.Regression.Trainers.Sdca("Label", "Features").Fit(rows);
        var model = regression.Append(ml.L2O().Certify(CertifiedProperty.Of("Size", PropertyFunction.L1Norm(), "Features")).Fit(regression.Transform(rows)));
        using var engine = ml.L2O().CreateTrustedPredictionEngine<Numbers, Scored>(model);
        Assert.That(() => engine.Predict(new Numbers()), Throws.ArgumentException.With.Message.Contains("'Features'").And.Message.Contains("is null; it must hold 3 values"));
        Assert.That(() => engine.Predict(new Numbers { Features = [1, 2] }), Throws.ArgumentException.With.Message.Contains("'Features'").And.Message.Contains("has 2 values; it must hold 3 values"));
        Assert.That(engine.Predict(new Numbers { Features = [0.5f, 0.5f, 0.5f] }).Verdict.Certificates, Has.Count.EqualTo(1));
    }
}
