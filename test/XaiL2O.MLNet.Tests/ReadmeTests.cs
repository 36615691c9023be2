using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>The README's code.</summary>
internal sealed class ReadmeTests
{
    private sealed class Shares : ModelDefinition
    {
        public required float[,] Library { get; init; }

        public override int DataSize => Library.GetLength(0);

        public override int InferenceSize => Library.GetLength(1);

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Fidelity", model.Matrix(Library)));
            model.Add(new SimplexTerm("Simplex", InferenceSize));
        }
    }

    [Test]
    public void The_definition_of_the_readme_composes() =>
        Assert.That(() => new MLContext(1).L2O().Train(new Shares { Library = new float[3, 2] { { 1, 0 }, { 0, 1 }, { 1, 1 } } }), Throws.Nothing);

    private sealed class Wide
    {
        [VectorType(64)]
        public float[] Signal { get; set; } = [];

        [VectorType(32)]
        public float[] Measurements { get; set; } = [];
    }

    /// <summary>Signals with 4 codes in a random basis of 64, through 32 random measurements: what the README's model is for.</summary>
    private static Wide[] SparseRows(float[,] basis, float[,] A, int seed, int count)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, count).Select(_ =>
            {
                var code = new float[64];
                foreach (var i in Enumerable.Range(0, 64).OrderBy(_ => random.Next()).Take(4).ToArray())
                    code[i] = Normal(random);
                var signal = Fixture.Multiply(basis, code);
                return new Wide { Signal = signal, Measurements = Fixture.Multiply(A, signal) };
            }),
        ];
    }

    private static float Normal(Random random) => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));

    private static float[,] Gaussian(int rows, int columns, int seed)
    {
        var random = new Random(seed);
        var matrix = new float[rows, columns];
        foreach (var (i, j) in Enumerable.Range(0, rows).SelectMany(i => Enumerable.Range(0, columns).Select(j => (i, j))))
            matrix[i, j] = Normal(random) / MathF.Sqrt(rows);
        return matrix;
    }

    [Test]
    public void The_defaults_recover_most_of_the_problem_of_the_readme_and_say_that_more_epochs_help()
    {
        var (basis, A) = (Gaussian(64, 64, 1), Gaussian(32, 64, 2));
        var ml = new MLContext(1);
        var learned = ml.L2O().Trainers.ImplicitDictionary(A, "Measurements", "Signal", "Estimate").Fit(ml.Data.LoadFromEnumerable(SparseRows(basis, A, 3, 2000)));
        var test = SparseRows(basis, A, 4, 300);
        var estimates = learned.Transform(ml.Data.LoadFromEnumerable(test)).GetColumn<float[]>("Estimate").ToArray();
        double Norm(IEnumerable<float> values) => Math.Sqrt(values.Sum(v => (double)v * v));
        var errors = test.Zip(estimates, (row, x) => Norm(row.Signal.Zip(x, (a, b) => a - b)) / Norm(row.Signal)).ToArray();
        Assert.That(errors.Average(), Is.LessThan(0.3));
        Assert.That(learned.Training!.Warnings, Has.Some.Contains("still improving at the last epoch"));
    }

    [Test]
    public void The_pipeline_of_the_readme_runs()
    {
        var measurementMatrix = Fixture.A;
        var data = new MLContext(1).Data;
        var (trainingRows, calibrationRows, newRows) = (data.LoadFromEnumerable(Fixture.Rows(1, 100)), data.LoadFromEnumerable(Fixture.Rows(2, 150)), data.LoadFromEnumerable(Fixture.Rows(3, 5)));
        var path = Path.Combine(Directory.CreateTempSubdirectory("xail2o-").FullName, "model.zip");

        var ml = new MLContext(seed: 1);
        var learned = ml.L2O().Trainers.ImplicitDictionary(measurementMatrix, "Measurements", "Signal", "Estimate").Fit(trainingRows);
        var certifier = ml.L2O().Certify(new CertifierOptions
        {
            Properties =
            [
                new("Sparsity"),
                new("Prediction"),
                new("Fidelity", Tolerance: 1e-2),
                CertifiedProperty.Convergence(),
            ],
            Joint = new JointPolicy { Rule = JointRule.Holm, FamilyLevel = 0.05 },
        }).Fit(learned.Transform(calibrationRows));
        var model = learned.Append(certifier);
        ml.Model.Save(model, trainingRows.Schema, path);
        var loaded = new MLContext().Model.Load(path, out _);
        var output = loaded.Transform(newRows);

        Assert.That(Fixture.Read(output).SelectMany(r => r.Numbers), Is.EqualTo(Fixture.Read(model.Transform(newRows)).SelectMany(r => r.Numbers)));
        Assert.That(output.Schema.GetColumnOrNull("Convergence.Label"), Is.Not.Null);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }
}
