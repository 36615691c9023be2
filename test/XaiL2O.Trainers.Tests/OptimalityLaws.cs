using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>
/// A row flagged converged is solved: its objective is within 10⁻³ of what an independent solver finds, and its constraints hold to 10⁻⁶. With default
/// tolerances, on random and on awkward problems, for every splitting. The usual run takes the first problems of every family where the flag alone is tested, the long one 200 everywhere.
/// </summary>
internal sealed class OptimalityLaws : TorchLaws
{
    private const double LargestGap = 1e-3;
    private const double LargestViolation = 1e-6;

    /// <summary>What the other solver may leave of an objective.</summary>
    private const double OfOptimum = 1e-5;

    private sealed class Definition(ConvexProblem problem, Algorithm algorithm) : ModelDefinition
    {
        private readonly float[,] A = Single(problem.A);
        private readonly float[,]? K = problem.Transform is { } transform ? Single(transform) : null;

        public override int DataSize => problem.A.Length;

        public override int InferenceSize => problem.Size;

        public override void Compose(ModelBuilder model)
        {
            model.Algorithm = algorithm;
            var measurement = model.Matrix(A);
            model.Add(problem.Radius is { } δ ? new FidelityTerm("Fidelity", measurement, δ) : new LeastSquaresTerm("Fidelity", measurement));
            if (double.IsFinite(problem.Lower))
                model.Add(double.IsFinite(problem.Upper) ? new BoxTerm("Bounds", problem.Size, problem.Lower, problem.Upper) : new NonnegativeTerm("Bounds", problem.Size));
            if (problem.Sparsity > 0)
                model.Add(new L1Term("Sparsity", K is null ? model.Identity : model.Matrix(K)), problem.Sparsity);
        }
    }

    /// <summary>A splitting with the problems it takes and the share of them that it is to solve within its iterations.</summary>
    public sealed record Splittings(IEnumerable<ConvexProblem> Problems, Func<ConvexProblem, ImplicitModel> Model, int Iterations, double Share)
    {
        public static Splittings Composed(IEnumerable<ConvexProblem> problems, Algorithm algorithm, int iterations, double share) =>
            new(problems, p => new DefinedModel(new Definition(p, algorithm), float64), iterations, share);
    }

    /// <summary>The kinds of shape, bound, transform, awkwardness and scale repeat after 2 to 18 problems.</summary>
    private static readonly int Many = TestRun.Sized(63, 200);

    /// <summary>Where the share that is solved is a promise, few problems would not do.</summary>
    private const int Most = 200;

    private static readonly int Flat = TestRun.Sized(36, 60);

    // Plain iterations are slow on problems made to be awkward: there the flag is what is tested.
    private static readonly Case<Splittings>[] All =
    [
        new("automatic, constraints", () => Splittings.Composed(AdversarialProblems.Constrained(Most, true), Algorithm.Automatic, 4000, 0.93)),
        new("automatic, two bounds or sparsity", () => Splittings.Composed(AdversarialProblems.Penalised(Most, true), Algorithm.Automatic, 4000, 0.98)),
        new("automatic, one of them", () => Splittings.Composed(AdversarialProblems.Penalised(Most, false), Algorithm.Automatic, 4000, 0.93)),
        new("linearised ADMM", () => Splittings.Composed(AdversarialProblems.Constrained(Many, true), Algorithm.LinearizedAdmm, 1000, 0.05)),
        new("primal–dual, constraints", () => Splittings.Composed(AdversarialProblems.Constrained(Many, true), Algorithm.PrimalDual, 1000, 0.05)),
        new("primal–dual, penalties", () => Splittings.Composed(AdversarialProblems.Penalised(Many, true), Algorithm.PrimalDual, 1000, 0.7)),
        new("proximal gradient", () => Splittings.Composed(AdversarialProblems.Penalised(Many, false), Algorithm.ProximalGradient, 1000, 0.6)),
        new("Davis–Yin", () => Splittings.Composed(AdversarialProblems.Penalised(Many, true), Algorithm.DavisYin, 1000, 0.7)),
        new("automatic, flat directions", () => Splittings.Composed(AdversarialProblems.Flat(Flat), Algorithm.Automatic, 1500, 0.25)),
        new("primal–dual, flat directions", () => Splittings.Composed(AdversarialProblems.Flat(Flat), Algorithm.PrimalDual, 1000, 0)),
        new("proximal gradient, flat directions", () => Splittings.Composed(AdversarialProblems.Flat(Flat), Algorithm.ProximalGradient, 1000, 0)),
        new("Davis–Yin, flat directions", () => Splittings.Composed(AdversarialProblems.Flat(Flat), Algorithm.DavisYin, 1000, 0)),
        new("dictionary, exact steps", () => new(AdversarialProblems.Constrained(Most, false), p => Dictionary(p, DictionarySolver.ExactAdmm), 4000, 0.97)),
        new("dictionary, linearised ADMM", () => new(AdversarialProblems.Constrained(Many, false), p => Dictionary(p, DictionarySolver.LinearizedAdmm), 1000, 0)),
    ];

