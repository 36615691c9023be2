using Microsoft.ML;
using XaiL2O.Certifiers;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>The methods of the CT example and how they are trained.</summary>
internal static class CtMethods
{
    public static readonly (string Key, string Name)[] All = [("fbp", "FBP"), ("tv", "TV"), ("tvw", "TV, weighted"), ("unet", "U-Net"), ("ffpn", "F-FPN"), ("l2o", "Implicit L2O")];

    /// <summary>The implicit model's training on small scans, from which that on full ones starts.</summary>
    private const string SmallScans = "l2o-small";

    /// <summary>Its first training on full scans, with few iterations per solve.</summary>
    private const string FullScans = "l2o-full";

    /// <summary>Its second, whose solves end near their fixed points.</summary>
    private const string FixedPoints = "l2o-fixed";

    /// <summary>What can be trained, in an order in which each finds what it starts from.</summary>
    public static readonly string[] Trained = ["fbp", "tv", "tvw", "unet", "ffpn", SmallScans, FullScans, FixedPoints, "l2o"];

    /// <summary>The noise is proportional to what a beam measures. Below a tenth of the mean, beams beside the body would decide alone.</summary>
    public const double NoiseFloor = 0.1;

    /// <summary>All 18 test slices are one batch, and half of the calibration slices.</summary>
    private const int BatchSize = 19;

    private static readonly FixedPointOptions OneStep = new() { MaxIterations = 1, CheckEvery = 1 };

    public static string File(string key) => Path.Combine("ct", key + ".zip");

    /// <summary>Largest violation of the data ball and the box, relative to ‖d‖ and ‖x‖: a hundredth of the ball's radius, within single precision.</summary>
    private const double FidelityTolerance = 1e-4;

    /// <summary>
    /// Largest KKT residual of the implicit model, whose learned term has a proximal operator and no known value: what the terms pull x towards cancels to 2 %
    /// of the largest of these forces.
    /// </summary>
    private const double KktTolerance = 2e-2;

    /// <summary>A shipped model, solved with the tolerances of this example.</summary>
    public static ImplicitModelTransformer Load(MLContext ml, string key, int? iterations = null)
    {
        var shipped = (ImplicitModelTransformer)ml.Model.Load(ExampleContext.Data(File(key)), out _);
        var solver = Of(key, 1).Options.Solver!;
        return shipped.WithSolver(solver with { MaxIterations = iterations ?? solver.MaxIterations });
    }

    /// <summary>
    /// Radius of the data ball relative to the noise level that is estimated from the scan: it contains the true images of 95 % of scans of the calibration slices with 0.5, 1, 1.5, 2 and 3 % noise
    /// (the conformal quantile of 175 is 1.223). From 1 % on 1.12 would do; at 0.5 % the texture of the body is as strong as the noise.
    /// </summary>
    public const double RadiusPerNoise = 1.23;

    /// <summary>
    /// The pull of the soft ball. With it images explain as much of their scans as with the trained ball scaled to the noise, of whose multiplier it is the mean on three calibration slices,
    /// the same at 0.5, 1.5 and 3 % noise. It goes with the trained radius, in whose place it stands.
    /// </summary>
    private const double Misfit = 9e-4;

    /// <summary>
    /// The same weights with a data ball of the size of each scan's noise: a soft one for the implicit model, which contains the truth from 1 % noise on, and for total variation the tuned one, scaled. Every method
    /// is spared the beams that measured nothing.
    /// </summary>
    public static ImplicitModelTransformer PerScan(ImplicitModelTransformer model) => model.WithDefinition(model.Definition switch
    {
        // Trained with one, it has one.
        ImplicitReconstruction { Model.Noise: not NoiseSource.Fixed } trained => trained,
        ImplicitReconstruction l2o => new ImplicitReconstruction
        {
            Geometry = l2o.Geometry,
            Seed = l2o.Seed,
            DeadBeams = DeadBeamSource.Detected,
            Model = l2o.Model with { Noise = NoiseSource.Estimated, RadiusPerNoise = RadiusPerNoise, Misfit = Misfit * l2o.Model.InitialRadius / model.LearnedValues.First(v => v.Name == "Radius").Values[0] },
        },
        TotalVariationReconstruction tv => new TotalVariationReconstruction { Geometry = tv.Geometry, Seed = tv.Seed, DeadBeams = DeadBeamSource.Detected, Model = tv.Model with { Noise = NoiseSource.Estimated, Radius = tv.Model.Radius / 0.015 } },
        UNetReconstruction unet => new UNetReconstruction { Geometry = unet.Geometry, Seed = unet.Seed, DeadBeams = DeadBeamSource.Detected, Filter = unet.Filter, Channels = unet.Channels, Levels = unet.Levels },
        BackProjection fbp => new BackProjection { Geometry = fbp.Geometry, Seed = fbp.Seed, DeadBeams = DeadBeamSource.Detected, Filter = fbp.Filter },
        _ => throw new ArgumentException($"A {model.Definition.GetType().Name} takes nothing of a scan's own.", nameof(model)),
    });

