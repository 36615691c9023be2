using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>The bound on the distance from the solution of strongly convex problems, against solutions by coordinate descent, which shares no code with any splitting.</summary>
internal sealed class SolutionDistanceLaws : TorchLaws
{
    /// <summary>½‖Ax − d‖² + λ‖x‖₁ + ρ/2·‖x‖², with bounds on x or without.</summary>
    private sealed record Problem(double[,] A, double[] D, double Sparsity, double Ridge, double? Lower, double? Upper)
    {
        public int Size => A.GetLength(1);

        public static Problem Random(Random random, int k)
        {
            var (m, n) = k % 3 == 0 ? (12, 8) : (8, 14);
            var (A, d) = (new double[m, n], new double[m]);
            var unit = Math.Pow(10, (k % 5) - 2);
            for (var i = 0; i < m; i++)
            {
                for (var j = 0; j < n; j++)
                    A[i, j] = (float)(random.NextDouble() - 0.5 + (k % 2 == 0 && j > 0 ? 0.9 * A[i, j - 1] : 0)); // columns alike
                d[i] = unit * (random.NextDouble() - 0.5);
            }

            // Where A is injective, a problem without ridge is strongly convex too.
            var ridge = k % 3 == 0 && k % 2 == 0 ? 0 : Math.Pow(10, -(k % 4));
            return (k % 4) switch
            {
                0 => new(A, d, 0.05 * unit, ridge, null, null),
                1 => new(A, d, 0.05 * unit, ridge, 0, null),
                2 => new(A, d, 0, ridge, -0.2 * unit, 0.3 * unit),
                _ => new(A, d, 0, ridge, null, null),
            };
        }

        public double[] Solve()
        {
            var (m, x) = (D.Length, new double[Size]);
            double[] residual = [.. D];
            for (var sweep = 0; sweep < 200_000; sweep++)
            {
                var change = 0.0;
                for (var j = 0; j < x.Length; j++)
                {
                    var (square, product) = (0.0, 0.0);
                    for (var i = 0; i < m; i++)
                    {
                        square += A[i, j] * A[i, j];
                        product += A[i, j] * residual[i];
                    }

                    var target = product + (square * x[j]);
                    var value = Math.Sign(target) * Math.Max(0, Math.Abs(target) - Sparsity) / (square + Ridge);
                    value = Math.Min(Math.Max(value, Lower ?? double.NegativeInfinity), Upper ?? double.PositiveInfinity);
                    for (var i = 0; i < m; i++)
                        residual[i] -= A[i, j] * (value - x[j]);
                    change = Math.Max(change, Math.Abs(value - x[j]));
                    x[j] = value;
                }

                if (change <= 1e-15 * x.Max(Math.Abs))
                    break;
            }

            return x;
        }
    }

    private static readonly Lazy<(int Number, Problem Problem, double[] Solution)[]> Problems = new(() =>
    {
        var random = new Random(7);
        return [.. Enumerable.Range(0, TestRun.Sized(36, 200)).Select(k => Problem.Random(random, k)).Select((p, k) => (k, p, p.Solve()))];
    });

    private sealed class Definition(Problem problem, Algorithm algorithm) : ModelDefinition
    {
        public override int DataSize => problem.D.Length;

        public override int InferenceSize => problem.Size;

        public override void Compose(ModelBuilder model)
        {
            model.Algorithm = algorithm;
            var A = new float[problem.D.Length, problem.Size];
            for (var i = 0; i < problem.D.Length; i++)
                for (var j = 0; j < problem.Size; j++)
                    A[i, j] = (float)problem.A[i, j];
            model.Add(new LeastSquaresTerm("Fidelity", model.Matrix(A)));
            if (problem.Ridge > 0)
                model.Add(new SquaredL2Term("Size", model.Identity), problem.Ridge);
            if (problem.Sparsity > 0)
                model.Add(new L1Term("Sparsity", model.Identity), problem.Sparsity);
            if (problem.Lower is { } lower)
                model.Add(problem.Upper is { } upper ? new BoxTerm("Bounds", problem.Size, lower, upper) : new NonnegativeTerm("Bounds", problem.Size));
        }
    }

