using Microsoft.ML;
using Spectre.Console;
using XaiL2O.Certifiers;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>Tunes the dictionary model of ECG for a given time: the smallest error among those whose certificates seldom fail.</summary>
internal sealed class ExperimentExample : IExample
{
    /// <summary>
    /// Every patient has one role. The certifier is calibrated on patients that neither trained the model nor measured it; the patients of the
    /// test file are looked at after the search alone.
    /// </summary>
    private static readonly int[] TrainingRecords = [100, 102, 104, 106];
    private static readonly int[] ValidationRecords = [105];
    private static readonly int[] CalibrationRecords = [108, 114];

    private const double FailRateLimit = 0.05;

    public string Name => "experiment";

    public string Description => "Tune the dictionary model of ECG for three minutes, subject to a fail rate of its certificates.";

    public string FullDescription => "Tune for fifteen minutes in place of three, on all windows in place of every other.";

    public string QuickDescription => $"{QuickTrials} trials of {QuickEpochs} to {2 * QuickEpochs} epochs from the cosine transform on every fourth window, measured on every twelfth, so that the result does not depend on the machine; that time is kept shows in another experiment, of {QuickDeadline} seconds.";

    public string? SecondsDescription => "Seconds to tune for; default 180, with --full 900, and with --quick 600, which its trials need only on a very slow machine.";

    private const int QuickTrials = 4;
    private const int QuickEpochs = 5;

    /// <summary>Seconds after which a quick run's experiment with a deadline ends, in the midst of a trial that takes longer on any machine.</summary>
    private const double QuickDeadline = 10;

    /// <summary>Of how many windows that are solved to the end a quick run takes one.</summary>
    private const int QuickSolved = 12;

    private const int Epochs = 25;

    /// <summary>The model that is tuned. A quick run has no time to learn K from a random start, which null stands for, and solves with a K that has learned little are long.</summary>
    private static DictionaryDefinition Model(float[,] A, int seed, float[,]? start) => new() { MeasurementMatrix = A, Seed = seed, InitialTransform = start };

    private static ImplicitModelTrainer.Options Options(int epochs, int seed) => new()
    {
        Training = new TrainingOptions { Epochs = epochs, LearningRate = 3e-3, Seed = seed, Patience = 0, Solver = new FixedPointOptions { MaxIterations = 500 } },
    };

