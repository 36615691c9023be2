using Microsoft.ML;
using Microsoft.ML.Data;
using TorchSharp;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>
/// Cosine coefficients of ECG windows from compressed measurements: <see cref="SparseRecovery"/> against ISTA with the same number of iterations, and
/// against the linear estimator of a Gaussian prior, on the same rows, patients that training has not seen.
/// </summary>
internal sealed class SparseExperiment
{
    /// <summary>Iterations that both have.</summary>
    public const int Budget = 300;

    private const int Size = EcgWindow.SignalLength;
    public const int Converged = 3000;

    /// <summary>Records whose windows calibrate the certificates; training sees none of them.</summary>
    private static readonly int[] CalibrationRecords = [105, 108, 114];

    private static readonly double[] Thresholds = [0.001, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05];

    private static readonly int[] Budgets = [3, 10, 30, 100, 300, 1000];

    /// <summary>Of how many rows a quick run takes one.</summary>
    private const int QuickShare = 3;

    private readonly MLContext ml;
    private readonly float[,] cosines = Cosines();
    private readonly float[,] measurement;
    private readonly Row[] tuning;
    private readonly Dictionary<int, double> tuned = [];
    private readonly Row[] test;

    public SparseExperiment(ExampleContext context, MLContext ml)
    {
        this.ml = ml;
        var random = new Random(context.Seed);
        var A = Gaussian.UnitColumns(EcgWindow.MeasurementCount, Size, random);
        measurement = Product(A, cosines);
        var windows = Load("mitbih-train.tsv", A);
        test = context.Thinned(Load("mitbih-test.tsv", A), QuickShare);
        var training = windows.Where(w => !CalibrationRecords.Contains(w.Record)).ToArray();
        var calibration = context.Thinned(windows.Where(w => CalibrationRecords.Contains(w.Record)), QuickShare);
        tuning = [.. training.Where((_, i) => i % 20 == 0)];

        ExampleContext.Say("Tuning ISTA's threshold on training rows");
        (IstaThreshold, var convergedThreshold) = (Tune(Budget), Tune(Converged));
        (Ista, IstaConverged) = (Lasso(IstaThreshold, Budget, test), Lasso(convergedThreshold, Converged, test));

        ExampleContext.Say("Estimating Gaussian priors from training rows");
        var samples = training.Select(w => (w.Record, Samples(w.Signal))).ToArray();
        Linear = [.. Enum.GetValues<PriorCovariance>().Select(covariance =>
        {
            var prior = LinearRecovery.Fit(A, samples, covariance);
            Row[] rows = [.. test.Select(r => new Row { Record = r.Record, Signal = r.Signal, Measurements = r.Measurements, Estimate = MatrixMath.Multiply(cosines, prior.Estimator.Estimate(r.Measurements)) })];
            return (prior, rows);
        })];

        var definition = new SparseRecovery { Measurement = measurement, Seed = context.Seed };
        Model = ExampleContext.WithProgress($"Training sparse recovery on {training.Length} windows", progress => ml.L2O().Train(definition, new ImplicitModelTrainer.Options
        {
            // To the end: a model whose solves have not converged fails its certificates.
            Solver = new FixedPointOptions { MaxIterations = Converged, AndersonMemory = 10 },
            Training = definition.Training with { Epochs = context.Sized(definition.Training.Epochs / 3, definition.Training.Epochs, definition.Training.Epochs) },
            Progress = progress,
            CancellationToken = context.Cancellation,
        }).Fit(ml.Data.LoadFromEnumerable(training)));
        var certifier = ml.L2O().Certify(new CertifiedProperty("Sparsity"), new CertifiedProperty("Fidelity"), new CertifiedProperty("Prior"), CertifiedProperty.Convergence())
            .Fit(Model.Transform(ml.Data.LoadFromEnumerable(calibration)));
        Chain = Model.Append(certifier);

        // The measurements of some test rows are damaged as in the ecg example: a dead channel or a spike.
        Row[] judged = [.. test, .. test.Where((_, i) => i % context.Sized(5, 10, 10) == 0).Select((r, i) => r.Damaged(i % 2 == 0 ? "dropped measurements" : "spike", random))];
        TestView = ml.Data.LoadFromEnumerable(judged);
        JudgedView = ExampleContext.Solved(ml, Chain, TestView);
        Judged = [.. ml.Data.CreateEnumerable<Row>(JudgedView, reuseRowObject: false)];
        Learned = [.. Judged.Where(r => r.Set == Row.Clean)];
    }

    public ImplicitModelTransformer Model { get; }

    public TransformerChain<CertifierTransformer> Chain { get; }

    public IDataView TestView { get; }

    public IDataView JudgedView { get; }

    public Row[] Judged { get; }

    public Row[] Learned { get; }

    public Row[] Ista { get; }

    public Row[] IstaConverged { get; }

    public double IstaThreshold { get; }

    /// <summary>The linear estimators of both kinds of prior with their estimates of the test rows.</summary>
    public (LinearRecovery Prior, Row[] Rows)[] Linear { get; }

