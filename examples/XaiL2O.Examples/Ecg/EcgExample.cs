using Microsoft.ML;
using Microsoft.ML.Data;
using Spectre.Console;
using TorchSharp;
using XaiL2O.Certifiers;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>Compressed sensing of real ECG: 100 random measurements in place of 250 samples, patients of the test unseen.</summary>
internal sealed class EcgExample : IExample
{
    /// <summary>Records whose windows calibrate the certificates; training sees none of them.</summary>
    private static readonly int[] CalibrationRecords = [105, 108, 114];

    public string Name => "ecg";

    public string Description => "Compressed sensing of real ECG: train, certify, catch corrupted measurements, save and reload.";

    public string FullDescription => "Train longer: about four minutes in place of one.";

    /// <summary>The model as this example trains it; the example <c>experiment</c> starts from it.</summary>
    public static ImplicitDictionaryTrainer.Options Options(float[,] A, int epochs, int seed) => new()
    {
        MeasurementMatrix = A,
        Model = new ImplicitDictionaryOptions { SparsityRelativeToData = true },
        Training = new TrainingOptions { Epochs = epochs, LearningRate = 3e-3, Seed = seed, Patience = 0, Solver = new FixedPointOptions { MaxIterations = 500 } },
    };

    public void Run(ExampleContext context)
    {
        var ml = new MLContext(context.Seed);
        var random = new Random(context.Seed);
        var A = Gaussian.UnitColumns(EcgWindow.MeasurementCount, EcgWindow.SignalLength, random);
        ExampleContext.Say("Loading MIT-BIH windows");
        var windows = EcgWindow.Load(ml, Path.Combine("ecg", "mitbih-train.tsv"), A);
        var test = EcgCorruption.Apply(EcgWindow.Load(ml, Path.Combine("ecg", "mitbih-test.tsv"), A), random);
        var training = windows.Where(w => !CalibrationRecords.Contains(w.Record)).ToArray();
        var calibration = windows.Where(w => CalibrationRecords.Contains(w.Record)).ToArray();

        var options = Options(A, context.Full ? 80 : 25, context.Seed) with { CancellationToken = context.Cancellation };
        var trainer = ml.L2O().Trainers;
        var learned = ExampleContext.WithProgress($"Training on {training.Length} windows", progress =>
            trainer.ImplicitDictionary(options with { Progress = progress }).Fit(ml.Data.LoadFromEnumerable(training)));

        ExampleContext.Say($"Calibrating certificates on {calibration.Length} windows of records {string.Join(", ", CalibrationRecords)}");
        var certifier = ml.L2O().Certify(
            new CertifiedProperty("Sparsity"),
            new CertifiedProperty("Fidelity", Tolerance: options.Solver.FidelityTolerance),
            new CertifiedProperty("Convergence", "Residual", options.Solver.ResidualTolerance))
            .Fit(learned.Transform(ml.Data.LoadFromEnumerable(calibration)));
        var model = learned.Append(certifier);

        ExampleContext.Say($"Solving {test.Length} windows of two unseen records");
        var testView = ml.Data.LoadFromEnumerable(test);
        var rows = ml.Data.CreateEnumerable<EcgInference>(model.Transform(testView), reuseRowObject: false).ToArray();
        var (clean, corrupted) = (rows.Where(r => r.Corruption.Length == 0).ToArray(), rows.Where(r => r.Corruption.Length > 0).ToArray());
        var cleanWindows = test.Where(w => w.Corruption.Length == 0).ToArray();

        ExampleContext.Say("Solving the same windows with K = DCT, and by least squares");
        var dct = Baseline(ml, trainer.ImplicitDictionary(options with { Train = false, InitialTransform = CosineTransform() }), cleanWindows);
        var pseudoInverse = MatrixMath.PseudoInverse(A);
        var leastSquares = cleanWindows.Select(w => new EcgInference { Signal = w.Signal, Estimate = MatrixMath.Multiply(pseudoInverse, w.Measurements) }).ToArray();

        ExampleContext.Say("Saving the model and reloading it in a fresh process");
        var difference = ChainReload.Compare(ml, model, testView, context.PathOf("model.zip")).MaxAbsDifference;

        var drift = EcgDrift.Watch(certifier.Certifier, clean, corrupted, context.Seed);
        WriteReport(context, certifier.Certifier, rows);
        Report(context, learned, certifier, rows, clean, corrupted, dct, leastSquares, difference, drift);
        Draw(context, learned, certifier, clean, corrupted, dct, leastSquares);
    }

