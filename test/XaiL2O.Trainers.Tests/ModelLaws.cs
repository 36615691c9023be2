using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

internal sealed class ModelLaws : TorchLaws
{
    private const int Signal = 10;
    private const int DataSize = 5;

    private static readonly (string Name, int Transform, ScalarType Type, ImplicitDictionaryOptions Options)[] Models =
    [
        ("exact, double", 10, ScalarType.Float64, new() { SparsityRelativeToData = false }),
        ("exact, single", 10, ScalarType.Float32, new()),
        ("linearised, double", 10, ScalarType.Float64, new() { Solver = DictionarySolver.LinearizedAdmm, SparsityRelativeToData = false }),
        ("exact, tall K, relative", 12, ScalarType.Float64, new() { SparsityRelativeToData = true }),
        ("linearised, tall K, relative", 12, ScalarType.Float64, new() { Solver = DictionarySolver.LinearizedAdmm, SparsityRelativeToData = true }),
        ("exact, few rows", 6, ScalarType.Float64, new() { ProximalStep = 0.02 }),
    ];

    private static readonly FixedPointOptions Tight = new() { MaxIterations = 10_000, ResidualTolerance = 1e-7, FidelityTolerance = 1e-5, CheckEvery = 20 };

    /// <summary>The tolerances that an element type allows.</summary>
    private static FixedPointOptions Tolerances(ScalarType type) => type == ScalarType.Float64 ? Tight : Tight with { ResidualTolerance = 3e-6 };

    public static IEnumerable<TestCaseData> ModelCases => Models.Select(m => new TestCaseData(m).SetArgDisplayNames(m.Name));

    private static float[,] Floats(int seed, int rows, int columns) => BuiltIn.Random(rows, columns, seed);

    /// <summary>Measurements with orthonormal rows: linearised ADMM needs few iterations.</summary>
    private static float[,] Measurement()
    {
        using var rows = linalg.qr(Normal(1, Signal, DataSize)).Q;
        return ToArray(rows.t());
    }

    /// <summary>Identities one below the other and a little noise.</summary>
    private static float[,] WellConditioned(int rows)
    {
        var matrix = Floats(2, rows, Signal);
        for (var i = 0; i < rows; i++)
            for (var j = 0; j < Signal; j++)
                matrix[i, j] = (0.15f * matrix[i, j]) + (i % Signal == j ? 1 : 0);
        return matrix;
    }

    private static ImplicitModel Make((string Name, int Transform, ScalarType Type, ImplicitDictionaryOptions Options) model) =>
        BuiltIn.Dictionary(Measurement(), WellConditioned(model.Transform), model.Options, model.Type);

    private static double Norm(ImplicitModel model) => linalg.norm(model.Weights[0].Weight.detach().to(float64), 2).ToDouble();

    [TestCaseSource(nameof(ModelCases))]
    public void Inference_is_positively_homogeneous((string Name, int Transform, ScalarType Type, ImplicitDictionaryOptions Options) parameters)
    {
        using var model = Make(parameters);
        var options = Tolerances(parameters.Type);
        var d = Normal(3, 4, DataSize);
        var one = model.Infer(d, options);
        Assert.That(one.Status, Has.All.EqualTo(SolveStatus.Converged));
        foreach (var c in (double[])[1e-6, 0.3, 1, 40, 1e6])
        {
            var scaled = model.Infer(c * d, options);
            Assert.That(scaled.Status, Has.All.EqualTo(SolveStatus.Converged));
            for (var row = 0; row < 4; row++)
            {
                var size = one.Inference[row].Max(Math.Abs);
                Assert.That(scaled.Inference[row].Select(v => v / c), Is.EqualTo(one.Inference[row].Select(v => (double)v)).Within(1e-3 * size), $"c = {c}");
            }

            var factor = parameters.Options.SparsityRelativeToData ? 1 : c;
            Assert.That(scaled.PropertyValues[0].Select(v => v / factor), Is.EqualTo(one.PropertyValues[0]).Within(0.01).Percent, $"c = {c}");
        }
    }

