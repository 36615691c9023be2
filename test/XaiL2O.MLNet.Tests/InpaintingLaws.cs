using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>A model with two input columns, one of them a mask per row, as a user of ML.NET meets it.</summary>
internal sealed class InpaintingLaws
{
    private const int Size = 16;
    private static readonly MLContext Ml = new(1);

    private sealed class Row
    {
        [VectorType(Size)]
        public double[] Measurements { get; set; } = [];

        [VectorType(Size)]
        public int[] Mask { get; set; } = [];

        [VectorType(Size)]
        public float[] Signal { get; set; } = [];
    }

    private sealed class Output
    {
        [VectorType(Size)]
        public float[] Estimate { get; set; } = [];

        [VectorType(Size)]
        public float[] Signal { get; set; } = [];

        [ColumnName("Fidelity.Value")]
        public double Fidelity { get; set; }

        public bool Converged { get; set; }
    }

    /// <summary>Sums of two cosines, of which a third of the samples is lost.</summary>
    private static Row[] Rows(int seed, int count)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, count).Select(_ =>
            {
                var (i, j, a, b) = (random.Next(1, 4), random.Next(4, 7), (2 * random.NextDouble()) - 1, (2 * random.NextDouble()) - 1);
                double[] signal = [.. Enumerable.Range(0, Size).Select(t => (a * Math.Cos(Math.PI * i * (t + 0.5) / Size)) + (b * Math.Cos(Math.PI * j * (t + 0.5) / Size)))];
                int[] mask = [.. Enumerable.Range(0, Size).Select(_ => random.Next(3) == 0 ? 0 : 1)];
                return new Row { Signal = [.. signal.Select(v => (float)v)], Mask = mask, Measurements = [.. signal.Zip(mask, (v, m) => v * m)] };
            }),
        ];
    }

    private static float[,] Identity()
    {
        var matrix = new float[Size, Size];
        for (var i = 0; i < Size; i++)
            matrix[i, i] = 1;
        return matrix;
    }

    private static readonly Lazy<ImplicitModelTransformer> Lazy = new(() => Ml.L2O().Trainers.Inpainting(
        new InpaintingDefinition { MeasurementMatrix = Identity() },
        new ImplicitModelTrainer.Options { BatchSize = 7, Training = new TrainingOptions { Epochs = 3, BatchSize = 25, LearningRate = 1e-3 } }).Fit(Ml.Data.LoadFromEnumerable(Rows(1, 100))));

    private static Output[] Read(ITransformer model, Row[] rows) => [.. Ml.Data.CreateEnumerable<Output>(model.Transform(Ml.Data.LoadFromEnumerable(rows)), reuseRowObject: false)];

    [Test]
    public void Lost_samples_are_recovered()
    {
        var outputs = Read(Lazy.Value, Rows(2, 40));
        Assert.That(outputs.Count(o => o.Converged), Is.EqualTo(40));
        double Square(IEnumerable<float> values) => values.Sum(v => (double)v * v);
        var error = outputs.Average(o => Square(o.Estimate.Zip(o.Signal, (a, b) => a - b)) / Square(o.Signal));
        // Zero where nothing was measured, the estimate without a model, has an error of a third.
        Assert.That(error, Is.LessThan(0.05));
        Assert.That(outputs.Select(o => o.Fidelity), Is.All.LessThan(0.1));
    }

    [Test]
    public void The_zip_holds_it_and_a_certifier_judges_it()
    {
        var certified = Lazy.Value.Append(Ml.L2O().Certify(new CertifiedProperty("Fidelity"), new CertifiedProperty("Sparsity"), CertifiedProperty.Convergence())
            .Fit(Lazy.Value.Transform(Ml.Data.LoadFromEnumerable(Rows(3, 60)))));
        using var stream = new MemoryStream();
        Ml.Model.Save(certified, Ml.Data.LoadFromEnumerable(Rows(1, 1)).Schema, stream);
        stream.Position = 0;
        var loaded = new MLContext().Model.Load(stream, out _);
        var rows = Ml.Data.LoadFromEnumerable(Rows(4, 20));
        Assert.That(loaded.Transform(rows).GetColumn<float[]>("Estimate").SelectMany(v => v), Is.EqualTo(certified.Transform(rows).GetColumn<float[]>("Estimate").SelectMany(v => v)));
        Assert.That(loaded.Transform(rows).GetColumn<bool>("Trustworthy"), Is.EqualTo(certified.Transform(rows).GetColumn<bool>("Trustworthy")));
    }

    [Test]
    public void A_mask_out_of_range_or_of_another_length_is_no_answer()
    {
        var rows = Rows(5, 3);
        rows[1].Mask[0] = 2;
        var outputs = Read(Lazy.Value, rows);
        Assert.That(outputs.Select(o => o.Converged), Is.EqualTo(new[] { true, false, true }));
        Assert.That(outputs[1].Estimate, Is.All.NaN);
        Assert.That(
            () => Lazy.Value.Transform(Ml.Data.LoadFromEnumerable([new { Measurements = new double[Size], Mask = 1.0 }])),
            Throws.InvalidOperationException.With.Message.Contains("'Mask'").And.Message.Contains("vector of 16 numbers"));
    }
}
