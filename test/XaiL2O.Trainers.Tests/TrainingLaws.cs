using TorchSharp;
using XaiL2O.Data;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>Training, and properties of the solve that users rely on.</summary>
internal sealed class TrainingLaws : TorchLaws
{
    private const int N = 20;
    private const int M = 10;
    private static readonly FixedPointOptions Options = new() { MaxIterations = 20_000, ResidualTolerance = 1e-6 };

    private static ImplicitModel Create(DictionarySolver solver = DictionarySolver.ExactAdmm, ScalarType dtype = ScalarType.Float64) =>
        BuiltIn.Dictionary(Orthonormal(), Transform(), new ImplicitDictionaryOptions { Solver = solver }, dtype);

    private static float[,] Transform()
    {
        using var cosine = MatrixOperator.CosineTransform(N);
        return ToArray(cosine.Matrix);
    }

    /// <summary>Measurements with orthonormal rows: linearised ADMM, unlike the exact steps, slows down with the conditioning of A.</summary>
    private static float[,] Orthonormal()
    {
        var (Q, _) = linalg.qr(Normal(1, N, M));
        return ToArray(Q.t());
    }

    /// <summary>Measurements of signals with two cosine coefficients: what the model is for, and solved in few iterations.</summary>
    private static Tensor Measurements(int seed, int rows)
    {
        var codes = Normal(seed, rows, N);
        var (kept, _) = codes.abs().topk(2, 1);
        var sparse = codes * (codes.abs() >= kept.min(1, true).values);
        var signals = mm(sparse, tensor(Transform()).to(ScalarType.Float64));
        return mm(signals, tensor(Orthonormal()).to(ScalarType.Float64).t());
    }

    /// <summary>Says how many rows were solved together.</summary>
    private sealed class Watched : ModelDefinition
    {
        private long largest;

        public long Largest => largest;

        public override int DataSize => 8;

        public override int InferenceSize => 8;

