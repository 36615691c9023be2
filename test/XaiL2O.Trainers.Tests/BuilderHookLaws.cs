using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>What a definition says beyond its terms: starts, losses, parts, splittings and weights of its own.</summary>
public sealed class BuilderHookLaws : TorchLaws
{
    private const int N = 6;

    private static readonly FixedPointOptions Tight = new() { MaxIterations = 2000, ResidualTolerance = 1e-8 };

    private sealed class Definition(Action<ModelBuilder> compose) : ModelDefinition
    {
        public GradientMode Gradient { get; init; } = GradientMode.Implicit;

        public int Least { get; init; }

        public override int DataSize => N;

        public override int InferenceSize => N;

        public override GradientMode DefaultGradient => Gradient;

        public override void Validate() => ArgumentOutOfRangeException.ThrowIfNegative(Least);

        public override void Compose(ModelBuilder model) => compose(model);
    }

    private static readonly float[] Ones = [.. Enumerable.Repeat(1f, N)];

    private static ImplicitModel Model(Action<ModelBuilder> compose) => new Definition(compose).CreateModel(float64);

    private static void Fit(ModelBuilder m) => m.Add(new LeastSquaresTerm("Fit", m.Identity));

    /// <summary>Each with a box that holds the estimate.</summary>
    private static readonly (Algorithm Algorithm, bool Fidelity, bool Sum)[] Problems =
    [
        (Algorithm.ProximalGradient, false, false),
        (Algorithm.DavisYin, false, true),
        (Algorithm.PrimalDual, false, true),
        (Algorithm.LinearizedAdmm, true, true),
        (Algorithm.Automatic, false, true),
    ];

    [Test]
    public void Every_splitting_begins_where_a_definition_says([ValueSource(nameof(Problems))] (Algorithm Algorithm, bool Fidelity, bool Sum) problem)
    {
        var (d, answer) = (Normal(1, 4, N), Normal(2, 4, N).clamp(-0.9, 0.9));
        using var model = Model(m =>
        {
            m.Algorithm = problem.Algorithm;
            m.Add(new BoxTerm("Box", N, -1, 1));
            m.Add(problem.Fidelity ? new FidelityTerm("Fit", m.Identity, 0.5) : new LeastSquaresTerm("Fit", m.Identity));
            if (problem.Sum)
                m.Add(new HyperplaneTerm("Sum", m.Vector(Ones), 0));
            m.StartFrom(data => answer[..(int)data.shape[0]] + (0 * data));
        });
        using var splitting = model.CreateSplitting();
        var one = new FixedPointOptions { MaxIterations = 1 };
        var (begun, from) = (FixedPointSolver.Solve(splitting, d, one).State, FixedPointSolver.Solve(splitting, d, one, null, splitting.InitializeAt(answer, d)).State);
        Assert.That(Gap(splitting.Inference(begun, d), splitting.Inference(from, d)), Is.Zero);
        Assert.That(Gap(splitting.Inference(splitting.InitializeAt(answer, d), d), answer), Is.LessThan(1e-12));
    }

    [Test]
    public void Parts_are_made_once_and_released_with_the_model()
    {
        var (made, part) = (0, (Disposed?)null);
        var model = Model(m =>
        {
            part = m.Shared("Part", () => { made++; return new Disposed(); });
            Assert.That(m.Shared("Table", () => ones(2)).sum().ToDouble(), Is.EqualTo(2));
            Fit(m);
        });
        using (model)
        {
            model.Infer(Normal(1, 2, N), Tight);
            Assert.That((made, part!.Count), Is.EqualTo((1, 0)));
        }

        Assert.That(part.Count, Is.EqualTo(1));
    }

    private sealed class Disposed : IDisposable
    {
        public int Count { get; private set; }

        public void Dispose() => Count++;
    }

    [Test]
    public void A_splitting_is_made_where_a_solve_needs_it_and_disposed_after_it()
    {
        var splittings = new List<Counted>();
        using var model = Model(m =>
        {
            Fit(m);
            var W = m.Learned("W", WeightStart.Identity(0.5), [N, N]);
            m.SolveWith(() =>
            {
                splittings.Add(new Counted(d => mm(d, W)));
                return splittings[^1];
            });
        });
        var made = splittings.Count;
        _ = (model.Terms, model.Properties, model.LearnedValues());
        Assert.That(splittings, Has.Count.EqualTo(made), "terms alone need none");
        var d = Normal(1, 20, N);
        model.Infer(d, Tight);
        Assert.That(splittings, Has.Count.EqualTo(made + 1));
        ModelTrainer.Train(model, d, d, new TrainingOptions { Epochs = 2, BatchSize = 10 });
        Assert.That(splittings.Select(s => s.Disposals), Has.All.EqualTo(1));
        Assert.That(() => Model(m => m.SolveWith(() => null!)), Throws.ArgumentException.With.Message.Contains("SolveWith"));
    }

    private sealed class Counted(Func<Tensor, Tensor> function) : Splitting
    {
        private readonly ExplicitMap map = new(function);

        public int Disposals { get; private set; }

        public override SplittingState Initialize(Tensor data) => map.Initialize(data);