    [Test]
    public void The_distance_from_the_solution_is_at_most_what_a_row_says_and_not_much_less_where_it_converged(
        [Values(Algorithm.Automatic, Algorithm.ProximalGradient, Algorithm.PrimalDual, Algorithm.DavisYin)] Algorithm algorithm, [Values] bool singlePrecision)
    {
        var (solved, known, faults, looseness) = (0, 0, new List<string>(), new List<double>());
        foreach (var (k, problem, truth) in Problems.Value)
        {
            DefinedModel model;
            try
            {
                model = new DefinedModel(new Definition(problem, algorithm), singlePrecision ? float32 : float64);
            }
            catch (ArgumentException)
            {
                continue; // not a problem that this splitting takes
            }

            using (model)
            {
                foreach (var tolerance in new[] { 1e-1, 1e-3, 1e-5 })
                {
                    var inference = model.Infer(tensor(problem.D).unsqueeze(0), new FixedPointOptions { ResidualTolerance = tolerance, FidelityTolerance = 1e-5, MaxIterations = 5_000 });
                    var distance = Math.Sqrt(inference.Inference[0].Zip(truth, (a, b) => (a - b) * (a - b)).Sum());
                    var bound = inference.Distance[0];
                    solved++;
                    if (!double.IsFinite(bound))
                        continue;
                    known++;
                    if (!(distance <= bound))
                        faults.Add($"{k}, tolerance {tolerance}: {distance:E2} from the solution, said to be {bound:E2} at most ({inference.Status[0]})");
                    if (tolerance == 1e-5 && !singlePrecision && inference.Status[0] == SolveStatus.Converged)
                        looseness.Add(bound / Math.Sqrt(truth.Sum(v => v * v)));
                }
            }
        }

        Assert.That(faults, Is.Empty, string.Join('\n', faults));
        Assert.That(known, Is.GreaterThan(0.9 * solved).And.GreaterThan(30), $"{known} of {solved}");
        if (!singlePrecision)
        {
            looseness.Sort();
            Assert.That(looseness[looseness.Count / 2], Is.LessThan(0.02), "median bound relative to the solution");
        }
    }

    /// <summary>min ½‖x‖² where ‖Ax − c‖ ≤ ρ, whose solution is Aᵀ(AAᵀ + τI)⁻¹c with the τ that keeps the bound; c is d, moved by what x violates.</summary>
    [Test]
    public void The_distance_holds_where_a_constraint_does_the_work(
        [Values(Algorithm.Automatic, Algorithm.LinearizedAdmm, Algorithm.PrimalDual)] Algorithm algorithm, [Values(0, 0.1)] double radius)
    {
        var known = 0;
        for (var k = 0; k < 20; k++)
        {
            var A = Normal(100 + k, 6, 15).to(float32).to(float64);
            var d = Normal(200 + k, 1, 6);
            var ρ = radius * d.norm().ToDouble();
            Tensor Solution(Tensor c)
            {
                Tensor Of(double τ) => mm(linalg.solve(mm(A, A.t()) + (τ * eye(6, dtype: float64)), c.t()).t(), A);
                var (low, high) = (0.0, radius == 0 ? 0.0 : 1e3);
                for (var i = 0; i < 200; i++)
                {
                    var middle = (low + high) / 2;
                    (low, high) = (mm(Of(middle), A.t()) - c).norm().ToDouble() <= ρ ? (middle, high) : (low, middle);
                }

                return Of(low);
            }

            var matrix = new float[6, 15];
            for (var i = 0; i < 6; i++)
                for (var j = 0; j < 15; j++)
                    matrix[i, j] = A[i, j].ToSingle();
            using var model = new DefinedModel(new Constrained(matrix, radius, algorithm), float64);
            foreach (var tolerance in new[] { 1e-2, 1e-5 })
            {
                var inference = model.Infer(d, new FixedPointOptions { ResidualTolerance = tolerance, MaxIterations = 20_000 });
                if (!double.IsFinite(inference.Distance[0]))
                    continue;
                known++;
                var x = tensor(inference.Inference[0]).to(float64).unsqueeze(0);
                var away = mm(x, A.t()) - d;
                var truth = Solution(away.norm().ToDouble() is var size && size > ρ ? d + (away * (1 - (ρ / size))) : d);
                var distance = (x - truth).norm().ToDouble();
                Assert.That(distance, Is.LessThanOrEqualTo(inference.Distance[0]), $"{k}, {tolerance}");
                if (tolerance == 1e-5)
                    Assert.That(inference.Distance[0], Is.LessThan(0.05 * truth.norm().ToDouble()), $"{k}");
            }
        }

        Assert.That(known, Is.GreaterThanOrEqualTo(36));
    }