        public override Tensor Scale(Tensor data)
        {
            largest = Math.Max(largest, data.shape[0]);
            return base.Scale(data);
        }

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Fidelity", model.Identity));
            model.Add(new L1Term("Sparsity", model.Identity), model.LearnedPositive("Tau", 0.1));
        }
    }

    [Test]
    public void Validation_rows_are_solved_in_batches_and_judged_together()
    {
        var definition = new Watched();
        using var model = definition.CreateModel();
        var row = Normal(1, 1, 8);
        var (data, targets) = (row.expand(40_000, -1), 0.5 * row.expand(40_000, -1));
        var solver = new FixedPointOptions { ResidualTolerance = 1e-6, FidelityTolerance = 1e-6 };
        var result = ModelTrainer.Train(model, data, targets, new TrainingOptions { Epochs = 1, BatchSize = 500, ValidationFraction = 0.5, LearningRate = 1e-9, CheckGradient = false, Solver = solver });
        Assert.That(definition.Largest, Is.InRange(500, 1 << 14));
        var inference = tensor(model.Infer(row, solver).Inference[0]);
        Assert.That(result.Epochs[0].ValidationLoss, Is.EqualTo((inference - targets[0]).square().mean().ToDouble()).Within(1e-4).Percent);
    }

    [Test]
    public void A_checkpoint_that_cannot_be_written_leaves_the_last_one_and_nothing_else()
    {
        var folder = Directory.CreateTempSubdirectory("xail2o-");
        var path = Path.Combine(folder.FullName, "a.checkpoint");
        CheckpointFile.Save(path, "training", writer => writer.Write(7));
        Assert.That(() => CheckpointFile.Save(path, "training", writer => { writer.Write(8); throw new IOException("No space left"); }), Throws.InstanceOf<IOException>());
        var read = 0;
        CheckpointFile.Load(path, "training", reader => read = reader.ReadInt32());
        Assert.That(read, Is.EqualTo(7));
        Assert.That(folder.GetFiles(), Has.Length.EqualTo(1));
        folder.Delete(recursive: true);
    }

    [Test]
    public void A_damaged_checkpoint_is_refused_whatever_is_damaged([Values] OptimizerKind optimizer)
    {
        var folder = Directory.CreateTempSubdirectory("xail2o-");
        var path = Path.Combine(folder.FullName, "a.checkpoint");
        var (data, signals) = TrainingData(60);
        var options = Training with { Epochs = 2, CheckpointPath = path, Optimizer = optimizer, WarmStart = true };
        void Train()
        {
            using var model = Create(dtype: ScalarType.Float32);
            ModelTrainer.Train(model, data, signals, options);
        }

        Train();
        var bytes = File.ReadAllBytes(path);
        void Refuse(byte[] damaged, string how)
        {
            File.WriteAllBytes(path, damaged);
            Assert.That(Train, Throws.InstanceOf<InvalidDataException>().With.Message.Contains(path).And.Message.Contains("elete it"), how);
        }

        var random = new Random(1);
        for (var i = 0; i < 600; i++)
        {
            var bit = i < 200 ? i : random.Next(8 * bytes.Length);
            var damaged = (byte[])bytes.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Refuse(damaged, $"bit {bit}");
        }

        for (var i = 0; i < 50; i++)
            Refuse(bytes[..random.Next(bytes.Length)], "cut");
        Refuse([.. bytes, 0], "longer");
        Refuse([], "empty");
        // What the version before wrote: the same without a checksum.
        Refuse([.. "XL2OCKPT"u8, 1, 0, 0, 0, .. bytes.AsSpan(12, bytes.Length - 44)], "of version 1");
        File.WriteAllBytes(path, bytes);
        Train();
        folder.Delete(recursive: true);
    }

    [Test]
    public void Rows_do_not_influence_each_other([Values] DictionarySolver solver)
    {
        using var model = Create(solver);
        var d = Measurements(3, 12);
        var whole = model.Infer(d, Options);
        var reversed = model.Infer(d.flip(0), Options);
        for (var row = 0; row < 12; row++)
        {
            var alone = model.Infer(d.slice(0, row, row + 1, 1), Options);
            Assert.That(whole.Status[row], Is.EqualTo(SolveStatus.Converged));
            foreach (var (other, index) in new[] { (alone, 0), (reversed, 11 - row) })
            {
                Assert.That(other.Iterations[index], Is.EqualTo(whole.Iterations[row]));
                Assert.That(other.Inference[index], Is.EqualTo(whole.Inference[row]).Within(1e-6f));
            }
        }

        Assert.That(whole.Iterations.Distinct().Count(), Is.GreaterThan(1), "samples stop at their own iteration");
    }

    [Test]
    public void Both_solvers_give_the_same_inference()
    {
        using var exact = Create();
        using var linearized = Create(DictionarySolver.LinearizedAdmm);
        var d = Measurements(4, 6);
        var tight = new FixedPointOptions { MaxIterations = 50_000, ResidualTolerance = 1e-9, CheckEvery = 100 };
        var (a, b) = (exact.Infer(d, tight), linearized.Infer(d, tight));
        for (var row = 0; row < 6; row++)
        {
            Assert.That(b.PropertyValues[0][row], Is.EqualTo(a.PropertyValues[0][row]).Within(1e-4 * a.PropertyValues[0][row]));
            Assert.That(b.Inference[row], Is.EqualTo(a.Inference[row]).Within(1e-3f));
        }
    }

    [Test]
    public void Rows_that_are_not_finite_come_out_as_nan_and_stop_nothing()
    {
        using var model = Create();
        var d = Measurements(5, 4);
        var clean = model.Infer(d, Options);
        d[1, 3] = double.NaN;
        d[2, 0] = double.PositiveInfinity;
        var result = model.Infer(d, Options);
        Assert.That(result.Status, Is.EqualTo(new[] { SolveStatus.Converged, SolveStatus.InvalidData, SolveStatus.InvalidData, SolveStatus.Converged }));
        Assert.That(result.Inference[1], Is.All.NaN);
        Assert.That(result.PropertyValues[0][2], Is.NaN);
        Assert.That(result.PropertyValues[1][1], Is.NaN);
        Assert.That(result.Residual[1], Is.NaN);
        Assert.That(result.Inference[3], Is.EqualTo(clean.Inference[3]).Within(1e-6f));
    }

    [Test]
    public void The_iteration_limit_is_a_status()
    {
        using var model = Create();
        var result = model.Infer(Measurements(6, 3), new FixedPointOptions { MaxIterations = 7, ResidualTolerance = 1e-12 });
        Assert.That(result.Status, Is.All.EqualTo(SolveStatus.IterationLimit));
        Assert.That(result.Iterations, Is.All.EqualTo(7));
    }

    [Test]
    public void Zero_measurements_give_a_zero_signal()
    {
        using var model = Create();
        var result = model.Infer(zeros(2, M, dtype: ScalarType.Float64), Options);
        Assert.That(result.Status, Is.All.EqualTo(SolveStatus.Converged));
        Assert.That(result.Inference[0], Is.All.EqualTo(0f));
        Assert.That(result.PropertyValues[1], Is.All.EqualTo(0.0));
    }

    [Test]
    public void The_model_is_positively_homogeneous([Values(1e-6, 37.0, 1e6)] double c)
    {
        using var model = Create();
        var d = Measurements(7, 4);
        var (one, scaled) = (model.Infer(d, Options), model.Infer(d * c, Options));
        for (var row = 0; row < 4; row++)
            Assert.That(scaled.Inference[row].Select(v => v / c), Is.EqualTo(one.Inference[row].Select(v => (double)v)).Within(1e-5));
    }

    [Test]
    public void A_warm_start_at_the_fixed_point_ends_at_the_first_check()
    {
        using var model = Create();
        var splitting = model.CreateSplitting();
        var d = Measurements(8, 3);
        var solve = FixedPointSolver.Solve(splitting, d, Options);
        var again = FixedPointSolver.Solve(splitting, d, Options, null, solve.State);
        Assert.That(again.Iterations, Is.All.EqualTo(Options.CheckEvery));
        (splitting as IDisposable)?.Dispose();
    }

    [Test]
    public void Cancellation_is_heeded()
    {
        using var model = Create();
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.That(() => model.Infer(Measurements(9, 3), Options, null, source.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void The_transform_keeps_unit_norm()
    {
        using var model = Create();
        using (no_grad())
        {
            model.Weights[0].Weight.mul_(3);
            for (var i = 0; i < 40; i++)
                model.ProjectWeights();
        }

        Assert.That(MatrixOperator.SpectralNorm(model.Weights[0].Weight), Is.EqualTo(1).Within(1e-3));
        model.FinishTraining();
        Assert.That(MatrixOperator.SpectralNorm(tensor(model.ExportWeights()[0].ToMatrix())), Is.EqualTo(1).Within(1e-6));
    }

    [Test]
    public void Weights_survive_export_and_import()
    {
        using var a = Create(dtype: ScalarType.Float32);
        using var b = BuiltIn.Dictionary(Orthonormal(), ToArray(Normal(99, N, N)));
        b.ImportWeights(a.ExportWeights());
        Assert.That(Gap(a.Weights[0].Weight, b.Weights[0].Weight), Is.EqualTo(0));
        Assert.That(() => b.ImportWeights([new NamedArray("K", [1, 1], [1])]), Throws.ArgumentException.With.Message.Contains("[1, 1]"));
        Assert.That(() => b.ImportWeights([]), Throws.ArgumentException.With.Message.Contains("'K' is missing"));
    }

    [Test]
    [NonParallelizable] // the tensors of the process are counted
    public void Solving_leaves_no_tensors_behind()
    {
        using var model = Create();
        using var d = Measurements(10, 30);
        _ = model.Infer(d, Options);
        var before = Tensor.TotalCount;
        for (var i = 0; i < 5; i++)
            _ = model.Infer(d, Options);
        Assert.That(Tensor.TotalCount, Is.LessThanOrEqualTo(before + 2));
    }

    private static (Tensor Data, Tensor Signals) TrainingData(int rows)
    {
        var codes = Normal(11, rows, 5) * (Normal(12, rows, 5) > 0.5);
        var signals = mm(codes, Normal(13, 5, N));
        return (mm(signals, tensor(Orthonormal()).to(ScalarType.Float64).t()), signals);
    }

    private static readonly TrainingOptions Training = new() { Epochs = 6, BatchSize = 20, LearningRate = 1e-2, Solver = new FixedPointOptions { MaxIterations = 500 } };

    [Test]
    public void Training_learns_keeps_the_best_weights_and_repeats_with_the_same_seed()
    {
        var (data, signals) = TrainingData(400);
        var weights = new List<float[]>();
        for (var run = 0; run < 2; run++)
        {
            using var model = Create(dtype: ScalarType.Float32);
            var result = ModelTrainer.Train(model, data, signals, Training);
            Assert.That(result.Cancelled, Is.False);
            var best = result.Epochs.MinBy(e => e.ValidationLoss)!;
            Assert.That(result.BestEpoch, Is.EqualTo(best.Epoch));
            Assert.That(best.ValidationLoss, Is.LessThan(0.5 * result.Epochs[0].TrainingLoss));
            weights.Add(model.ExportWeights()[0].Values);
        }

        Assert.That(weights[1], Is.EqualTo(weights[0]));
    }

    [Test]
    public void Cancelled_training_returns_the_best_so_far()
    {
        var (data, signals) = TrainingData(200);
        using var model = Create(dtype: ScalarType.Float32);
        using var source = new CancellationTokenSource();
        var result = ModelTrainer.Train(model, data, signals, Training with { Epochs = 50, Patience = 0 }, new CancelAfterEpoch(2, source), source.Token);
        Assert.That(result.Cancelled, Is.True);
        Assert.That(result.Epochs, Has.Count.EqualTo(2));
    }

    private sealed class CancelLater : IProgress<TrainingProgress>
    {
        public CancellationTokenSource Source { get; } = new();

        public void Report(TrainingProgress value)
        {
            if (value.Epoch == 1)
                Source.CancelAfter(300);
        }
    }

    /// <summary>Solves that would take minutes are left within a moment, in training and in validation.</summary>
    [Test]
    [NonParallelizable] // time is limited
    public void Cancellation_ends_a_solve_of_training([Values(0, 0.5)] double validation)
    {
        var (data, signals) = TrainingData(40);
        using var model = Create(dtype: ScalarType.Float32);
        var canceller = new CancelLater();
        canceller.Source.CancelAfter(1000);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var endless = new FixedPointOptions { MaxIterations = 30_000_000, ResidualTolerance = 1e-30, FidelityTolerance = 1e-30, CheckEvery = 30_000_000 };
        var result = ModelTrainer.Train(model, data, signals, Training with { ValidationFraction = validation, CheckGradient = false, InitialIterations = 30_000_000, FinalIterations = 30_000_000, Solver = endless }, canceller, canceller.Source.Token);
        Assert.That(result.Cancelled);
        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(10)));
        canceller.Source.Dispose();
    }

    /// <summary>x⁺ is −x by one place further: the linear equation behind its gradient takes about as many steps as there are places.</summary>
    private sealed class Turning : ModelDefinition
    {
        public override int DataSize => 3000;

        public override int InferenceSize => 3000;

        public override void Compose(ModelBuilder model)
        {
            var w = model.Learned("W", WeightStart.Values([1f]), [1]);
            model.Add(new SquaredL2Term("Energy", model.Identity));
            var weights = model.Vector(new float[3000]);
            model.SolveWith(() => new FeasibilityIteration(u => -(w * u).roll(1, 1), model.Identity, weights, 1));
        }
    }

    [Test]
    [NonParallelizable] // time is limited
    public void Cancellation_ends_the_iteration_behind_a_gradient([Values] bool scope, [Values] bool check)
    {
        using var model = new DefinedModel(new Turning());
        using var source = new CancellationTokenSource(500);
        var rows = Normal(3, 20, 3000);
        var options = new TrainingOptions { Epochs = 1, AdjointIterations = int.MaxValue, CheckGradient = check, Solver = new FixedPointOptions { ResidualTolerance = 1e-6 } };
        var clock = System.Diagnostics.Stopwatch.StartNew();
        if (scope)
        {
            using var interruption = Interruption.Scope(source.Token);
            Assert.That(() => ModelTrainer.Train(model, rows, rows, options), Throws.InstanceOf<OperationCanceledException>());
        }
        else
        {
            Assert.That(ModelTrainer.Train(model, rows, rows, options, null, source.Token).Cancelled);
        }

        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(3)));
        Assert.That(model.ExportWeights()[0].Values, Is.EqualTo(new[] { 1f }));
    }

    [Test]
    [NonParallelizable] // time is limited
    public void Cancellation_ends_solves_of_trades_and_many_attached_steps([Values] bool scope)
    {
        using var trades = new CfmmTradeDefinition { Network = CfmmSimulation.Network, Prices = [.. CfmmSimulation.Prices] }.CreateModel();
        using var shrinkage = new DefinedModel(new Shrinkage(0.5));
        var reserves = tensor(CfmmSimulation.Reserves(8, new Random(1))).reshape(8, -1);
        var v = Normal(1, 2, M).to(float32);
        using var splitting = shrinkage.CreateSplitting();
        var d = cat([reserves, tensor(CfmmSimulation.Prices.ToArray()).expand(8, -1)], 1);
        (string Name, Action<CancellationToken> Work)[] cases =
        [
            ("trades", token => trades.Infer(d, new FixedPointOptions { MaxIterations = int.MaxValue, CheckEvery = int.MaxValue, ResidualTolerance = 1e-300 }, null, token)),
            ("attached steps", token => JacobianFree.Attach(splitting, splitting.Initialize(v), v, int.MaxValue)),
        ];
        foreach (var (name, work) in cases)
        {
            using var source = new CancellationTokenSource(500);
            var clock = System.Diagnostics.Stopwatch.StartNew();
            using var interruption = scope || name != "trades" ? Interruption.Scope(source.Token) : null;
            Assert.That(() => work(scope ? default : source.Token), Throws.InstanceOf<OperationCanceledException>(), name);
            Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(3)), name);
        }
    }

    [Test]
    public void Training_that_is_cancelled_before_it_starts_keeps_the_weights_it_starts_from()
    {
        var (data, signals) = TrainingData(40);
        using var model = Create(dtype: ScalarType.Float32);
        var start = model.ExportWeights()[0].Values;
        var result = ModelTrainer.Train(model, data, signals, Training, null, new CancellationToken(true));
        Assert.That((result.Cancelled, result.Epochs.Count, result.BestEpoch), Is.EqualTo((true, 0, 0)));
        Assert.That(model.ExportWeights()[0].Values, Is.EqualTo(start));
    }

    /// <summary>Settings of the process or of the caller's thread that have nothing to do with the model.</summary>
    [Test]
    [NonParallelizable] // the default type is that of the process
    public void Training_does_not_depend_on_the_default_type_nor_on_inference_mode()
    {
        var (data, signals) = TrainingData(60);
        float[] Trained()
        {
            var K = BuiltIn.Random(N, N, 3);
            using var model = BuiltIn.Dictionary(Orthonormal(), K);
            using var composed = new DefinedModel(new Shrinkage(0.5));
            using var random = new DefinedModel(new Filters());
            var short1 = new TrainingOptions { Epochs = 1, BatchSize = 20 };
            ModelTrainer.Train(model, data, signals, short1);
            ModelTrainer.Train(composed, data, data, short1);
            var d = data.slice(1, 0, 9, 1);
            ModelTrainer.Train(random, d, d, short1);
            return [.. new ImplicitModel[] { model, composed, random }.SelectMany(m => m.ExportWeights()).SelectMany(w => w.Values)];
        }

        var expected = Trained();
        var before = get_default_dtype();
        try
        {
            set_default_dtype(ScalarType.Float64);
            Assert.That(Trained(), Is.EqualTo(expected), "default type");
        }
        finally
        {
            set_default_dtype(before);
        }

        using var mode = inference_mode(true);
        Assert.That(Trained(), Is.EqualTo(expected), "inference mode");
    }

    private sealed class Filters : ModelDefinition
    {
        public override int DataSize => 9;

        public override int InferenceSize => 9;

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Fit", model.Identity));
            var K = model.LearnedConvolution("K", 2, 3, 3, WeightStart.Gaussian(1));
            model.Add(new RegularizerTerm("R", K, model.LearnedRegularizer("R", (dtype, device) => new AdaptiveRegularizer(2, 3, 2, 3, 1, 0, Seed, dtype, device))));
            model.Add(new QuadraticTerm("Q", model.LearnedMatrix("W1", 9, 9, WeightStart.Identity(0.1)), model.LearnedMatrix("W2", 9, 9, WeightStart.Zero)));
        }
    }

    [Test]
    public void Training_says_what_it_leaves_out_and_that_it_stops_too_early()
    {
        // The signals are the data without the shrinkage by τ, which has far to fall.
        var data = Normal(1, 80, M);
        var signals = data / 1.5;
        for (var row = 0; row < 80; row += 2)
            data[row, 1] = double.NaN;
        using var model = new DefinedModel(new Shrinkage(0.5));
        var options = new TrainingOptions { Epochs = 6, BatchSize = 10, LearningRate = 3e-2, ValidationFraction = 0.2 };
        var result = ModelTrainer.Train(model, data, signals, options);
        Assert.That(result.Warnings, Has.One.Contains("40 of 80 training rows hold NaN").And.One.Contains("still improving at the last epoch"));
    }

    [Test]
    public void A_learning_rate_that_would_leave_the_model_is_refused()
    {
        using var model = new DefinedModel(new Shrinkage(0.5));
        var data = Normal(1, 40, M);
        Assert.That(
            () => ModelTrainer.Train(model, data, data, new TrainingOptions { BatchSize = 10, LearningRate = 1e3 }),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("LearningRate = 1000 is out of range; it must lie in (0, 1]"));
    }

    [Test]
    public void Training_leaves_out_rows_that_are_not_finite_and_refuses_other_shapes()
    {
        var (data, signals) = TrainingData(60);
        data[5, 2] = double.NaN;
        using var model = Create(dtype: ScalarType.Float32);
        var result = ModelTrainer.Train(model, data, signals, Training with { Epochs = 1 });
        Assert.That(double.IsFinite(result.Epochs[0].TrainingLoss), Is.True);
        Assert.That(() => ModelTrainer.Train(model, signals, signals, Training), Throws.ArgumentException.With.Message.Contains($"[rows, {M}]"));
    }

    private sealed class Shrinkage(double weight) : ModelDefinition
    {
        public double Weight { get; } = weight;

        public override int DataSize => M;

        public override int InferenceSize => M;

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Fit", model.Identity));
            model.Add(new SquaredL2Term("Energy", model.Identity), Weight);
            model.Add(new L1Term("L1", model.Identity), model.LearnedPositive("Tau", 0.1));
        }
    }

    /// <summary>A checkpoint of a training that ended is the answer to the same training, and to no other with the same shapes.</summary>
    [Test]
    public void A_finished_checkpoint_belongs_to_its_rows_settings_model_and_start()
    {
        var folder = Directory.CreateTempSubdirectory("xail2o-");
        var options = new TrainingOptions { Epochs = 2, BatchSize = 10, CheckpointPath = Path.Combine(folder.FullName, "a.checkpoint") };
        var (data, signals) = (Normal(1, 40, M), Normal(2, 40, M));
        using var first = new DefinedModel(new Shrinkage(0.5));
        var result = ModelTrainer.Train(first, data, signals, options);

        using var again = new DefinedModel(new Shrinkage(0.5));
        var repeated = ModelTrainer.Train(again, data, signals, options);
        Assert.That(repeated.Epochs, Is.EqualTo(result.Epochs));
        Assert.That(again.ExportWeights()[0].Values, Is.EqualTo(first.ExportWeights()[0].Values));

        void Refused(ImplicitModel model, Tensor d, Tensor x, TrainingOptions settings, string differ)
        {
            using (model)
                Assert.That(() => ModelTrainer.Train(model, d, x, settings), Throws.InstanceOf<InvalidDataException>().With.Message.Contains($"whose {differ} differ"), differ);
        }

        var moved = data.clone();
        moved[17, 3] += 1e-3;
        using var elsewhere = new DefinedModel(new Shrinkage(0.5));
        using (no_grad())
            elsewhere.Weights[0].Weight.add_(1e-3);
        Refused(new DefinedModel(new Shrinkage(0.5)), moved, signals, options, "training rows");
        Refused(new DefinedModel(new Shrinkage(0.5)), data, signals + 1, options, "training rows");
        Refused(new DefinedModel(new Shrinkage(0.6)), data, signals, options, "model");
        Refused(elsewhere, data, signals, options, "starting weights");
        Refused(new DefinedModel(new Shrinkage(0.5)), data, signals, options with { LearningRate = 1e-3 }, "training settings");
        folder.Delete(recursive: true);
    }

    private static readonly (string Option, Action Use)[] BadOptions =
    [
        ("Epochs", () => new TrainingOptions { Epochs = 0 }.Validate()),
        ("LearningRate", () => new TrainingOptions { LearningRate = double.NaN }.Validate()),
        ("ValidationFraction", () => new TrainingOptions { ValidationFraction = 0.9 }.Validate()),
        ("FinalIterations", () => new TrainingOptions { InitialIterations = 10, FinalIterations = 5 }.Validate()),
        ("ResidualTolerance", () => new FixedPointOptions { ResidualTolerance = 0 }.Validate()),
        ("MaxIterations", () => new FixedPointOptions { MaxIterations = 0 }.Validate()),
        ("ProximalStep", () => new ImplicitDictionaryOptions { ProximalStep = -1 }.Validate()),
    ];

    private static IEnumerable<TestCaseData> BadOptionCases() => BadOptions.Select(o => new TestCaseData(o.Option, o.Use).SetArgDisplayNames(o.Option));

    [TestCaseSource(nameof(BadOptionCases))]
    public void Options_out_of_range_are_named(string option, Action use) =>
        Assert.That(() => use(), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains(option + " = "));

    private sealed class CancelAfterEpoch(int epoch, CancellationTokenSource source) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Epoch == epoch && value.ValidationLoss is not null)
                source.Cancel();
        }
    }
}
