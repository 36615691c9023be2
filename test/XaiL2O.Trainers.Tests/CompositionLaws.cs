using TorchSharp;
using XaiL2O.Certifiers;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>Definitions: which algorithm they come to, what is refused, what training keeps, and that the answers are those of the problem.</summary>
internal sealed class CompositionLaws : TorchLaws
{
    private const int N = 6;
    private const int M = 4;

    private static readonly float[,] A = new float[,] { { 1, 0, 0.5f, 0, 0, 1 }, { 0, 1, 0, -1, 0, 0 }, { 0, 0, 2, 0, 1, 0 }, { 1, 1, 0, 0, 0, -1 } };

    /// <summary>A definition given by a function.</summary>
    private sealed class Definition(Action<ModelBuilder> compose) : ModelDefinition
    {
        public override int DataSize => M;

        public override int InferenceSize => N;

        public override void Compose(ModelBuilder model) => compose(model);
    }

    private static DefinedModel Model(Action<ModelBuilder> compose, ScalarType dtype = ScalarType.Float64) => new(new Definition(compose), dtype);

    private static Term Fit(ModelBuilder m) => new LeastSquaresTerm("Fit", m.Matrix(A));

    private static Term Ball(ModelBuilder m, double radius = 0.1) => new FidelityTerm("Ball", m.Matrix(A), radius);

    /// <summary>A composition and the splitting that is chosen for it.</summary>
    public sealed record Choice(string Name, Type Splitting, Action<ModelBuilder> Compose)
    {
        public override string ToString() => Name;
    }

    private static readonly Choice[] Choices =
    [
        new("least squares", typeof(ProximalGradient), m => m.Add(Fit(m))),
        new("least squares and ℓ1", typeof(ProximalGradient), m => { m.Add(Fit(m)); m.Add(new L1Term("L1", m.Identity), 0.1); }),
        new("three smooth terms and a simplex", typeof(ProximalGradient), m => { m.Add(Fit(m)); m.Add(new SquaredL2Term("E", m.Identity), 0.2); m.Add(new SimplexTerm("S", N)); m.Add(new QuadraticTerm("Q", m.LearnedMatrix("W1", 2, N, WeightStart.Gaussian(1)), m.LearnedMatrix("W2", N, M, WeightStart.Gaussian(0.1)))); }),
        new("a constraint alone", typeof(ProximalGradient), m => m.Add(new SimplexTerm("S", N))),
        new("ℓ1 and a box", typeof(DavisYin), m => { m.Add(Fit(m)); m.Add(new BoxTerm("B", N, 0, 1)); m.Add(new L1Term("L1", m.Identity), 0.1); }),
        new("two constraints", typeof(DavisYin), m => { m.Add(new SimplexTerm("S", N)); m.Add(new BoxTerm("B", N, 0, 0.5)); }),
        new("total variation and a data ball", typeof(LinearizedAdmm), m => { m.Add(TotalVariation.OfSignal("TV", N)); m.Add(Ball(m)); }),
        new("two transforms, a box and a data ball", typeof(LinearizedAdmm), m => { m.Add(TotalVariation.OfSignal("TV", N)); m.Add(new L1Term("L1", m.LearnedMatrix("K", 8, N, WeightStart.Gaussian(1), 1)), 0.5); m.Add(new BoxTerm("B", N, -1, 1)); m.Add(Ball(m)); }),
        new("ℓ1 and a data ball", typeof(LinearizedAdmm), m => { m.Add(new L1Term("L1", m.Identity)); m.Add(Ball(m, 0)); }),
        new("total variation and least squares", typeof(PrimalDual), m => { m.Add(Fit(m)); m.Add(TotalVariation.OfSignal("TV", N), 0.1); }),
        new("three constraints", typeof(PrimalDual), m => { m.Add(Fit(m)); m.Add(new SimplexTerm("S", N)); m.Add(new BoxTerm("B", N, 0, 0.5)); m.Add(new BallTerm("R", N, 0.8)); }),
        new("a learned quadratic and a data ball", typeof(PrimalDual), m => { m.Add(new SquaredL2Term("E", m.Identity)); m.Add(Ball(m)); }),
    ];

    [TestCase(0)]
    [TestCase(1e-40)]
    [TestCase(1e30)]
    [TestCase(double.NaN)]
    public void A_learned_number_starts_where_single_precision_holds_it(double start) => Assert.That(
        () => Model(m => { m.Add(Fit(m)); m.Add(new L1Term("L1", m.Identity), m.LearnedPositive("Tau", start)); }),
        Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains(FormattableString.Invariant($"start = {start} is out of range; it must lie in [1E-30, 1E+29]")));

