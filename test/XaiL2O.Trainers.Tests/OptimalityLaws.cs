using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>
/// A row flagged converged is solved: its objective is within 10⁻³ of what an independent solver finds, and its constraints hold to 10⁻⁶. With default
/// tolerances, on random and on awkward problems, for every splitting.
/// </summary>
public sealed class OptimalityLaws : TorchLaws
{
    private const double LargestGap = 1e-3;
    private const double LargestViolation = 1e-6;

    private sealed class Recipe(ConvexProblem problem, Algorithm algorithm) : ModelRecipe
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

    private static readonly Case<(IEnumerable<ConvexProblem> Problems, Func<ConvexProblem, ImplicitModel> Model)>[] Splittings =
    [
        new("linearised ADMM", () => (AdversarialProblems.Constrained(200, true), p => new ComposedModel(new Recipe(p, Algorithm.LinearizedAdmm), float64))),
        new("primal–dual, constraints", () => (AdversarialProblems.Constrained(200, true), p => new ComposedModel(new Recipe(p, Algorithm.PrimalDual), float64))),
        new("primal–dual, penalties", () => (AdversarialProblems.Penalised(200, true), p => new ComposedModel(new Recipe(p, Algorithm.PrimalDual), float64))),
        new("proximal gradient", () => (AdversarialProblems.Penalised(200, false), p => new ComposedModel(new Recipe(p, Algorithm.ProximalGradient), float64))),
        new("Davis–Yin", () => (AdversarialProblems.Penalised(200, true), p => new ComposedModel(new Recipe(p, Algorithm.DavisYin), float64))),
        new("automatic, constraints", () => (AdversarialProblems.Constrained(200, true), p => new ComposedModel(new Recipe(p, Algorithm.Automatic), float64))),
        new("automatic, penalties", () => (AdversarialProblems.Penalised(200, true), p => new ComposedModel(new Recipe(p, Algorithm.Automatic), float64))),
        new("automatic, one penalty", () => (AdversarialProblems.Penalised(200, false), p => new ComposedModel(new Recipe(p, Algorithm.Automatic), float64))),
        new("dictionary, exact steps", () => (AdversarialProblems.Constrained(200, false), p => Dictionary(p, DictionarySolver.ExactAdmm))),
        new("dictionary, linearised ADMM", () => (AdversarialProblems.Constrained(200, false), p => Dictionary(p, DictionarySolver.LinearizedAdmm))),
    ];

    [TestCaseSource(nameof(Splittings))]
    public void Rows_flagged_converged_are_solved(Case<(IEnumerable<ConvexProblem> Problems, Func<ConvexProblem, ImplicitModel> Model)> splitting)
    {
        var (problems, make) = splitting.Make();
        var (solved, all, iterations) = (0, 0, 0L);
        List<string> wrong = [];
        foreach (var problem in problems)
        {
            all++;
            using var scope = NewDisposeScope();
            using var model = make(problem);
            var inference = model.Infer(tensor(problem.Data).unsqueeze(0), Settings);
            if (Environment.GetEnvironmentVariable("PROBE") is not null)
            {
                var v = inference.Inference[0].Select(a => (double)a).ToArray();
                var best = problem.Optimum();
                File.AppendAllText("/tmp/probe.txt", "\n" + $"{problem.Name}: {inference.Status[0]} {inference.Iterations[0]} residual {inference.Residual[0]:E1} missing {inference.Missing[0]} gap {(problem.Objective(v) - best) / best:E1} violation {problem.Violation(v):E1}");
            }

            iterations += inference.Iterations[0];
            if (inference.Status[0] != SolveStatus.Converged)
                continue;
            solved++;
            var x = inference.Inference[0].Select(v => (double)v).ToArray();
            var (value, violation) = (problem.Objective(x), problem.Violation(x));
            if (problem.Optimum() is not { } optimum)
            {
                wrong.Add($"{problem}: converged, but nothing is feasible");
                continue;
            }

            var gap = (value - optimum) / Math.Max(Math.Abs(optimum), 1e-6 * problem.Scale());
            if (value != optimum && !(Math.Abs(gap) <= LargestGap))
                wrong.Add($"{problem}: gap {gap:E2}");
            if (!(violation <= LargestViolation))
                wrong.Add($"{problem}: violation {violation:E2}");
        }

        File.AppendAllText("/tmp/probe.txt", "\n" + $"{splitting}: {solved} of {all} converged, {iterations / all} iterations");
        Assert.That(wrong, Is.Empty, string.Join('\n', wrong));
    }

    private static FixedPointOptions Settings => new() { MaxIterations = int.Parse(Environment.GetEnvironmentVariable("ITER") ?? "10000"), AndersonMemory = int.Parse(Environment.GetEnvironmentVariable("AA") ?? "0") };

    private static ImplicitDictionaryModel Dictionary(ConvexProblem problem, DictionarySolver solver) => new(
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
