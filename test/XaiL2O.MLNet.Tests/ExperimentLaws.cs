using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>
/// Experiments: order, budgets, failures, cancellation, certificates, history. Spaces and tuners are in <see cref="SearchLaws"/>, resuming in
/// <see cref="ExperimentStateLaws"/>.
/// </summary>
[NonParallelizable] // time is limited
internal sealed class ExperimentLaws
{
    internal sealed class Row
    {
        public string Group { get; set; } = "";

        [VectorType(3)]
        public float[] Features { get; set; } = [];

        public float Label { get; set; }

        public float Small { get; set; }

        public float Large { get; set; }
    }

    /// <summary>A linear law with noise; Small is always 1, Large is 0 and in every fourth row 3.</summary>
    internal static IDataView Rows(int seed, int count = 60)
    {
        var random = new Random(seed);
        return new MLContext(1).Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(i =>
        {
            float[] x = [.. Enumerable.Range(0, 3).Select(_ => (float)random.NextDouble())];
            return new Row { Group = $"{seed}.{i % 6}", Features = x, Label = x[0] - (2 * x[1]) + (0.1f * (float)random.NextDouble()), Small = 1, Large = i % 4 == 0 ? 3 : 0 };
        }).ToArray());
    }

    /// <summary>A model that takes some time to fit, heeds a token and does nothing.</summary>
    private sealed class Sleeper(double seconds, CancellationToken token) : IEstimator<ITransformer>
    {
        public ITransformer Fit(IDataView input)
        {
            token.WaitHandle.WaitOne(TimeSpan.FromSeconds(seconds));
            return new MLContext(1).Transforms.CopyColumns("Score", "Label").Fit(input);
        }

        public SchemaShape GetOutputSchema(SchemaShape inputSchema) => inputSchema;
    }

    private static readonly Metric Mse = Metric.MeanSquaredError("Score", "Label");

    internal static (OptionSpace Space, SearchParameter<double> X, SearchParameter<int> N, SearchParameter<string> Kind) Space(bool defaults = true)
    {
        var space = new OptionSpace();
        return (
            space,
            space.Range("X", 1e-4, 1e2, logarithmic: true, initial: defaults ? 1.0 : null),
            space.IntegerRange("N", 1, 20, initial: defaults ? 5 : null),
            defaults ? space.Choice("Kind", ["a", "b", "c"], "b") : space.Choice("Kind", ["a", "b", "c"]));
    }

    /// <summary>An experiment whose metric is a function of the sampled number, with a model that costs nothing.</summary>
    internal static Experiment Cheap(OptionSpace space, Func<Trial, double> metric)
    {
        var value = double.NaN;
        return new MLContext(1).L2O().Experiment(space, trial =>
            {
                value = metric(trial);
                return trial.Context.Transforms.CopyColumns("Score", "Label");
            })
            .SetTrainingData(Rows(1), Rows(2))
            .Minimize(Metric.Of("value", _ => value));
    }

    /// <summary>Tunes the learning rate of one of ML.NET's own trainers.</summary>
    internal static (Experiment Experiment, OptionSpace Space, SearchParameter<float> Rate) Regression(Tuner tuner, Action? beforeFit = null)
    {
        var space = new OptionSpace();
        var rate = space.Choice("Rate", [0.001f, 0.003f, 0.01f, 0.03f, 0.1f, 0.2f, 0.3f, 0.5f], 0.001f);
        var decay = space.Range("L2", 1e-8, 1e-2, logarithmic: true, initial: 1e-4);
        var experiment = new MLContext(1).L2O().Experiment(space, trial =>
            {
                beforeFit?.Invoke();
                return trial.Context.Regression.Trainers.OnlineGradientDescent(
                    "Label", "Features", learningRate: trial.Value(rate), l2Regularization: (float)trial.Value(decay), numberOfIterations: trial.Scaled(9));
            })
            .SetTrainingData(Rows(1), Rows(2))
            .Certify(Rows(3), CertifiedProperty.Of("Error", PropertyFunction.RelativeError(), "Score", "Label"))
            .Minimize(Mse)
            .SubjectTo(Constraint.FailRate(0.4))
            .SetTuner(tuner);
        return (experiment, space, rate);
    }

    [Test]
    public void An_experiment_whose_every_trial_fails_ends_early_with_the_error()
    {
        var (space, _, _, _) = Space();
        var fits = 0;
        double Fail(Trial trial) => ++fits == 0 ? 0 : throw new InvalidOperationException("The file 'rows.csv' is missing.");
        var experiment = Cheap(space, Fail).SetBudget(seconds: 600, trials: 10_000);
        Assert.That(() => experiment.Run(), Throws.InvalidOperationException.With.Message.Contains("All of the first 10 trials failed").And.Message.Contains("The file 'rows.csv' is missing.").And.Message.Contains("X = "));
        Assert.That(fits, Is.EqualTo(10));
    }

    [Test]
    public void Failures_after_a_success_or_fewer_than_ten_do_not_end_an_experiment()
    {
        var (space, _, _, _) = Space();
        Assert.That(Cheap(space, trial => trial.Number == 0 ? 1 : double.NaN).SetBudget(trials: 15).Run().Trials, Has.Count.EqualTo(15));
        Assert.That(Cheap(space, trial => trial.Number == 9 ? 1 : double.NaN).SetBudget(trials: 12).Run().BestTrial.Number, Is.EqualTo(9));
    }

    [Test]
    public void A_failed_trial_is_recorded_and_the_rest_go_on()
    {
        var (space, x, _, _) = Space();
        var reported = new List<TrialOutcome>();
        var result = Cheap(space, trial => trial.Number switch
        {
            1 => throw new InvalidOperationException("diverged"),
            2 => double.PositiveInfinity,
            _ => trial.Value(x),
        }).SetBudget(trials: 6).Run(new Report(reported.Add));
        Assert.That(result.Trials.Select(t => t.Status), Is.EqualTo(new[] { TrialStatus.Succeeded, TrialStatus.Failed, TrialStatus.Failed, TrialStatus.Succeeded, TrialStatus.Succeeded, TrialStatus.Succeeded }));
        Assert.That(result.Trials[1].Error, Is.EqualTo("diverged"));
        Assert.That(result.Trials[2].Error, Is.EqualTo("The metric value is Infinity."));
        Assert.That(reported, Is.EqualTo(result.Trials));
        Assert.That(result.BestTrial.Metric, Is.EqualTo(result.Trials.Where(t => t.Status == TrialStatus.Succeeded).Min(t => t.Metric)));
        Assert.That(result.DefaultTrial, Is.SameAs(result.Trials[0]));
    }

    [Test]
    public void Maximizing_takes_the_largest_and_ties_go_to_the_first()
    {
        var (space, x, _, _) = Space();
        var value = 0.0;
        Experiment Of(Func<double, double> metric) => new MLContext(1).L2O().Experiment(space, trial =>
        {
            value = metric(trial.Value(x));
            return trial.Context.Transforms.CopyColumns("Score", "Label");
        }).SetTrainingData(Rows(1), Rows(2)).Maximize(Metric.Of("value", _ => value)).SetBudget(trials: 8);
        var result = Of(v => v).Run();
        Assert.That(result.BestTrial.Value(x), Is.EqualTo(result.Trials.Max(t => t.Value(x))));
        Assert.That(Of(_ => 1).Run().BestTrial.Number, Is.Zero);
    }

    [Test]
    public void A_better_metric_that_breaks_the_constraint_loses()
    {
        var ml = new MLContext(1);
        var space = new OptionSpace();
        var column = space.Choice("Column", ["Large", "Small"], "Large");
        Experiment Of(double atMost) => ml.L2O().Experiment(space, trial => trial.Context.Transforms.CopyColumns("Score", trial.Value(column)))
            .SetTrainingData(Rows(1), Rows(2))
            .Certify(Rows(3), new CertifiedProperty("Size", "Score") { Limits = new ValueLimits { FailAbove = 2 } })
            .Minimize(Metric.Mean("Score"))
            .SubjectTo(Constraint.FailRate(atMost))
            .SubjectTo(Constraint.FailRate("Size", 0.3))
            .SetBudget(trials: 10);
        var strict = Of(0.1).Run();
        Assert.That(strict.Trials, Has.Count.EqualTo(2));
        Assert.That(strict.Trials[0].Metric, Is.EqualTo(0.75));
        Assert.That(strict.Trials[0].FailRate, Is.EqualTo(0.25));
        Assert.That(strict.Trials[0].Certificates.Single(), Is.EqualTo(new CertificateRate("Size", 0.75, 0, 0.25)));
        Assert.That(strict.Trials[0].Violation, Is.EqualTo(1.5).Within(1e-12));
        Assert.That((strict.BestTrial.Value(column), strict.BestTrial.Metric, strict.BestTrial.FailRate, strict.BestTrial.IsFeasible), Is.EqualTo(("Small", 1.0, 0.0, true)));
        Assert.That(strict.Model.Transform(Rows(4)).GetColumn<bool>("Trustworthy"), Is.All.True);
        Assert.That(Of(0.25).Run().BestTrial.Value(column), Is.EqualTo("Large"));
    }

    [Test]
    public void Among_trials_that_break_a_constraint_the_smaller_violation_wins()
    {
        var (space, x, _, _) = Space();
        var value = 0.0;
        var result = Cheap(space, trial => value = trial.Value(x)).SubjectTo(Constraint.Of("large", _ => -value, -1e3)).SetBudget(trials: 10).Run();
        Assert.That(result.BestTrial.IsFeasible, Is.False);
        Assert.That(result.BestTrial.Value(x), Is.EqualTo(result.Trials.Max(t => t.Value(x))));
    }

    [Test]
    public void A_fail_rate_without_certificates_is_a_failed_trial_that_says_what_is_missing()
    {
        var (space, _, _, _) = Space();
        var result = Cheap(space, _ => 1).SubjectTo(Constraint.FailRate(0.05)).SetBudget(trials: 1).Run();
        Assert.That(result.Trials.Single().Error, Does.Contain("'Trustworthy'").And.Contain("Certify"));
    }

    [Test]
    public void The_time_budget_is_kept_within_a_tenth_and_the_trial_at_the_deadline_is_cut()
    {
        var (space, x, _, _) = Space();
        var result = new MLContext(1).L2O().Experiment(space, trial => new Sleeper(0.7, trial.CancellationToken))
            .SetTrainingData(Rows(1), Rows(2)).Minimize(Mse).SetBudget(seconds: 2.5).Run();
        Assert.That(result.Seconds, Is.InRange(2.25, 2.75));
        Assert.That(result.Trials.Select(t => t.Status), Is.EqualTo(new[] { TrialStatus.Succeeded, TrialStatus.Succeeded, TrialStatus.Succeeded, TrialStatus.Cancelled }));
        Assert.That(result.BestTrial.Number, Is.Zero);
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Trainers_that_know_no_token_end_at_the_deadline(bool ownContext)
    {
        var (space, _, _, _) = Space();
        var outer = new MLContext(1);
        // With the trial's context the trainer is told; with another one its next row ends it.
        var result = outer.L2O().Experiment(space, trial => (ownContext ? trial.Context : outer).Regression.Trainers.OnlineGradientDescent("Label", "Features", numberOfIterations: 100_000_000))
            .SetTrainingData(Rows(1), Rows(2)).Minimize(Mse).SetBudget(seconds: 1.5).Run();
        Assert.That(result.Seconds, Is.InRange(1.35, 1.65));
        Assert.That(result.Trials.Single().Status, Is.EqualTo(TrialStatus.Cancelled));
        Assert.That(() => result.BestTrial, Throws.InvalidOperationException.With.Message.Contains("stopped"));
    }

    [Test]
    public void A_trainer_that_keeps_its_rows_in_memory_is_told_through_its_context()
    {
        var (space, _, _, _) = Space();
        // No view can stop it once it has read its rows. It looks whether it is told to stop, but not at every row.
        var result = new MLContext(1).L2O().Experiment(space, trial => trial.Context.Regression.Trainers.Sdca(new Microsoft.ML.Trainers.SdcaRegressionTrainer.Options
            {
                MaximumNumberOfIterations = 3_000_000, ConvergenceTolerance = 1e-30f, NumberOfThreads = 1,
            }))
            .SetTrainingData(Rows(1), Rows(2)).Minimize(Mse).SetBudget(seconds: 1).Run();
        Assert.That(result.Seconds, Is.LessThan(4));
        Assert.That(result.Trials.Single().Status, Is.EqualTo(TrialStatus.Cancelled));
    }

    [Test]
    public void The_measurement_of_a_trial_ends_at_the_deadline_too()
    {
        var (space, _, _, _) = Space();
        var ml = new MLContext(1);
        var slow = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 1000).Select(i =>
        {
            Thread.Sleep(20);
            return new Row { Features = [1, 2, 3], Label = i };
        }));
        var result = ml.L2O().Experiment(space, trial => trial.Context.Transforms.CopyColumns("Score", "Label"))
            .SetTrainingData(Rows(1), slow).Minimize(Mse).SetBudget(seconds: 1).Run();
        Assert.That(result.Seconds, Is.InRange(0.9, 1.1));
        Assert.That(result.Trials.Single().Status, Is.EqualTo(TrialStatus.Cancelled));
    }

    [Test]
    public async Task Cancellation_returns_the_best_so_far()
    {
        var (space, x, _, _) = Space();
        using var source = new CancellationTokenSource();
        var reports = 0;
        var result = await Cheap(space, trial => trial.Value(x)).SetBudget(trials: 1000).RunAsync(
            new Report(_ =>
            {
                if (++reports == 4)
                    source.Cancel();
            }),
            source.Token);
        Assert.That(result.Trials, Has.Count.EqualTo(4));
        Assert.That(result.BestTrial.Metric, Is.EqualTo(result.Trials.Min(t => t.Metric)));
        Assert.That(result.Model.Transform(Rows(9)).GetColumn<float>("Score").Count(), Is.EqualTo(60));
    }

    [Test]
    public void Works_with_a_trainer_of_mlnet_and_certifies_it()
    {
        var (experiment, _, rate) = Regression(new RandomSearch(1));
        var result = experiment.SetBudget(trials: 12).Run();
        Assert.That(result.BestTrial.IsFeasible, Is.True);
        Assert.That(result.BestTrial.Metric, Is.LessThan(0.9 * result.DefaultTrial!.Metric));
        var judged = result.Model.Transform(Rows(2));
        Assert.That(Mse.Measure(judged), Is.EqualTo(result.BestTrial.Metric));
        Assert.That(judged.GetColumn<bool>("Trustworthy").Average(t => t ? 0.0 : 1), Is.EqualTo(result.BestTrial.FailRate).Within(1e-12));
        Assert.That(result.BestTrial.Value(rate), Is.GreaterThan(0.001f));
    }

    [Test]
    public void Works_with_an_implicit_model()
    {
        var ml = new MLContext(1);
        var space = new OptionSpace();
        var rate = space.Range("LearningRate", 1e-4, 1e-1, logarithmic: true, initial: 1e-4);
        var data = ml.Data;
        var result = ml.L2O().Experiment(space, trial => trial.Context.L2O().Trainers.ImplicitDictionary(new DictionaryDefinition { MeasurementMatrix = Fixture.A }, new ImplicitModelTrainer.Options
            {
                Training = new() { Epochs = 1, BatchSize = 20, LearningRate = trial.Value(rate), Solver = new() { MaxIterations = 200 } },
                CancellationToken = trial.CancellationToken,
            }))
            .SetTrainingData(data.LoadFromEnumerable(Fixture.Rows(1, 60)), data.LoadFromEnumerable(Fixture.Rows(2, 30)))
            .Certify(data.LoadFromEnumerable(Fixture.Rows(3, 40)), new CertifiedProperty("Sparsity"))
            .Minimize(Metric.Prd())
            .SubjectTo(Constraint.FailRate(0.5))
            .SetBudget(trials: 3)
            .Run();
        Assert.That(result.Trials.Select(t => t.Status), Is.All.EqualTo(TrialStatus.Succeeded));
        Assert.That(Metric.Prd().Measure(result.Model.Transform(data.LoadFromEnumerable(Fixture.Rows(2, 30)))), Is.EqualTo(result.BestTrial.Metric).Within(1e-6));
    }

    [TestCase(null)]
    [TestCase("Group")]
    public void Cross_validation_averages_the_folds_and_fits_the_best_on_all_rows(string? group)
    {
        var space = new OptionSpace();
        var rate = space.Choice("Rate", [0.001f, 0.1f], 0.001f);
        var (training, outer) = (Rows(1), new MLContext(1));
        var result = outer.L2O().Experiment(space, trial => outer.Transforms.CopyColumns("Features2", "Features")
                .Append(outer.Regression.Trainers.OnlineGradientDescent("Label", "Features2", learningRate: trial.Value(rate), numberOfIterations: 3)))
            .CrossValidate(training, folds: 3, group).Minimize(Mse).SetBudget(trials: 2).Run();
        var better = result.Trials.Single(t => t.Value(rate) == 0.1f);
        Assert.That(result.BestTrial, Is.SameAs(better));
        var folds = outer.Data.CrossValidationSplit(training, 3, group, seed: 1);
        OnlineModel(0.1f, folds.Select(f => (f.TrainSet, f.TestSet)), out var metrics);
        Assert.That(result.BestTrial.Metric, Is.EqualTo(metrics.Average()).Within(1e-9));
        OnlineModel(0.1f, [(training, training)], out var whole);
        Assert.That(Mse.Measure(result.Model.Transform(training)), Is.EqualTo(whole[0]).Within(1e-9));

        static void OnlineModel(float rate, IEnumerable<(IDataView Train, IDataView Test)> splits, out double[] metrics)
        {
            var ml = new MLContext(1);
            metrics = [.. splits.Select(s => Mse.Measure(ml.Regression.Trainers.OnlineGradientDescent("Label", "Features", learningRate: rate, numberOfIterations: 3).Fit(s.Train).Transform(s.Test)))];
        }
    }

    [Test]
    public void Settings_are_checked_before_the_first_trial()
    {
        var (space, _, _, _) = Space();
        Experiment New() => Cheap(space, _ => 1).SetBudget(trials: 1);
        static void Refuses(Experiment experiment, string message) => Assert.That(() => experiment.Run(), Throws.InvalidOperationException.With.Message.Contains(message));
        Refuses(new MLContext(1).L2O().Experiment(space, _ => null!).Minimize(Mse).SetBudget(1), "SetTrainingData");
        Refuses(new MLContext(1).L2O().Experiment(space, _ => null!).SetTrainingData(Rows(1), Rows(2)).SetBudget(1), "Minimize");
        Refuses(Cheap(space, _ => 1), "SetBudget");
        Refuses(Cheap(new OptionSpace(), _ => 1).SetBudget(trials: 1), "empty");
        var rows = Rows(1);
        Refuses(New().SetTrainingData(rows, rows), "same rows");
        Refuses(New().SetTrainingData(rows, Rows(2)).Certify(rows, new CertifiedProperty("Size", "Small")), "rows of its own");
        Refuses(New().SetTrainingData(Rows(1), Rows(1), "Group"), "group '1.0' of the column 'Group' is among the rows of training and of validation");
        Refuses(New().SetTrainingData(Rows(1), Rows(2), "Group").Certify(Rows(2), new CertifiedProperty("Size", "Small")), "validation and of calibration");
        Refuses(New().CrossValidate(Rows(1), 7, "Group"), "7 folds cannot be made of 6 groups");
        Assert.That(() => New().SetBudget(seconds: 0), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("seconds = 0"));
        Assert.That(() => New().SetBudget(trials: 0), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("trials = 0"));
        Assert.That((int[])[1, 1001], Is.All.Matches<int>(folds => Assert.Throws<ArgumentOutOfRangeException>(() => New().CrossValidate(rows, folds))!.Message.Contains($"folds = {folds} is out of range; it must lie in [2, 1000]", StringComparison.Ordinal)));
        Assert.That(() => Constraint.FailRate(1.5), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("atMost = 1.5"));
        Assert.That(New().SetTrainingData(Rows(1), Rows(2), "Group").Run().HasBest, Is.True);
    }

    [Test]
    public void Metrics_are_what_they_are_called()
    {
        var view = new MLContext(1).Data.LoadFromEnumerable(new[]
        {
            new Row { Features = [3, 4, 0], Label = 1, Small = 3 },
            new Row { Features = [0, 0, 2], Label = 2, Small = 0 },
        });
        var shifted = new MLContext(1).Transforms.NormalizeLpNorm("Unit", "Features").Fit(view).Transform(view);
        Assert.That(Metric.MeanSquaredError("Small", "Label").Measure(view), Is.EqualTo(4));
        Assert.That(Metric.Prd("Unit", "Features").Measure(shifted), Is.EqualTo((80 + 50) / 2.0).Within(1e-5));
        Assert.That(Metric.MeanSquaredError("Unit", "Features").Measure(shifted), Is.EqualTo((16.0 / 3 + 1.0 / 3) / 2).Within(1e-6));
        Assert.That(Metric.Psnr("Unit", "Features", peak: 10).Measure(shifted), Is.EqualTo(((10 * Math.Log10(300 / 16.0)) + (10 * Math.Log10(300))) / 2).Within(1e-5));
        Assert.That(Metric.Mean("Label").Measure(view), Is.EqualTo(1.5));
        Assert.That(Metric.Of("rows", v => v.GetColumn<float>("Label").Count()).Measure(view), Is.EqualTo(2));
        Assert.That(() => Metric.Mean("Nosuch").Measure(view), Throws.InvalidOperationException.With.Message.Contains("'Nosuch'"));
        Assert.That(() => Metric.Prd("Label", "Features").Measure(view), Throws.InvalidOperationException.With.Message.Contains("1 and 3 entries"));
        Assert.That(() => Metric.Mean("Group").Measure(view), Throws.InvalidOperationException.With.Message.Contains("'Group'"));
    }

    [Test]
    public void Executed_utility_is_measured_on_true_reserves()
    {
        var (ml, network, prices) = (new MLContext(1), CfmmSimulation.Network, CfmmSimulation.Prices);
        var reserves = CfmmSimulation.Reserves(20, new Random(1));
        var observed = CfmmSimulation.Observe(network, reserves, 0.002, new Random(2));
        CfmmRow[] rows = [.. Enumerable.Range(0, 20).Select(i => new CfmmRow { Reserves = observed[(i * 11)..((i + 1) * 11)], TrueReserves = reserves[(i * 11)..((i + 1) * 11)] })];
        var space = new OptionSpace();
        var kept = space.Choice("Train", [true, false], false);
        var result = ml.L2O().Experiment(space, trial => ml.L2O().Trainers.CfmmTrade(new CfmmTradeDefinition { Network = network, Prices = [.. prices] }, new ImplicitModelTrainer.Options
            {
                Training = new() { Epochs = 2, BatchSize = 10, LearningRate = trial.Value(kept) ? 0.03 : 1e-9, ValidationFraction = 0.2 },
            }))
            .SetTrainingData(ml.Data.LoadFromEnumerable(rows), ml.Data.LoadFromEnumerable(rows.ToArray()))
            .Maximize(Metric.ExecutedUtility(network, prices)).SetBudget(trials: 2).Run();
        Assert.That(result.Trials.Select(t => t.Status), Is.All.EqualTo(TrialStatus.Succeeded), result.Trials[0].Error);
        var trades = result.Model.Transform(ml.Data.LoadFromEnumerable(rows));
        double[] All(string column) => [.. trades.GetColumn<double[]>(column).SelectMany(v => v)];
        var expected = MarginRule.ExecutedUtility(network, new CfmmTrades(All("Tender"), All("Receive"), new double[20], new int[20], new SolveStatus[20]), [.. prices], reserves);
        Assert.That(result.BestTrial.Metric, Is.EqualTo(expected.Utility).Within(1e-9).And.GreaterThan(0));
    }

    private sealed class CfmmRow
    {
        [VectorType(11)]
        public double[] Reserves { get; set; } = [];

        [VectorType(11)]
        public double[] TrueReserves { get; set; } = [];
    }

    [Test]
    public void The_history_is_a_view_and_a_csv_file()
    {
        var space = new OptionSpace();
        var (x, seconds) = (space.Range("X", 0, 1, initial: 0.5), space.Choice("Seconds", ["a,\"b\"", "c"], "a,\"b\""));
        var result = Cheap(space, trial => trial.Number == 1 ? throw new InvalidOperationException("line 1\nline 2") : trial.Value(x)).SetBudget(trials: 4).Run();
        var view = result.ToDataView();
        Assert.That(view.Schema.Select(c => c.Name), Is.EqualTo(new[] { "Trial", "Status", "Resource", "X", "Option.Seconds", "Metric", "FailRate", "Violation", "Seconds", "EndedAt", "Feasible", "Best", "Error" }));
        Assert.That(view.GetColumn<int>("Trial"), Is.EqualTo(new[] { 0, 1, 2, 3 }));
        Assert.That(view.GetColumn<double>("X"), Is.EqualTo(result.Trials.Select(t => t.Value(x))));
        Assert.That(view.GetColumn<string>("Option.Seconds"), Is.EqualTo(result.Trials.Select(t => t.Value(seconds))));
        Assert.That(view.GetColumn<bool>("Best").Count(b => b), Is.EqualTo(1));
        Assert.That(view.GetColumn<string>("Error").ElementAt(1), Is.EqualTo("line 1\nline 2"));
        Assert.That(view.GetColumn<double>("Metric").ElementAt(1), Is.NaN);
        Assert.That(new MLContext(1).Data.FilterRowsByMissingValues(view, "Metric").GetColumn<int>("Trial"), Is.EqualTo(new[] { 0, 2, 3 }));
        var folder = Directory.CreateTempSubdirectory("xail2o-").FullName;
        var path = Path.Combine(folder, "trials.csv");
        result.SaveCsv(path);
        var lines = File.ReadAllText(path).Split("\r\n");
        Assert.That(lines[0], Is.EqualTo("Trial,Status,Resource,X,Option.Seconds,Metric,FailRate,Violation,Seconds,EndedAt,Feasible,Best,Error"));
        Assert.That(lines[1], Does.StartWith("0,Succeeded,1,0.5,\"a,\"\"b\"\"\",0.5,,0,"));
        Assert.That(lines[2], Does.EndWith("False,False,\"line 1\nline 2\""));
        Assert.That(lines, Has.Length.EqualTo(6));
        Directory.Delete(folder, recursive: true);
    }

    internal sealed class Report(Action<TrialOutcome> action) : IProgress<TrialOutcome>
    {
        void IProgress<TrialOutcome>.Report(TrialOutcome value) => action(value);
    }
}
