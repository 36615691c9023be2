using Microsoft.ML;
using XaiL2O.Certifiers;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>Compressed sensing of real ECG: 100 random measurements in place of 250 samples, patients of the test unseen.</summary>
internal sealed class EcgExample : IExample
{
    /// <summary>Records whose windows calibrate the certificates; training sees none of them.</summary>
    private static readonly int[] CalibrationRecords = [105, 108, 114];

    /// <summary>Damaged windows of each kind.</summary>
    private const int WindowsPerKind = 150;
    private const int QuickWindowsPerKind = 30;

    /// <summary>Windows that are solved again by the reloaded model.</summary>
    private const int ReloadedWindows = 200;

    private const int QuickEpochs = 5;
    private const int Epochs = 10;
    private const int FullEpochs = 30;

    public string Name => "ecg";

    public string Description => "Compressed sensing of real ECG: train, certify, catch corrupted measurements, save and reload.";

    public string FullDescription => $"Trains for {FullEpochs} epochs in place of {Epochs}, and models with fewer and with noisy measurements.";

    public string QuickDescription => $"Trains for {QuickEpochs} epochs in place of {Epochs}; a fifth of the damaged windows are solved.";

    public void Run(ExampleContext context)
    {
        var ml = new MLContext(context.Seed);
        var random = new Random(context.Seed);
        var A = Gaussian.UnitColumns(EcgWindow.MeasurementCount, EcgWindow.SignalLength, random);
        ExampleContext.Say("Loading MIT-BIH windows");
        var windows = EcgWindow.Load(ml, Path.Combine("ecg", "mitbih-train.tsv"), A);
        var test = EcgWindow.Load(ml, Path.Combine("ecg", "mitbih-test.tsv"), A);
        var damaged = EcgCorruption.Apply(test, context.Sized(QuickWindowsPerKind, WindowsPerKind, WindowsPerKind), random);
        var training = windows.Where(w => !CalibrationRecords.Contains(w.Record)).ToArray();
        var calibration = windows.Where(w => CalibrationRecords.Contains(w.Record)).ToArray();

        var definition = new SignalRecoveryDefinition { MeasurementMatrix = A, Seed = context.Seed };
        var options = new ImplicitModelTrainer.Options
        {
            Training = definition.Training with { Epochs = context.Sized(QuickEpochs, Epochs, FullEpochs), Patience = 0 },
            CancellationToken = context.Cancellation,
        };
        var trainer = ml.L2O().Trainers;
        var learned = ExampleContext.WithProgress($"Training on {training.Length} windows", progress =>
            trainer.SignalRecovery(definition, options with { Progress = progress }).Fit(ml.Data.LoadFromEnumerable(training)));

        EcgInference[] Read(IDataView view) => [.. ml.Data.CreateEnumerable<EcgInference>(view, reuseRowObject: false, ignoreMissingColumns: true)];
        ExampleContext.Say($"Calibrating certificates on the estimates and the true signals of {calibration.Length} windows of records {string.Join(", ", CalibrationRecords)}");
        var (estimates, truth) = (Read(learned.Transform(ml.Data.LoadFromEnumerable(calibration))), EcgTruth.Rows(calibration, learned));
        var certifier = ml.L2O().Certify(EcgCertificates.Properties).Fit(ml.Data.LoadFromEnumerable(EcgCalibration.Of(estimates, truth)));
        ExampleContext.Say("Calibrating a bound on the PRD and a choice of windows to release, on as many clean as damaged windows of the same records");
        var bounds = new EcgBounds(context, ml, learned, calibration);
        var model = learned.Append(bounds.Bound).Append(certifier);

        ExampleContext.Say($"Solving {test.Length} windows of two unseen records, and {damaged.Length} of them with damaged measurements");
        var testView = ml.Data.LoadFromEnumerable(test);
        var clean = Read(model.Transform(testView));
        var corrupted = Read(model.Transform(ml.Data.LoadFromEnumerable(damaged)));

        ExampleContext.Say("Estimating the same windows with K = DCT, linearly, and by least squares");
        var dct = Read(trainer.ImplicitDictionary(new DictionaryDefinition { MeasurementMatrix = A, LearnTransform = false, InitialTransform = MatrixMath.CosineTransform(EcgWindow.SignalLength) }, new ImplicitModelTrainer.Options { CancellationToken = context.Cancellation }).Fit(testView).Transform(testView));
        EcgInference[] Estimated(Func<EcgWindow, float[]> estimate) => [.. test.Select(w => new EcgInference { Record = w.Record, Signal = w.Signal, Estimate = estimate(w) })];
        // The prior is that of the windows on which the model was trained; the noise is chosen on the calibration patients.
        EcgInference[] Linear(PriorCovariance covariance)
        {
            var linear = LinearEstimator.FromPrior(A, [.. training.Select(w => w.Signal)], covariance, [.. calibration.Select(w => w.Signal)]);
            return Estimated(w => linear.Estimate(w.Measurements));
        }

        var pseudoInverse = MatrixMath.PseudoInverse(A);
        var methods = new EcgMethods(clean, Linear(PriorCovariance.Sample), Linear(PriorCovariance.Stationary), dct, Estimated(w => MatrixMath.Multiply(pseudoInverse, w.Measurements)));

        ExampleContext.Say("Saving the model and reloading it in a fresh process");
        var difference = ChainReload.Compare(ml, model, ml.Data.TakeRows(testView, context.Sized(ReloadedWindows / 4, ReloadedWindows, ReloadedWindows)), context.PathOf("model.zip")).MaxAbsDifference;

        WriteReport(context, certifier.Certifier, bounds, clean, corrupted);
        var judged = new EcgJudged(
            EcgCertificates.Judge(certifier.Certifier, estimates),
            EcgCertificates.Judge(certifier.Certifier, truth),
            clean,
            EcgCertificates.Judge(certifier.Certifier, EcgTruth.Rows(test, learned)),
            corrupted);
        EcgFigures.Draw(context, learned, certifier.Certifier, corrupted, methods);
        var conditions = new Dictionary<string, object>();
        if (context.Size == RunSize.Full)
            EcgConditions.Add(conditions, context, ml, training, calibration, test, options with { Training = options.Training! with { Epochs = Epochs } });
        EcgReport.Show(context, learned, certifier.Certifier, judged, methods, bounds, difference, conditions);
    }

