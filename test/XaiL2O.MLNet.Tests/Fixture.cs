using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>A small certified model, trained once for all tests.</summary>
internal static class Fixture
{
    public const int N = 24;
    public const int M = 12;

    public static readonly float[,] A = Matrix(7, M, N);

    private static readonly Lazy<TransformerChain<CertifierTransformer>> Lazy = new(() =>
    {
        var ml = new MLContext(1);
        var learned = Trainer(ml).Fit(ml.Data.LoadFromEnumerable(Rows(1, 300)));
        var certifier = Certifier(ml).Fit(learned.Transform(ml.Data.LoadFromEnumerable(Rows(2, 200))));
        return new TransformerChain<ITransformer>(learned).Append(certifier);
    });

    public static TransformerChain<CertifierTransformer> Model => Lazy.Value;

    public static ImplicitModelTrainer Trainer(MLContext ml) => ml.L2O().Trainers.ImplicitDictionary(new DictionaryDefinition { MeasurementMatrix = A }, new ImplicitModelTrainer.Options
    {
        BatchSize = 16,
        Training = new TrainingOptions { Epochs = 3, BatchSize = 30, LearningRate = 1e-2, Solver = new FixedPointOptions { MaxIterations = 300 } },
        Solver = new FixedPointOptions { MaxIterations = 3000 },
    });

    public static CertifierEstimator Certifier(MLContext ml) => ml.L2O().Certify(
        new CertifiedProperty("Sparsity"), new CertifiedProperty("Fidelity", Tolerance: 1e-2), new CertifiedProperty("Solved", "Converged"));

    /// <summary>Signals from a 4-dimensional space and their measurements.</summary>
    public static Row[] Rows(int seed, int count)
    {
        var random = new Random(seed);
        var basis = Matrix(11, N, 4);
        return
        [
            .. Enumerable.Range(0, count).Select(id =>
            {
                var code = Enumerable.Range(0, 4).Select(_ => (float)((2 * random.NextDouble()) - 1)).ToArray();
                var signal = Multiply(basis, code);
                return new Row { Id = id, Name = $"row {id}", Signal = signal, Measurements = Multiply(A, signal) };
            }),
        ];
    }

    public static Output[] Read(IDataView view) => [.. new MLContext().Data.CreateEnumerable<Output>(view, reuseRowObject: false)];

    /// <summary>Reads a column of every row.</summary>
    public static int Count(IDataView view, string column) => view.GetColumn<VBuffer<float>>(column).Count();

    public static float[] Multiply(float[,] matrix, float[] x) =>
        [.. Enumerable.Range(0, matrix.GetLength(0)).Select(i => Enumerable.Range(0, x.Length).Sum(j => matrix[i, j] * x[j]))];

    public static float[,] Matrix(int seed, int rows, int columns)
    {
        var random = new Random(seed);
        var matrix = new float[rows, columns];
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
                matrix[i, j] = (float)((2 * random.NextDouble()) - 1);
        }

        return matrix;
    }

    internal sealed class Row
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";

        [VectorType(N)]
        public float[] Signal { get; set; } = new float[N];

        [VectorType(M)]
        public float[] Measurements { get; set; } = new float[M];
    }

    internal sealed class Output
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";

        [VectorType(N)]
        public float[] Estimate { get; set; } = [];

        [ColumnName("Sparsity.Value")]
        public double Sparsity { get; set; }

        [ColumnName("Fidelity.Value")]
        public double Fidelity { get; set; }

        [ColumnName("Prediction.Value")]
        public double Prediction { get; set; }

        [ColumnName("Agreement.Value")]
        public double Agreement { get; set; }

        [ColumnName("Sparsity.PValue")]
        public double PValue { get; set; }

        [ColumnName("Sparsity.Label")]
        public string Label { get; set; } = "";

        public int Iterations { get; set; }

        public double Residual { get; set; }

        public bool Converged { get; set; }

        public bool Trustworthy { get; set; }

        public string FailedParts { get; set; } = "";

        public double[] Numbers => [.. Estimate.Select(v => (double)v), Sparsity, Fidelity, Prediction, Agreement, PValue, Residual, Iterations];
    }
}