        public override SplittingState Step(SplittingState state, Tensor data) => map.Step(state, data);

        public override Tensor Inference(SplittingState state, Tensor data) => map.Inference(state, data);

        public override Optimality Optimality(SplittingState previous, SplittingState next, Tensor data, Tensor? inference = null) => map.Optimality(previous, next, data, inference);

        public override Tensor AttachedInference(SplittingState fixedPoint, Tensor data, int steps = 1) => map.AttachedInference(fixedPoint, data, steps);

        internal override bool AttachesExactly => true;

        protected override void Dispose(bool disposing)
        {
            Disposals++;
            base.Dispose(disposing);
        }
    }

    [Test]
    public void An_explicit_method_needs_no_terms_and_is_trained_and_measured()
    {
        using var model = Model(m =>
        {
            var W = m.Learned("W", WeightStart.Identity(0.5), [N, N]);
            m.Report(new BoxTerm("Box", N, 0, 1));
            m.SolveWith(() => new ExplicitMap(d => mm(d, W)));
        });
        var d = Normal(1, 60, N);
        Assert.That(model.Infer(d, Tight).Inference[0], Is.EqualTo(Values(d[0] / 2).Select(v => (float)v)).Within(1e-6f));
        ModelTrainer.Train(model, d, d, new TrainingOptions { Epochs = 60, BatchSize = 10, LearningRate = 0.03 });
        Assert.That(Gap(model.Weights[0].Weight.detach(), eye(N, dtype: float64)), Is.LessThan(0.02));
        Assert.That((model.Terms.Count, model.Properties.Single().Name), Is.EqualTo((0, "Box")));
    }

    [Test]
    public void Weights_start_keep_and_finish_as_a_definition_says()
    {
        var calls = new List<string>();
        using var model = Model(m =>
        {
            Fit(m);
            m.Learned("W", WeightStart.Made((shape, _) => { calls.Add("start"); return full(shape, 0.4); }), [2], w => { calls.Add("keep"); w.clamp_max_(0.5); }, w => w.round_());
            m.LearnedUnitMatrix("U", 3, N, WeightStart.Gaussian(4));
            m.LearnedConvolution("K", 2, 3, 3, WeightStart.Gaussian(4), zeroMean: true);
        });
        double Norm() => linalg.norm(model.Weights[1].Weight.detach(), 2).ToDouble();
        Assert.That(calls, Is.EqualTo(new[] { "start", "keep" }));
        Assert.That(Norm(), Is.EqualTo(1).Within(1e-12));
        using (no_grad())
        {
            foreach (var (_, weight) in model.Weights)
                weight.add_(0.3);
        }

        model.ProjectWeights();
        model.ProjectWeights();
        Assert.That(Values(model.Weights[0].Weight), Has.All.EqualTo(0.5));
        Assert.That(Norm(), Is.EqualTo(1).Within(0.1));
        Assert.That(model.Weights[2].Weight.sum([2, 3]).abs().max().ToDouble(), Is.LessThan(1e-12));
        model.FinishTraining();
        Assert.That(Values(model.Weights[0].Weight), Has.All.Zero);
        Assert.That(Norm(), Is.EqualTo(1).Within(1e-12));
    }

    [Test]
    public void Weights_are_shown_as_what_they_stand_for()
    {
        using var model = Model(m =>
        {
            Fit(m);
            var radius = m.Learned("LogRadius", WeightStart.Values([2f]), [1]);
            m.Show("LogRadius", radius.exp, "Radius");
        });
        Assert.That(model.LearnedValues().Single().ToString(), Is.EqualTo(new NamedArray("Radius", [1], [(float)Math.Exp(2)]).ToString()));
        Assert.That(model.ExportWeights().Single().Name, Is.EqualTo("LogRadius"));
    }

    [Test]
    public void What_is_added_to_the_loss_knows_the_weights()
    {
        using var model = Model(m =>
        {
            var W = m.Learned("W", WeightStart.Identity(2), [N, N]);
            m.SolveWith(() => new ExplicitMap(d => mm(d, W)));
            m.AddLoss((x, d) => 3 * W.square().sum() + (x - d).mean());
        });
        var (x, d) = (Normal(1, 4, N), Normal(2, 4, N));
        var expected = (x - d).square().mean().ToDouble() + (3 * 4 * N) + (x - d).mean().ToDouble();
        var loss = model.Loss(x, d, d);
        Assert.That(loss.ToDouble(), Is.EqualTo(expected).Within(1e-9));
        Assert.That(model.ValidationLoss(x, d, d), Is.EqualTo(expected).Within(1e-9));
        loss.backward();
        Assert.That(Gap(model.Weights[0].Weight.grad!, 12 * eye(N, dtype: float64)), Is.LessThan(1e-9));
    }

    [Test]
    public void The_gradient_of_training_and_the_range_of_options_are_the_definitions([Values(GradientMode.Implicit, GradientMode.AttachedSteps)] GradientMode mode)
    {
        using var model = new Definition(Fit) { Gradient = mode }.CreateModel();
        Assert.That(new TrainingOptions().For(model).Gradient, Is.EqualTo(mode));
        Assert.That(() => new Definition(Fit) { Least = -1 }.CreateModel(), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }
}