    private static void WriteReport(ExampleContext context, Certifier certifier, EcgInference[] rows)
    {
        var builder = new ReportBuilder(certifier, "Compressed sensing of ECG")
        {
            Summary = $"Implicit dictionary model on MIT-BIH windows. Calibrated on records {string.Join(", ", CalibrationRecords)}, tested on other patients; a tenth of the test rows has damaged measurements.",
        };
        builder.Describe("Sparsity", "‖Kx‖₁/‖d‖ of the learned transform");
        builder.Describe("Fidelity", "‖Ax − d‖/‖d‖ of the estimate");
        builder.Describe("Convergence", "residual of the last iterate");
        foreach (var (row, i) in rows.Select((r, i) => (r, i)))
            builder.Add(EcgDrift.Values(row), row.Corruption.Length == 0 ? $"clean, record {row.Record}" : row.Corruption, $"window {i} of record {row.Record}");
        builder.Build().Save(context.PathOf("report.html"));
    }

    private static EcgInference[] Baseline(MLContext ml, ImplicitDictionaryTrainer trainer, EcgWindow[] windows)
    {
        var view = ml.Data.LoadFromEnumerable(windows);
        return [.. ml.Data.CreateEnumerable<EcgInference>(trainer.Fit(view).Transform(view), reuseRowObject: false, ignoreMissingColumns: true)];
    }

    private static float[,] CosineTransform()
    {
        using var transform = MatrixOperator.CosineTransform(EcgWindow.SignalLength);
        var values = transform.Matrix.data<float>().ToArray();
        var matrix = new float[EcgWindow.SignalLength, EcgWindow.SignalLength];
        Buffer.BlockCopy(values, 0, matrix, 0, values.Length * sizeof(float));
        return matrix;
    }

    private static void Report(
        ExampleContext context,
        ImplicitDictionaryTransformer learned,
        CertifierTransformer certifier,
        EcgInference[] rows,
        EcgInference[] clean,
        EcgInference[] corrupted,
        EcgInference[] dct,
        EcgInference[] leastSquares,
        double difference,
        IReadOnlyDictionary<string, object> drift)
    {
        static double FailRate(IEnumerable<EcgInference> rows) => rows.Select(r => r.Trustworthy ? 0.0 : 1.0).DefaultIfEmpty(double.NaN).Average();

        AnsiConsole.MarkupLine("PRD = 100·‖x − x̂‖/‖x‖ in percent, the mean over clean test windows (250 samples, high-passed at 0.5 Hz).");
        var quality = new Table().AddColumns("Method", "PRD", "Median PRD", "Converged");
        foreach (var (name, set, solved) in new[] { ("Implicit dictionary, learned", clean, true), ("Implicit dictionary, K = DCT", dct, true), ("Least squares", leastSquares, false) })
            quality.AddRow(name, $"{set.Average(r => r.Prd):0.0} %", $"{DictionaryExample.Median(set.Select(r => r.Prd)):0.0} %", solved ? $"{set.Average(r => r.Converged ? 1.0 : 0):P1}" : "–");
        AnsiConsole.Write(quality);

        var caught = new Table().AddColumns("Test rows", "Count", "Failed", "Sparsity", "Fidelity", "Convergence", "PRD");
        foreach (var group in rows.GroupBy(r => r.Corruption.Length == 0 ? $"clean, record {r.Record}" : r.Corruption).OrderBy(g => g.Key))
        {
            string Share(string part) => $"{group.Average(r => r.FailedParts.Split(", ").Contains(part) ? 1.0 : 0):P1}";
            caught.AddRow(group.Key, $"{group.Count()}", $"{FailRate(group):P1}", Share("Sparsity"), Share("Fidelity"), Share("Convergence"), $"{group.Average(r => r.Prd):0.0} %");
        }

        AnsiConsole.Write(caught);
        AnsiConsole.MarkupLineInterpolated($"Model reloaded in a fresh process: largest difference of any output {difference}.");
        var summary = new Dictionary<string, object>
        {
            ["rows_test"] = rows.Length,
            ["prd_learned"] = clean.Average(r => r.Prd),
            ["prd_dct"] = dct.Average(r => r.Prd),
            ["prd_least_squares"] = leastSquares.Average(r => r.Prd),
            ["fail_rate_clean"] = FailRate(clean),
            ["fail_rate_corrupted"] = FailRate(corrupted),
            ["iterations_median"] = DictionaryExample.Median(rows.Select(r => (double)r.Iterations)),
            ["converged_rate"] = rows.Average(r => r.Converged ? 1.0 : 0),
            ["converged_rate_dct"] = dct.Average(r => r.Converged ? 1.0 : 0),
            ["sparsity_threshold"] = certifier.Certifier.Properties[0].FailThreshold,
            ["roundtrip_max_abs_difference"] = difference,
            ["train_seconds"] = learned.Training!.Elapsed.TotalSeconds,
        };
        foreach (var group in corrupted.GroupBy(r => r.Corruption))
            summary[$"fail_rate_{group.Key.Replace(' ', '_')}"] = FailRate(group);
        foreach (var (key, value) in drift)
            summary[key] = value;
        AnsiConsole.MarkupLineInterpolated($"Drift monitor: alarm among {drift["drift_rows_clean"]} clean windows: {((int)drift["drift_alarm_clean"] == 1 ? "yes" : "no")}; {After("drift_rows_to_alarm_corrupted")} where all are corrupted, {After("drift_rows_to_alarm_tenth_corrupted")} where a tenth is.");
        string After(string key) => drift[key] is double rows && double.IsNaN(rows) ? "no alarm" : $"alarm after {drift[key]} rows";
        summary["report_path"] = "report.html";
        summary["total_seconds"] = context.ElapsedSeconds;
        context.WriteSummary(summary);
    }

