using TorchSharp;
using XaiL2O.Data;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>The gradient that training follows by default is that of the solution, whatever terms and splitting; training says where it is not.</summary>
internal sealed class GradientLaws : TorchLaws
{
    private const int N = 12;
    private const int M = 8;

    private static readonly float[,] A = ToArray(Normal(31, M, N) / Math.Sqrt(N));

    private sealed class Definition(Action<ModelBuilder> compose, int data = M, int size = N) : ModelDefinition
    {
        public override int DataSize => data;

        public override int InferenceSize => size;

        public override void Compose(ModelBuilder model) => compose(model);
    }

    private static LeastSquaresTerm Fit(ModelBuilder m) => new("Fit", m.LearnedMatrix("A", M, N, WeightStart.Values(A)), m.LearnedPositive("Trust", M, 1));

    private static MatrixOperator K(ModelBuilder m) => m.LearnedMatrix("K", N, N, WeightStart.Gaussian(0.3));

    /// <summary>Compositions with trained operators and weights, and the algorithms that solve them.</summary>
    private static readonly Case<(Action<ModelBuilder> Compose, Algorithm[] Algorithms)>[] Models =
    [
        new("lasso", () => (m => { m.Add(Fit(m)); m.Add(new L1Term("L1", m.Identity), m.LearnedPositive("Tau", 0.1)); }, [Algorithm.Automatic, Algorithm.ProximalGradient, Algorithm.DavisYin])),
        new("analysis sparsity", () => (m => { m.Add(Fit(m)); m.Add(new L1Term("L1", K(m)), m.LearnedPositive("Tau", 0.1)); }, [Algorithm.Automatic, Algorithm.PrimalDual])),
        new("total variation and nonnegative", () => (m => { m.Add(Fit(m)); m.Add(new NonnegativeTerm("P", N)); m.Add(TotalVariation.OfSignal("TV", N), m.LearnedPositive("Tau", 0.1)); }, [Algorithm.Automatic, Algorithm.PrimalDual])),
        new("a box and ℓ1", () => (m => { m.Add(Fit(m)); m.Add(new BoxTerm("B", N, -0.5, 0.5)); m.Add(new L1Term("L1", m.Identity), m.LearnedPositive("Tau", 0.1)); }, [Algorithm.Automatic, Algorithm.DavisYin])),
        new("groups and a learned quadratic", () => (m => { m.Add(Fit(m)); m.Add(new GroupL1Term("G", K(m), 3), m.LearnedPositive("Tau", 0.1)); m.Add(new QuadraticTerm("Q", m.LearnedMatrix("W1", N, N, WeightStart.Identity(0.4)), m.LearnedMatrix("W2", N, M, WeightStart.Gaussian(0.1)))); }, [Algorithm.Automatic])),
        new("dictionary", () => (m => { m.Add(new L1Term("L1", K(m))); m.Add(new FidelityTerm("F", m.Matrix(A))); }, [Algorithm.Automatic])),
        new("a data ball", () => (m => { m.Add(new L1Term("L1", K(m))); m.Add(new SquaredL2Term("E", m.Identity), m.LearnedPositive("Rho", 0.2)); m.Add(new FidelityTerm("F", m.LearnedMatrix("A", M, N, WeightStart.Values(A)), m.LearnedPositive("Radius", 0.2))); }, [Algorithm.Automatic, Algorithm.PrimalDual])),
    ];

    private static IEnumerable<TestCaseData> Cases() =>
        Models.SelectMany(c => c.Make().Algorithms.Select(a => new TestCaseData(c.Make().Compose, a).SetArgDisplayNames(c.Name, a.ToString())));

    private static readonly TrainingOptions Tight = new()
    {
        AdjointIterations = 3000,
        Solver = new FixedPointOptions { MaxIterations = 100_000, ResidualTolerance = 1e-8, FidelityTolerance = 1e-8, CheckEvery = 50, AndersonMemory = 10 },
    };

