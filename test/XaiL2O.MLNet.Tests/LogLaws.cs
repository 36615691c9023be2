using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>What training and solving say in the log of their context.</summary>
internal sealed class LogLaws
{
    private static (MLContext Ml, List<LoggingEventArgs> Log) Listening()
    {
        var ml = new MLContext(1);
        var log = new List<LoggingEventArgs>();
        ml.Log += (_, e) => log.Add(e);
        return (ml, log);
    }

    private static bool Says(LoggingEventArgs e, Microsoft.ML.Runtime.ChannelMessageKind kind, params string[] texts) =>
        e.Kind == kind && texts.All(text => e.RawMessage.Contains(text, StringComparison.Ordinal));

    [Test]
    public void Training_logs_its_losses_and_its_warnings_and_hands_reports_on()
    {
        var (ml, log) = Listening();
        var reports = new List<TrainingProgress>();
        var rows = Fixture.Rows(1, 60);
        for (var i = 0; i < 20; i++)
            rows[i].Measurements[0] = float.NaN;
        var options = new ImplicitModelTrainer.Options
        {
            Training = new TrainingOptions { Epochs = 2, LearningRate = 1e-3 },
            Progress = new Receiver(reports),
        };
        ml.L2O().Trainers.ImplicitDictionary(new DictionaryDefinition { MeasurementMatrix = Fixture.A }, options).Fit(ml.Data.LoadFromEnumerable(rows));
        Assert.Multiple(() =>
        {
            foreach (var epoch in new[] { 1, 2 })
                Assert.That(log.Count(e => Says(e, Microsoft.ML.Runtime.ChannelMessageKind.Info, $"Epoch {epoch} of 2: training loss", "validation loss", "converged")), Is.EqualTo(1));
            Assert.That(log.Count(e => Says(e, Microsoft.ML.Runtime.ChannelMessageKind.Warning, "20 of 60 training rows hold NaN or ∞")), Is.EqualTo(1));
            Assert.That(reports.Count(r => r.Completed is not null), Is.EqualTo(2));
        });
    }

    /// <summary>Why training ended and what its loss is worth; a fitted model looks the same whatever it does.</summary>
    [Test]
    public void Training_logs_why_it_ended_and_simple_estimates_beside_its_loss()
    {
        var (ml, log) = Listening();
        var options = new ImplicitModelTrainer.Options { Training = new TrainingOptions { Epochs = 9, LearningRate = 1e-7, Patience = 1, ValidationFraction = 0.2, CheckGradient = false } };
        // From a random transform, and so small steps that nothing is learned; signals of 4 dimensions are a linear map of 12 measurements.
        var model = ml.L2O().Trainers.ImplicitDictionary(new DictionaryDefinition { MeasurementMatrix = Fixture.A }, options).Fit(ml.Data.LoadFromEnumerable(Fixture.Rows(1, 100)));
        var training = model.Training!;
        Assert.Multiple(() =>
        {
            Assert.That(training.Warnings, Has.Some.Contains("not better than").And.Some.Contains("or use the linear estimate"));
            foreach (var (kind, texts) in new[] { (Microsoft.ML.Runtime.ChannelMessageKind.Warning, training.Warnings), (Microsoft.ML.Runtime.ChannelMessageKind.Info, training.Information) })
            {
                foreach (var text in texts)
                    Assert.That(log.Count(e => Says(e, kind, text)), Is.EqualTo(1), text);
            }

            if (training.Epochs.Count < 9)
                Assert.That(training.Information, Has.One.Contains("Patience = 1"));
        });
    }

    /// <summary>The property 'Prediction' rests on measurements that say something of each other.</summary>
    [Test]
    public void Fitting_says_how_much_the_measurements_say_of_each_other([Values] bool dictionary)
    {
        var (ml, log) = Listening();
        var random = new Random(1);
        float Normal() => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        ModelDefinition definition = dictionary
            ? new DictionaryDefinition { MeasurementMatrix = Fixture.A, LearnTransform = false, InitialTransform = Fixture.Matrix(1, Fixture.N, Fixture.N), LearnPrior = true }
            : new SignalRecoveryDefinition { MeasurementMatrix = Fixture.A, Filters = 2, FilterLength = 3 };
        var options = new ImplicitModelTrainer.Options { Training = new TrainingOptions { Epochs = 1, CheckGradient = false } };
        void Fit(IEnumerable<Fixture.Row> rows) => ml.L2O().Train(definition, options).Fit(ml.Data.LoadFromEnumerable(rows.ToArray()));
        Fit(Fixture.Rows(1, 100));
        Assert.That(log.Count(e => Says(e, Microsoft.ML.Runtime.ChannelMessageKind.Info, "Of the variance of a measurement the others explain 100 %")), Is.EqualTo(1));
        log.Clear();
        Fit(Enumerable.Range(0, 100).Select(_ => new Fixture.Row { Measurements = [.. Enumerable.Range(0, Fixture.M).Select(_ => Normal())], Signal = [.. Enumerable.Range(0, Fixture.N).Select(_ => Normal())] }));
        Assert.That(log.Count(e => Says(e, Microsoft.ML.Runtime.ChannelMessageKind.Warning, "'Prediction'", "hardly sees wrong or missing measurements", "DistanceTo", "'Agreement'")), Is.EqualTo(1));
        log.Clear();
        Fit(Fixture.Rows(1, Fixture.M));
        Assert.That(log.Count(e => Says(e, Microsoft.ML.Runtime.ChannelMessageKind.Warning, "with no more rows than measurements nothing can be said of how well")), Is.EqualTo(1));
    }