    private static void WriteReport(ExampleContext context, Certifier certifier, EcgBounds bounds, EcgInference[] clean, EcgInference[] corrupted)
    {
        EcgInference[] rows = [.. clean, .. corrupted];
        static string Set(EcgInference row) => row.Corruption.Length == 0 ? $"clean, record {row.Record}" : row.Corruption;
        var builder = new ReportBuilder(certifier, "Compressed sensing of ECG")
        {
            ErrorName = "PRD in percent",
            Summary = $"Signal recovery by a Gaussian and a learned prior on MIT-BIH windows. Calibrated on windows of records {string.Join(", ", CalibrationRecords)}, tested on other patients, with clean and with damaged measurements.",
        };
        builder.Describe("Prior", "‖∇q‖ of the learned prior, how strongly the measurements hold the estimate away from what the prior would make of it");
        builder.Describe("Prediction", "fourth-power mean of the standardised errors of predicting each measurement from the others");
        builder.Describe("Agreement", "‖x − x_linear‖/‖x‖, the distance from the linear estimate");
        builder.Describe("Fidelity", "‖Ax − d‖/‖d‖ of the estimate, what the model cannot explain");
        builder.Describe("Convergence", "0 if the solve converged, 1 if not");
        foreach (var (row, i) in rows.Select((r, i) => (r, i)))
        {
            builder.Add(row.Values, Set(row), $"row {i} of record {row.Record}");
            builder.AddError(row.Prd);
        }

        var report = builder.Build() with
        {
            Bounds = [bounds.Report(rows, Set)],
            Selections = [bounds.Report(clean, corrupted)],
            Gaps = [ReportGap.Of("Gap", rows.Select(r => (r.Gap, r.Converged, r.Corruption.Length == 0 ? "clean" : "damaged")))],
        };
        report.Save(context.PathOf("report.html"));
    }
}