    [TestCaseSource(nameof(Cases))]
    public void The_default_gradient_is_that_of_the_solution(Action<ModelBuilder> compose, Algorithm algorithm)
    {
        using var model = new DefinedModel(new Definition(m => { compose(m); m.Algorithm = algorithm; }), float64);
        var truth = Normal(5, 6, N).clamp(-1, 1);
        var check = GradientCheck.Of(model, mm(truth, tensor(A).to(float64).t()), truth, Tight);
        Assert.Multiple(() =>
        {
            Assert.That(check.ConvergedRate, Is.EqualTo(1));
            Assert.That(check.Predicted, Is.GreaterThan(1e-3));
            Assert.That(check.Measured, Is.EqualTo(check.Predicted).Within(3e-2 * check.Predicted));
            Assert.That(check.Complaint(GradientMode.Implicit), Is.Null);
        });
    }

    private sealed class PerRow(ModelColumn[] inputs, Action<ModelBuilder> compose) : ModelDefinition
    {
        public override IReadOnlyList<ModelColumn> Inputs => inputs;

        public override int DataSize => inputs.Sum(c => c.Size);

        public override int InferenceSize => N;

        public override void Compose(ModelBuilder model) => compose(model);
    }

    private static ModelColumn Column(string name, int size) => new(name, size) { Lowest = 0, Highest = 1 };

    /// <summary>Compositions with inputs that every row has of its own, and with the other sets and weights.</summary>
    private static readonly Case<(ModelColumn[] Own, Action<ModelBuilder> Compose)>[] OfRows =
    [
        new("a mask and a capacity", () => ([Column("Mask", M), Column("Capacity", N)], m =>
        {
            m.Add(new LeastSquaresTerm("Fit", m.LearnedMatrix("A", M, N, WeightStart.Values(A)), target: m.Input("Measurements"), mask: m.Input("Mask")));
            m.Add(new SquaredL2Term("E", m.Identity), m.LearnedPositive("Rho", 0.2));
            m.Add(new BoxTerm("B", 0, m.Input("Capacity")));
        })),
        new("a mask, sparsity and total variation", () => ([Column("Mask", M)], m =>
        {
            m.Add(new LeastSquaresTerm("Fit", m.Matrix(A), target: m.Input("Measurements"), mask: m.Input("Mask")));
            m.Add(new L1Term("L1", m.Identity, weights: m.LearnedPositive("W", N, 0.1)));
            m.Add(TotalVariation.OfSignal("TV", N), m.LearnedPositive("Tau", 0.1));
        })),
        new("a budget", () => ([Column("Budget", 1)], m =>
        {
            m.Add(new LeastSquaresTerm("Fit", m.Matrix(A), m.LearnedPositive("Trust", M, 1), target: m.Input("Measurements")));
            m.Add(new SquaredL2Term("E", m.Identity), m.LearnedPositive("Rho", 0.2));
            m.Add(new HalfSpaceTerm("H", ones(N), m.Input("Budget")));
        })),
        new("costs over a simplex", () => ([Column("Costs", N)], m =>
        {
            m.Add(new LeastSquaresTerm("Fit", m.Matrix(A), target: m.Input("Measurements")));
            m.Add(new LinearTerm("Cost", m.Input("Costs")), m.LearnedPositive("Gamma", 0.1));
            m.Add(new SquaredL2Term("E", m.Identity), m.LearnedPositive("Rho", 0.2));
            m.Add(new SimplexTerm("S", N));
        })),
        new("a ball and a plane", () => ([], m =>
        {
            m.Add(new LeastSquaresTerm("Fit", m.LearnedMatrix("A", M, N, WeightStart.Values(A)), target: m.Input("Measurements")));
            m.Add(new SquaredL2Term("E", m.Identity), 0.1);
            m.Add(new BallTerm("B", N, m.LearnedPositive("Radius", 0.5)));
            m.Add(new HyperplaneTerm("H", ones(N), 0.2));
        })),
    ];