    [TestCaseSource(nameof(All))]
    public void Rows_flagged_converged_are_solved(Case<Splittings> splittings)
    {
        var (problems, make, iterations, share) = splittings.Make();
        var (solved, all) = (0, 0);
        List<string> wrong = [];
        foreach (var problem in problems)
        {
            all++;
            using var scope = NewDisposeScope();
            using var model = make(problem);
            var inference = model.Infer(tensor(problem.Data).unsqueeze(0), new FixedPointOptions { MaxIterations = iterations, AndersonMemory = 10 });
            if (inference.Status[0] != SolveStatus.Converged)
            {
                Assert.That(inference.Missing[0], Is.Not.EqualTo(OptimalityCondition.None), problem.Name);
                continue;
            }

            solved++;
            wrong.AddRange(Faults(problem, [.. inference.Inference[0].Select(v => (double)v)], inference.Gap[0]));
        }

        Assert.That(wrong, Is.Empty, string.Join('\n', wrong));
        Assert.That((double)solved / all, Is.GreaterThanOrEqualTo(share), $"{solved} of {all} converged");
    }

    /// <summary>Contradicting constraints are found out: primal feasibility is missing, whatever the limit.</summary>
    [Test]
    public void Nothing_feasible_is_named([Values(Algorithm.Automatic, Algorithm.LinearizedAdmm, Algorithm.PrimalDual)] Algorithm algorithm)
    {
        foreach (var problem in AdversarialProblems.Constrained(0, true).Where(p => p.Name.StartsWith("infeasible", StringComparison.Ordinal)))
        {
            using var model = new DefinedModel(new Definition(problem, algorithm), float64);
            var inference = model.Infer(tensor(problem.Data).unsqueeze(0), new FixedPointOptions());
            Assert.That(inference.Status[0], Is.EqualTo(SolveStatus.IterationLimit), problem.Name);
            Assert.That(inference.Missing[0].HasFlag(OptimalityCondition.PrimalFeasibility), problem.Name);
            Assert.That(inference.Gap[0], Is.EqualTo(double.PositiveInfinity), problem.Name);
        }
    }

    private sealed class Stated(int dataSize, int inferenceSize, Action<ModelBuilder> compose) : ModelDefinition
    {
        public override int DataSize => dataSize;

        public override int InferenceSize => inferenceSize;

        public override void Compose(ModelBuilder model) => compose(model);
    }

    /// <summary>½(x₁ − 1)² + 0.05(x₂ − 1)², of which only the gradient is known.</summary>
    private sealed class GradientAlone() : Term("Slow", new IdentityOperator(2)), ISmooth
    {
        private static Tensor Curvature => tensor(new[] { 1.0, 0.1 });

        public double LipschitzBound => 1;

        public Tensor Gradient(Tensor u, Tensor data) => Curvature * (u - 1);

        public override Tensor PropertyValue(Tensor x, Tensor data) => (x - 1).norm(1);
    }

