using Microsoft.ML;
using Microsoft.ML.Data;
using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>Schemas, cursors, engines and bad rows of the dictionary model with certificates.</summary>
internal sealed class TransformerLaws
{
    private static readonly MLContext Ml = new(1);

    private static IDataView View(Fixture.Row[] rows) => Ml.Data.LoadFromEnumerable(rows);

    private static void AssertSame(Fixture.Output actual, Fixture.Output expected)
    {
        Assert.That(actual.Id, Is.EqualTo(expected.Id));
        Assert.That(actual.Name, Is.EqualTo(expected.Name));
        Assert.That(actual.Label, Is.EqualTo(expected.Label));
        Assert.That(actual.FailedParts, Is.EqualTo(expected.FailedParts));
        for (var i = 0; i < expected.Numbers.Length; i++)
            Assert.That(actual.Numbers[i], Is.EqualTo(expected.Numbers[i]).Within(1e-5 * Math.Max(1e-3, Math.Abs(expected.Numbers[i]))));
    }

    [Test]
    public void Schema_promised_is_schema_produced()
    {
        var input = View(Fixture.Rows(1, 60)).Schema;
        var promised = Fixture.Certifier(Ml).GetOutputSchema(Fixture.Trainer(Ml).GetOutputSchema(Shapes.Of(View(Fixture.Rows(1, 3)).Schema)));
        var produced = Fixture.Model.GetOutputSchema(input);
        Assert.That(promised.Select(c => c.Name), Is.EquivalentTo(produced.Select(c => c.Name)));
        foreach (var column in promised)
        {
            var type = produced[column.Name].Type;
            Assert.That(column.ItemType.RawType, Is.EqualTo((type as VectorDataViewType)?.ItemType.RawType ?? type.RawType), column.Name);
            Assert.That(column.Kind == SchemaShape.Column.VectorKind.Scalar, Is.EqualTo(type is not VectorDataViewType), column.Name);
        }

        Assert.That(((VectorDataViewType)produced["Estimate"].Type).Size, Is.EqualTo(Fixture.N));
        Assert.That(Fixture.Model.Transform(View(Fixture.Rows(1, 3))).Schema.Select(c => c.Name), Is.EqualTo(produced.Select(c => c.Name)));
    }

    [Test]
    public void A_fixed_transform_learns_a_prior_where_asked()
    {
        ImplicitModelTrainer Trainer(bool? prior) => Ml.L2O().Trainers.ImplicitDictionary(new DictionaryDefinition
        {
            MeasurementMatrix = Fixture.A,
            InitialTransform = Fixture.Matrix(1, Fixture.N, Fixture.N),
            LearnTransform = false,
            LearnPrior = prior,
        });
        var (training, rows) = (View(Fixture.Rows(1, 100)), Fixture.Rows(2, 20));
        // The same signals, with a measurement zeroed and with all.
        Fixture.Row[] damaged = [.. rows.Select(r => new Fixture.Row { Measurements = [0, .. r.Measurements[1..]] })];
        damaged[^1].Measurements = new float[Fixture.M];
        double[] Prediction(Fixture.Row[] judged) => [.. Trainer(true).Fit(training).Transform(View(judged)).GetColumn<double>("Prediction.Value")];
        Assert.That(Prediction(damaged)[..^1].Min(), Is.GreaterThan(Prediction(rows).Max()));
        Assert.That(Prediction(damaged)[^1], Is.NaN);
        Assert.That(Trainer(true).GetOutputSchema(Shapes.Of(training.Schema)).Select(c => c.Name), Does.Contain("Prediction.Value"));
        Assert.That(Trainer(null).GetOutputSchema(Shapes.Of(training.Schema)).Select(c => c.Name), Does.Not.Contain("Prediction.Value"));
        var unlabelled = Ml.Transforms.DropColumns("Signal").Fit(training).Transform(training);
        Assert.That(() => Trainer(null).Fit(unlabelled), Throws.Nothing);
        Assert.That(() => Trainer(true).Fit(unlabelled), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("Signal"));
        Assert.That(() => Ml.L2O().Trainers.ImplicitDictionary(new DictionaryDefinition { MeasurementMatrix = Fixture.A, PriorNoise = 0 }), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("PriorNoise"));
    }

