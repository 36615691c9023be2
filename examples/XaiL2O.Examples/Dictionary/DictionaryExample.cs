using Microsoft.ML;
using Spectre.Console;
using XaiL2O.Certifiers;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>
/// The source's synthetic experiment: sparse codes in an unknown dictionary, seen through 100 measurements of 250 values. Its signals lie in 50 dimensions, so
/// linear regression solves it exactly; <see cref="HardDictionary"/> is a variant that needs more.
/// </summary>
internal sealed class DictionaryExample : IExample
{
    private const int SignalLength = DictionaryRow.SignalLength;
    private const int Codes = 50;

    public string Name => "dictionary";

    public string Description => "Learns sparsifying transforms on synthetic data, beside linear regression, and certifies four kinds of inference.";

    public string FullDescription => "Train longer: about six minutes in place of two.";

    public string QuickDescription => "Half of the training signals, five epochs in place of twelve and two in place of four on the harder variant; every tenth test and calibration signal.";

    /// <summary>Of how many signals that are solved a quick run takes one.</summary>
    internal const int QuickShare = 10;

    public void Run(ExampleContext context)
    {
        var random = new Random(context.Seed);
        var synthesis = Gaussian.Matrix(SignalLength, Codes, random);
        var A = Gaussian.UnitColumns(DictionaryRow.MeasurementCount, SignalLength, random);
        var (train, test) = (DictionaryRow.Draw(context.Sized(5_000, 10_000, 10_000), synthesis, A, 0.1, random), context.Thinned(DictionaryRow.Draw(1_000, synthesis, A, 0.1, random), QuickShare));

        var ml = new MLContext(context.Seed);
        // ‖Kx‖₁ itself is the source's property.
        var options = Options(context, context.Sized(5, 12, 40), 3e-3);
        var definition = new DictionaryDefinition { MeasurementMatrix = A, Seed = context.Seed, Model = new ImplicitDictionaryOptions { SparsityRelativeToData = false } };
        var trainView = ml.Data.LoadFromEnumerable(train);
        var model = ExampleContext.WithProgress("Training", progress =>
            ml.L2O().Trainers.ImplicitDictionary(definition, options with { Progress = progress }).Fit(trainView));
        ExampleContext.Say("Solving the test signals to convergence");
        var rows = ml.Data.CreateEnumerable<DictionaryRow>(model.Transform(ml.Data.LoadFromEnumerable(test)), reuseRowObject: false).ToArray();
        var errors = DictionaryRow.Errors(rows);
        var mse = errors.Average();
        var linear = DictionaryRow.LinearErrors(train, test);
        var hard = new HardDictionary(context, ml);
        var (hardStart, hardLearned) = (DictionaryRow.Errors(hard.Start), DictionaryRow.Errors(hard.Learned));

        // The reference calibrates on training inferences and shows the 95 % quantile as the limit.
        var calibration = ml.Data.CreateEnumerable<DictionaryRow>(model.Transform(ml.Data.LoadFromEnumerable(context.Thinned(train.Take(2_000), QuickShare))), reuseRowObject: false).ToArray();
        var sparsity = new PropertyCertifier("Sparsity", new EmpiricalDistribution(calibration.Select(r => r.Sparsity)), new LabelPolicy(), Calibration.Paper) { Cause = "a signal the learned transform does not make sparse" };
        var fidelity = new PropertyCertifier("Fidelity", new EmpiricalDistribution(calibration.Select(r => r.Fidelity)), new LabelPolicy(), Calibration.Paper, options.Solver!.FidelityTolerance) { Cause = "an estimate that does not explain its measurements" };
        var report = new ReportBuilder(new Certifier([sparsity, fidelity]), "Sparse codes in an unknown dictionary")
        {
            ErrorName = "squared error",
            Summary = "Implicit dictionary model on synthetic signals; limits from inferences on training data, as in the source, so without a finite-sample guarantee.",
        };
        report.Describe("Sparsity", "‖Kx‖₁ of the learned transform");
        report.Describe("Fidelity", "‖Ax − d‖/‖d‖");
        foreach (var (row, i) in rows.Select((r, i) => (r, i)))
        {
            report.Add([row.Sparsity, row.Fidelity], "model, test signals", $"test signal {i}");
            report.AddError(errors[i]);
        }


        var K = model.Weights[0].ToMatrix();
        var pseudoInverse = MatrixMath.PseudoInverse(A);
        // A typical row: the test signal of median sparsity, beside its neighbour in that order.
        var bySparsity = rows.OrderBy(r => r.Sparsity).ToArray();
        var (shown, other) = (bySparsity[rows.Length / 2], bySparsity[(rows.Length / 2) + 1]);
        (string Key, string Name, float[] X)[] candidates =
        [
            ("truth", "Ground truth", shown.Signal),
            ("wrong", "Another test signal", other.Signal),
            ("least_squares", "Least squares", MatrixMath.Multiply(pseudoInverse, shown.Measurements)),
            ("model", "Implicit dictionary model", shown.Estimate),
        ];
        var table = new Table().AddColumns("Inference", "Sparsity ‖Kx‖₁", "Label", "Fidelity ‖Ax−d‖/‖d‖", "Label");
        var summary = new Dictionary<string, object>
        {
            ["test_mse"] = mse,
            ["test_mse_linear"] = linear.Average(),
            ["train_seconds"] = model.Training!.Elapsed.TotalSeconds,
            ["epochs"] = model.Training.Epochs.Count,
            ["iterations_median"] = Median(rows.Select(r => (double)r.Iterations)),
            ["converged_rate"] = rows.Average(r => r.Converged ? 1.0 : 0.0),
            ["sparsity_threshold"] = sparsity.FailThreshold,
            ["fidelity_threshold"] = fidelity.FailThreshold,
            ["hard_test_mse"] = hardLearned.Average(),
            ["hard_test_mse_linear"] = hard.Linear.Average(),
            ["hard_test_mse_start"] = hardStart.Average(),
            ["hard_signal_power"] = hard.Power,
            ["hard_train_seconds"] = hard.Model.Training!.Elapsed.TotalSeconds,
            ["hard_epochs"] = hard.Model.Training.Epochs.Count,
            ["hard_iterations_median"] = Median(hard.Learned.Select(r => (double)r.Iterations)),
            ["hard_converged_rate"] = hard.Learned.Average(r => r.Converged ? 1.0 : 0.0),
        };
        foreach (var (key, name, x) in candidates)
        {
            var l1 = MatrixMath.Multiply(K, x).Sum(v => Math.Abs((double)v));
            var misfit = Math.Sqrt(MatrixMath.SquaredDistance(MatrixMath.Multiply(A, x), shown.Measurements)) / MatrixMath.Norm(shown.Measurements);
            var (s, f) = (sparsity.Certify(l1), fidelity.Certify(misfit));
            table.AddRow(name, $"{l1:0.00}", Colour(s.Label), $"{misfit:0.0E0}", Colour(f.Label));
            report.Add([l1, misfit], "one test signal, four inferences", name);
            summary[$"{key}_sparsity"] = l1;
            summary[$"{key}_sparsity_label"] = s.Label.ToString();
            summary[$"{key}_fidelity"] = misfit;
            summary[$"{key}_fidelity_label"] = f.Label.ToString();
        }

        AnsiConsole.Write(table);
        AnsiConsole.MarkupLineInterpolated(
            $"{model.Training.Epochs.Count} epochs in {model.Training.Elapsed.TotalSeconds:0} s; sparsity limit {sparsity.FailThreshold:0.00}, median {summary["iterations_median"]:0} iterations, {summary["converged_rate"]:P1} converged.");
        PrintErrors(rows.Length, mse, linear.Average(), hard, hardStart.Average(), hardLearned.Average());

        Figures.Series(context.PathOf("signal.png"), "One test signal", "sample", [.. candidates.Where(c => c.Key != "wrong").Select(c => (c.Name, c.X))]);
        (string, float[]) Transformed(string name, float[] x)
        {
            var coefficients = MatrixMath.Multiply(K, x);
            return ($"{name}, ‖Kx‖₁ = {coefficients.Sum(v => Math.Abs((double)v)):0.00}", coefficients);
        }

        Figures.Stems(context.PathOf("coefficients.png"), "Transformed signal Kx", [.. candidates.Where(c => c.Key is "model" or "least_squares").Select(c => Transformed(c.Name, c.X))], "coefficient");
        Figures.Losses(context.PathOf("training.png"), model.Training);
        Figures.Distributions(
            context.PathOf("errors.png"),
            [
                ("The source's experiment: squared error per entry", double.NaN, [("model", errors), ("linear regression", linear)]),
                ("Harder variant: squared error per entry", double.NaN, [("model, learned", hardLearned), ("model, start of training", hardStart), ("linear regression", hard.Linear)]),
            ],
            "‖x̂ − x‖²/n");
        report.Build().Save(context.PathOf("report.html"));
        summary["report_path"] = "report.html";
        context.WriteSummary(summary);
    }

