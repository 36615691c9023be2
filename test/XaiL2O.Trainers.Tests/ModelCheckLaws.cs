using TorchSharp;
using XaiL2O.Certifiers;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>The public check of a definition: silent on what is right, and it names what is wrong.</summary>
internal sealed class ModelCheckLaws : TorchLaws
{
    private const int N = 6;
    private const int M = 4;

    private static readonly float[,] A = ToArray(Normal(41, M, N));

    private sealed class Definition(Action<ModelBuilder> compose, Func<Tensor, Tensor>? scale = null) : ModelDefinition
    {
        public override int DataSize => M;

        public override int InferenceSize => N;

        public override void Compose(ModelBuilder model) => compose(model);

        public override Tensor Scale(Tensor data) => scale?.Invoke(data) ?? base.Scale(data);
    }

    /// <summary>A matrix with an adjoint, a bound and rows as given.</summary>
    private sealed class Faulty(Tensor matrix, Func<Tensor, Tensor> adjoint, double bound) : LinearOperator
    {
        public override int InputSize => N;

        public override int OutputSize => M;

        public override double NormBound => bound;

        public override Tensor Apply(Tensor x) => mm(x, matrix.t());

        public override Tensor ApplyAdjoint(Tensor y) => adjoint(y);
    }

    private sealed class OwnTerm(Func<Tensor, double, Tensor> proximal, bool constraint = false, Func<Tensor, Tensor>? value = null) : Term("Own", new IdentityOperator(N)), IProximable
    {
        public bool IsConstraint => constraint;

        public Tensor Proximal(Tensor u, Coefficient step, Tensor data) => proximal(u, step.Value);

        public Tensor? Value(Tensor u, Tensor data) => value?.Invoke(u) ?? (constraint ? zeros(u.shape[0], dtype: u.dtype) : null);

        public override Tensor PropertyValue(Tensor x, Tensor data) => x.abs().sum(1);
    }

    private sealed class OwnSmooth(double factor, double bound) : Term("Own", new IdentityOperator(N)), ISmooth
    {
        public double LipschitzBound => bound;

        public Tensor Gradient(Tensor u, Tensor data) => factor * u;

        public Tensor? Value(Tensor u, Tensor data) => 0.5 * u.square().sum(1);

        public override Tensor PropertyValue(Tensor x, Tensor data) => x.abs().sum(1);
    }

    private static Term Fit(ModelBuilder m) => new LeastSquaresTerm("Fit", m.Matrix(A));

    private static Term Fit(Func<Tensor, Tensor, Tensor> adjoint, double bound)
    {
        var matrix = tensor(A).to(float64);
        return new LeastSquaresTerm("Own", new Faulty(matrix, y => adjoint(matrix, y), bound * linalg.norm(matrix, 2).ToDouble()));
    }

    private static readonly Case<ModelDefinition>[] Right =
    [
        new("sparse", () => new Definition(m => { m.Add(Fit(m)); m.Add(new L1Term("L1", m.LearnedMatrix("K", 9, N, WeightStart.Gaussian(1))), m.LearnedPositive("Tau", 0.1)); })),
        new("constraints", () => new Definition(m => { m.Add(Fit(m)); m.Add(new SimplexTerm("S", N)); m.Add(new BoxTerm("B", N, 0, 0.5)); m.Add(new BallTerm("R", N, 0.8)); m.Add(new HalfSpaceTerm("H", tensor(new double[] { 1, 2, 3, 4, 5, 6 }), 1)); })),
        new("data ball", () => new Definition(m => { m.Add(TotalVariation.OfSignal("TV", N)); m.Add(new FidelityTerm("F", m.Matrix(A), 0.1, 0.3)); m.Add(new NonnegativeTerm("P", N)); })),
        new("quadratics and groups", () => new Definition(m => { m.Add(new SquaredL2Term("E", m.Identity), 0.2); m.Add(new GroupL1Term("G", m.Identity, 3)); m.Add(new QuadraticTerm("Q", m.LearnedMatrix("W1", 2, N, WeightStart.Gaussian(1)), m.LearnedMatrix("W2", N, M, WeightStart.Gaussian(1)))); m.Report("C", PropertyFunction.L1Norm()); })),
        new("soft limit of one's own", () => new Definition(m => { m.Add(Fit(m)); m.Add(new OwnTerm((u, t) => u.clamp_min(0) + (u + t).clamp_max(0), value: u => u.clamp_max(0).abs().sum(1))); })),
        new("a Gaussian and a learned prior", () => new SignalRecoveryDefinition { MeasurementMatrix = A, Filters = 4, FilterLength = 3 }),
        new("scaled", () => new Definition(m => { m.Add(Fit(m)); m.Add(new L1Term("L1", m.Identity), 0.1); }, d => d.norm(1, true))),
    ];

    [Test]
    public void A_right_definition_has_no_findings([ValueSource(nameof(Right))] Case<ModelDefinition> definition) =>
        Assert.That(ModelCheck.Of(definition.Make()).Select(f => f.Message), Is.Empty);