    [Test]
    public void Every_way_of_reading_gives_the_same_values()
    {
        var rows = Fixture.Rows(3, 45);
        var expected = Fixture.Read(Fixture.Model.Transform(View(rows))).ToDictionary(r => r.Id);
        Assert.That(expected, Has.Count.EqualTo(45));

        foreach (var row in Fixture.Read(Fixture.Model.Transform(Ml.Data.ShuffleRows(View(rows), seed: 4))))
            AssertSame(row, expected[row.Id]);

        foreach (var row in Fixture.Read(Fixture.Model.Transform(Ml.Data.TakeRows(View(rows), 7))))
            AssertSame(row, expected[row.Id]);

        using var engine = Ml.Model.CreatePredictionEngine<Fixture.Row, Fixture.Output>(Fixture.Model);
        foreach (var row in rows)
            AssertSame(engine.Predict(row), expected[row.Id]);

        var view = Fixture.Model.Transform(View(rows));
        var sparsity = view.GetColumn<double>("Sparsity.Value").ToArray();
        Assert.That(sparsity, Is.EqualTo(rows.Select(r => expected[r.Id].Sparsity)));
        Assert.That(view.GetColumn<int>("Id"), Is.EqualTo(rows.Select(r => r.Id)));

        var set = view.GetRowCursorSet(view.Schema, 3);
        var read = 0;
        foreach (var cursor in set)
        {
            using (cursor)
            {
                var (id, value) = (cursor.GetGetter<int>(view.Schema["Id"]), cursor.GetGetter<double>(view.Schema["Sparsity.Value"]));
                var (i, v) = (0, 0.0);
                while (cursor.MoveNext())
                {
                    id(ref i);
                    value(ref v);
                    Assert.That(v, Is.EqualTo(expected[i].Sparsity).Within(1e-5 * expected[i].Sparsity));
                    read++;
                }
            }
        }

        Assert.That(read, Is.EqualTo(45));
    }

    [Test]
    public void The_same_batches_give_the_same_bits()
    {
        var view = Fixture.Model.Transform(View(Fixture.Rows(3, 40)));
        var first = Fixture.Read(view).SelectMany(r => r.Numbers).ToArray();
        var second = Fixture.Read(view).SelectMany(r => r.Numbers).ToArray();
        Assert.That(second, Is.EqualTo(first));
    }

    [Test]
    public void Many_threads_read_the_same_values()
    {
        var rows = Fixture.Rows(5, 40);
        var expected = Fixture.Read(Fixture.Model.Transform(View(rows)));
        Parallel.For(0, 6, _ =>
        {
            var actual = Fixture.Read(Fixture.Model.Transform(View(rows)));
            for (var i = 0; i < rows.Length; i++)
                AssertSame(actual[i], expected[i]);
        });
    }

    /// <summary>Who asks for a row does not wait for a whole batch; who asks for all is soon served in batches.</summary>
    [Test]
    public void Rows_are_read_ahead_as_far_as_is_asked_for()
    {
        var read = 0;
        IEnumerable<Fixture.Row> Counted()
        {
            foreach (var row in Fixture.Rows(3, 200))
            {
                read++;
                yield return row;
            }
        }

        var view = Fixture.Model.Transform(Ml.Data.LoadFromEnumerable(Counted()));
        int Read(Action pass)
        {
            read = 0;
            pass();
            return read;
        }

        Assert.That(Read(() => view.Preview(maxRows: 1)), Is.LessThanOrEqualTo(2));
        Assert.That(Read(() => _ = Ml.Data.TakeRows(view, 1).GetColumn<double>("Residual").ToArray()), Is.LessThanOrEqualTo(2));
        Assert.That(Read(() => _ = view.GetColumn<double>("Residual").First()), Is.EqualTo(1));
        Assert.That(Read(() => _ = view.GetColumn<double>("Residual").Take(10).Count()), Is.LessThanOrEqualTo(10 + 16));
        read = 0;
        var sizes = new List<int>();
        foreach (var _ in view.GetColumn<double>("Residual"))
        {
            if (sizes.Count == 0 || sizes[^1] != read)
                sizes.Add(read);
        }

        Assert.That(sizes.Take(4), Is.EqualTo(new[] { 1, 9, 25, 41 }), "1, 8, then batches of 16");
    }

    private sealed class Counted : ModelDefinition
    {
        public static int Solved { get; set; }

        public override int DataSize => Fixture.M;

        public override int InferenceSize => Fixture.M;

        public override void Compose(ModelBuilder model) => model.Add(new LeastSquaresTerm("Fit", model.Identity));

        public override torch.Tensor Join(IReadOnlyList<torch.Tensor> inputs)
        {
            Solved += (int)inputs[0].shape[0];
            return base.Join(inputs);
        }
    }

    private sealed class Numbered
    {
        public int Id { get; set; }
    }