    [TestCaseSource(nameof(ModelCases))]
    public void Zero_data_give_zero_and_invalid_data_give_NaN((string Name, int Transform, ScalarType Type, ImplicitDictionaryOptions Options) parameters)
    {
        using var model = Make(parameters);
        var d = Normal(3, 3, DataSize);
        d[0] = 0;
        d[1, 2] = double.NaN;
        var inference = model.Infer(d, Tolerances(parameters.Type));
        Assert.Multiple(() =>
        {
            Assert.That(inference.Status, Is.EqualTo(new[] { SolveStatus.Converged, SolveStatus.InvalidData, SolveStatus.Converged }));
            Assert.That(inference.Inference[0], Has.All.Zero);
            Assert.That(inference.Inference[1], Has.All.NaN);
            // Relative to nothing there is no sparsity.
            Assert.That(inference.PropertyValues[0][0], parameters.Options.SparsityRelativeToData ? Is.NaN : Is.Zero);
            Assert.That(inference.PropertyValues[1][0], Is.Zero);
            Assert.That(inference.PropertyValues.Select(values => values[1]), Has.All.NaN);
        });
    }

    [TestCaseSource(nameof(ModelCases))]
    public void Norm_of_K_is_one((string Name, int Transform, ScalarType Type, ImplicitDictionaryOptions Options) parameters)
    {
        using var model = Make(parameters);
        Assert.That(Norm(model), Is.EqualTo(1).Within(1e-6));
        using (no_grad())
        {
            for (var step = 0; step < 200; step++)
            {
                // As an optimiser moves K: a little at a time.
                model.Weights[0].Weight.add_(1e-3 * Normal(100 + step, parameters.Transform, Signal).to(parameters.Type));
                model.ProjectWeights();
                if (step >= 100)
                    Assert.That(Norm(model), Is.EqualTo(1).Within(1e-3), $"step {step}");
            }
        }

        model.FinishTraining();
        var exported = tensor(model.ExportWeights()[0].ToMatrix()).to(float64);
        Assert.That(linalg.norm(exported, 2).ToDouble(), Is.EqualTo(1).Within(1e-6));
        Assert.That(Gap(exported * Norm(model), model.Weights[0].Weight.detach().to(float64)), Is.LessThan(1e-6));
    }

    [TestCaseSource(nameof(ModelCases))]
    public void First_projection_keeps_the_norm((string Name, int Transform, ScalarType Type, ImplicitDictionaryOptions Options) parameters)
    {
        using var model = Make(parameters);
        model.ProjectWeights();
        Assert.That(Norm(model), Is.EqualTo(1).Within(1e-3));
    }

    [Test]
    public void Projection_of_a_difference_operator_stays_finite()
    {
        var differences = new float[Signal - 1, Signal];
        for (var i = 0; i < Signal - 1; i++)
            (differences[i, i], differences[i, i + 1]) = (1, -1);
        using var model = BuiltIn.Dictionary(Measurement(), differences);
        for (var step = 0; step < 100; step++)
            model.ProjectWeights();
        Assert.That(Norm(model), Is.EqualTo(1).Within(1e-3));
    }

    [TestCaseSource(nameof(ModelCases))]
    public void Weights_survive_a_round_trip((string Name, int Transform, ScalarType Type, ImplicitDictionaryOptions Options) parameters)
    {
        using var model = Make(parameters);
        using var other = BuiltIn.Dictionary(Measurement(), Floats(77, parameters.Transform, Signal), parameters.Options, parameters.Type);
        var d = Normal(3, 4, DataSize);
        other.ImportWeights(model.ExportWeights());
        Assert.Multiple(() =>
        {
            Assert.That(Gap(other.Weights[0].Weight, model.Weights[0].Weight), Is.LessThan(1e-7));
            Assert.That(other.ExportWeights()[0].Values, Is.EqualTo(model.ExportWeights()[0].Values));
            Assert.That(model.WeightCount, Is.EqualTo(parameters.Transform * Signal));
            Assert.That(other.Weights[0].Weight.requires_grad);
        });
        var options = Tolerances(parameters.Type);
        var (a, b) = (model.Infer(d, options), other.Infer(d, options));
        for (var row = 0; row < 4; row++)
            Assert.That(b.Inference[row], Is.EqualTo(a.Inference[row]).Within(1e-3f));
    }