    private static void Draw(
        ExampleContext context,
        ImplicitDictionaryTransformer learned,
        CertifierTransformer certifier,
        EcgInference[] clean,
        EcgInference[] corrupted,
        EcgInference[] dct,
        EcgInference[] leastSquares)
    {
        int[] picks = [.. clean.Select((r, i) => (r.Record, Index: i)).GroupBy(p => p.Record).SelectMany(g => g.Skip(5).Take(2)).Select(p => p.Index)];
        var panels = picks.Select(i => (
            $"Record {clean[i].Record}: PRD {clean[i].Prd:0.0} % learned, {dct[i].Prd:0.0} % DCT, {leastSquares[i].Prd:0.0} % least squares; {(clean[i].Trustworthy ? "trustworthy" : "failed: " + clean[i].FailedParts)}",
            new[] { ("ECG", clean[i].Signal), ("learned", clean[i].Estimate), ("DCT", dct[i].Estimate) })).ToList();
        panels.AddRange(corrupted.GroupBy(r => r.Corruption).Select(g => g.First()).Select(r => (
            $"{r.Corruption}: PRD {r.Prd:0} %; {(r.Trustworthy ? "trustworthy" : "failed: " + r.FailedParts)}",
            new[] { ("ECG", r.Signal), ("learned", r.Estimate) })));
        Figures.Panels(context.PathOf("reconstructions.png"), panels);

        var K = learned.Transform();
        var shown = clean[picks[0]];
        Figures.Stems(context.PathOf("coefficients.png"), "Kx", [("clean window", MatrixMath.Multiply(K, shown.Estimate)), (corrupted[0].Corruption, MatrixMath.Multiply(K, corrupted[0].Estimate))]);
        var properties = certifier.Certifier.Properties;
        Figures.Distributions(context.PathOf("certificates.png"),
        [
            Property("Sparsity ‖Kx‖₁/‖d‖", properties[0], r => r.Sparsity),
            Property("Fidelity ‖Ax−d‖/‖d‖", properties[1], r => r.Fidelity),
        ]);
        Figures.Losses(context.PathOf("training.png"), learned.Training!);

        (string, double, (string, double[])[]) Property(string title, PropertyCertifier property, Func<EcgInference, double> value) =>
            (title, property.FailThreshold, [("calibration", property.Distribution.Values.ToArray()), ("test, clean", [.. clean.Select(value)]), ("test, corrupted", [.. corrupted.Select(value)])]);
    }
}
