using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>
/// Cosine coefficients of ECG windows from compressed measurements: <see cref="SparseRecovery"/> against ISTA with the same number of iterations on the
/// same rows, patients that training has not seen.
/// </summary>
internal static class SparseExperiment
{
    /// <summary>Iterations that both have.</summary>
    public const int Budget = 100;

    private const int Size = EcgWindow.SignalLength;

    /// <summary>Records whose windows calibrate the certificates; training sees none of them.</summary>
    private static readonly int[] CalibrationRecords = [105, 108, 114];

    private static readonly double[] Thresholds = [0.0003, 0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2];

    public sealed record Result(ComposedModelTransformer Model, Row[] Learned, Row[] Ista, Row[] Converged, double Threshold);

    public static Result Run(ExampleContext context, MLContext ml)
    {
        var random = new Random(context.Seed);
        var A = Gaussian.UnitColumns(EcgWindow.MeasurementCount, Size, random);
        using var cosines = MatrixOperator.CosineTransform(Size);
        var transform = new float[Size, Size];
        Buffer.BlockCopy(cosines.Matrix.data<float>().ToArray(), 0, transform, 0, transform.Length * sizeof(float));
        Row[] Load(string file) => [.. EcgWindow.Load(ml, Path.Combine("ecg", file), A).Select(w => new Row { Record = w.Record, Signal = MatrixMath.Multiply(transform, w.Signal), Measurements = w.Measurements })];
        var (windows, test) = (Load("mitbih-train.tsv"), Load("mitbih-test.tsv"));
        var training = windows.Where(w => !CalibrationRecords.Contains(w.Record)).ToArray();
        var measurement = Product(A, transform);

        // ISTA is the recipe without its learned part. τ is tuned on training rows, for the budget and for converged solves.
        Row[] Ista(double threshold, int iterations, Row[] rows) =>
            Solve(ml, ml.L2O().Train(new SparseRecovery { Measurement = measurement, Threshold = threshold, Learned = false }, new ComposedModelTrainer.Options { Solver = new FixedPointOptions { MaxIterations = iterations, ResidualTolerance = 1e-5 } }), rows);
        ExampleContext.Say("Tuning ISTA's threshold on training rows");
        var tuning = training.Where((_, i) => i % 16 == 0).ToArray();
        double Tune(int iterations) => Thresholds.MinBy(t => Nmse(Ista(t, iterations, tuning)));
        var (threshold, convergedThreshold) = (Tune(Budget), Tune(20 * Budget));

        var recipe = new SparseRecovery { Measurement = measurement, Seed = context.Seed };
        var model = ExampleContext.WithProgress($"Training sparse recovery on {training.Length} windows", progress => ml.L2O().Train(recipe, new ComposedModelTrainer.Options
        {
            Solver = new FixedPointOptions { MaxIterations = Budget },
            Progress = progress,
            CancellationToken = context.Cancellation,
        }).Fit(ml.Data.LoadFromEnumerable(training)));
        return new Result(model, Read(ml, model, test), Ista(threshold, Budget, test), Ista(convergedThreshold, 20 * Budget, test), threshold);
    }

    /// <summary>10·log₁₀(Σ‖x̂ − x‖²/Σ‖x‖²) over rows, in dB.</summary>
    public static double Nmse(Row[] rows) =>
        10 * Math.Log10(rows.Sum(r => MatrixMath.SquaredDistance(r.Estimate, r.Signal)) / rows.Sum(r => Math.Pow(MatrixMath.Norm(r.Signal), 2)));

    private static Row[] Solve(MLContext ml, ComposedModelTrainer trainer, Row[] rows) => Read(ml, trainer.Fit(ml.Data.LoadFromEnumerable(rows)), rows);

    private static Row[] Read(MLContext ml, ITransformer model, Row[] rows) =>
        [.. ml.Data.CreateEnumerable<Row>(model.Transform(ml.Data.LoadFromEnumerable(rows)), reuseRowObject: false)];

    /// <summary>AΨᵀ, which measures a signal given by its coefficients.</summary>
    private static float[,] Product(float[,] A, float[,] transform)
    {
        var product = new float[A.GetLength(0), Size];
        for (var k = 0; k < Size; k++)
        {
            var column = MatrixMath.Multiply(A, Enumerable.Range(0, Size).Select(i => transform[k, i]).ToArray());
            for (var i = 0; i < column.Length; i++)
                product[i, k] = column[i];
        }

        return product;
    }

    internal sealed class Row
    {
        public int Record { get; set; }

        [VectorType(Size)]
        public float[] Signal { get; set; } = [];

        [VectorType(EcgWindow.MeasurementCount)]
        public float[] Measurements { get; set; } = [];

        [VectorType(Size)]
        public float[] Estimate { get; set; } = new float[Size];

        [ColumnName("Fidelity.Value")]
        public double Fidelity { get; set; }

        [ColumnName("Sparsity.Value")]
        public double Sparsity { get; set; }

        public int Iterations { get; set; }

        public double Residual { get; set; }

        public bool Converged { get; set; }
    }
}
