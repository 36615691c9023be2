using TorchSharp;
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

    /// <summary>Piecewise constant, nonnegative signals seen through a blur, with noise.</summary>
    private static (DefinedModel Model, Tensor Data, Tensor Signals) Deblurring(ScalarType dtype, double τ, Algorithm algorithm)
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
                    m.Add(new LeastSquaresTerm("Fit", m.Matrix(blur)));
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