    private static void PrintErrors(int count, double mse, double linear, HardDictionary hard, double start, double learned)
    {
        var table = new Table().AddColumns($"Mean squared error, {count} test signals", "50 codes (source)", "150 codes (harder)");
        table.AddRow("Zero, the power of a signal's entry", "", $"{hard.Power:0.0}");
        table.AddRow("Linear regression of x on d", $"{linear:0.0E0}", $"{hard.Linear.Average():0.0E0}");
        table.AddRow("Model, K at the start of training", "", $"{start:0.0E0}");
        table.AddRow("Model, K learned", $"{mse:0.0E0}", $"{learned:0.0E0}");
        AnsiConsole.Write(table);
        AnsiConsole.MarkupLine("A linear map solves the source's experiment exactly: the experiment shows the method, it does not prove it. No linear map solves the harder one.");
    }

    /// <summary>What both experiments train and solve with.</summary>
    internal static ImplicitModelTrainer.Options Options(ExampleContext context, int epochs, double learningRate) => new()
    {
        Training = new TrainingOptions
        {
            Epochs = epochs,
            LearningRate = learningRate,
            Patience = 0,
            Seed = context.Seed,
            Solver = new FixedPointOptions { MaxIterations = 1000 },
        },
        Solver = new FixedPointOptions { MaxIterations = 20_000 },
        CancellationToken = context.Cancellation,
    };

    internal static string Colour(CertificateLabel label) => label switch
    {
        CertificateLabel.Pass => "[green]pass[/]",
        CertificateLabel.Warning => "[yellow]warning[/]",
        _ => "[red]FAIL[/]",
    };

    internal static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[sorted.Length / 2];
    }
}