    [Test]
    public void The_gradient_is_that_of_the_solution_with_inputs_of_rows([ValueSource(nameof(OfRows))] Case<(ModelColumn[] Own, Action<ModelBuilder> Compose)> rows, [Values(Algorithm.Automatic, Algorithm.PrimalDual)] Algorithm algorithm)
    {
        var (own, compose) = rows.Make();
        using var model = new DefinedModel(new PerRow([new ModelColumn("Measurements", M), .. own], m => { compose(m); m.Algorithm = algorithm; }), float64);
        var truth = Normal(5, 6, N).clamp(-1, 1);
        var data = cat([mm(truth, tensor(A).to(float64).t()), .. own.Select((c, i) => Normal(61 + i, 6, c.Size).sigmoid())], 1);
        // Equations are met up to the rounding of estimates, which are of single precision.
        var check = GradientCheck.Of(model, data, truth, Tight with { Solver = Tight.Solver with { ResidualTolerance = 1e-7, FidelityTolerance = 1e-7 } });
        Assert.Multiple(() =>
        {
            Assert.That(check.ConvergedRate, Is.EqualTo(1));
            Assert.That(check.Predicted, Is.GreaterThan(1e-3));
            Assert.That(check.Measured, Is.EqualTo(check.Predicted).Within(3e-2 * check.Predicted));
            Assert.That(check.Complaint(GradientMode.Implicit), Is.Null);
        });
    }

    private static readonly float[,] Blur = ToArray(Normal(51, 8, 16) / 4);

    private static readonly ParallelBeamGeometry Geometry = new() { ImageSize = 12, Angles = 8, Bins = 17 };

    private static (ImplicitModel, Tensor, Tensor) Composed(Action<ModelBuilder> compose, Algorithm algorithm)
    {
        var x = Normal(5, 30, N).clamp(-1, 1);
        return (new DefinedModel(new Definition(m => { compose(m); m.Algorithm = algorithm; })), mm(x, tensor(A).to(float64).t()), x);
    }

    private static (ImplicitModel, Tensor, Tensor) Recovered(ModelDefinition definition)
    {
        var code = Normal(52, 60, 16) * rand([60, 16], dtype: float64, generator: new Generator(53)).lt(0.2);
        var d = mm(code, tensor(Blur).to(float64).t());
        definition.Validate();
        return (definition.Choose(d, code, definition.Solver, CPU, default).CreateModel(), d, code);
    }

    private static (ImplicitModel, Tensor, Tensor) Scanned(ReconstructionDefinition definition)
    {
        var images = nn.functional.interpolate(Normal(54, 6, 1, 4, 4).sigmoid(), size: [12, 12], mode: InterpolationMode.Bilinear).reshape(6, 144).to(float32);
        return (definition.CreateModel(), new ScanSimulator(RadonOperator.Shared(Geometry), 0.015, 1).Scan(images), images);
    }

    private static (ImplicitModel, Tensor, Tensor) Traded()
    {
        double[] reserves = CfmmSimulation.Reserves(30, new Random(1)), observed = CfmmSimulation.Observe(CfmmSimulation.Network, reserves, 0.02, new Random(2));
        Tensor Rows(double[] values) => tensor(values).reshape(30, -1);
        return (new CfmmTradeDefinition { Network = CfmmSimulation.Network, Prices = [.. CfmmSimulation.Prices] }.CreateModel(), cat([Rows(observed), tensor(CfmmSimulation.Prices.ToArray()).expand(30, -1)], 1), Rows(reserves));
    }

