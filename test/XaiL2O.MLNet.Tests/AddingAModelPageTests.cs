using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.Data;
using TorchSharp;
using XaiL2O.Examples;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>Holds docs/adding-a-model.md to the code.</summary>
internal sealed partial class AddingAModelPageTests
{
    private const int N = 12;
    private const int M = 8;

    private static string Read(string file) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", file));

    private static string Flat(string code) => string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlocks();

    private sealed class Row
    {
        [VectorType(M)]
        public float[] Measurements { get; set; } = [];

        [VectorType(N)]
        public float[] Signal { get; set; } = [];
    }

    private static float[,] Matrix()
    {
        var random = new Random(1);
        var matrix = new float[M, N];
        foreach (var (i, j) in Enumerable.Range(0, M).SelectMany(i => Enumerable.Range(0, N).Select(j => (i, j))))
            matrix[i, j] = (float)((2 * random.NextDouble()) - 1);
        return matrix;
    }

    private static IDataView Rows(float[,] A, int seed, int count)
    {
        var random = new Random(seed);
        return new MLContext().Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(_ =>
        {
            var x = Enumerable.Range(0, N).Select(_ => random.NextDouble() < 0.15 ? (float)random.NextDouble() : 0).ToArray();
            x[0] = 1;
            return new Row { Signal = x, Measurements = Fixture.Multiply(A, x) };
        }).ToArray());
    }

    [Test]
    public void The_code_of_the_page_stands_in_files_that_are_compiled()
    {
        var sources = new[] { "SparseRecovery.cs", "Unmixing.cs", "OwnDefinition.cs", "AddingAModelPageTests.cs" }.Select(file => Flat(Read(file))).ToArray();
        var blocks = CodeBlocks().Matches(Read("adding-a-model.md")).Select(match => match.Groups[1].Value).Where(block => !block.StartsWith("using ", StringComparison.Ordinal)).ToArray();
        Assert.That(blocks, Has.Length.EqualTo(4));
        foreach (var block in blocks)
            Assert.That(sources.Any(source => source.Contains(Flat(block), StringComparison.Ordinal)), Is.True, "no file holds this block:\n" + block);
    }

    [Test]
    public void The_pipeline_of_the_page_runs()
    {
        var A = Matrix();
        var (trainingRows, calibrationRows, newRows) = (Rows(A, 1, 200), Rows(A, 2, 100), Rows(A, 3, 20));
        var folder = Directory.CreateTempSubdirectory("xail2o-");
        var path = Path.Combine(folder.FullName, "model.zip");

        var ml = new MLContext(seed: 1);
        var model = ml.L2O().Train(new SparseRecovery { Measurement = A }, "Measurements", "Signal", "Estimate").Fit(trainingRows);
        var certifier = ml.L2O().Certify(
                new CertifiedProperty("Fidelity"),
                new CertifiedProperty("Sparsity"),
                new CertifiedProperty("Prior"),
                CertifiedProperty.Convergence())
            .Fit(model.Transform(calibrationRows));
        ml.Model.Save(model.Append(certifier), trainingRows.Schema, path);

        var loaded = new MLContext().Model.Load(path, out _);   // any program that references the definition's assembly

        folder.Delete(recursive: true);
        float[][] Estimates(ITransformer t) => [.. t.Transform(newRows).GetColumn<float[]>("Estimate")];
        Assert.That(Estimates(loaded), Is.EqualTo(Estimates(model)));
        Assert.That(loaded.Transform(newRows).GetColumn<bool>("Converged"), Is.All.True);
    }

    private sealed class Definition : ModelDefinition
    {
        [JsonIgnore]
        internal Action<ModelBuilder> Terms { get; set; } = _ => { };

        public override int DataSize => 4;

        public override int InferenceSize => 4;

        public override void Compose(ModelBuilder model) => Terms(model);
    }

    private sealed class Unstorable : ModelDefinition
    {
        public Action? Action { get; set; } = () => { };

        public override int DataSize => 4;

        public override int InferenceSize => 4;

        public override void Compose(ModelBuilder model) => model.Add(new SquaredL2Term("Energy", model.Identity));
    }

    private sealed class Sized(int size) : ModelDefinition
    {
        public override int DataSize => 4;

        public override int InferenceSize => size;

        public override void Compose(ModelBuilder model) => model.Add(new SquaredL2Term("Energy", model.Identity));
    }

    private sealed class Private : ModelDefinition
    {
        private double weight;

        public override int DataSize => 4;

        public override int InferenceSize => 4;

        public Private Of(double value)
        {
            weight = value;
            return this;
        }

        public override void Compose(ModelBuilder model) => model.Add(new SquaredL2Term("Energy", model.Identity), 1 + weight);
    }

    private sealed class Halved(double adjoint, double bound) : LinearOperator
    {
        public override int InputSize => 4;

        public override int OutputSize => 4;

        public override double NormBound => bound;

        public override torch.Tensor Apply(torch.Tensor x) => x;

        public override torch.Tensor ApplyAdjoint(torch.Tensor y) => adjoint * y;
    }

    private sealed class Short() : Term("Short", new IdentityOperator(4)), IProximable
    {
        public torch.Tensor Proximal(torch.Tensor u, Coefficient step, torch.Tensor data) => u.slice(1, 0, 3, 1);

        public override torch.Tensor PropertyValue(torch.Tensor x, torch.Tensor data) => x.norm(1);
    }

    private sealed class Measure(string name) : Term(name, new IdentityOperator(4))
    {
        public override torch.Tensor PropertyValue(torch.Tensor x, torch.Tensor data) => x.norm(1);
    }

    private static int calls;

    private static readonly Action<ModelBuilder>[] Mistakes =
    [
        m => m.Add(new Measure("Confidence")),
        m => { m.Add(new LeastSquaresTerm("Fidelity", m.Identity)); m.Add(TotalVariation.OfSignal("Variation", 4)); m.Algorithm = Algorithm.ProximalGradient; },
        m => { m.Add(new LeastSquaresTerm("Fidelity", m.Identity)); m.Steps = new StepPolicy { Fixed = 5 }; },
        m => m.Add(new BoxTerm("Box", 3, 0, 1)),
        m => m.Add(new L1Term("Sparsity", m.Identity), 0),
        m => { m.Add(new BoxTerm("Box", 4, 0, 1)); m.Add(new BoxTerm("Box", 4, 0, 2)); },
        m => m.Add(new L1Term("Sparsity", m.LearnedMatrix($"K{calls++}", 2, 4, WeightStart.Zero))),
        m => { m.Add(new L1Term("Sparsity", m.LearnedMatrix("K", 2, 4, WeightStart.Zero))); m.Add(new SquaredL2Term("Energy", m.LearnedMatrix("K", 2, 4, WeightStart.Zero))); },
        m => m.Add(new LeastSquaresTerm("Fidelity", new Halved(0.5, 1))),
        m => m.Add(new LeastSquaresTerm("Fidelity", new Halved(1, 0.1))),
        m => m.Add(new Short()),
    ];

    [Test]
    public void The_messages_of_the_page_are_those_that_are_thrown()
    {
        var page = Read("adding-a-model.md");
        var rows = page[page.IndexOf("| Mistake", StringComparison.Ordinal)..].Split('\n').Skip(2).TakeWhile(line => line.StartsWith('|')).ToArray();
        Action<MLContext>[] makers = [.. Mistakes.Select(m => (Action<MLContext>)(ml => ml.L2O().Train(new Definition { Terms = m }))), ml => ml.L2O().Train(new Sized(4)), ml => ml.L2O().Train(new Private().Of(1)), ml => ml.L2O().Train(new Unstorable())];
        Assert.That(rows, Has.Length.EqualTo(makers.Length));
        foreach (var (row, make) in rows.Zip(makers))
        {
            var message = row.Split('`')[1];
            var thrown = Assert.Catch(() => make(new MLContext()))!.Message;
            Assert.That(thrown, Does.Contain(message));
        }
    }
}
