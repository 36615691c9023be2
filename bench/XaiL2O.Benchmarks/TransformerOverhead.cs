using BenchmarkDotNet.Attributes;
using Microsoft.ML;
using Microsoft.ML.Data;
using TorchSharp;
using XaiL2O.MLNet;
using XaiL2O.Trainers;
using static TorchSharp.torch;

namespace XaiL2O.Benchmarks;

/// <summary>10 000 rows through the ML.NET transformer against the bare batched solve with the same batch size; read the Ratio column.</summary>
[SimpleJob(launchCount: 1, warmupCount: 1, iterationCount: 5)]
public class TransformerOverhead
{
    private const int Rows = 10_000;
    private const int BatchSize = 512;
    private static readonly FixedPointOptions Solver = new() { MaxIterations = 100 };
    private MLContext ml = null!;
    private IDataView view = null!;
    private ImplicitModelTransformer transformer = null!;
    private ImplicitModel model = null!;
    private Splitting splitting = null!;
    private float[][] data = [];

    /// <summary>Makes data and models.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var (A, K) = (SyntheticDictionary.MeasurementMatrix(), SyntheticDictionary.CosineTransform());
        using var scope = NewDisposeScope();
        var flat = SyntheticDictionary.Draw(Rows).Data.data<float>().ToArray();
        data = [.. Enumerable.Range(0, Rows).Select(i => flat[(i * SyntheticDictionary.Measurements)..((i + 1) * SyntheticDictionary.Measurements)])];
        ml = new MLContext(1);
        view = ml.Data.LoadFromEnumerable(data.Select(d => new Row { Measurements = d }));
        var definition = new DictionaryDefinition { MeasurementMatrix = A, InitialTransform = K, LearnTransform = false };
        transformer = ml.L2O().Trainers.ImplicitDictionary(definition, new ImplicitModelTrainer.Options { Solver = Solver, BatchSize = BatchSize }).Fit(view);
        model = definition.CreateModel(ScalarType.Float64);
        splitting = model.CreateSplitting();
    }

    /// <summary>The solve alone.</summary>
    [Benchmark(Baseline = true)]
    public double BareSolve()
    {
        var sum = 0.0;
        for (var start = 0; start < Rows; start += BatchSize)
        {
            var rows = Math.Min(BatchSize, Rows - start);
            using var batch = tensor([.. data.Skip(start).Take(rows).SelectMany(d => d)], [rows, SyntheticDictionary.Measurements]);
            sum += model.Infer(batch, Solver, splitting).PropertyValues[0].Sum();
        }

        return sum;
    }

    /// <summary>The same through cursors.</summary>
    [Benchmark]
    public double Transformer()
    {
        var sum = 0.0;
        var output = transformer.Transform(view);
        using var cursor = output.GetRowCursor(output.Schema);
        var (sparsity, estimate) = (cursor.GetGetter<double>(output.Schema["Sparsity.Value"]), cursor.GetGetter<VBuffer<float>>(output.Schema["Estimate"]));
        var (value, buffer) = (0.0, default(VBuffer<float>));
        while (cursor.MoveNext())
        {
            sparsity(ref value);
            estimate(ref buffer);
            sum += value;
        }

        return sum;
    }

    private sealed class Row
    {
        [VectorType(SyntheticDictionary.Measurements)]
        public float[] Measurements { get; set; } = [];
    }
}