    /// <summary>Models as they are before training, of every splitting, with rows that they may be trained on.</summary>
    private static readonly Case<(ImplicitModel Model, Tensor Data, Tensor Targets)>[] Untrained =
    [
        .. Models.SelectMany(c => c.Make().Algorithms.Select(a => new Case<(ImplicitModel, Tensor, Tensor)>($"{c.Name}, {a}", () => Composed(c.Make().Compose, a)))),
        new("dictionary, exact", () => Recovered(new DictionaryDefinition { MeasurementMatrix = Blur, LearnPrior = false })),
        new("dictionary, linearised", () => Recovered(new DictionaryDefinition { MeasurementMatrix = Blur, LearnPrior = false, Model = new ImplicitDictionaryOptions { Solver = DictionarySolver.LinearizedAdmm } })),
        new("signal recovery", () => Recovered(new SignalRecoveryDefinition { MeasurementMatrix = Blur, Filters = 4, FilterLength = 5 })),
        new("implicit reconstruction", () => Scanned(new ImplicitReconstruction { Geometry = Geometry, Model = new ReconstructionOptions { Channels = 3, TransformKernel = 3, Hidden = 4, Kernel = 3, Stages = 2 } })),
        new("feasibility", () => Scanned(new FeasibilityReconstruction { Geometry = Geometry, Model = new FeasibilityOptions { Channels = 3, Kernel = 3 } })),
        new("U-Net", () => Scanned(new UNetReconstruction { Geometry = Geometry, Channels = 2, Levels = 2 })),
        new("trades", () => Traded()),
    ];

    [TestCaseSource(nameof(Untrained))]
    public void The_default_gradient_points_downhill_in_every_weight(Case<(ImplicitModel Model, Tensor Data, Tensor Targets)> untrained)
    {
        var (model, data, targets) = untrained.Make();
        using var owned = model;
        var check = GradientCheck.Of(model, data, targets, new TrainingOptions { Solver = new FixedPointOptions { MaxIterations = 3000, ResidualTolerance = 1e-4, FidelityTolerance = 1e-4, AndersonMemory = 10 } });
        Assert.That(check.Complaint(model.DefaultGradient), Is.Null, check.ToString());
        Assert.That(check.Measured, Is.Positive, check.ToString());
    }

