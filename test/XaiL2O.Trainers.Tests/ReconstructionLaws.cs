using TorchSharp;
using XaiL2O.Data;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>The reconstruction models, on scans small enough for many solves. A new method is one more line in <see cref="Models"/>.</summary>
internal sealed class ReconstructionLaws : TorchLaws
{
    private static readonly ParallelBeamGeometry Geometry = new() { ImageSize = 16, Angles = 8, Bins = 23 };
    private static RadonOperator Radon => RadonOperator.Shared(Geometry);
    private static readonly ReconstructionOptions Small = new() { Channels = 3, TransformKernel = 3, Hidden = 4, Kernel = 3, Stages = 2 };
    private static readonly FixedPointOptions Tight = new() { MaxIterations = 6000, ResidualTolerance = 2e-5, FidelityTolerance = 2e-6, AndersonMemory = 5 };

    private static ImplicitModel Make(ReconstructionDefinition definition) => definition.With(Geometry).CreateModel();

    private static readonly Case<ImplicitModel>[] Models =
    [
        new("implicit, convex", () => Make(new ImplicitReconstruction { Model = Small })),
        new("implicit, convex, plain steps", () => Make(new ImplicitReconstruction { Model = Small with { Preconditioning = 0 } })),
        new("implicit, concave", () => Make(new ImplicitReconstruction { Model = Small with { Stages = 1, Concavity = 0.07 } })),
        new("implicit, adaptive", () => Make(new ImplicitReconstruction { Model = Small with { Regularizer = RegularizerKind.Adaptive, Context = 2, Stages = 1, NoiseFloor = 0.1 } })),
        new("implicit, convex, noise floor", () => Make(new ImplicitReconstruction { Model = Small with { NoiseFloor = 0.1 } })),
        new("implicit, residual network", () => Make(new ImplicitReconstruction { Model = Small with { Regularizer = RegularizerKind.Residual, SpectralNorm = 0.05, Preconditioning = 0 } })),
        new("total variation", () => Make(new TotalVariationReconstruction { Model = new TotalVariationOptions { Radius = 0.03 } })),
        new("back-projection", () => Make(new BackProjection())),
        new("U-Net", () => Make(new UNetReconstruction { Filter = BackProjectionFilter.Ramp, Channels = 2, Levels = 3 })),
        new("feasibility", () => Make(new FeasibilityReconstruction { Model = new FeasibilityOptions { Channels = 3, Kernel = 3 } })),
    ];

    private static readonly Case<ImplicitModel>[] Trained = [.. Models.Where(m => m.Name is not ("total variation" or "back-projection"))];

    private static readonly Case<ImplicitModel>[] Constrained = [.. Models.Where(m => m.Name.StartsWith("implicit, con", StringComparison.Ordinal) || m.Name == "total variation")];

    /// <summary>Smooth blobs and a step, in [0, 1].</summary>
    private static Tensor Images(int seed, int rows)
    {
        var coarse = Normal(seed, rows, 1, 4, 4).sigmoid();
        var fine = nn.functional.interpolate(coarse, size: [16, 16], mode: InterpolationMode.Bilinear).reshape(rows, 256);
        return (0.7 * fine) + (0.3 * fine.gt(0.55).to(float64));
    }

    private static (Tensor Images, Tensor Data) Scans(int seed, int rows)
    {
        var images = Images(seed, rows).to(float32);
        return (images, new ScanSimulator(Radon, 0.015, seed).Scan(images));
    }

    private static Tensor Stack(float[][] rows) => tensor(rows.SelectMany(r => r).ToArray()).reshape(rows.Length, -1);

    [TestCaseSource(nameof(Models))]
    public void Rows_do_not_influence_each_other(Case<ImplicitModel> models)
    {
        using var model = models.Make();
        var (_, d) = Scans(1, 5);
        var options = new FixedPointOptions { MaxIterations = 60 };
        var (whole, alone) = (model.Infer(d, options), model.Infer(d.slice(0, 3, 4, 1), options));
        Assert.That(alone.Inference[0], Is.EqualTo(whole.Inference[3]).Within(1e-4f));
        Assert.That(whole.PropertyValues, Has.Length.EqualTo(model.Properties.Count));
        var evaluated = model.Evaluate(Stack(whole.Inference), d);
        for (var i = 0; i < evaluated.Length; i++)
            Assert.That(evaluated[i], Is.EqualTo(whole.PropertyValues[i]).Within(1e-4).Percent.Or.EqualTo(whole.PropertyValues[i]).Within(1e-6));
    }