    [Test]
    public void Rows_of_which_no_output_is_asked_are_not_solved()
    {
        var rows = View(Fixture.Rows(3, 200));
        var model = Ml.L2O().Train(new Counted()).Fit(rows);
        var judged = Ml.L2O().Certify(new CertifiedProperty("Fit")).Fit(model.Transform(rows)).Transform(model.Transform(rows));
        int Solved(Action pass)
        {
            Counted.Solved = 0;
            pass();
            return Counted.Solved;
        }

        Assert.Multiple(() =>
        {
            foreach (var column in new[] { "Residual", "Fit.PValue" })
            {
                Assert.That(Solved(() => _ = Ml.Data.TakeRows(Ml.Data.SkipRows(judged, 150), 1).GetColumn<double>(column).ToArray()), Is.EqualTo(1), column);
                Assert.That(Solved(() => _ = Ml.Data.FilterByCustomPredicate<Numbered>(judged, row => row.Id != 150).GetColumn<double>(column).Count()), Is.EqualTo(1), column);
                Assert.That(Solved(() => _ = judged.GetColumn<double>(column).Count()), Is.EqualTo(200), column);
            }

            Assert.That(Solved(() => _ = judged.GetColumn<int>("Id").Count()), Is.Zero);
        });
        using (var cursor = judged.GetRowCursor(judged.Schema))
        {
            void Read(string column)
            {
                var value = 0.0;
                cursor.GetGetter<double>(judged.Schema[column])(ref value);
            }

            foreach (var column in new[] { "Residual", "Fit.PValue" })
                Assert.That(() => Read(column), Throws.InvalidOperationException.With.Message.Contains("call MoveNext first"), column);
            while (cursor.MoveNext())
            {
            }

            foreach (var column in new[] { "Residual", "Fit.PValue" })
                Assert.That(() => Read(column), Throws.InvalidOperationException.With.Message.Contains("call MoveNext first"), column);
        }

        var skipped = Ml.Data.SkipRows(judged, 150).GetColumn<double>("Fit.PValue").ToArray();
        Assert.That(skipped, Is.EqualTo(judged.GetColumn<double>("Fit.PValue").Skip(150)));
    }

    [Test]
    public void Preview_and_positions_count_rows()
    {
        var view = Fixture.Model.Transform(View(Fixture.Rows(3, 40)));
        Assert.That(view.Preview(maxRows: 20).RowView, Has.Length.EqualTo(20));
        using var cursor = view.GetRowCursor([view.Schema["Trustworthy"]]);
        for (var position = 0; cursor.MoveNext(); position++)
            Assert.That(cursor.Position, Is.EqualTo(position));
        Assert.That(cursor.Position, Is.EqualTo(-1));
        Assert.That(() => cursor.GetGetter<double>(view.Schema["Residual"]), Throws.InvalidOperationException.With.Message.Contains("Residual"));
    }

    [Test]
    public void Bad_rows_come_out_as_nan_with_failed_certificates()
    {
        var rows = Fixture.Rows(6, 20);
        var clean = Fixture.Read(Fixture.Model.Transform(View(rows)));
        rows[3].Measurements = [.. rows[3].Measurements];
        rows[3].Measurements[0] = float.NaN;
        rows[8].Measurements = [.. rows[8].Measurements];
        rows[8].Measurements[5] = float.PositiveInfinity;
        var result = Fixture.Read(Fixture.Model.Transform(View(rows)));
        foreach (var bad in new[] { result[3], result[8] })
        {
            Assert.That(bad.Estimate, Is.All.NaN);
            Assert.That(bad.Label, Is.EqualTo("Fail"));
            Assert.That(bad.Trustworthy, Is.False);
            Assert.That(bad.FailedParts, Is.EqualTo("Sparsity, Fidelity, Solved"));
            Assert.That(bad.Converged, Is.False);
        }

        foreach (var i in new[] { 0, 4, 19 })
            AssertSame(result[i], clean[i]);
    }

    private sealed class LooseRow
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";

