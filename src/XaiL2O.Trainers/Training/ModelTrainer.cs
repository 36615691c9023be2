using System.Diagnostics;
using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Trains an implicit model with gradients of its solutions: one learning-rate cycle, best weights on a validation split kept.
/// </summary>
public static class ModelTrainer
{
    /// <summary>Progress reports per epoch.</summary>
    private const int ReportsPerEpoch = 20;

    /// <summary>Measurements and inferences of validation rows that are solved together.</summary>
    private const int ValidationEntries = 1 << 18;

    /// <summary>Trains a model in place.</summary>
    /// <param name="model">The model; its weights are the starting point and become the best found.</param>
    /// <param name="data">Measurements, shape <c>[rows, model.DataSize]</c>; rows with NaN or ∞ here or in the targets are left out.</param>
    /// <param name="targets">What the loss compares with (for most models the signals), shape <c>[rows, model.TargetSize]</c>.</param>
    /// <param name="options">Settings.</param>
    /// <param name="progress">Receives progress several times per epoch.</param>
    /// <param name="cancellationToken">
    /// Ends training, a running solve included; the best weights so far are kept, at first those it starts from, and no exception is thrown.
    /// </param>
    /// <exception cref="ArgumentException">Shapes do not fit, or too few finite rows.</exception>
    /// <exception cref="InvalidOperationException">The loss stopped being finite.</exception>
    public static TrainingResult Train(
        ImplicitModel model,
        Tensor data,
        Tensor targets,
        TrainingOptions options,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(options);
        CheckShapes(model, data, targets, nameof(data));
        return Execute(model, options, o => new Run(model, data, targets, o, progress, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// Trains a model in place on rows that are made anew for every epoch, as by augmentation, and judges it on validation rows that are given: of other patients or sites, for instance, which a random
    /// split of the rows would not keep apart.
    /// </summary>
    /// <param name="model">The model; its weights are the starting point and become the best found.</param>
    /// <param name="rows">
    /// Measurements and targets of an epoch, counted from 1; as many finite rows in each. It gives the same rows whenever it is asked for an epoch: that is how an interrupted training goes on.
    /// Tensors that are made while it is called are disposed after the epoch; those made before remain the caller's.
    /// </param>
    /// <param name="validation">Measurements and targets that choose the best weights.</param>
    /// <param name="options">Settings; <see cref="TrainingOptions.ValidationFraction"/> has no part, and <see cref="TrainingOptions.WarmStart"/> must be off, since there is no epoch before with the same rows.</param>
    /// <param name="progress">Receives progress several times per epoch.</param>
    /// <param name="cancellationToken">Ends training as for <see cref="Train"/>.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, there are too few finite rows, or options that ask for warm starts.</exception>
    /// <exception cref="InvalidOperationException">The loss stopped being finite, or an epoch has another number of rows than the first.</exception>
    public static TrainingResult TrainOnFreshRows(
        ImplicitModel model,
        Func<int, (Tensor Data, Tensor Targets)> rows,
        (Tensor Data, Tensor Targets) validation,
        TrainingOptions options,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(validation.Data, nameof(validation));
        ArgumentNullException.ThrowIfNull(validation.Targets, nameof(validation));
        ArgumentNullException.ThrowIfNull(options);
        CheckShapes(model, validation.Data, validation.Targets, nameof(validation));
        options.CheckRenewable();
        return Execute(model, options, o => new Run(model, rows, validation, o, progress, cancellationToken), cancellationToken);
    }

    private static TrainingResult Execute(ImplicitModel model, TrainingOptions options, Func<TrainingOptions, Run> make, CancellationToken cancellationToken)
    {
        options.Validate();
        using var work = NativeWork.Enter();
        // What takes no token looks for it here.
        using var interruption = Interruption.Scope(cancellationToken);
        using var scope = NewDisposeScope();
        using var mode = inference_mode(false);
        using var grad = enable_grad();
        using var run = make(options.For(model));
        return run.Execute();
    }

    private static void CheckShapes(ImplicitModel model, Tensor data, Tensor targets, string parameter)
    {
        if (data.dim() != 2 || targets.dim() != 2 || data.shape[1] != model.DataSize || targets.shape[1] != model.TargetSize || data.shape[0] != targets.shape[0])
        {
            throw new ArgumentException(
                $"Training takes data [rows, {model.DataSize}] and targets [rows, {model.TargetSize}]; got [{string.Join(", ", data.shape)}] and [{string.Join(", ", targets.shape)}].",
                parameter);
        }
    }

    private sealed class Run : IDisposable
    {
        private readonly ImplicitModel model;
        private readonly TrainingOptions options;
        private readonly IProgress<TrainingProgress>? progress;
        private readonly CancellationToken cancellation;
        private readonly Func<int, (Tensor Data, Tensor Targets)>? renew;
        private Tensor data; // all rows, as they were given: a table may be large, and copies of it are not made
        private Tensor targets;
        private Tensor training; // which rows are trained on
        private int epochOfRows = 1;
        private readonly Tensor validationData;
        private readonly Tensor validationTargets;
        private readonly Generator generator;
        private readonly WeightOptimizer optimizer;
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private readonly int batches;
        private readonly List<EpochResult> history = [];
        private readonly List<string> warnings = [];
        private readonly List<string> notes = [];
        private readonly string identity = ""; // of a training with checkpoints
        private IReadOnlyList<NamedArray> best = [];
        private double bestLoss = double.PositiveInfinity;
        private int bestEpoch;
        private Tensor[]? fixedPoints;
        private int steps;

        public Run(ImplicitModel model, Tensor data, Tensor targets, TrainingOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
        {
            (this.model, this.options, this.progress, this.cancellation) = (model, options, progress, cancellation);
            generator = new Generator((ulong)(uint)options.Seed);
            (this.data, this.targets) = (Converted(data, model.Admit), Converted(targets, t => t));
            var order = Shuffled(Finite(this.data).logical_and(Finite(this.targets)).nonzero().squeeze(1));
            var rows = order.shape[0];
            var held = (long)(rows * options.ValidationFraction);
            CheckFinite(data, rows, held);

            (validationData, validationTargets) = Rows(order.slice(0, 0, held, 1));
            training = order.slice(0, held, rows, 1);
            batches = (int)((rows - held + options.BatchSize - 1) / options.BatchSize);
            if (options.CheckpointPath is not null)
                identity = TrainingIdentity.Of(model, options, this.data, this.targets);
            optimizer = WeightOptimizer.Create([.. model.Weights.Select(w => w.Weight)], options);
        }

        /// <summary>Rows that are made anew for every epoch, and validation rows that are given.</summary>
        public Run(ImplicitModel model, Func<int, (Tensor Data, Tensor Targets)> rows, (Tensor Data, Tensor Targets) validation, TrainingOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
        {
            (this.model, this.options, this.progress, this.cancellation, renew) = (model, options, progress, cancellation, rows);
            generator = new Generator((ulong)(uint)options.Seed);
            (validationData, validationTargets) = (Converted(validation.Data, model.Admit), Converted(validation.Targets, t => t));
            var judged = Finite(validationData).logical_and(Finite(validationTargets)).nonzero().squeeze(1);
            if (judged.shape[0] < validationData.shape[0])
                (validationData, validationTargets) = (validationData.index_select(0, judged), validationTargets.index_select(0, judged));
            if (judged.shape[0] == 0)
                throw new ArgumentException("No validation row is finite.", nameof(validation));
            (data, targets, training) = Made(1);
            CheckFinite(data, training.shape[0], 0);
            batches = (int)((training.shape[0] + options.BatchSize - 1) / options.BatchSize);
            if (options.CheckpointPath is not null)
                identity = TrainingIdentity.Of(model, options, data, targets, validationData, validationTargets);
            optimizer = WeightOptimizer.Create([.. model.Weights.Select(w => w.Weight)], options);
        }

        /// <summary>Rows of an epoch, and which of them are finite; they outlive the dispose scope.</summary>
        private (Tensor Data, Tensor Targets, Tensor Training) Made(int epoch)
        {
            using var scope = NewDisposeScope();
            using var grad = no_grad();
            var (d, x) = renew!(epoch);
            CheckShapes(model, d, x, "rows");
            var (made, truths) = (Converted(d, model.Admit), Converted(x, t => t));
            var finite = Finite(made).logical_and(Finite(truths)).nonzero().squeeze(1);
            // What is given may be the caller's own, and stay in use.
            return (made.alias().DetachFromDisposeScope(), truths.alias().DetachFromDisposeScope(), finite.DetachFromDisposeScope());
        }

        private void Renew(int epoch)
        {
            if (renew is null || epoch == epochOfRows)
                return;
            var (d, x, finite) = Made(epoch);
            if (finite.shape[0] != training.shape[0])
                throw new InvalidOperationException($"Epoch {epoch} has {finite.shape[0]} finite rows and the first had {training.shape[0]}; every epoch must have as many.");
            DisposeRows();
            (data, targets, training, epochOfRows) = (d, x, finite, epoch);
        }

        private void DisposeRows()
        {
            data.Dispose();
            targets.Dispose();
            training.Dispose();
        }

        private void CheckFinite(Tensor data, long rows, long held)
        {
            if (rows - held < 1)
                throw new ArgumentException($"Training needs at least one finite row; {rows} of {data.shape[0]} rows are finite and {held} are held for validation.", nameof(data));
            if (rows < data.shape[0])
                Warn(0, $"{data.shape[0] - rows} of {data.shape[0]} training rows hold NaN or ∞ and are left out.");
        }

        /// <summary>A table as the model computes with it; itself where it is so already.</summary>
        private Tensor Converted(Tensor table, Func<Tensor, Tensor> admit)
        {
            using var scope = NewDisposeScope();
            var converted = admit(table.to(model.DataType).to(model.Device));
            return ReferenceEquals(converted, table) ? table : converted.MoveToOuterDisposeScope();
        }

        /// <summary>Which rows hold finite numbers alone.</summary>
        private static Tensor Finite(Tensor rows)
        {
            using var scope = NewDisposeScope();
            return rows.isfinite().all(1).MoveToOuterDisposeScope();
        }

        private Tensor Shuffled(Tensor index) => index.index_select(0, randperm(index.shape[0], generator: generator).to(index.device));

        private (Tensor Data, Tensor Targets) Rows(Tensor index) => (data.index_select(0, index), targets.index_select(0, index));

        public TrainingResult Execute()
        {
            best = model.ExportWeights();
            var cancelled = false;
            try
            {
                if (options.CheckpointPath is { } path && File.Exists(path))
                    CheckpointFile.Load(path, identity, Restore);
                else if (ValidationLoss() is { } start)
                    bestLoss = start; // The weights it starts from are worth keeping where none found are better.
                if (options.CheckGradient && history.Count == 0)
                    CompareGradient();
                for (var epoch = history.Count + 1; epoch <= options.Epochs && !(history.Count > 0 && OutOfPatience(history.Count)); epoch++)
                {
                    var result = Epoch(epoch);
                    history.Add(result);
                    progress?.Report(new TrainingProgress(epoch, options.Epochs, (double)epoch / options.Epochs, result.TrainingLoss, result.ValidationLoss, clock.Elapsed) { Completed = result });
                    // Without a validation split the last weights are the ones to keep.
                    if (result.ValidationLoss is not { } loss || loss < bestLoss)
                        (best, bestLoss, bestEpoch) = (model.ExportWeights(), result.ValidationLoss ?? bestLoss, epoch);
                    if (options.CheckpointPath is not null)
                        CheckpointFile.Save(options.CheckpointPath, identity, Save);
                }

                SayHowItEnded();
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                cancelled = true;
            }
            finally
            {
                model.ImportWeights(best);
            }

            return new TrainingResult(history, bestEpoch, cancelled, clock.Elapsed) { Warnings = warnings, Information = notes };
        }

        /// <summary>A wrong direction shows before hours are spent on it.</summary>
        private void CompareGradient()
        {
            using var scope = NewDisposeScope();
            var (d, x) = Rows(training.slice(0, 0, options.BatchSize, 1));
            if (GradientCheck.Of(model, d, x, options, cancellation).Complaint(options.Gradient) is { } complaint)
                Warn(0, complaint);
        }

        private void Warn(int epoch, string warning)
        {
            warnings.Add(warning);
            progress?.Report(new TrainingProgress(epoch, options.Epochs, (double)epoch / options.Epochs, double.NaN, null, clock.Elapsed) { Warning = warning });
        }

        private void Inform(int epoch, string information)
        {
            notes.Add(information);
            progress?.Report(new TrainingProgress(epoch, options.Epochs, (double)epoch / options.Epochs, double.NaN, null, clock.Elapsed) { Information = information });
        }

        private void SayHowItEnded()
        {
            if (history.Count == 0)
                return;
            var epoch = history[^1].Epoch;
            void Say(bool isWarning, string text) => (isWarning ? Warn : (Action<int, string>)Inform)(epoch, text);
            foreach (var (isWarning, text) in TrainingRemarks.Of(history, bestEpoch, training.shape[0], options))
                Say(isWarning, text);
            if (!double.IsFinite(bestLoss))
                return;
            using var scope = NewDisposeScope();
            var (d, x) = Rows(training.slice(0, 0, SimpleEstimates.MostRows, 1));
            if (SimpleEstimates.Of(model, d, x, validationData, validationTargets, history, training.shape[0]) is not { } simple)
                return;
            var (useful, comparison) = simple.Judge(bestLoss, options);
            Say(!useful, comparison);
        }

        private bool OutOfPatience(int epoch) => options.Patience > 0 && epoch - bestEpoch >= options.Patience;

        private void Save(BinaryWriter writer)
        {
            using var scope = NewDisposeScope();
            writer.Write(steps);
            writer.Write(bestEpoch);
            writer.Write(bestLoss);
            writer.Write(history.Count);
            foreach (var epoch in history)
            {
                writer.Write(epoch.TrainingLoss);
                writer.Write(epoch.ValidationLoss ?? double.NaN);
                writer.Write(epoch.ConvergedRate);
                writer.Write(epoch.MeanIterations);
            }

            foreach (var (_, weight) in model.Weights)
                CheckpointFile.Write(writer, weight);
            foreach (var array in best)
                foreach (var value in array.Values)
                    writer.Write(value);
            optimizer.Save(writer);
            writer.Write(fixedPoints?.Length ?? 0);
            foreach (var tensor in fixedPoints ?? [])
            {
                writer.Write(tensor.shape[1]);
                CheckpointFile.Write(writer, tensor);
            }
        }

        private void Restore(BinaryReader reader)
        {
            using var scope = NewDisposeScope();
            steps = reader.ReadInt32();
            bestEpoch = reader.ReadInt32();
            bestLoss = reader.ReadDouble();
            for (var (epoch, count) = (1, reader.ReadInt32()); epoch <= count; epoch++)
            {
                var (training, validation) = (reader.ReadDouble(), reader.ReadDouble());
                history.Add(new EpochResult(epoch, training, double.IsNaN(validation) ? null : validation, reader.ReadDouble(), reader.ReadDouble()));
            }

            if (bestEpoch < 0 || bestEpoch > history.Count)
                throw new InvalidDataException($"The best epoch is {bestEpoch} of {history.Count}.");
            // What was drawn is drawn again: libtorch ends the process at a state that no generator has.
            foreach (var _ in history)
                randperm(training.shape[0], generator: generator).Dispose();
            foreach (var (_, weight) in model.Weights)
                CheckpointFile.Read(reader, weight);
            best = [.. best.Select(array => array with { Values = [.. array.Values.Select(_ => reader.ReadSingle())] })];
            optimizer.Load(reader);
            var tensors = (int)CheckpointFile.Within(reader, reader.ReadInt32(), sizeof(long));
            if (tensors > 0)
                fixedPoints = new Tensor[tensors];
            for (var i = 0; i < tensors; i++)
            {
                var size = CheckpointFile.Within(reader, reader.ReadInt64(), training.shape[0] * sizeof(float));
                fixedPoints![i] = zeros([training.shape[0], size], dtype: model.DataType, device: model.Device).DetachFromDisposeScope();
                CheckpointFile.Read(reader, fixedPoints[i]);
            }
        }

        public void Dispose()
        {
            optimizer.Dispose();
            generator.Dispose();
            if (renew is not null)
                DisposeRows();
            // Restoring them may have failed on the way.
            foreach (Tensor? tensor in fixedPoints ?? [])
                tensor?.Dispose();
        }

        /// <summary>One pass.</summary>
        private EpochResult Epoch(int epoch)
        {
            Renew(epoch);
            using var scope = NewDisposeScope();
            var order = randperm(training.shape[0], generator: generator).to(model.Device);
            var (lossSum, rows, converged, iterations) = (0.0, 0L, 0L, 0L);
            for (var batch = 0; batch < batches; batch++)
            {
                cancellation.ThrowIfCancellationRequested();
                using var batchScope = NewDisposeScope();
                var index = order.slice(0, (long)batch * options.BatchSize, Math.Min(((long)batch + 1) * options.BatchSize, training.shape[0]), 1);
                var (loss, solve) = OptimizerStep(index, epoch);
                if (!double.IsFinite(loss))
                    throw new InvalidOperationException($"The training loss became {loss} in epoch {epoch}; lower the learning rate ({options.LearningRate}) or raise the iteration limits.");
                lossSum += loss * index.shape[0];
                rows += index.shape[0];
                converged += solve.Status.Count(s => s == SolveStatus.Converged);
                iterations += solve.Iterations.Sum(i => (long)i);
                if ((batch + 1) % Math.Max(1, batches / ReportsPerEpoch) == 0)
                    progress?.Report(new TrainingProgress(epoch, options.Epochs, (epoch - 1 + ((batch + 1.0) / batches)) / options.Epochs, lossSum / rows, null, clock.Elapsed));
            }

            return new EpochResult(epoch, lossSum / rows, ValidationLoss(), (double)converged / rows, (double)iterations / rows);
        }

        /// <summary>The iteration for the weights as they are; training may have moved them to where the model is not defined.</summary>
        private Splitting CreateSplitting(int epoch)
        {
            try
            {
                return model.CreateSplitting();
            }
            catch (Exception e) when (steps > 1 && e is ArgumentException or ExternalException)
            {
                throw new InvalidOperationException($"Training moved the weights to where the model is not defined, in epoch {epoch}: {e.Message.Split('\n')[0]} Lower {nameof(TrainingOptions.LearningRate)} = {options.LearningRate}.", e);
            }
        }

        private (double Loss, FixedPointResult Solve) OptimizerStep(Tensor index, int epoch)
        {
            var total = (double)options.Epochs * batches;
            var done = steps++ / total;
            // Early gradients need direction only; later ones need the fixed point itself.
            var limit = options.InitialIterations + (int)((options.FinalIterations - options.InitialIterations) * Math.Min(1, 2 * done));

            var (rows, target) = Rows(training.index_select(0, index));
            var s = model.Scale(rows);
            var d = model.Unscale(rows, s);
            var splitting = CreateSplitting(epoch);
            try
            {
                var warm = fixedPoints is null || steps <= batches ? null : splitting.Initialize(d).With([.. fixedPoints.Select(t => t.index_select(0, index))]);
                var solve = model.Solve(splitting, d, options.Solver with { MaxIterations = limit }, warm, cancellation);
                if (options.WarmStart)
                    Remember(index, solve.State);
                var x = TrainingGradient.Attach(splitting, solve.State, d, options) * s;
                var loss = model.Loss(x, rows, target);
                optimizer.ZeroGradients();
                loss.backward();
                Interruption.Check();
                if (double.IsFinite(options.GradientNorm))
                    nn.utils.clip_grad_norm_(model.Weights.Select(w => (Parameter)w.Weight), options.GradientNorm);
                optimizer.Step(options.LearningRate * Cycle(done));
                model.ProjectWeights();
                return (loss.ToDouble(), solve);
            }
            finally
            {
                splitting.Dispose();
            }
        }

        private void Remember(Tensor index, SplittingState state)
        {
            using var grad = no_grad();
            fixedPoints ??= [.. state.Tensors.Select(t => zeros([training.shape[0], .. t.shape.Skip(1)], dtype: t.dtype, device: t.device).DetachFromDisposeScope())];
            for (var k = 0; k < fixedPoints.Length; k++)
                fixedPoints[k].index_copy_(0, index, state.Tensors[k]);
        }

        private double? ValidationLoss()
        {
            if (validationData.shape[0] == 0)
                return null;
            using var grad = no_grad();
            using var scope = NewDisposeScope();
            var splitting = CreateSplitting(history.Count + 1);
            try
            {
                // Solved in batches, so that memory does not grow with the rows; judged together, since a definition's loss need not be a mean over rows.
                return model.ValidationLoss(cat([.. validationData.split(ValidationRows).Select(rows => Infer(splitting, rows))]), validationData, validationTargets);
            }
            finally
            {
                splitting.Dispose();
            }
        }

        private Tensor Infer(Splitting splitting, Tensor rows)
        {
            using var scope = NewDisposeScope();
            var s = model.Scale(rows);
            var d = model.Unscale(rows, s);
            var solve = model.Solve(splitting, d, options.Solver, null, cancellation);
            return (splitting.Inference(solve.State, d) * s).MoveToOuterDisposeScope();
        }

        /// <summary>Rows that are solved together for validation: a batch of training, and more where rows are short.</summary>
        private long ValidationRows => Math.Max(options.BatchSize, ValidationEntries / (model.DataSize + model.InferenceSize));

        /// <summary>One cycle: linear rise from a tenth, then half a cosine down to a thousandth.</summary>
        private double Cycle(double done) => done < options.WarmUp
            ? 0.1 + (0.9 * done / options.WarmUp)
            : 1e-3 + (0.5 * (1 - 1e-3) * (1 + Math.Cos(Math.PI * (done - options.WarmUp) / Math.Max(1e-9, 1 - options.WarmUp))));
    }
}