    /// <summary>That of the kind with the smaller error on the training patient left out.</summary>
    public (LinearRecovery Prior, Row[] Rows) BestLinear => Linear.MinBy(l => l.Prior.ValidationError);

    /// <summary>10·log₁₀(Σ‖x̂ − x‖²/Σ‖x‖²) over rows, in dB.</summary>
    public static double Nmse(Row[] rows) =>
        10 * Math.Log10(rows.Sum(r => MatrixMath.SquaredDistance(r.Estimate, r.Signal)) / rows.Sum(r => Math.Pow(MatrixMath.Norm(r.Signal), 2)));

    /// <summary>Error by iteration budget, on the test rows: the learned model, and ISTA with its threshold tuned for each budget on training rows.</summary>
    public (int Budget, double Learned, double Ista)[] ByBudget()
    {
        using var model = Model.Definition.CreateModel(torch.ScalarType.Float32);
        model.ImportWeights(Model.Weights);
        using var data = torch.tensor(test.SelectMany(r => r.Measurements).ToArray()).reshape(test.Length, -1);
        return
        [
            .. Budgets.Select(budget =>
            {
                var x = model.Infer(data, new FixedPointOptions { MaxIterations = budget, ResidualTolerance = 1e-9 }).Inference;
                return (budget, Nmse([.. test.Zip(x, (r, e) => new Row { Signal = r.Signal, Estimate = e })]), Nmse(Lasso(Tune(budget), budget, test)));
            }),
        ];
    }

    /// <summary>A window in millivolts from its coefficients.</summary>
    public float[] Samples(float[] coefficients)
    {
        var samples = new float[Size];
        for (var k = 0; k < Size; k++)
        {
            for (var i = 0; i < Size; i++)
                samples[i] += coefficients[k] * cosines[k, i];
        }

        return samples;
    }

    private double Tune(int iterations)
    {
        if (!tuned.TryGetValue(iterations, out var threshold))
            tuned[iterations] = threshold = Thresholds.MinBy(t => Nmse(Lasso(t, iterations, tuning)));
        return threshold;
    }

    /// <summary>ISTA: the definition without its learned part, to the end of its iterations.</summary>
    private Row[] Lasso(double threshold, int iterations, Row[] rows)
    {
        using var model = new SparseRecovery { Measurement = measurement, Threshold = threshold, Learned = false }.CreateModel();
        using var data = torch.tensor(rows.SelectMany(r => r.Measurements).ToArray()).reshape(rows.Length, -1);
        var x = model.Infer(data, new FixedPointOptions { MaxIterations = iterations, ResidualTolerance = 1e-6 }).Inference;
        return [.. rows.Zip(x, (r, e) => new Row { Record = r.Record, Signal = r.Signal, Measurements = r.Measurements, Estimate = e })];
    }

    private Row[] Load(string file, float[,] A) =>
    [
        .. EcgWindow.Load(ml, Path.Combine("ecg", file), A)
            .Select(w => new Row { Record = w.Record, Signal = MatrixMath.Multiply(cosines, w.Signal), Measurements = w.Measurements }),
    ];

    private static float[,] Cosines()
    {
        using var transform = MatrixOperator.CosineTransform(Size);
        var values = new float[Size, Size];
        Buffer.BlockCopy(transform.Matrix.data<float>().ToArray(), 0, values, 0, values.Length * sizeof(float));
        return values;
    }

    /// <summary>AΨᵀ, which measures a signal given by its coefficients Ψx.</summary>
    private static float[,] Product(float[,] A, float[,] transform)
    {
        var product = new float[A.GetLength(0), Size];
        var row = new float[Size];
        for (var k = 0; k < Size; k++)
        {
            Buffer.BlockCopy(transform, k * Size * sizeof(float), row, 0, Size * sizeof(float));
            var column = MatrixMath.Multiply(A, row);
            for (var i = 0; i < column.Length; i++)
                product[i, k] = column[i];
        }

        return product;
    }

    internal sealed class Row
    {
        public const string Clean = "clean";

        public int Record { get; set; }

        public string Set { get; set; } = Clean;

        [VectorType(Size)]
        public float[] Signal { get; set; } = [];

        [VectorType(EcgWindow.MeasurementCount)]
        public float[] Measurements { get; set; } = [];

        [VectorType(Size)]
        public float[] Estimate { get; set; } = new float[Size];

        public int Iterations { get; set; }

        public bool Converged { get; set; }

        public bool Trustworthy { get; set; }

        public string FailedParts { get; set; } = "";

        public Row Damaged(string how, Random random)
        {
            var d = (float[])Measurements.Clone();
            if (how == "spike")
                d[random.Next(d.Length)] += 3 * (float)MatrixMath.Norm(d);
            else
                Array.Clear(d, random.Next(d.Length - 30), 30);
            return new Row { Record = Record, Set = how, Signal = Signal, Measurements = d };
        }
    }
}