    [TestCaseSource(nameof(Constrained))]
    public void Solutions_keep_the_box_and_the_ball(Case<ImplicitModel> models)
    {
        using var model = models.Make();
        var (_, d) = Scans(2, 4);
        // Nothing is promised of how fast a concave model settles.
        var inference = model.Infer(d, models.Name == "implicit, concave" ? Tight with { MaxIterations = 12_000 } : Tight);
        var radius = model.LearnedValues().SingleOrDefault(v => v.Name == "Radius")?.Values[0] ?? 0.03;
        Assert.Multiple(() =>
        {
            Assert.That(inference.Status, Has.All.EqualTo(SolveStatus.Converged), $"{string.Join(", ", inference.Missing)}; {string.Join(", ", inference.Residual)}; {string.Join(", ", inference.Iterations)}");
            Assert.That(inference.PropertyValues[0], Has.All.Zero);
            Assert.That(inference.PropertyValues[1], Has.All.LessThan(radius * 1.01));
        });
    }

    [Test]
    public void Solves_start_where_the_options_say([Values] SolveStart start, [Values(0, 30)] double preconditioning)
    {
        var (_, d) = Scans(8, 4);
        var image = start == SolveStart.Zero ? zeros(4, Radon.InputSize) : new FilteredBackProjection(Radon, BackProjectionFilter.Hann).Apply(d).clamp(0, 1);
        var one = new FixedPointOptions { MaxIterations = 1 };
        using var l2o = Make(new ImplicitReconstruction { Model = Small with { Preconditioning = preconditioning, Start = start } });
        var iteration = (LinearizedAdmm)l2o.CreateSplitting();
        double Difference(ImplicitModel model, Splitting splitting, SplittingState from) =>
            Gap(splitting.Inference(model.Solve(splitting, d, one).State, d), splitting.Inference(model.Solve(splitting, d, one, from).State, d));
        Assert.That(Difference(l2o, iteration, iteration.InitializeAt(image, d)), Is.Zero);
        Assert.That(Difference(l2o, iteration, iteration.InitializeAt(image + 0.1, d)), Is.GreaterThan(1e-2));
        using var ffpn = Make(new FeasibilityReconstruction { Model = new FeasibilityOptions { Channels = 3, Kernel = 3, Start = start } });
        Assert.That(Difference(ffpn, ffpn.CreateSplitting(), new ImageState(image)), Is.Zero);
        Assert.That(Difference(ffpn, ffpn.CreateSplitting(), new ImageState(image + 0.1)), Is.GreaterThan(1e-2));
    }

    [Test]
    public void Total_variation_reaches_its_minimum([Values(null, 0.1)] double? noiseFloor)
    {
        using var model = Make(new TotalVariationReconstruction { Model = new TotalVariationOptions { Radius = 0.03, NoiseFloor = noiseFloor } });
        var (images, d) = Scans(3, 4);
        var splitting = model.CreateSplitting();
        var solve = FixedPointSolver.Solve(splitting, d, Tight);
        Assert.That(RelativeGap(model, solve.State, d), Has.All.LessThan(1e-3));
        // The truth is feasible, so the minimum is no larger than its variation.
        var (at, truth) = (model.Evaluate(splitting.Inference(solve.State, d), d), model.Evaluate(images, d));
        for (var row = 0; row < 4; row++)
            Assert.That(at[2][row], Is.LessThan(truth[2][row]));
    }