    private static readonly Case<(ModelDefinition Definition, string Part, ModelPromise Promise)>[] Wrong =
    [
        new("a wrong adjoint", () => (new Definition(m => m.Add(Fit((A, y) => 0.5 * mm(y, A), 1.01))), "Own", ModelPromise.Adjoint)),
        new("a bound of a tenth", () => (new Definition(m => m.Add(Fit((A, y) => mm(y, A), 0.1))), "Own", ModelPromise.Bound)),
        new("a bound of nine tenths", () => (new Definition(m => m.Add(Fit((A, y) => mm(y, A), 0.9))), "Own", ModelPromise.Bound)),
        new("rows that mix in an operator", () => (new Definition(m => m.Add(Fit((A, y) => mm(y - y.mean([0], true), A), 1.01))), "Own", ModelPromise.Rows)),
        new("a proximal operator that expands", () => (new Definition(m => { m.Add(Fit(m)); m.Add(new OwnTerm((u, _) => 1.5 * u)); }), "Own", ModelPromise.Proximal)),
        new("a hard threshold", () => (new Definition(m => { m.Add(Fit(m)); m.Add(new OwnTerm((u, _) => u * (u.abs() > 1))); }), "Own", ModelPromise.Proximal)),
        new("a projection that is none", () => (new Definition(m => { m.Add(Fit(m)); m.Add(new OwnTerm((u, _) => 0.5 * u, constraint: true)); }), "Own", ModelPromise.Proximal)),
        new("a step that is ignored", () => (new Definition(m => { m.Add(Fit(m)); m.Add(new OwnTerm((u, _) => u - u.clamp(-1, 1), value: u => u.abs().sum(1))); }), "Own", ModelPromise.Proximal)),
        new("rows that mix in a proximal operator", () => (new Definition(m => { m.Add(Fit(m)); m.Add(new OwnTerm((u, _) => u / (1 + u.norm()))); }), "Own", ModelPromise.Rows)),
        new("a wrong gradient", () => (new Definition(m => m.Add(new OwnSmooth(2, 2))), "Own", ModelPromise.Gradient)),
        new("a Lipschitz constant that is too small", () => (new Definition(m => m.Add(new OwnSmooth(1, 0.5))), "Own", ModelPromise.Bound)),
        new("a scale over the batch", () => (new Definition(m => { m.Add(Fit(m)); m.Add(new L1Term("L1", m.Identity), 0.1); }, d => d.norm() * ones(d.shape[0], 1, dtype: d.dtype)), "DefinedModel", ModelPromise.Rows)),
    ];

    [Test]
    public void A_wrong_definition_is_named([ValueSource(nameof(Wrong))] Case<(ModelDefinition Definition, string Part, ModelPromise Promise)> wrong, [Values(3, 20)] int trials)
    {
        var (definition, part, promise) = wrong.Make();
        var findings = ModelCheck.Of(definition, trials);
        Assert.That(findings.Select(f => (f.Part, f.Promise)), Does.Contain((part, promise)), string.Join("\n", findings));
        // Numbers stand in a message as numbers, and not as tensors.
        Assert.That(findings.Select(f => f.Message), Has.None.Contains("type =").And.None.Contains("device ="));
    }

    private static readonly ModelDefinition[] OfThisLibrary =
    [
        new DictionaryDefinition { MeasurementMatrix = A },
        new DictionaryDefinition { MeasurementMatrix = A, TransformSize = 8, Model = new() { Solver = DictionarySolver.LinearizedAdmm } },
        new InpaintingDefinition { MeasurementMatrix = A },
        new SignalRecoveryDefinition { MeasurementMatrix = A, Filters = 4, FilterLength = 3 },
        new BackProjection(),
        new TotalVariationReconstruction(),
        new UNetReconstruction { Channels = 2, Levels = 3 },
        new FeasibilityReconstruction { Model = new() { Channels = 2, Start = SolveStart.BackProjection } },
        new ImplicitReconstruction { Model = new() { Channels = 3, Hidden = 4, Start = SolveStart.BackProjection } },
        new ImplicitReconstruction { Model = new() { Channels = 3, Preconditioning = 0, Regularizer = RegularizerKind.Residual, NoiseFloor = 0.1 } },
        new ImplicitReconstruction { Model = new() { Channels = 3, Hidden = 4, Regularizer = RegularizerKind.Adaptive, Context = 2, Separation = 1 } },
    ];

    /// <summary>Learned networks stand for proximal operators, and are none of a convex function.</summary>
    [Test]
    public void Models_of_this_library_keep_their_promises([ValueSource(nameof(OfThisLibrary))] ModelDefinition definition) =>
        Assert.That(ModelCheck.Of(definition.Chosen.Outline).Where(f => f.Part != "Regularizer" || f.Promise != ModelPromise.Proximal), Is.Empty);

    [Test]
    public void The_gradient_of_training_is_part_of_the_full_check()
    {
        using var model = new DefinedModel(new Definition(m => { m.Add(Fit(m)); m.Add(new Reversed(m.Learned("Rho", WeightStart.Values([0.5f]), [1]))); }), float64);
        var options = new TrainingOptions { Solver = new FixedPointOptions { MaxIterations = 20_000, ResidualTolerance = 1e-8 } };
        var x = Normal(3, 8, N);
        var findings = ModelCheck.Of(model, mm(x, tensor(A).to(float64).t()), x, options);
        Assert.That(findings.Select(f => f.Promise), Is.EqualTo(new[] { ModelPromise.Training }));
        Assert.That(findings[0].Message, Does.Contain("does not point downhill"));
    }
}

/// <summary>½ρ‖x‖² whose dependence on ρ autograd sees with the wrong sign.</summary>
internal sealed class Reversed(Tensor ρ) : Term("Energy", new IdentityOperator(6)), ISmooth
{
    public double LipschitzBound => ρ.ToDouble();

    public Tensor Gradient(Tensor u, Tensor data) => ((2 * ρ.detach()) - ρ) * u;

    public override Tensor PropertyValue(Tensor x, Tensor data) => x.square().sum(1);
}