    /// <summary>
    /// Trains or tunes one method and saves it. Checkpoints beside the zip let an interrupted training continue. Each training of
    /// the implicit model starts from the one before it: the zip in the output folder, or the shipped one.
    /// </summary>
    public static void Train(ExampleContext context, MLContext ml, string key)
    {
        var (definition, options) = Of(key, context.Seed);
        var small = definition.Geometry == CtSlice.SmallGeometry;
        var repetitions = key switch { "unet" or "ffpn" => 12, SmallScans => 24, FullScans or FixedPoints or "l2o" => 8, _ => 4 };
        var view = small ? ml.Data.LoadFromEnumerable(CtSlice.SmallTraining(ml, context.Seed, repetitions)) : ml.Data.LoadFromEnumerable(CtSlice.Training(ml, context.Seed, repetitions));
        ExampleContext.Say($"{key}: training images of {definition.Geometry.ImageSize} × {definition.Geometry.ImageSize} pixels, {definition.Geometry.Angles} angles");
        var model = ExampleContext.WithProgress(key, progress => ml.L2O().Trainers.CtReconstruction(definition, options with
        {
            Training = (options.Training ?? definition.Training) with { CheckpointPath = context.PathOf(key + ".checkpoint") },
            Progress = progress,
            CancellationToken = context.Cancellation,
        }).Fit(view, Start(context, ml, key)));
        if (model.Training is { Cancelled: true } stopped)
            ExampleContext.Say($"{key}: stopped after epoch {stopped.Epochs.Count}; its weights are saved, and the checkpoint lets training continue");
        if (small)
        {
            view = ml.Data.LoadFromEnumerable(CtSlice.Calibration(ml, context.Seed));
            model = model.WithDefinition(definition.With(CtSlice.Geometry));
        }

        FileReplacement.Write(context.PathOf(key + ".zip"), stream => ml.Model.Save(model, view.Schema, stream));
        if (model.Training is { } training)
            Figures.Losses(context.PathOf($"training-{key}.png"), training);
        context.Cancellation.ThrowIfCancellationRequested();
    }

    private static ImplicitModelTransformer? Start(ExampleContext context, MLContext ml, string key)
    {
        if (key switch { FullScans => SmallScans, FixedPoints => FullScans, "l2o" => FixedPoints, _ => null } is not { } start)
            return null;
        var trained = context.PathOf(start + ".zip");
        return System.IO.File.Exists(trained) ? (ImplicitModelTransformer)ml.Model.Load(trained, out _) : Load(ml, start);
    }

    /// <summary>A method, and how it is trained and solved.</summary>
    private sealed record Method(ReconstructionDefinition Definition, ImplicitModelTrainer.Options Options);

    /// <summary>ε is chosen on training slices, the penalty such that the solve converges soonest.</summary>
    private static Method TotalVariation(double? noiseFloor, double penalty, int iterations) => new(
        new TotalVariationReconstruction
        {
            Geometry = CtSlice.Geometry,
            Model = new TotalVariationOptions { Penalty = penalty, NoiseFloor = noiseFloor },
            Radii = [0.009, 0.01, 0.011, 0.012, 0.013, 0.014, 0.015],
            TuningRows = 8,
        },
        new() { Solver = new FixedPointOptions { MaxIterations = iterations, ResidualTolerance = 1e-3, FidelityTolerance = FidelityTolerance }, BatchSize = BatchSize });