    /// <summary>
    /// (P − D)/P row by row, with P = ‖Du‖₁ the objective at the solve's image and D the value of the dual problem
    /// max −⟨d, z⟩ − ε‖d‖‖z‖ − Σ max(0, −(Dᵀy + Aᵀz))ᵢ over |y| ≤ 1, with the norm dual to that of the ball for z, at the solve's duals: a bound on how far P is from the minimum, up to the
    /// violation of the data ball.
    /// </summary>
    private static double[] RelativeGap(ImplicitModel model, SplittingState state, Tensor data)
    {
        var D = new DifferencesOperator(Geometry.ImageSize, 1 / Math.Sqrt(8));
        var (_, _, ν1, ν2, x) = (AdmmState)state;
        var primal = D.Apply(x).abs().sum([1]);
        var slope = D.ApplyAdjoint(ν1.clamp(-1, 1)) + Radon.ApplyAdjoint(ν2);
        var dual = -(data * ν2).sum([1]) - ((FidelityTerm)model.Terms[1]).Support(ν2, data) + slope.clamp_max(0).sum([1]);
        return Values((primal - dual).abs() / primal);
    }

    [Test]
    public void The_scale_of_a_constraint_changes_the_way_and_not_the_answer()
    {
        var d = new ScanSimulator(Radon, 0.015, 12).Scan(Images(12, 3).clamp_min(0.4375).to(float32));
        Tensor Image(double scale, int iterations)
        {
            var box = new BoxTerm("Box", Radon.InputSize, 0.4375, 1);
            var stacked = new StackedTerm(new L1Term("Sparsity", new IdentityOperator(Radon.InputSize)), new ScaledConstraint(box, scale));
            var splitting = new LinearizedAdmm(stacked, new FidelityTerm("Fidelity", Radon, 0.02), null, StepSizes.FromNormBound(stacked.Operator, 5), GramPreconditioner.Shared(Radon, 10), box);
            return splitting.Inference(FixedPointSolver.Solve(splitting, d, Tight with { MaxIterations = iterations, ResidualTolerance = 2e-7 }).State, d);
        }

        var answer = Image(1, 20_000);
        Assert.Multiple(() =>
        {
            Assert.That(answer.eq(0.4375).to(float32).mean().ToDouble(), Is.InRange(0.2, 0.9));
            Assert.That(Gap(Image(0.4, 20_000), answer), Is.LessThan(2e-3));
            Assert.That(Gap(Image(0.4, 20), Image(1, 20)), Is.GreaterThan(2e-2));
        });
    }

    [Test]
    public void Kernels_sum_to_zero_and_their_norm_stays_at_most_one()
    {
        using var model = Make(new ImplicitReconstruction { Model = Small });
        var K = model.Weights.First(w => w.Name == "K").Weight;
        using (no_grad())
            K.add_(Normal(9, K.shape).to(float32));
        model.ProjectWeights();
        Assert.That(K.sum([2, 3]).abs().max().ToDouble(), Is.LessThan(1e-6));
        using var bound = new ConvolutionBound(3, CPU);
        Assert.That(bound.Of(K), Is.LessThanOrEqualTo(1 + 1e-6));
    }

    [TestCaseSource(nameof(Trained))]
    public void All_weights_receive_gradients(Case<ImplicitModel> models)
    {
        using var model = models.Make();
        var (images, d) = Scans(5, 3);
        // At the start some filters are so weak that their thresholds are out of reach, and the last layers of networks are zero.
        using (no_grad())
        {
            foreach (var (name, weight) in model.Weights.Where(w => w.Name.StartsWith("Filters", StringComparison.Ordinal) || w.Weight is { ndim: > 1 } && !w.Weight.any().ToBoolean()))
                weight.add_(0.5 * Normal(7, weight.shape).to(float32));
        }

        model.ProjectWeights();
        var splitting = model.CreateSplitting();
        // Far enough that the data ball is active.
        var solve = FixedPointSolver.Solve(splitting, d, new FixedPointOptions { MaxIterations = 300 });
        (JacobianFree.Attach(splitting, solve.State, d, 2) - images).square().sum().backward();
        Assert.Multiple(() =>
        {
            foreach (var (name, weight) in model.Weights)
                Assert.That(weight.grad is { } grad && grad.isfinite().all().ToBoolean() && grad.abs().max().ToDouble() > 0, name);
        });
    }

