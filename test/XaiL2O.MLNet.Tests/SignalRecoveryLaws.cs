using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>Recovery by a Gaussian and a learned prior, as a user of ML.NET meets it: pulses at random places, of which fewer numbers are measured than they have samples.</summary>
internal sealed class SignalRecoveryLaws
{
    private const int Size = 40;
    private const int Measured = 16;
    private static readonly MLContext Ml = new(1);
    private static readonly float[,] A = Matrix();

    private sealed class Row
    {
        [VectorType(Measured)]
        public float[] Measurements { get; set; } = [];

        [VectorType(Size)]
        public float[] Signal { get; set; } = [];
    }

    private sealed class Output
    {
        [VectorType(Size)]
        public float[] Estimate { get; set; } = [];

        [ColumnName("Prior.Value")]
        public double Prior { get; set; }

        [ColumnName("Fidelity.Value")]
        public double Fidelity { get; set; }

        [ColumnName("Prediction.Value")]
        public double Prediction { get; set; }

        [ColumnName("Agreement.Value")]
        public double Agreement { get; set; }

        public bool Converged { get; set; }
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static float[,] Matrix()
    {
        var (random, matrix) = (new Random(1), new float[Measured, Size]);
        for (var i = 0; i < Measured; i++)
        {
            for (var j = 0; j < Size; j++)
                matrix[i, j] = (float)Normal(random);
        }

        return matrix;
    }

    private static Row[] Rows(int seed, int count)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, count).Select(_ =>
            {
                var (place, height, wave, phase) = (Size * random.NextDouble(), 1 + random.NextDouble(), 0.2 * Normal(random), 6 * random.NextDouble());
                float[] signal = [.. Enumerable.Range(0, Size).Select(t => (float)((height * Math.Exp(-Math.Pow(t - place, 2) / 2)) - (0.4 * height * Math.Exp(-Math.Pow(t - place - 3, 2) / 2)) + (wave * Math.Sin((0.2 * t) + phase))))];
                return new Row { Signal = signal, Measurements = [.. Enumerable.Range(0, Measured).Select(i => Enumerable.Range(0, Size).Sum(j => A[i, j] * signal[j]))] };
            }),
        ];
    }

    private static readonly Lazy<ImplicitModelTransformer> Lazy = new(() => Ml.L2O().Trainers.SignalRecovery(
        new SignalRecoveryDefinition { MeasurementMatrix = A, Filters = 16, FilterLength = 9 },
        new ImplicitModelTrainer.Options { Training = new TrainingOptions { Epochs = 8, BatchSize = 25, LearningRate = 5e-3, AdjointIterations = 30 } }).Fit(Ml.Data.LoadFromEnumerable(Rows(2, 400))));

    private static Output[] Read(ITransformer model, Row[] rows) => [.. Ml.Data.CreateEnumerable<Output>(model.Transform(Ml.Data.LoadFromEnumerable(rows)), reuseRowObject: false)];

    private static double Error(float[] estimate, float[] signal) =>
        Math.Sqrt(estimate.Zip(signal, (a, b) => Math.Pow(a - b, 2)).Sum() / signal.Sum(v => v * v));

    [Test]
    public void It_is_better_than_the_linear_estimate_of_its_prior_row_by_row()
    {
        var (training, validation, test) = (Rows(2, 400), Rows(3, 200), Rows(4, 200));
        var linear = LinearEstimator.FromPrior(A, [.. training.Select(r => r.Signal)], PriorCovariance.Stationary, [.. validation.Select(r => r.Signal)]);
        var outputs = Read(Lazy.Value, test);
        Assert.That(outputs.Select(o => o.Converged), Is.All.True);
        double[] differences = [.. test.Select((r, i) => Error(outputs[i].Estimate, r.Signal) - Error(linear.Estimate(r.Measurements), r.Signal))];
        var deviation = Math.Sqrt(differences.Sum(d => Math.Pow(d - differences.Average(), 2)) / (test.Length - 1) / test.Length);
        Assert.That(differences.Average() + (3 * deviation), Is.LessThan(0), $"{differences.Average():F4} ± {deviation:F4}");
    }

    [Test]
    public void A_zip_has_the_prior_and_gives_the_same_numbers()
    {
        using var stream = new MemoryStream();
        Ml.Model.Save(Lazy.Value, null, stream);
        stream.Position = 0;
        var loaded = (ImplicitModelTransformer)new MLContext().Model.Load(stream, out _);
        Assert.That(((SignalRecoveryDefinition)loaded.Definition).Autocovariance, Is.EqualTo(((SignalRecoveryDefinition)Lazy.Value.Definition).Autocovariance).And.Length.EqualTo(Size));
        foreach (var (before, after) in Read(Lazy.Value, Rows(5, 20)).Zip(Read(loaded, Rows(5, 20))))
        {
            Assert.That(after.Estimate, Is.EqualTo(before.Estimate));
            Assert.That((after.Prior, after.Fidelity, after.Prediction, after.Agreement), Is.EqualTo((before.Prior, before.Fidelity, before.Prediction, before.Agreement)));
        }
    }

    [Test]
    public void Rows_do_not_depend_on_those_beside_them()
    {
        var rows = Rows(6, 30);
        var together = Read(Lazy.Value, rows);
        for (var i = 0; i < rows.Length; i += 5)
            Assert.That(Read(Lazy.Value, [rows[i]])[0].Estimate, Is.EqualTo(together[i].Estimate).Within(1e-4));
    }

    [Test]
    public void Damaged_measurements_are_unlike_others()
    {
        var clean = Rows(7, 100);
        Row[] damaged = [.. clean.Select(r => new Row { Signal = r.Signal, Measurements = [.. r.Measurements.Select((v, i) => i == 3 ? v + 8 : v)] })];
        var (before, after) = (Read(Lazy.Value, clean), Read(Lazy.Value, damaged));
        double Median(IEnumerable<double> values) => values.Order().ElementAt(50);
        Assert.That(Median(after.Select(o => o.Prior)), Is.GreaterThan(2 * Median(before.Select(o => o.Prior))));
        Assert.That(Median(after.Select(o => o.Prediction)), Is.GreaterThan(Median(before.Select(o => o.Prediction))));
    }
}