    public void Run(ExampleContext context)
    {
        var seconds = context.Seconds ?? context.Sized(600, 180, 900);
        var ml = new MLContext(context.Seed);
        var A = Gaussian.UnitColumns(EcgWindow.MeasurementCount, EcgWindow.SignalLength, new Random(context.Seed));
        ExampleContext.Say("Loading MIT-BIH windows");
        var all = EcgWindow.Load(ml, Path.Combine("ecg", "mitbih-train.tsv"), A);
        var share = context.Sized(4, 2, 1);
        // Solves take most of a quick run, and only the training rows are not solved to the end.
        EcgWindow[] windows = [.. all.Where((w, i) => i % (context.Size == RunSize.Quick && !TrainingRecords.Contains(w.Record) ? QuickSolved : share) == 0)];
        var model = Model(A, context.Seed, context.Size == RunSize.Quick ? MatrixMath.CosineTransform(EcgWindow.SignalLength) : null);
        var usual = Options(context.Sized(QuickEpochs, Epochs, Epochs), context.Seed);

        // The number of trials makes a quick run end with the same result on machines of any speed.
        int? trials = context.Size == RunSize.Quick ? QuickTrials : null;
        ExampleContext.Say($"Tuning for {(trials is null ? "" : $"{trials} trials or ")}{seconds:0} s: trained on records {string.Join(", ", TrainingRecords)}, calibrated on {string.Join(", ", CalibrationRecords)}, measured on {string.Join(", ", ValidationRecords)}");
        var statePath = context.PathOf("experiment.json");
        if (File.Exists(statePath))
            ExampleContext.Say("Going on from the state of an interrupted run");
        ExperimentResult TuneFor(int? count, IProgress<TrialOutcome> progress) => Tune(ml, model, windows, usual)
            .SetTuner(new RandomSearch(context.Seed))
            .SetBudget(seconds, count)
            .SaveTo(statePath)
            .Run(progress, context.Cancellation);

        // An experiment keeps its best model alone. The first trial has the default options; after it alone, theirs is the best.
        ITransformer? defaultModel = null;
        var result = TrialTable.Show("PRD", progress =>
        {
            var first = TuneFor(1, progress);
            if (first.DefaultTrial is not { Status: TrialStatus.Succeeded })
                return first;
            defaultModel = first.Trials.Count == 1 ? first.Model : null;
            return TuneFor(trials, progress);
        });
        // The state stays for the next run.
        context.Cancellation.ThrowIfCancellationRequested();
        if (result.DefaultTrial is not { Status: TrialStatus.Succeeded } initial)
        {
            ExampleContext.Say($"The {seconds:0} seconds were too short for the trial with the default options, which comes first. Run again with more --seconds, twice as many to begin with; nothing is lost by it, since a trial that was cut begins anew. On a slow machine --quick shows the same on fewer windows and epochs.");
            return;
        }

        var best = result.BestTrial;
        var ended = result.Trials.Count(t => t.Status != TrialStatus.Cancelled);
        if (ended == 1)
            ExampleContext.Say($"Only the trial with the default options ended: it took {initial.Seconds:0} of {seconds:0} seconds, so no others were compared with it. Run again with --seconds {Math.Ceiling(6 * initial.Seconds):0} for about five more.");
        AnsiConsole.MarkupLineInterpolated($"Default: PRD {initial.Metric:0.00} %, fail rate {initial.FailRate:P1}. Best, trial {best.Number}: PRD {best.Metric:0.00} %, fail rate {best.FailRate:P1} ({best.Options}).");
        result.SaveCsv(context.PathOf("trials.csv"));
        SearchFigure.Draw(context.PathOf("search.png"), result, "PRD on the validation record in percent");
        FileReplacement.Write(context.PathOf("model.zip"), stream => ml.Model.Save(result.Model, ml.Data.LoadFromEnumerable(windows).Schema, stream));

        ExampleContext.Say("Applying the best model, and that of the default options, to two patients that nothing has seen");
        var test = ml.Data.LoadFromEnumerable(context.Thinned(EcgWindow.Load(ml, Path.Combine("ecg", "mitbih-test.tsv"), A), QuickSolved));
        var (testMetric, testFailRate) = Measure(ml, result.Model, test);
        var (defaultTestMetric, defaultTestFailRate) = Measure(ml, defaultModel ?? (best.Number == initial.Number ? result.Model : Default()), test);
        AnsiConsole.MarkupLineInterpolated($"Test records: default PRD {defaultTestMetric:0.00} %, fail rate {defaultTestFailRate:P1}; best PRD {testMetric:0.00} %, fail rate {testFailRate:P1}.");

        // Where an interrupted run had more trials; the same seed gives the same model again.
        ITransformer Default() => Tune(ml, model, windows, usual)
            .SetTuner(new RandomSearch(context.Seed))
            .SetBudget(trials: 1)
            .Run(null, context.Cancellation)
            .Model;

        var (deadline, stopped) = context.Size == RunSize.Quick ? (QuickDeadline, Deadline()) : (seconds, result.Seconds);

        // A trial of usual size on all windows, which the deadline cuts.
        double Deadline()
        {
            ExampleContext.Say($"Ending an experiment after {QuickDeadline:0} s, in the midst of a trial");
            return Tune(ml, Model(A, context.Seed, start: null), all, Options(100 * Epochs, context.Seed)).SetBudget(QuickDeadline).Run(null, context.Cancellation).Seconds;
        }

        ExampleContext.Say("Interrupting a small experiment half-way, and going on from its file");
        var same = ResumedEqualsUninterrupted(context, ml, model, windows);
        AnsiConsole.MarkupLineInterpolated($"Resumed equals uninterrupted: {(same ? "yes" : "no")}.");
        foreach (var file in Directory.GetFiles(context.Folder.FullName, "experiment.json*"))
            File.Delete(file);
        context.WriteSummary(new Dictionary<string, object>
        {
            ["trials"] = ended,
            ["trials_failed"] = result.Trials.Count(t => t.Status == TrialStatus.Failed),
            ["trials_cut"] = result.Trials.Count(t => t.Status == TrialStatus.Cancelled),
            ["best_metric"] = best.Metric,
            ["default_metric"] = initial.Metric,
            ["constraint_fail_rate"] = best.FailRate,
            ["constraint_limit"] = FailRateLimit,
            ["default_fail_rate"] = initial.FailRate,
            ["best_options"] = best.Options.ToString(),
            ["seconds"] = result.Seconds,
            ["budget_seconds"] = seconds,
            ["deadline_seconds"] = deadline,
            ["ended_after_seconds"] = stopped,
            ["test_metric"] = testMetric,
            ["test_fail_rate"] = testFailRate,
            ["default_test_metric"] = defaultTestMetric,
            ["default_test_fail_rate"] = defaultTestFailRate,
            ["resumed_equals_uninterrupted"] = same ? 1 : 0,
            ["total_seconds"] = context.ElapsedSeconds,
        });
    }