    private static readonly Case<ImplicitModel>[] Wide =
    [
        new("implicit, potential", () => Make(new ImplicitReconstruction { Model = Small with { Channels = 24, Hidden = 20, Kernel = 5 } })),
        new("implicit, adaptive", () => Make(new ImplicitReconstruction { Model = Small with { Regularizer = RegularizerKind.Adaptive, Channels = 24, Hidden = 20, Context = 28, Stages = 1 } })),
        new("implicit, residual network", () => Make(new ImplicitReconstruction { Model = Small with { Regularizer = RegularizerKind.Residual, Channels = 24, SpectralNorm = 0.05, Preconditioning = 0 } })),
        new("U-Net", () => Make(new UNetReconstruction { Filter = BackProjectionFilter.Ramp, Channels = 12, Levels = 3 })),
        new("feasibility", () => Make(new FeasibilityReconstruction { Model = new FeasibilityOptions { Channels = 24 } })),
    ];

    /// <summary>Libtorch pads channels to blocks of 8 or 16 in some layouts; what freed memory held must not get into them.</summary>
    [TestCaseSource(nameof(Wide))]
    public void Freed_memory_that_held_NaN_changes_nothing(Case<ImplicitModel> models)
    {
        using var model = models.Make();
        var (images, d) = Scans(5, 3);
        for (var repetition = 0; repetition < 5; repetition++)
        {
            for (var channels = 1; channels <= 48; channels++)
            {
                full(new long[] { 3, channels, 16, 16 }, double.NaN, float32).Dispose();
                full(new long[] { channels, channels, 5, 5 }, double.NaN, float32).Dispose();
            }

            var splitting = model.CreateSplitting();
            var solve = FixedPointSolver.Solve(splitting, d, new FixedPointOptions { MaxIterations = 10 });
            (JacobianFree.Attach(splitting, solve.State, d, 2) - images).square().sum().backward();
            Assert.Multiple(() =>
            {
                Assert.That(solve.State.Tensors.All(t => t.isfinite().all().ToBoolean()));
                foreach (var (name, weight) in model.Weights)
                    Assert.That(weight.grad?.isfinite().all().ToBoolean(), Is.Not.False, name);
            });
        }
    }

    [Test]
    public void Steps_stay_in_the_stable_range_whatever_the_weights([Values(-6, -3, 3, 30)] double shift)
    {
        using var model = Make(new ImplicitReconstruction { Model = Small });
        using (no_grad())
        {
            foreach (var (name, weight) in model.Weights.Where(w => w.Name is "Steps" or "K"))
                weight.add_(shift);
        }

        model.ProjectWeights();
        Assert.That(() => { _ = model.CreateSplitting(); }, Throws.Nothing);
        Assert.That(((RegularizerTerm)model.Terms[2]).Regularizer.LipschitzBound, Is.EqualTo(1));
    }

    [Test]
    public void Separation_makes_the_residual_grow_towards_the_back_projection()
    {
        var (images, d) = Scans(5, 8);
        double Growth(double separation)
        {
            using var model = Make(new ImplicitReconstruction { Model = Small with { Regularizer = RegularizerKind.Adaptive, Context = 2, Stages = 1, Separation = separation } });
            ModelTrainer.Train(model, d, images, new TrainingOptions { Epochs = 40, BatchSize = 4, LearningRate = 2e-2, ValidationFraction = 0, InitialIterations = 20, FinalIterations = 20, CheckGradient = false });
            using var scope = NewDisposeScope();
            var x = Stack(model.Infer(d, new FixedPointOptions { MaxIterations = 20 }).Inference);
            double Residual(Tensor image) => model.Terms[2].PropertyValue(image, d).mean().ToDouble();
            return Residual(new FilteredBackProjection(Radon, BackProjectionFilter.Hann).Apply(d).clamp(0, 1)) / Residual(x);
        }

        Assert.That(Growth(1), Is.GreaterThan(1.2 * Growth(0)));
    }