    [Test]
    public void The_algorithm_follows_from_the_terms([ValueSource(nameof(Choices))] Choice choice)
    {
        using var model = Model(choice.Compose);
        var splitting = model.CreateSplitting();
        // Small models are solved by exact steps; the gradients are those of the splitting that fits.
        Assert.That(splitting is AffineDouglasRachford exact ? exact.Problem : splitting, Is.TypeOf(choice.Splitting));
    }

    /// <summary>Algorithms that do not fit refuse; all others agree.</summary>
    [Test]
    public void Every_algorithm_that_fits_gives_the_same_answer([ValueSource(nameof(Choices))] Choice choice)
    {
        var d = tensor(new[,] { { 1, 0.3, -0.5, 0.2 }, { 0.1, 2, 1, -1 } });
        var answers = new List<(Algorithm Algorithm, Tensor X, double[][] Values)>();
        foreach (var algorithm in Enum.GetValues<Algorithm>())
        {
            DefinedModel model;
            try
            {
                model = Model(m => { choice.Compose(m); m.Algorithm = algorithm; });
            }
            catch (ArgumentException)
            {
                continue;
            }

            var solve = model.Infer(d, new FixedPointOptions { MaxIterations = 200_000, ResidualTolerance = 1e-11, FidelityTolerance = 1e-11, CheckEvery = 50 });
            Assert.That(solve.Status, Has.All.EqualTo(SolveStatus.Converged), algorithm.ToString());
            answers.Add((algorithm, tensor(solve.Inference.SelectMany(x => x).ToArray()).reshape(2, N), solve.PropertyValues));
            model.Dispose();
        }

        // Where x is not unique, its property values are.
        foreach (var (algorithm, x, values) in answers)
        {
            if (choice.Name is "least squares" or "a constraint alone" or "two constraints" or "ℓ1 and a data ball")
                Assert.That(values.SelectMany(v => v), Is.EqualTo(answers[0].Values.SelectMany(v => v)).Within(1e-6), algorithm.ToString());
            else
                Assert.That(Gap(x, answers[0].X), Is.LessThan(1e-4), algorithm.ToString());
        }
    }

    private sealed class Neither() : Term("Neither", new IdentityOperator(N))
    {
        public override Tensor PropertyValue(Tensor x, Tensor data) => x.abs().sum(1);
    }

    private sealed class Rough() : Term("Rough", new IdentityOperator(N)), ISmooth
    {
        public double LipschitzBound => double.PositiveInfinity;

        public Tensor Gradient(Tensor u, Tensor data) => u;

        public override Tensor PropertyValue(Tensor x, Tensor data) => x.abs().sum(1);
    }

    private sealed class WrongValue() : Term("WrongValue", new IdentityOperator(N)), IProximable
    {
        public Tensor Proximal(Tensor u, Coefficient step, Tensor data) => u;

        public override Tensor PropertyValue(Tensor x, Tensor data) => x.abs();
    }

    private sealed class Half() : Term("Half", new IdentityOperator(N)), IProximable
    {
        public Tensor Proximal(Tensor u, Coefficient step, Tensor data) => u.slice(1, 0, N / 2, 1);

        public override Tensor PropertyValue(Tensor x, Tensor data) => x.abs().sum(1);
    }

    private sealed class Narrow() : Term("Narrow", new IdentityOperator(N)), IProximable
    {
        public Tensor Proximal(Tensor u, Coefficient step, Tensor data) => u + ones(N - 1, dtype: u.dtype);

        public override Tensor PropertyValue(Tensor x, Tensor data) => x.abs().sum(1);
    }

