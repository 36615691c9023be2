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

    /// <summary>Of how many calibration windows a quick run solves one; the certificates are calibrated on the true signals of all.</summary>
    private const int QuickShare = 6;

    /// <summary>Windows that are solved again by the reloaded model.</summary>
    private const int ReloadedWindows = 200;

    public string Name => "ecg";

    public string Description => "Compressed sensing of real ECG: train, certify, catch corrupted measurements, save and reload.";

    public string FullDescription => "Train longer: about four minutes in place of one.";

    public string QuickDescription => "The same training; a fifth of the damaged windows, and a sixth of the calibration windows, are solved.";

    /// <summary>The model as this example trains it; the example <c>experiment</c> starts from it.</summary>
    public static DictionaryDefinition Model(float[,] A, int seed, float[,]? start) => new() { MeasurementMatrix = A, Seed = seed, InitialTransform = start };

    /// <summary>How this example trains it.</summary>
    public static ImplicitModelTrainer.Options Options(int epochs, int seed) => new()
    {
        Training = new TrainingOptions { Epochs = epochs, LearningRate = 3e-3, Seed = seed, Patience = 0, Solver = new FixedPointOptions { MaxIterations = 500 } },
    };

    /// <summary>K at the start of training: a quick run has no time to learn from a random one, which null stands for, and solves with a K that has learned little are long.</summary>
    public static float[,]? Start(ExampleContext context) => context.Size == RunSize.Quick ? CosineTransform() : null;

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

        var definition = Model(A, context.Seed, start: null);
        var options = Options(context.Sized(25, 25, 80), context.Seed) with { CancellationToken = context.Cancellation };
        var trainer = ml.L2O().Trainers;
        var learned = ExampleContext.WithProgress($"Training on {training.Length} windows", progress =>
            trainer.ImplicitDictionary(definition, options with { Progress = progress }).Fit(ml.Data.LoadFromEnumerable(training)));

        ExampleContext.Say($"Calibrating certificates on the true signals of {calibration.Length} windows of records {string.Join(", ", CalibrationRecords)}");
        var truth = EcgTruth.Rows(calibration, learned);
        var certifier = ml.L2O().Certify(EcgCertificates.Properties).Fit(ml.Data.LoadFromEnumerable(truth));
        var model = learned.Append(certifier);

        ExampleContext.Say($"Solving the calibration windows, {test.Length} windows of two unseen records, and {damaged.Length} of them with damaged measurements");
        EcgInference[] Read(IDataView view) => [.. ml.Data.CreateEnumerable<EcgInference>(view, reuseRowObject: false, ignoreMissingColumns: true)];
        var testView = ml.Data.LoadFromEnumerable(test);
        var clean = Read(model.Transform(testView));
        var corrupted = Read(model.Transform(ml.Data.LoadFromEnumerable(damaged)));

        ExampleContext.Say("Estimating the same windows with K = DCT, linearly, and by least squares");
        var dct = Read(trainer.ImplicitDictionary(new DictionaryDefinition { MeasurementMatrix = A, LearnTransform = false, InitialTransform = CosineTransform() }, options).Fit(testView).Transform(testView));
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

        WriteReport(context, certifier.Certifier, [.. clean, .. corrupted]);
        var judged = new EcgJudged(
            Read(model.Transform(ml.Data.LoadFromEnumerable(context.Thinned(calibration, QuickShare)))),
            EcgCertificates.Judge(certifier.Certifier, truth),
            clean,
            EcgCertificates.Judge(certifier.Certifier, EcgTruth.Rows(test, learned)),
            corrupted);
        EcgReport.Show(context, learned, certifier.Certifier, judged, methods, difference);
        EcgFigures.Draw(context, learned, certifier.Certifier, corrupted, methods);
    }

    private static void WriteReport(ExampleContext context, Certifier certifier, EcgInference[] rows)
    {
        var builder = new ReportBuilder(certifier, "Compressed sensing of ECG")
        {
            ErrorName = "PRD in percent",
            Summary = $"Implicit dictionary model on MIT-BIH windows. Calibrated on the true signals of records {string.Join(", ", CalibrationRecords)}, tested on other patients, with clean and with damaged measurements.",
        };
        builder.Describe("Sparsity", "‖Kx‖₁/‖d‖ of the learned transform");
        builder.Describe("Prediction", "fourth-power mean of the standardised errors of predicting each measurement from the others");
        builder.Describe("Agreement", "‖x − x_linear‖/‖x‖, the distance from the linear estimate");
        builder.Describe("Fidelity", "‖Ax − d‖/‖d‖ of the estimate; Ax = d is enforced, so it only fails with the arithmetic");
        builder.Describe("Convergence", "0 if the solve converged, 1 if not");
        foreach (var (row, i) in rows.Select((r, i) => (r, i)))
        {
            builder.Add(row.Values, row.Corruption.Length == 0 ? $"clean, record {row.Record}" : row.Corruption, $"row {i} of record {row.Record}");
            builder.AddError(row.Prd);
        }

        builder.Build().Save(context.PathOf("report.html"));
    }

    private static float[,] CosineTransform()
    {
        using var transform = MatrixOperator.CosineTransform(EcgWindow.SignalLength);
        var values = transform.Matrix.data<float>().ToArray();
        var matrix = new float[EcgWindow.SignalLength, EcgWindow.SignalLength];
        Buffer.BlockCopy(values, 0, matrix, 0, values.Length * sizeof(float));
        return matrix;
    }
}
