using Microsoft.ML;
using XaiL2O.Certifiers;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>
/// Training under one protocol: the same scans of the same patients (<see cref="CtScans"/>), fresh ones in every epoch, the same validation scans, one budget of computing time, a learning rate
/// chosen among three by short trainings, and an end where validation stops improving. For the implicit model, with a soft ball of each scan's noise level, the U-Net, and F-FPN with the source's 44 channels.
/// </summary>
internal static class CtProtocol
{
    private const string Prefix = "fair-";

    /// <summary>Parts of a training by name, in the order in which they are of most use.</summary>
    public static readonly string[] Parts = [Prefix + "l2o", Prefix + "unet", Prefix + "ffpn"];

    /// <summary>Epochs without a better validation loss after which a training ends.</summary>
    private const int Patience = 8;

    /// <summary>
    /// A method and what its budget buys: scans of an epoch, epochs of the training and of each of three short ones.
    /// </summary>
    private sealed record Method(ReconstructionDefinition Definition, FixedPointOptions Solver, TrainingOptions Training, double[] Rates, int Scans, int Epochs, int ShortEpochs);

    /// <summary>Trains one method and saves it; goes on from checkpoints in the output folder, so that an interruption costs an epoch at most. A quick run takes a few scans and one epoch, and shows what they cost.</summary>
    public static void Train(ExampleContext context, MLContext ml, string part)
    {
        var method = Of(part, context.Seed);
        if (context.Size == RunSize.Quick)
            method = method with { Scans = 3 * method.Training.BatchSize, Epochs = 1, ShortEpochs = 1, Rates = method.Rates[..1] };
        var scans = new CtScans(ml, context.Seed);
        var rows = scans.Validation();
        var validation = ml.Data.LoadFromEnumerable(context.Size == RunSize.Quick ? rows[..6] : rows);
        ImplicitModelTransformer Fit(string name, double rate, int epochs)
        {
            var model = ExampleContext.WithProgress($"{name}: learning rate {rate}, {epochs} epochs of {method.Scans} scans", progress => ml.L2O().Trainers.CtReconstruction(method.Definition, new ImplicitModelTrainer.Options
            {
                Solver = method.Solver,
                Training = method.Training with { Epochs = epochs, LearningRate = rate, CheckpointPath = context.PathOf(name + ".checkpoint") },
                Progress = progress,
                CancellationToken = context.Cancellation,
            }).Fit(epoch => ml.Data.LoadFromEnumerable(scans.Training(epoch, method.Scans)), validation, Start(ml, part)));
            context.Cancellation.ThrowIfCancellationRequested();
            return model;
        }

        var losses = method.Rates.Select(rate => (Rate: rate, Loss: Fit(FormattableString.Invariant($"{part}-{rate}"), rate, method.ShortEpochs).Training!.Epochs.Min(e => e.ValidationLoss))).ToArray();
        ExampleContext.Say($"{part}: validation losses {string.Join(", ", losses.Select(l => $"{l.Loss:0.000E0} at {l.Rate}"))}");
        var trained = Fit(part, losses.MinBy(l => l.Loss).Rate, method.Epochs);
        FileReplacement.Write(context.PathOf(part + ".zip"), stream => ml.Model.Save(trained, validation.Schema, stream));
        Figures.Losses(context.PathOf($"training-{part}.png"), trained.Training!);
        ExampleContext.Say($"{part}: the weights of epoch {trained.Training!.BestEpoch} of {trained.Training.Epochs.Count} are kept, validation loss {trained.Training.Epochs.Min(e => e.ValidationLoss):0.000E0}");
    }

    /// <summary>The implicit model starts from the weights of the fixed ball, all of whose patients are in training.</summary>
    private static ImplicitModelTransformer? Start(MLContext ml, string part) => part == Parts[0] ? CtMethods.Load(ml, "l2o") : null;

    private static Method Of(string part, int seed)
    {
        var training = new TrainingOptions { WarmUp = 0.1, Patience = Patience, WarmStart = false, GradientNorm = 1, CheckGradient = false, Seed = seed };
        var oneStep = new FixedPointOptions { MaxIterations = 1, CheckEvery = 1 };
        return part switch
        {
            Prefix + "l2o" => new(
                CtMethods.SoftBall(seed),
                CtMethods.ImplicitSolver(1000),
                // Each solve begins at the back-projection and has 60 iterations, in training as for validation, and the last steps carry the gradient: what is slow to converge costs, which a gradient of the fixed point does not see.
                training with { BatchSize = 4, Optimizer = OptimizerKind.Soap, InitialIterations = 40, FinalIterations = 60, Gradient = GradientMode.AttachedSteps, AttachedSteps = 6, Solver = CtMethods.ImplicitSolver(60) },
                [1e-4, 3e-4, 1e-3],
                Scans: 80,
                Epochs: 24,
                ShortEpochs: 3),
            Prefix + "unet" => new(
                new UNetReconstruction { Geometry = CtSlice.Geometry, DeadBeams = DeadBeamSource.Detected, Seed = seed },
                oneStep,
                training with { BatchSize = 8, InitialIterations = 1, FinalIterations = 1, Solver = oneStep },
                [5e-4, 1e-3, 2e-3],
                Scans: 1000,
                Epochs: 40,
                ShortEpochs: 5),
            Prefix + "ffpn" => new(
                new FeasibilityReconstruction { Geometry = CtSlice.Geometry, DeadBeams = DeadBeamSource.Detected, Model = new FeasibilityOptions { Channels = 44, Start = SolveStart.BackProjection, Seed = seed } },
                new FixedPointOptions { MaxIterations = 1500, ResidualTolerance = 1e-4, AndersonMemory = 5 },
                training with { BatchSize = 4, InitialIterations = 20, FinalIterations = 40, Gradient = GradientMode.AttachedSteps, AttachedSteps = 2, Solver = new FixedPointOptions { MaxIterations = 40, ResidualTolerance = 1e-3, CheckEvery = 5 } },
                [3e-4, 1e-3, 3e-3],
                Scans: 80,
                Epochs: 13,
                ShortEpochs: 2),
            _ => throw new ArgumentException($"There is no part '{part}'; the parts are {string.Join(", ", Parts)}.", nameof(part)),
        };
    }
}