        [VectorType]
        public float[] Measurements { get; set; } = [];
    }

    [Test]
    public void Vectors_of_unknown_size_are_read_where_they_fit()
    {
        var rows = Fixture.Rows(6, 5);
        var loose = rows.Select(r => new LooseRow { Id = r.Id, Name = r.Name, Measurements = r.Measurements }).ToArray();
        var expected = Fixture.Read(Fixture.Model.Transform(View(rows)));
        var actual = Fixture.Read(Fixture.Model.Transform(Ml.Data.LoadFromEnumerable(loose)));
        for (var i = 0; i < rows.Length; i++)
            AssertSame(actual[i], expected[i]);

        loose[2].Measurements = [];
        Assert.That(Fixture.Read(Fixture.Model.Transform(Ml.Data.LoadFromEnumerable(loose)))[2].Estimate, Is.All.NaN);
        loose[2].Measurements = [1, 2];
        Assert.That(() => Fixture.Read(Fixture.Model.Transform(Ml.Data.LoadFromEnumerable(loose))), Throws.InvalidOperationException.With.Message.Contains("'Measurements'").And.Message.Contains("12").And.Message.Contains("2 in one of its rows"));
    }

    private sealed class ShortRow
    {
        [VectorType(3)]
        public float[] Measurements { get; set; } = new float[3];

        public string Signal { get; set; } = "";
    }

    [Test]
    public void Wrong_columns_are_refused_by_name()
    {
        var wrong = Ml.Data.LoadFromEnumerable(new[] { new ShortRow() });
        Assert.That(() => Fixture.Model.Transform(wrong), Throws.InvalidOperationException.With.Message.Contains("'Measurements'").And.Message.Contains("vector of 12 numbers"));
        Assert.That(() => Fixture.Trainer(Ml).Fit(wrong), Throws.InvalidOperationException.With.Message.Contains("'Measurements'"));
        Assert.That(() => Fixture.Trainer(Ml).GetOutputSchema(Shapes.Of(wrong.Schema)), Throws.InvalidOperationException.With.Message.Contains("'Signal'"));
        var missing = Ml.Data.LoadFromEnumerable(new[] { new { Other = 1f } });
        Assert.That(() => Fixture.Trainer(Ml).Fit(missing), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("no column 'Measurements'").And.Message.Contains("Other"));
        Assert.That(() => Fixture.Certifier(Ml).Fit(missing), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("Sparsity.Value"));
    }

    [Test]
    public void The_pipeline_chains_among_ordinary_transforms()
    {
        var rows = View(Fixture.Rows(1, 80));
        var pipeline = Ml.Transforms.CopyColumns("Copy", "Id")
            .Append(Fixture.Trainer(Ml))
            .Append(Fixture.Certifier(Ml))
            .Append(Ml.Transforms.CopyColumns("Verdict", "Trustworthy"));
        var output = pipeline.Fit(rows).Transform(rows);
        Assert.That(output.GetColumn<bool>("Verdict").ToArray(), Is.EqualTo(output.GetColumn<bool>("Trustworthy").ToArray()));
        var kept = Ml.Data.FilterByCustomPredicate<Fixture.Output>(output, row => !row.Trustworthy);
        Assert.That(kept.GetColumn<bool>("Trustworthy").All(t => t), Is.True);
    }

    [Test]
    public void Options_are_validated()
    {
        var trainers = Ml.L2O().Trainers;
        Assert.That(() => trainers.ImplicitDictionary(new float[5, 5]), Throws.ArgumentException.With.Message.Contains("5×5"));
        Assert.That(() => trainers.ImplicitDictionary(new DictionaryDefinition { MeasurementMatrix = Fixture.A }, new ImplicitModelTrainer.Options { BatchSize = 0 }), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("BatchSize = 0"));
        Assert.That(() => trainers.ImplicitDictionary(new DictionaryDefinition { MeasurementMatrix = Fixture.A, LearnTransform = false }), Throws.ArgumentException.With.Message.Contains("InitialTransform"));
        Assert.That(() => Ml.L2O().Certify(), Throws.ArgumentException.With.Message.Contains("Properties"));
        Assert.That(() => Ml.L2O().Certify(new CertifiedProperty("A"), new CertifiedProperty("A")), Throws.ArgumentException.With.Message.Contains("'A' is given twice"));
    }

    [Test]
    public void Too_few_calibration_rows_are_refused()
    {
        var few = Fixture.Model.First().Transform(View(Fixture.Rows(1, 10)));
        Assert.That(() => Fixture.Certifier(Ml).Fit(few), Throws.InvalidOperationException.With.Message.Contains("'Sparsity'").And.Message.Contains("at least 39"));
        Assert.That(() => Ml.L2O().Certify(new CertifiedProperty("Fidelity")).Fit(few), Throws.InvalidOperationException.With.Message.Contains("'Fidelity'").And.Message.Contains("at least 19"));
    }

    [Test]
    public void A_gpu_that_is_not_there_is_an_error_unless_falling_back_is_allowed()
    {
        if (TorchSharp.torch.cuda.is_available())
            Assert.Ignore("This machine has a CUDA device.");
        var rows = Fixture.Rows(1, 60);
        var strict = new MLContext(1) { GpuDeviceId = 0, FallbackToCpu = false };
        Assert.That(() => Fixture.Trainer(strict).Fit(View(rows)), Throws.InvalidOperationException.With.Message.Contains("GpuDeviceId = 0"));
        var lenient = new MLContext(1) { GpuDeviceId = 0, FallbackToCpu = true };
        Assert.That(() => Fixture.Trainer(lenient).Fit(View(rows)), Throws.Nothing);
    }
}