    private static readonly (string Message, Action<ModelBuilder> Compose)[] Refusals =
    [
        ("adds no terms", _ => { }),
        ("The term 'Neither' (Neither) has neither a proximal operator (IProximable) nor a gradient (ISmooth)", m => m.Add(new Neither())),
        ("'Rough' has no finite Lipschitz bound", m => m.Add(new Rough())),
        ("'WrongValue' has shape [2, 6] for 2 rows; it must be [2]", m => m.Add(new WrongValue())),
        ("The term 'B' takes vectors of length 5; the inference has length 6.", m => m.Add(new BoxTerm("B", 5, 0, 1))),
        ("Two terms are named 'B'", m => { m.Add(new BoxTerm("B", N, 0, 1)); m.Report("B", PropertyFunction.ShortOfOneHot()); }),
        ("The weight of the term 'B' is -1", m => m.Add(new BoxTerm("B", N, 0, 1), -1)),
        ("Share = 1 is out of range", m => { m.Add(Fit(m)); m.Steps = new StepPolicy { Share = 1 }; }),
        ("Penalty = 0", m => { m.Add(Fit(m)); m.Steps = new StepPolicy { Penalty = 0 }; }),
        ("Proximal gradient needs 0 < α < 2/L", m => { m.Add(Fit(m)); m.Steps = new StepPolicy { Fixed = 1 }; }),
        ("Davis–Yin splitting needs 0 < α < 2/L", m => { m.Add(Fit(m)); m.Add(new BoxTerm("B", N, 0, 1)); m.Add(new L1Term("L", m.Identity)); m.Steps = new StepPolicy { Fixed = 1 }; }),
        ("Primal–dual splitting needs τ ≤ 1/(σ‖K‖² + L/2)", m => { m.Add(Fit(m)); m.Add(TotalVariation.OfSignal("TV", N)); m.Steps = new StepPolicy { Fixed = 1 }; }),
        ("'TV' act on a transform Kx and lack a gradient (ISmooth). Use PrimalDual", m => { m.Add(Fit(m)); m.Add(TotalVariation.OfSignal("TV", N)); m.Algorithm = Algorithm.ProximalGradient; }),
        ("takes one term without a gradient; 'S', 'B' have none (ISmooth). Use DavisYin for two", m => { m.Add(new SimplexTerm("S", N)); m.Add(new BoxTerm("B", N, 0, 1)); m.Algorithm = Algorithm.ProximalGradient; }),
        ("DavisYin takes terms without a gradient in x itself; 'TV'", m => { m.Add(Fit(m)); m.Add(TotalVariation.OfSignal("TV", N)); m.Algorithm = Algorithm.DavisYin; }),
        ("takes two terms without a gradient", m => { m.Add(new SimplexTerm("S", N)); m.Add(new BoxTerm("B", N, 0, 1)); m.Add(new BallTerm("R", N, 1)); m.Algorithm = Algorithm.DavisYin; }),
        ("needs a constraint on the measurements (a FidelityTerm), and the terms 'TV' have none", m => { m.Add(TotalVariation.OfSignal("TV", N)); m.Algorithm = Algorithm.LinearizedAdmm; }),
        ("the term 'Q' lacks one (IProximable)", m => { m.Add(Ball(m)); m.Add(new QuadraticTerm("Q", m.Identity, m.LearnedMatrix("W2", N, M, WeightStart.Zero))); m.Algorithm = Algorithm.LinearizedAdmm; }),
        ("needs a term beside the constraint 'Ball'", m => { m.Add(Ball(m)); m.Algorithm = Algorithm.LinearizedAdmm; }),
        ("starts with values of shape [2, 2]", m => m.Add(new L1Term("L", m.LearnedMatrix("K", 3, N, WeightStart.Values(new float[2, 2]))))),
        ("'K' is declared twice", m => { m.Add(new L1Term("L", m.LearnedMatrix("K", 3, N, WeightStart.Zero))); m.Add(new L1Term("M", m.LearnedMatrix("K", 3, N, WeightStart.Zero))); }),
        ("'Tau' is declared twice", m => { m.Add(new BoxTerm("B", N, 0, 1), m.LearnedPositive("Tau", 1)); m.Add(Fit(m), m.LearnedPositive("Tau", 2)); }),
        ("Proximal of the term 'Half' gives [2, 3] for points of shape [2, 6]; it must give the shape it takes.", m => m.Add(new Half())),
        ("Proximal of 'Narrow' fails on points of length 6", m => m.Add(new Narrow())),
        ("A constant of 2 values holds NaN", m => m.Vector([1, float.NaN])),
        ("do not fit together", m => m.Add(new LeastSquaresTerm("Fit", m.Identity))),
        ("normLimit = 0", m => m.LearnedMatrix("K", 3, N, WeightStart.Zero, 0)),
        ("= 99 is not an Algorithm", m => { m.Add(Fit(m)); m.Algorithm = (Algorithm)99; }),
    ];