    [Test]
    public void Interrupting_and_resuming_gives_the_same_weights([ValueSource(nameof(Trained))] Case<ImplicitModel> models, [Values] OptimizerKind optimizer)
    {
        var path = Path.GetTempFileName();
        File.Delete(path);
        var (images, d) = Scans(6, 12);
        var options = new TrainingOptions
        {
            Epochs = 4,
            BatchSize = 4,
            LearningRate = 1e-3,
            ValidationFraction = 0.2,
            InitialIterations = 5,
            FinalIterations = 8,
            Gradient = GradientMode.AttachedSteps,
            AttachedSteps = 2,
            GradientNorm = 1,
            Optimizer = optimizer,
            Solver = new FixedPointOptions { MaxIterations = 10 },
        };
        using var whole = models.Make();
        ModelTrainer.Train(whole, d, images, options);

        var resumable = options with { CheckpointPath = path };
        using (var interrupted = models.Make())
        {
            using var source = new CancellationTokenSource();
            var result = ModelTrainer.Train(interrupted, d, images, resumable, new CancelDuringEpoch(3, source), source.Token);
            Assert.That(result.Cancelled);
        }

        using var resumed = models.Make();
        var rest = ModelTrainer.Train(resumed, d, images, resumable);
        Assert.That(rest.Epochs, Has.Count.EqualTo(4));
        foreach (var (expected, actual) in whole.ExportWeights().Zip(resumed.ExportWeights()))
            Assert.That(actual.Values, Is.EqualTo(expected.Values), expected.Name);

        Assert.That(() => ModelTrainer.Train(resumed, d, images, resumable with { LearningRate = 2e-3 }), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("another training"));
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..200]);
        Assert.That(() => ModelTrainer.Train(resumed, d, images, resumable), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("damaged").Or.InstanceOf<InvalidDataException>().With.Message.Contains("another"));
        File.Delete(path);
    }

    private static readonly (string Option, Action Use)[] BadOptions =
    [
        ("Channels", () => new ReconstructionOptions { Channels = 0 }.Validate()),
        ("Kernel", () => new ReconstructionOptions { Kernel = 4 }.Validate()),
        ("Concavity", () => new ReconstructionOptions { Concavity = 1 }.Validate()),
        ("Context", () => new ReconstructionOptions { Context = 0 }.Validate()),
        ("NoiseFloor", () => new ReconstructionOptions { NoiseFloor = 0 }.Validate()),
        ("NoiseFloor", () => new TotalVariationOptions { NoiseFloor = double.NaN }.Validate()),
        ("Preconditioning", () => new ReconstructionOptions { Preconditioning = -1 }.Validate()),
        ("Separation", () => new ReconstructionOptions { Separation = -1 }.Validate()),
        ("InitialRadius", () => new ReconstructionOptions { InitialRadius = 0 }.Validate()),
        ("RadiusPerNoise", () => new ReconstructionOptions { RadiusPerNoise = 0 }.Validate()),
        ("Misfit", () => new ReconstructionOptions { Misfit = -1 }.Validate()),
        ("Noise", () => new ReconstructionOptions { Noise = (NoiseSource)9 }.Validate()),
        ("Noise", () => new TotalVariationOptions { Noise = (NoiseSource)9 }.Validate()),
        ("Start", () => new ReconstructionOptions { Start = (SolveStart)7 }.Validate()),
        ("Start", () => new FeasibilityOptions { Start = (SolveStart)(-1) }.Validate()),
        ("Radius", () => new TotalVariationOptions { Radius = -1 }.Validate()),
        ("Relaxation", () => new FeasibilityOptions { Relaxation = 2 }.Validate()),
        ("AttachedSteps", () => new TrainingOptions { AttachedSteps = 0 }.Validate()),
        ("AdjointIterations", () => new TrainingOptions { AdjointIterations = 0 }.Validate()),
        ("Optimizer", () => new TrainingOptions { Optimizer = (OptimizerKind)(-1) }.Validate()),
        ("GradientNorm", () => new TrainingOptions { GradientNorm = 0 }.Validate()),
        ("Bins", () => new ParallelBeamGeometry { Bins = 0 }.Validate()),
    ];

    [TestCaseSource(nameof(BadOptions))]
    public void Options_out_of_range_are_named((string Option, Action Use) bad) =>
        Assert.That(() => bad.Use(), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains(bad.Option + " = "));

    private sealed class CancelDuringEpoch(int epoch, CancellationTokenSource source) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Epoch == epoch)
                source.Cancel();
        }
    }
}