    [Test]
    public void The_gradient_of_every_splitting_is_tested()
    {
        var tested = Untrained.Select(c =>
        {
            using var model = c.Make().Model;
            using var splitting = model.CreateSplitting();
            return splitting.GetType();
        });
        Assert.That(tested.Distinct(), Is.EquivalentTo(typeof(Splitting).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Splitting)) && !t.IsAbstract && !t.IsNestedPrivate)));
    }

    /// <summary>Piecewise constant, nonnegative signals seen through a blur, with noise.</summary>
    private static (DefinedModel Model, Tensor Data, Tensor Signals) Deblurring(ScalarType dtype, double τ, Algorithm algorithm, bool learnsBlur = false)
    {
        const int n = 32;
        var blur = new float[n, n];
        for (var i = 0; i < n; i++)
        {
            for (var j = Math.Max(0, i - 6); j <= Math.Min(n - 1, i + 6); j++)
                blur[i, j] = (float)(Math.Exp(-(i - j) * (i - j) / 8.0) / 5.0);
        }

        var jumps = Normal(21, 80, n) * rand([80, n], dtype: float64, generator: new Generator(22)).lt(0.08);
        var signals = jumps.cumsum(1);
        signals = signals - signals.min(1, true).values;
        var data = mm(signals, tensor(blur).to(float64).t()) + (0.02 * Normal(23, 80, n));
        var model = new DefinedModel(
            new Definition(
                m =>
                {
                    m.Algorithm = algorithm;
                    m.Add(new LeastSquaresTerm("Fit", learnsBlur ? m.LearnedMatrix("B", n, n, WeightStart.Values(blur)) : m.Matrix(blur)));
                    m.Add(new NonnegativeTerm("P", n));
                    m.Add(TotalVariation.OfSignal("TV", n), m.LearnedPositive("Tau", τ));
                },
                n,
                n),
            dtype);
        return (model, data, signals);
    }

    [Test]
    public void Training_a_weight_of_total_variation_lowers_the_loss([Values(Algorithm.Automatic, Algorithm.PrimalDual)] Algorithm algorithm)
    {
        var (model, data, signals) = Deblurring(float32, 0.03, algorithm);
        using var owned = model;
        var result = ModelTrainer.Train(model, data, signals, new TrainingOptions { Epochs = 4, BatchSize = 20, LearningRate = 4e-2, Patience = 0, ValidationFraction = 0.2, FinalIterations = 400, Solver = new FixedPointOptions { MaxIterations = 2000, ResidualTolerance = 1e-3, FidelityTolerance = 1e-2, AndersonMemory = 5 } });
        Assert.That(result.Epochs[^1].ValidationLoss!.Value, Is.LessThan(0.95 * result.Epochs[0].ValidationLoss!.Value));
        Assert.That(result.Warnings, Has.None.Contains("gradient"));
        Assert.That(model.LearnedValues().Single().Values.Single(), Is.LessThan(0.02), "the weight of total variation is too large at the start");
    }

    /// <summary>The fault that made the gradient of the solution the default: one step says that more smoothing is better, and it is worse.</summary>
    [Test]
    public void One_attached_step_of_total_variation_points_uphill_and_the_default_does_not()
    {
        var (model, data, signals) = Deblurring(float64, 0.03, Algorithm.PrimalDual);
        using var owned = model;
        var options = new TrainingOptions { AdjointIterations = 300, Solver = new FixedPointOptions { MaxIterations = 4000, ResidualTolerance = 1e-6, FidelityTolerance = 1e-6, AndersonMemory = 10 } };
        GradientCheck Of(GradientMode mode) => GradientCheck.Of(model, data, signals, options with { Gradient = mode });
        Assert.That(Of(GradientMode.AttachedSteps).Descends, Is.False);
        var usual = Of(GradientMode.Automatic);
        Assert.That((usual.Descends, usual.Agrees), Is.EqualTo((true, true)), usual.ToString());
    }

    /// <summary>The learned blur has by far the larger gradient, which points downhill, and hides that of the weight of total variation.</summary>
    [Test]
    public void A_weight_that_points_uphill_is_named_though_the_whole_gradient_points_downhill()
    {
        var (model, data, signals) = Deblurring(float64, 0.03, Algorithm.PrimalDual, learnsBlur: true);
        using var owned = model;
        var options = new TrainingOptions { AdjointIterations = 300, Solver = new FixedPointOptions { MaxIterations = 4000, ResidualTolerance = 1e-6, FidelityTolerance = 1e-6, AndersonMemory = 10 } };
        var attached = GradientCheck.Of(model, data, signals, options with { Gradient = GradientMode.AttachedSteps });
        Assert.That(attached.Descends, attached.ToString());
        Assert.That(attached.Complaint(GradientMode.AttachedSteps), Does.Contain("does not point downhill in the weight 'Tau'").And.Contain("set Gradient = Implicit"));
        var usual = GradientCheck.Of(model, data, signals, options);
        Assert.That(usual.Weights.Select(w => w.Key), Is.EqualTo(new[] { "B", "Tau" }));
        Assert.That(usual.Weights.Select(w => w.Value.Descends && w.Value.Agrees), Is.All.True, string.Join("; ", usual.Weights));
    }

    [TestCase(GradientMode.Automatic, "not be differentiable by autograd")]
    [TestCase(GradientMode.AttachedSteps, "set Gradient = Implicit")]
    public void Training_says_that_a_gradient_points_uphill(GradientMode mode, string advice)
    {
        var matrix = ToArray(Normal(41, 4, 6));
        using var model = new DefinedModel(new Definition(m => { m.Add(new LeastSquaresTerm("Fit", m.Matrix(matrix))); m.Add(new Reversed(m.Learned("Rho", WeightStart.Values([0.5f]), [1]))); }, 4, 6));
        var x = Normal(3, 30, 6);
        var said = new List<string>();
        var result = ModelTrainer.Train(model, mm(x, tensor(matrix).to(float64).t()), x, new TrainingOptions { Epochs = 1, LearningRate = 1e-4, Gradient = mode, Solver = new FixedPointOptions { MaxIterations = 5000 } }, new Listener(said));
        Assert.That(said, Has.One.Contains("does not point downhill").And.One.Contains(advice));
        Assert.That(result.Warnings, Is.EqualTo(said));
    }

    private sealed class Listener(List<string> said) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Warning is { } warning)
                said.Add(warning);
        }
    }
}