    [Test]
    public void Refusals_name_the_term_and_what_is_missing([ValueSource(nameof(Refusals))] (string Message, Action<ModelBuilder> Compose) refusal) =>
        Assert.That(() => Model(refusal.Compose), Throws.InstanceOf<ArgumentException>().With.Message.Contains(refusal.Message));

    [Test]
    public void Definitions_that_declare_other_weights_later_are_refused()
    {
        var calls = 0;
        Assert.That(
            () => Model(m => m.Add(new L1Term("L", m.LearnedMatrix($"K{calls++}", 3, N, WeightStart.Zero)))),
            Throws.InvalidOperationException.With.Message.Contains("'K1' was not declared when the model was made"));
    }

    [Test]
    public void Proximal_gradient_is_ISTA()
    {
        const double τ = 0.1;
        using var model = Model(m => { m.Algorithm = Algorithm.ProximalGradient; m.Add(Fit(m)); m.Add(new L1Term("L1", m.Identity), τ); });
        var splitting = (ProximalGradient)model.CreateSplitting();
        var matrix = tensor(A).to(float64);
        var d = Normal(3, 5, M);
        var state = splitting.Initialize(d);
        var x = zeros(5, N, dtype: float64);
        for (var i = 0; i < 50; i++)
        {
            state = splitting.Step(state, d);
            var u = x - (splitting.StepSize * mm(mm(x, matrix.t()) - d, matrix));
            x = u.sign() * (u.abs() - (splitting.StepSize * τ)).clamp_min(0);
        }

        Assert.That(splitting.StepSize, Is.EqualTo(1 / Math.Pow(linalg.norm(matrix, 2).ToDouble(), 2)).Within(1e-9));
        Assert.That(Gap(splitting.Inference(state, d), x), Is.LessThan(1e-12));
    }

    [Test]
    public void Every_weight_gets_a_gradient_and_constants_get_none([ValueSource(nameof(Choices))] Choice choice)
    {
        using var model = Model(m =>
        {
            choice.Compose(m);
            m.Add(new QuadraticTerm("Learned", m.LearnedMatrix("V1", 3, N, WeightStart.Gaussian(0.3)), m.LearnedMatrix("V2", N, M, WeightStart.Gaussian(0.3))), m.LearnedPositive("Weight", 0.7));
        });
        var d = Normal(3, 5, M);
        var splitting = model.CreateSplitting();
        // Away from the fixed point, where no gradient vanishes by accident.
        var state = splitting.Initialize(d).With([.. splitting.Initialize(d).Tensors.Select((t, i) => 0.3 * Normal(7 + i, t.shape))]);
        (splitting.AttachedInference(state, d) * Normal(20, 5, N)).sum().backward();
        foreach (var (name, weight) in model.Weights.Where(w => w.Name is "V1" or "V2" or "Weight"))
            Assert.That(weight.grad is { } g && g.abs().max().ToDouble() > 0, name);
    }

    [Test]
    public void Learned_values_are_those_of_the_model_not_the_stored_logarithms()
    {
        using var model = Model(m => { m.Add(Fit(m)); m.Add(new L1Term("L1", m.LearnedMatrix("K", 3, N, WeightStart.Identity(0.5))), m.LearnedPositive("Tau", 0.033)); });
        var values = model.LearnedValues().ToDictionary(w => w.Name, w => w.Values);
        Assert.That(values["Tau"], Is.EqualTo(new[] { 0.033f }).Within(1e-6f));
        Assert.That(values["K"], Is.EqualTo(model.ExportWeights().Single(w => w.Name == "K").Values));
        Assert.That(model.ExportWeights().Single(w => w.Name == "Tau").Values, Is.EqualTo(new[] { MathF.Log(0.033f) / 4 }).Within(1e-6f));
    }

    [Test]
    public void Norms_are_kept_and_steps_follow_the_weights()
    {
        using var model = Model(m =>
        {
            m.Add(new LeastSquaresTerm("Fit", m.LearnedMatrix("A", M, N, WeightStart.Gaussian(3))));
            m.Add(new L1Term("L1", m.LearnedMatrix("K", 8, N, WeightStart.Gaussian(3), normLimit: 1)));
        });
        var weights = model.Weights.ToDictionary(w => w.Name, w => w.Weight);
        double Norm(string name) => linalg.norm(weights[name].detach(), 2).ToDouble();
        Assert.That(Norm("K"), Is.InRange(0.9, 1 + 1e-9));
        using (no_grad())
        {
            weights["K"].mul_(5);
            weights["A"].mul_(10);
        }

        model.ProjectWeights();
        Assert.That(Norm("K"), Is.InRange(0.9, 1 + 1e-9));
        Assert.That(() => model.CreateSplitting(), Throws.Nothing, "steps are chosen from the norms as they are");
        Assert.That(((PrimalDual)((AffineDouglasRachford)model.CreateSplitting()).Problem).PrimalStep, Is.LessThan(2 / Math.Pow(Norm("A"), 2)));
    }