    private sealed class Constrained(float[,] A, double radius, Algorithm algorithm) : ModelDefinition
    {
        public override int DataSize => A.GetLength(0);

        public override int InferenceSize => A.GetLength(1);

        public override void Compose(ModelBuilder model)
        {
            model.Algorithm = algorithm;
            model.Add(new FidelityTerm("Fidelity", model.Matrix(A), radius));
            model.Add(new SquaredL2Term("Size", model.Identity));
        }
    }

    [Test]
    public void Nothing_is_known_of_the_distance_where_the_objective_is_flat()
    {
        var problem = Problem.Random(new Random(1), 1) with { Ridge = 0, Sparsity = 0.1, Lower = null };
        using var model = new DefinedModel(new Definition(problem, Algorithm.Automatic), float64);
        Assert.That(model.Infer(tensor(problem.D).unsqueeze(0), new FixedPointOptions()).Distance[0], Is.EqualTo(double.PositiveInfinity));
    }

    /// <summary>Of terms, h − μ/2·‖x‖² is convex: along every segment h lies that much below its chord.</summary>
    [Test]
    public void Terms_bend_at_least_as_much_as_they_say()
    {
        using var tall = new MatrixOperator(Normal(1, 12, 6));
        using var pull = new MatrixOperator(Normal(2, 6, 12));
        using var small = new ScaledOperator(tall, 0.5);
        var stack = new StackedOperator(tall, small);
        var d = Normal(3, 1, 12);
        (ISmooth Term, Tensor Data)[] terms =
        [
            (new LeastSquaresTerm("Fidelity", tall), d),
            (new LeastSquaresTerm("Fidelity", tall, (Normal(4, 12).abs() + 0.1)), d),
            (new SquaredL2Term("Size", small), d),
            (new SquaredL2Term("Size", stack), d),
            (new QuadraticTerm("Prior", tall, pull), d),
            (new WeightedSmooth(new SquaredL2Term("Size", tall), 0.3), d),
            (new SmoothSum(new SquaredL2Term("Size", tall), new LeastSquaresTerm("Fidelity", tall)), d),
        ];
        foreach (var (term, data) in terms)
        {
            var μ = term.StrongConvexity;
            Assert.That(μ, Is.GreaterThan(0), term.ToString());
            var rows = data.expand(500, -1);
            var (u, v) = (Normal(5, 500, 6), Normal(6, 500, 6));
            var room = ((term.Value(u, rows)! + term.Value(v, rows)!) / 2) - term.Value((u + v) / 2, rows)! - (μ / 8 * (u - v).square().sum(1));
            Assert.That(room.min().ToDouble(), Is.GreaterThanOrEqualTo(-1e-9), term.ToString());
        }

        using var wide = new MatrixOperator(Normal(7, 4, 6));
        Assert.That(((ISmooth)new SquaredL2Term("Size", wide)).StrongConvexity, Is.Zero);
        Assert.That(tall.LowerNormBound, Is.LessThanOrEqualTo(tall.NormBound));
    }
}