    [Test]
    public void Smooth_terms_whose_value_is_not_known_are_judged_all_the_same([Values] bool bounded)
    {
        using var model = new DefinedModel(
            new Stated(1, 2, m =>
            {
                m.Add(new GradientAlone());
                if (bounded)
                    m.Add(new BoxTerm("Bounds", 2, 0, 10));
            }),
            float64);
        var inference = model.Infer(ones(1, 1, dtype: float64), new FixedPointOptions());
        Assert.That(inference.Status[0], Is.EqualTo(SolveStatus.Converged));
        Assert.That(inference.Inference[0], Has.All.EqualTo(1).Within(2e-3));
    }

    /// <summary>min |x| s.t. |x − d| ≤ 0.1|d|: x = 0.9 d, which single precision holds.</summary>
    [Test]
    public void What_is_delivered_is_judged_where_the_solve_ended()
    {
        using var model = new DefinedModel(
            new Stated(1, 1, m =>
            {
                m.Add(new FidelityTerm("Fidelity", m.Identity, 0.1));
                m.Add(new L1Term("Sparsity", m.Matrix(new float[,] { { 1 } })));
            }),
            float64);
        var d = linspace(0.5, 16, 200, dtype: float64).unsqueeze(1);
        var inference = model.Infer(d, new FixedPointOptions { AndersonMemory = 10 });
        Assert.That(inference.Status, Has.All.EqualTo(SolveStatus.Converged));
        Assert.That(inference.Inference.Select(x => (double)x[0]), Is.EqualTo(Values(0.9 * d)).Within(1e-3).Percent);
    }

    /// <summary>No gap is small beside an optimum of 0; rounding is, whatever the weight.</summary>
    [Test]
    public void An_optimum_of_0_is_reached([Values(1e-6, 1, 1e6)] double weight)
    {
        var A = new float[,] { { 2, 1, 0 }, { 0, 1, 1 }, { 1, 0, 3 } };
        using var model = new DefinedModel(
            new Stated(3, 3, m =>
            {
                m.Add(new LeastSquaresTerm("Fidelity", m.Matrix(A)), weight);
                m.Add(new NonnegativeTerm("Bounds", 3));
            }),
            float64);
        var inference = model.Infer(tensor(new double[,] { { 3, 2, 4 } }), new FixedPointOptions { AndersonMemory = 10 });
        Assert.That(inference.Status[0], Is.EqualTo(SolveStatus.Converged), $"{inference.Missing[0]} {inference.Residual[0]}");
        Assert.That(inference.Inference[0], Has.All.EqualTo(1).Within(1e-3));
    }

    private static IEnumerable<string> Faults(ConvexProblem problem, double[] x, double bound)
    {
        if (problem.Optimum() is not { } optimum)
        {
            yield return $"{problem}: converged, but nothing is feasible";
            yield break;
        }

        var (value, violation) = (problem.Objective(x), problem.Violation(x));
        var gap = (value - optimum) / Math.Max(Math.Abs(optimum), 1e-6 * problem.Scale());
        if (value != optimum && !(Math.Abs(gap) <= LargestGap))
            yield return $"{problem}: gap {gap:E2}";
        // What the row says of itself.
        if (!(value - optimum <= ((1.01 * bound) + OfOptimum) * Math.Max(Math.Abs(value), Math.Abs(optimum)) + (1e-9 * problem.Scale())))
            yield return $"{problem}: gap {gap:E2}, said to be at most {bound:E2}";
        if (!(violation <= LargestViolation))
            yield return $"{problem}: violation {violation:E2}";
    }

    private static ImplicitModel Dictionary(ConvexProblem problem, DictionarySolver solver) => BuiltIn.Dictionary(
        Single(problem.A),
        Single(problem.Transform ?? [.. Enumerable.Range(0, problem.Size).Select(i => Enumerable.Range(0, problem.Size).Select(j => i == j ? 1.0 : 0).ToArray())]),
        new ImplicitDictionaryOptions { Solver = solver },
        float64);

    private static float[,] Single(double[][] rows)
    {
        var matrix = new float[rows.Length, rows[0].Length];
        for (var i = 0; i < rows.Length; i++)
            for (var j = 0; j < rows[0].Length; j++)
                matrix[i, j] = (float)rows[i][j];
        return matrix;
    }
}