    [Test]
    public void Random_starts_depend_on_seed_and_name_alone()
    {
        static double[] Start(int seed, params string[] names)
        {
            using var model = new DefinedModel(new Seeded(names) { Seed = seed });
            return Values(model.Weights[^1].Weight);
        }

        Assert.That(Start(1, "K"), Is.EqualTo(Start(1, "J", "K")));
        Assert.That(Start(1, "K"), Is.Not.EqualTo(Start(2, "K")));
        Assert.That(Start(1, "K"), Is.Not.EqualTo(Start(1, "J")));
    }

    private sealed class Seeded(string[] names) : ModelDefinition
    {
        public override int DataSize => M;

        public override int InferenceSize => N;

        public override void Compose(ModelBuilder model)
        {
            foreach (var name in names)
                model.Add(new L1Term(name, model.LearnedMatrix(name, 3, N, WeightStart.Gaussian(1))));
        }
    }

    /// <summary>A learned convolution with a learned proximal network, on images of 3×3 pixels in 2 channels.</summary>
    private sealed class Images : ModelDefinition
    {
        public override int DataSize => 9;

        public override int InferenceSize => 9;

        public override void Compose(ModelBuilder model)
        {
            var K = model.LearnedConvolution("K", 2, 3, 3, WeightStart.Gaussian(1));
            var R = model.LearnedRegularizer("R", (dtype, device) => new PotentialRegularizer(2, 3, 3, 1, 0, Seed, dtype, device));
            model.Add(new RegularizerTerm("Regularizer", K, R));
            model.Add(new FidelityTerm("Fidelity", model.Identity, model.LearnedPositive("Radius", 0.2)));
            model.Add(new BoxTerm("Box", 9, 0, 1));
        }
    }

    [Test]
    public void Learned_convolutions_and_proximal_networks_train()
    {
        using var model = new DefinedModel(new Images());
        Assert.That(model.Weights.Select(w => w.Name), Is.EqualTo(new[] { "K", "R.Filters1", "R.Threshold1", "Radius" }));
        var truth = rand([40, 9], generator: new Generator(1));
        var before = model.ExportWeights();
        var result = ModelTrainer.Train(model, truth + (0.2 * randn([40, 9], generator: new Generator(2))), truth, new TrainingOptions { Epochs = 3, BatchSize = 10, LearningRate = 1e-2, CheckGradient = false });
        Assert.That(result.Epochs[^1].TrainingLoss, Is.LessThan(result.Epochs[0].TrainingLoss));
        foreach (var (old, now) in before.Zip(model.ExportWeights()))
            Assert.That(now.Values, Is.Not.EqualTo(old.Values), old.Name);
        using var K = new ConvolutionOperator(model.Weights[0].Weight.detach().clone(), 3);
        Assert.That(K.NormBound, Is.LessThan(1 + 1e-4));
    }

    [Test]
    public void Training_lowers_the_loss_of_a_learned_quadratic()
    {
        using var model = Model(
            m =>
            {
                m.Add(Fit(m));
                m.Add(new L1Term("L1", m.Identity), m.LearnedPositive("Tau", 0.05));
                m.Add(new QuadraticTerm("Prior", m.LearnedMatrix("W1", N, N, WeightStart.Identity(0.5)), m.LearnedMatrix("W2", N, M, WeightStart.Zero)));
            },
            ScalarType.Float32);
        // Signals with a covariance to learn.
        var x = mm(Normal(1, 300, 2), Normal(2, 2, N)).to(float32);
        var d = mm(x, tensor(A).t());
        var result = ModelTrainer.Train(model, d, x, new TrainingOptions { Epochs = 15, BatchSize = 30, LearningRate = 1e-2, Patience = 0 });
        Assert.That(result.Epochs[^1].ValidationLoss!.Value, Is.LessThan(0.3 * result.Epochs[0].ValidationLoss!.Value));
    }
}