    [TestCase(8)]
    [TestCase(12)]
    public void Both_solvers_agree(int rows)
    {
        var d = Normal(3, 6, DataSize);
        var answers = Enum.GetValues<DictionarySolver>().Select(solver =>
        {
            using var model = Make(("", rows, ScalarType.Float64, new() { Solver = solver }));
            return model.Infer(d, Tight with { MaxIterations = 40_000 });
        }).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(answers.SelectMany(a => a.Status), Has.All.EqualTo(SolveStatus.Converged));
            for (var row = 0; row < 6; row++)
                Assert.That(answers[1].Inference[row], Is.EqualTo(answers[0].Inference[row]).Within(1e-3f));
            Assert.That(answers[1].PropertyValues[0], Is.EqualTo(answers[0].PropertyValues[0]).Within(1e-4));
        });
    }

    [Test]
    public void The_proximal_step_changes_no_answer([Values] DictionarySolver solver, [Values(0.02, 0.5)] double step)
    {
        var d = Normal(3, 6, DataSize);
        using var usual = Make(("", 10, ScalarType.Float64, new() { Solver = solver }));
        using var other = Make(("", 10, ScalarType.Float64, new() { Solver = solver, ProximalStep = step }));
        var (a, b) = (usual.Infer(d, Tight), other.Infer(d, Tight));
        Assert.That(a.Status.Concat(b.Status), Has.All.EqualTo(SolveStatus.Converged));
        for (var row = 0; row < 6; row++)
            Assert.That(b.Inference[row], Is.EqualTo(a.Inference[row]).Within(1e-3f));
    }

    [TestCaseSource(nameof(ModelCases))]
    public void Shared_splittings_and_reported_terms_fit((string Name, int Transform, ScalarType Type, ImplicitDictionaryOptions Options) parameters)
    {
        using var model = Make(parameters);
        var d = Normal(3, 4, DataSize);
        var options = Tolerances(parameters.Type);
        var splitting = model.CreateSplitting();
        var (a, b) = (model.Infer(d, options), model.Infer(d, options, splitting));
        (splitting as IDisposable)?.Dispose();
        var x = tensor(a.Inference.SelectMany(row => row).ToArray()).reshape(4, Signal).to(parameters.Type);
        Assert.Multiple(() =>
        {
            Assert.That(a.Inference, Is.EqualTo(b.Inference));
            Assert.That(model.Terms.Select(t => t.Name), Is.EqualTo(new[] { "Sparsity", "Fidelity" }));
            Assert.That((model.DataSize, model.InferenceSize), Is.EqualTo((DataSize, Signal)));
            var sparsity = Values(model.Terms[0].PropertyValue(x, d.to(parameters.Type)));
            Assert.That(a.PropertyValues[0], Is.EqualTo(sparsity).Within(1e-4));
            Assert.That(a.PropertyValues[1], Has.All.LessThanOrEqualTo(2 * options.FidelityTolerance));
        });
    }

    [Test]
    public void Inferring_leaves_no_native_tensor([Values] DictionarySolver solver)
    {
        using var model = Make(("", 10, ScalarType.Float64, new() { Solver = solver }));
        var d = Normal(3, 20, DataSize);
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        model.Infer(d, new FixedPointOptions());
        var before = statistics.ThreadTotalLiveCount;
        model.Infer(d, new FixedPointOptions());
        Assert.That(statistics.ThreadTotalLiveCount - before, Is.Zero);
    }

    [Test]
    public void K_with_NaN_is_refused() =>
        Assert.That(() => Construct(Floats(1, 5, 10), Filled(3, 10, float.NaN)), Throws.ArgumentException.With.Message.Contains("K must be finite and not zero"));

    [TestCase(1e25)]
    [TestCase(1e-30)]
    public void Extreme_amplitudes_are_not_reported_as_converged_with_a_wrong_answer(double c)
    {
        using var model = Make(Models[1]);
        var d = Normal(3, 2, DataSize);
        var options = Tolerances(ScalarType.Float32);
        var (one, scaled) = (model.Infer(d, options), model.Infer((c * d).to(float32), options));
        for (var row = 0; row < 2; row++)
        {
            if (scaled.Status[row] == SolveStatus.Converged)
                Assert.That(scaled.Inference[row].Select(v => v / c), Is.EqualTo(one.Inference[row].Select(v => (double)v)).Within(1e-3));
        }
    }

    [Test]
    public void Random_transforms_are_seeded()
    {
        var first = Floats(5, 4, 3);
        Assert.That(Floats(5, 4, 3), Is.EqualTo(first));
        Assert.That(Floats(6, 4, 3), Is.Not.EqualTo(first));
    }

    private static readonly Case<(string Message, Action Act)>[] Refusals =
    [
        new("columns differ", () => ("InitialTransform is 9×9; it must be 9×10", () => Construct(Floats(1, 5, 10), Floats(2, 9, 9)))),
        new("square A", () => ("fewer rows than columns", () => Construct(Floats(1, 10, 10), Floats(2, 10, 10)))),
        new("dependent rows of A", () => ("linearly dependent", () => Construct(new float[2, 10], Floats(2, 10, 10)))),
        new("A with NaN", () => ("NaN or ∞", () => Construct(Filled(2, 10, float.NaN), Floats(2, 10, 10)))),
        new("K = 0", () => ("K must be finite and not zero", () => Construct(Floats(1, 5, 10), new float[3, 10]))),
        new("K with ∞", () => ("K must be finite and not zero", () => Construct(Floats(1, 5, 10), Filled(3, 10, float.PositiveInfinity)))),
        new("ProximalStep = 0", () => ("ProximalStep = 0", () => Construct(Floats(1, 5, 10), Floats(2, 10, 10), new() { ProximalStep = 0 }))),
        new("ProximalStep = NaN", () => ("ProximalStep = NaN", () => Construct(Floats(1, 5, 10), Floats(2, 10, 10), new() { ProximalStep = double.NaN }))),
        new("no such solver", () => ("Solver = 9", () => Construct(Floats(1, 5, 10), Floats(2, 10, 10), new() { Solver = (DictionarySolver)9 }))),
        new("data of another width", () => ("shape [batch, 5]; got [3, 4]", () => Use(m => m.Infer(Normal(1, 3, 4), Tight)))),
        new("one-dimensional data", () => ("shape [batch, 5]; got [5]", () => Use(m => m.Infer(Normal(1, 5), Tight)))),
        new("weight missing", () => ("'K' is missing", () => Use(m => m.ImportWeights([])))),
        new("weight of another shape", () => ("shape [1, 1]; the model needs [10, 10]", () => Use(m => m.ImportWeights([new("K", [1, 1], [1])])))),
    ];

    [TestCaseSource(nameof(Refusals))]
    public void Refusals_name_the_cause(Case<(string Message, Action Act)> refusals)
    {
        var (message, act) = refusals.Make();
        Assert.That(() => act(), Throws.InstanceOf<ArgumentException>().With.Message.Contains(message));
    }

    private static void Construct(float[,] A, float[,] K, ImplicitDictionaryOptions? options = null) =>
        BuiltIn.Dictionary(A, K, options).Dispose();

    private static void Use(Action<ImplicitModel> action)
    {
        using var model = Make(Models[0]);
        action(model);
    }

    private static float[,] Filled(int rows, int columns, float value)
    {
        var matrix = new float[rows, columns];
        matrix[rows - 1, columns - 1] = value;
        return matrix;
    }
}