    [Test]
    public void Rows_that_do_not_converge_are_logged_and_others_are_not()
    {
        var (ml, log) = Listening();
        var rows = ml.Data.LoadFromEnumerable(Fixture.Rows(4, 7));
        ITransformer Model(int iterations) => ml.L2O().Train(new Steps { Size = Fixture.M }, new ImplicitModelTrainer.Options
        {
            ColumnNames = new Dictionary<string, string> { ["Signal"] = "Measurements" },
            Training = new TrainingOptions { Epochs = 1 },
            Solver = new FixedPointOptions { MaxIterations = iterations },
        }).Fit(rows);
        var (hasty, patient) = (Model(1), Model(20_000));
        log.Clear();
        _ = Fixture.Count(patient.Transform(rows), "Estimate");
        Assert.That(log.Where(e => e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning), Is.Empty);
        _ = Fixture.Count(hasty.Transform(rows), "Estimate");
        // The first batch of a pass is one row, so that who asks for one waits for one.
        foreach (var rowsOfBatch in (int[])[1, 6])
            Assert.That(log.Count(e => Says(e, Microsoft.ML.Runtime.ChannelMessageKind.Warning, $"{rowsOfBatch} of {rowsOfBatch} rows did not converge (IterationLimit: {rowsOfBatch}; limit 1 iterations", "CertifiedProperty.Convergence()")), Is.EqualTo(1));
    }

    /// <summary>A token that is cancelled before rows are read leaves nothing to return, as the option says.</summary>
    [Test]
    public void Fit_that_is_cancelled_before_rows_are_read_throws()
    {
        var (ml, _) = Listening();
        var options = new ImplicitModelTrainer.Options { CancellationToken = new CancellationToken(true) };
        Assert.That(() => ml.L2O().Trainers.ImplicitDictionary(new DictionaryDefinition { MeasurementMatrix = Fixture.A }, options).Fit(ml.Data.LoadFromEnumerable(Fixture.Rows(1, 10))), Throws.InstanceOf<OperationCanceledException>());
    }

    /// <summary>A model that was not trained to do anything passes its own certificates; the report says how wrong it is.</summary>
    [Test]
    public void The_report_of_a_model_that_does_not_work_says_so()
    {
        var (ml, _) = Listening();
        var learned = ml.L2O().Trainers.ImplicitDictionary(new DictionaryDefinition
        {
            MeasurementMatrix = Fixture.A,
            InitialTransform = Fixture.Matrix(1, Fixture.N, Fixture.N),
            LearnTransform = false,
        }).Fit(ml.Data.LoadFromEnumerable(Fixture.Rows(1, 10)));
        var certifier = ml.L2O().Certify(new CertifiedProperty("Sparsity")).Fit(learned.Transform(ml.Data.LoadFromEnumerable(Fixture.Rows(2, 100))));
        var rows = Fixture.Rows(3, 50);
        rows[7].Signal = [.. rows[7].Signal.Select(_ => float.NaN)];
        var judged = certifier.Transform(learned.Transform(ml.Data.LoadFromEnumerable(rows)));
        var report = ml.L2O().Report(certifier, judged, new ReportOptions { EstimateColumnName = "Estimate", TruthColumnName = "Signal" });
        var expected = judged.GetColumn<float[]>("Estimate").Zip(rows, (x, row) => Math.Sqrt(x.Zip(row.Signal, (a, b) => Math.Pow(a - b, 2)).Sum() / row.Signal.Sum(v => v * v))).Where(e => !double.IsNaN(e)).Order().ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(report.Overall.Pass, Is.GreaterThan(40));
            Assert.That(report.Accuracy[""].Rows, Is.EqualTo(49));
            Assert.That(report.Accuracy[""].All, Is.EqualTo(expected.Average()).Within(1e-6).And.GreaterThan(0.3));
            Assert.That(report.Accuracy[""].Trusted, Is.GreaterThan(0.3));
            Assert.That(report.ToHtml(), Does.Contain("mean ‖Estimate − Signal‖/‖Signal‖").And.Contain("a model that does not work passes too"));
            Assert.That(ml.L2O().Report(certifier, judged).Accuracy, Is.Empty);
            Assert.That(() => ml.L2O().Report(certifier, judged, new ReportOptions { TruthColumnName = "Signal" }), Throws.ArgumentException.With.Message.Contains("go together"));
        });
    }

    private sealed class Receiver(List<TrainingProgress> reports) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => reports.Add(value);
    }
}