    /// <summary>Mean PRD and share of rows that are not trustworthy.</summary>
    private static (double Prd, double FailRate) Measure(MLContext ml, ITransformer model, IDataView rows)
    {
        var inferences = ml.Data.CreateEnumerable<EcgInference>(model.Transform(rows), reuseRowObject: false, ignoreMissingColumns: true).ToArray();
        return (inferences.Average(r => r.Prd), inferences.Average(r => r.Trustworthy ? 0.0 : 1));
    }

    /// <summary>The experiment: what is varied, on which rows, for what.</summary>
    private static Experiment Tune(MLContext ml, DictionaryDefinition model, EcgWindow[] windows, ImplicitModelTrainer.Options usual)
    {
        IDataView Of(int[] records) => ml.Data.LoadFromEnumerable(windows.Where(w => records.Contains(w.Record)));
        var (solver, training) = (usual.Solver ?? model.Solver, usual.Training!);
        // A model that has hardly been trained is slow to solve; three minutes are better spent on another trial.
        solver = solver with { MaxIterations = Math.Min(6000, solver.MaxIterations) };
        var space = new OptionSpace();
        var epochs = space.IntegerRange("Epochs", training.Epochs, 2 * training.Epochs, initial: training.Epochs);
        var learningRate = space.Range("LearningRate", 2e-3, 5e-3, logarithmic: true, initial: training.LearningRate);
        var batchSize = space.IntegerRange("BatchSize", 50, 150, logarithmic: true, initial: training.BatchSize);
        var warmUp = space.Range("WarmUp", 0.05, 0.3, initial: training.WarmUp);
        var proximalStep = space.Choice("ProximalStep", [0.05, 0.1, 0.2], model.Model.ProximalStep);
        return ml.L2O().Experiment(space, trial => trial.Context.L2O().Trainers.ImplicitDictionary(
            new DictionaryDefinition
            {
                MeasurementMatrix = model.MeasurementMatrix,
                InitialTransform = model.InitialTransform,
                Seed = model.Seed,
                Model = model.Model with { ProximalStep = trial.Value(proximalStep) },
            },
            usual with
            {
                Solver = solver,
                Training = training with
                {
                    Epochs = trial.Scaled(trial.Value(epochs)),
                    LearningRate = trial.Value(learningRate),
                    BatchSize = trial.Value(batchSize),
                    WarmUp = trial.Value(warmUp),
                },
                CancellationToken = trial.CancellationToken,
            }))
            .SetTrainingData(Of(TrainingRecords), Of(ValidationRecords), groupColumnName: nameof(EcgWindow.Record))
            .Certify(Of(CalibrationRecords), new CertifierOptions
            {
                Properties =
                [
                    new CertifiedProperty("Sparsity"),
                    new CertifiedProperty("Fidelity", Tolerance: solver.FidelityTolerance),
                    CertifiedProperty.Convergence(),
                ],
                // Without it three certificates at 5 % would flag more than 5 % of good windows by design.
                Joint = new JointPolicy { Rule = JointRule.Holm, FamilyLevel = 0.05 },
            })
            .Minimize(Metric.Prd(nameof(EcgInference.Estimate), nameof(EcgWindow.Signal)))
            .SubjectTo(Constraint.FailRate(FailRateLimit))
            .SetSeed(training.Seed);
    }

    /// <summary>The same experiment on few windows and epochs, run whole, and run in two parts.</summary>
    private static bool ResumedEqualsUninterrupted(ExampleContext context, MLContext ml, DictionaryDefinition model, EcgWindow[] windows)
    {
        const int trials = 7;
        var usual = Options(2, context.Seed) with { Solver = model.Solver with { MaxIterations = 300 } };
        EcgWindow[] few = [.. windows.GroupBy(w => w.Record).SelectMany(g => g.Take(context.Sized(40, 60, 60)))];
        using var folder = new TemporaryFolder();
        var statePath = folder.PathOf("experiment.json");
        Experiment New() => Tune(ml, model, few, usual).SetTuner(new SuccessiveHalving(context.Seed, Rungs: 2)).SetBudget(trials: trials);
        static string Told(ExperimentResult result) => string.Join('\n', result.Trials.Select(t => $"{t.Number} {t.Options} {t.Resource:R} {t.Status} {t.Metric:R} {t.FailRate:R}").Append($"{result.BestTrial.Number}"));

        var whole = New().Run(null, context.Cancellation);
        using (var interruption = CancellationTokenSource.CreateLinkedTokenSource(context.Cancellation))
            New().SaveTo(statePath).Run(new TrialTable.Report(t => Interrupt(t, interruption)), interruption.Token);
        context.Cancellation.ThrowIfCancellationRequested();
        return Told(New().SaveTo(statePath).Run(null, context.Cancellation)) == Told(whole);

        static void Interrupt(TrialOutcome trial, CancellationTokenSource source)
        {
            if (trial.Number == trials / 2)
                source.Cancel();
        }
    }
}
