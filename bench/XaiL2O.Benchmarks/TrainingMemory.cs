using System.Globalization;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using TorchSharp;
using XaiL2O.Trainers;
using static TorchSharp.torch;

namespace XaiL2O.Benchmarks;

/// <summary>
/// Most memory of the process during short trainings of a dictionary and of a CT model at several iteration limits; each case runs in its own process. Jacobian-free
/// backpropagation keeps it from growing with the limit: compare the "Peak memory" column.
/// </summary>
[Config(typeof(Columns))]
public class TrainingMemory
{
    /// <summary>Iteration limit of the training solves.</summary>
    [Params(100, 2000, 10_000)]
    public int Iterations { get; set; }

    /// <summary>One epoch on 1 000 rows; the tolerance is never met, so every solve runs to the limit.</summary>
    [Benchmark]
    public void Train()
    {
        using var scope = NewDisposeScope();
        var (data, signals) = SyntheticDictionary.Draw(1000);
        using var model = new DictionaryDefinition { MeasurementMatrix = SyntheticDictionary.MeasurementMatrix(), InitialTransform = SyntheticDictionary.CosineTransform() }.CreateModel();
        var options = new TrainingOptions
        {
            Epochs = 1,
            LearningRate = 2e-3,
            Gradient = GradientMode.AttachedSteps,
            CheckGradient = false,
            ValidationFraction = 0,
            InitialIterations = Iterations,
            FinalIterations = Iterations,
            Solver = new FixedPointOptions { ResidualTolerance = 1e-30 },
        };
        ModelTrainer.Train(model, data, signals, options);
        WritePeak(nameof(Train));
    }

    /// <summary>Two steps on four scans of 64 × 64 pixels; 1 000 iterations in place of 10 000.</summary>
    [Benchmark]
    public void TrainReconstruction()
    {
        using var scope = NewDisposeScope();
        var definition = new ImplicitReconstruction
        {
            Geometry = new() { ImageSize = 64, Angles = 15, Bins = 92 },
            Model = new() { Regularizer = RegularizerKind.Adaptive, NoiseFloor = 0.1, Kernel = 3, Stages = 1 },
        };
        using var model = definition.CreateModel();
        var radon = RadonOperator.Shared(definition.Geometry);
        var images = rand(8, radon.InputSize);
        var iterations = Math.Min(Iterations, 1000);
        var options = new TrainingOptions
        {
            Epochs = 1,
            LearningRate = 2e-3,
            CheckGradient = false,
            BatchSize = 4,
            Gradient = GradientMode.AttachedSteps,
            AttachedSteps = 8,
            ValidationFraction = 0,
            InitialIterations = iterations,
            FinalIterations = iterations,
            Solver = new FixedPointOptions { ResidualTolerance = 1e-30 },
        };
        ModelTrainer.Train(model, radon.Apply(images), images, options);
        WritePeak(nameof(TrainReconstruction));
    }

    private void WritePeak(string method) => File.WriteAllText(PathFor(method, Iterations), PeakKibibytes().ToString(CultureInfo.InvariantCulture));

    private static string PathFor(string method, int iterations) => Path.Combine(Path.GetTempPath(), $"xail2o-memory-{method}-{iterations}.txt");

    private static long PeakKibibytes()
    {
        const string status = "/proc/self/status";
        if (File.Exists(status))
            return long.Parse(File.ReadLines(status).First(l => l.StartsWith("VmHWM", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        return System.Diagnostics.Process.GetCurrentProcess().PeakWorkingSet64 / 1024;
    }

    private sealed class Columns : ManualConfig
    {
        public Columns()
        {
            AddColumn(new PeakColumn());
            // A small generation 0: otherwise the garbage that the collector lets pile up, which depends on the processor's cache, hides the rest.
            AddJob(Job.Dry.WithEnvironmentVariable("DOTNET_GCgen0size", "0x400000"));
        }
    }

    private sealed class PeakColumn : IColumn
    {
        public string Id => nameof(PeakColumn);

        public string ColumnName => "Peak memory";

        public bool AlwaysShow => true;

        public ColumnCategory Category => ColumnCategory.Custom;

        public int PriorityInCategory => 0;

        public bool IsNumeric => true;

        public UnitType UnitType => UnitType.Dimensionless;

        public string Legend => "Largest resident set of the benchmark's process";

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
        {
            var path = PathFor(benchmarkCase.Descriptor.WorkloadMethod.Name, (int)benchmarkCase.Parameters[nameof(Iterations)]);
            return File.Exists(path) ? $"{double.Parse(File.ReadAllText(path), CultureInfo.InvariantCulture) / 1024:0} MiB" : "?";
        }

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

        public bool IsAvailable(Summary summary) => true;

        public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;
    }
}