    private static Method Of(string key, int seed) => key switch
    {
        "fbp" => new(new BackProjection { Geometry = CtSlice.Geometry }, new() { Solver = OneStep }),
        "tv" => TotalVariation(null, penalty: 30, iterations: 1000),
        "tvw" => TotalVariation(NoiseFloor, penalty: 100, iterations: 3000),
        "unet" => new(
            new UNetReconstruction { Geometry = CtSlice.Geometry, Seed = seed },
            new()
            {
                Solver = OneStep,
                Training = new TrainingOptions { Epochs = 24, BatchSize = 8, LearningRate = 2e-3, WarmUp = 0.1, ValidationFraction = 0.05, Patience = 0, InitialIterations = 1, FinalIterations = 1, WarmStart = false, GradientNorm = 1, Seed = seed, Solver = OneStep },
            }),
        "ffpn" => new(
            new FeasibilityReconstruction { Geometry = CtSlice.SmallGeometry, Model = new FeasibilityOptions { Channels = 24, Start = SolveStart.BackProjection, Seed = seed } },
            new()
            {
                Solver = new FixedPointOptions { MaxIterations = 1500, ResidualTolerance = 1e-4, AndersonMemory = 5 },
                BatchSize = BatchSize,
                Training = new TrainingOptions { Epochs = 24, BatchSize = 4, LearningRate = 1e-3, WarmUp = 0.1, ValidationFraction = 0, Patience = 0, InitialIterations = 20, FinalIterations = 40, Gradient = GradientMode.AttachedSteps, AttachedSteps = 2, WarmStart = true, GradientNorm = 1, Seed = seed, Solver = new FixedPointOptions { MaxIterations = 100, ResidualTolerance = 1e-3, CheckEvery = 5 } },
            }),
        SmallScans => new(Implicit(CtSlice.SmallGeometry, seed, separation: 0), new()
        {
            Solver = ImplicitSolver(1000),
            BatchSize = BatchSize,
            Training = new TrainingOptions { Epochs = 12, BatchSize = 4, LearningRate = 2e-3, WarmUp = 0.1, ValidationFraction = 0, Patience = 0, InitialIterations = 16, FinalIterations = 16, Gradient = GradientMode.Implicit, AdjointIterations = 20, WarmStart = true, GradientNorm = 1, Seed = seed, Solver = new FixedPointOptions { MaxIterations = 200, ResidualTolerance = 2 * KktTolerance, FidelityTolerance = FidelityTolerance, AndersonMemory = 5 } },
        }),
        // Each row's solve goes on from its fixed point of the epoch before, so that few iterations keep it close to its solution.
        FullScans => After(SmallScans, seed, t => t with { Epochs = 24, LearningRate = 1e-3, Optimizer = OptimizerKind.Soap, InitialIterations = 14, FinalIterations = 14, AdjointIterations = 16 }),
        // Solves end nearer their fixed points, and gradients are more exact: the loss before was that of unfinished images.
        FixedPoints => After(FullScans, seed, t => t with { Epochs = 10, LearningRate = 3e-4, WarmUp = 0.2, InitialIterations = 60, FinalIterations = 60, AdjointIterations = 32 }),
        _ => After(FixedPoints, seed, t => t with { Epochs = 9, LearningRate = 6e-4 }),
    };

    /// <summary>A training of the implicit model on full scans that differs from another one.</summary>
    private static Method After(string key, int seed, Func<TrainingOptions, TrainingOptions> training)
    {
        var options = Of(key, seed).Options;
        return new Method(Implicit(CtSlice.Geometry, seed, separation: 2e-5), options with { Training = training(options.Training!) });
    }

    /// <summary>The implicit model with a soft ball of each scan's noise level, as it is trained for scans of any noise.</summary>
    public static ImplicitReconstruction SoftBall(int seed)
    {
        var fixedBall = Implicit(CtSlice.Geometry, seed, separation: 2e-5);
        return new ImplicitReconstruction { Geometry = fixedBall.Geometry, DeadBeams = DeadBeamSource.Detected, Model = fixedBall.Model with { Noise = NoiseSource.Estimated, RadiusPerNoise = RadiusPerNoise, Misfit = Misfit } };
    }

    /// <summary>Tolerances of the implicit model's solves.</summary>
    public static FixedPointOptions ImplicitSolver(int iterations) => new() { MaxIterations = iterations, ResidualTolerance = KktTolerance, FidelityTolerance = FidelityTolerance, AndersonMemory = 5 };

    private static ImplicitReconstruction Implicit(ParallelBeamGeometry geometry, int seed, double separation) => new()
    {
        Geometry = geometry,
        Model = new ReconstructionOptions { Regularizer = RegularizerKind.Adaptive, NoiseFloor = NoiseFloor, InitialRadius = 0.011, Channels = 32, TransformKernel = 7, Hidden = 32, Context = 28, Kernel = 3, Stages = 1, Concavity = 0.95, Start = SolveStart.BackProjection, Separation = separation, Seed = seed },
    };
}
