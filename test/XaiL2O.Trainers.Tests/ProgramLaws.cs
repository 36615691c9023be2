using Google.OrTools.LinearSolver;

namespace XaiL2O.Trainers.Tests;

/// <summary>What <see cref="QuadraticProgram"/> says is true: against an interior-point method, GLOP and PDLP, and by certificates that are checked here anew.</summary>
internal sealed class ProgramLaws
{
    /// <summary>One problem.</summary>
    public sealed record Problem(string Name, int Kind, double[,]? H, double[,] C, double[] G, double[] L, double[] U)
    {
        public override string ToString() => Name;

        public ProgramSolution Solve() => new QuadraticProgram(H, C).Solve(G, L, U);

        public bool IsLinear => H is not null && H.Cast<double>().All(v => v == 0);

        public int Size => G.Length;
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static double[] Vector(Random random, int n) => [.. Enumerable.Range(0, n).Select(_ => Normal(random))];

    private static double[,] Matrix(Random random, int m, int n)
    {
        var matrix = new double[m, n];
        for (var i = 0; i < m; i++)
            for (var j = 0; j < n; j++)
                matrix[i, j] = Normal(random);
        return matrix;
    }

    private static double[] Row(double[,] C, int i) => [.. Enumerable.Range(0, C.GetLength(1)).Select(j => C[i, j])];

    private static double[] Product(double[,] C, double[] x) => [.. Enumerable.Range(0, C.GetLength(0)).Select(i => InteriorPoint.Dot(Row(C, i), x))];

    private static double[] Transposed(double[,] C, double[] y)
    {
        var x = new double[C.GetLength(1)];
        for (var i = 0; i < y.Length; i++)
            for (var j = 0; j < x.Length; j++)
                x[j] += C[i, j] * y[i];
        return x;
    }

    private static double Norm(double[] v) => Math.Sqrt(v.Sum(a => a * a));

    /// <summary>Random problems around a feasible point, with what makes solvers stumble: every kind by turns.</summary>
    private static IEnumerable<Problem> Random(int count, bool linear)
    {
        for (var k = 0; k < count; k++)
        {
            var random = new Random(1000 + k);
            var n = 1 + random.Next(k % 10 == 9 ? 60 : 12);
            var m = random.Next(2 * n + 3);
            var C = Matrix(random, m, n);
            var x = Vector(random, n);
            var kind = k % 12;
            for (var i = 0; i < m; i++)
            {
                var factor = kind switch
                {
                    1 => Math.Pow(10, (12 * random.NextDouble()) - 6), // scales far apart
                    2 when i % 3 == 2 => 0, // no normal
                    _ => 1,
                };
                for (var j = 0; j < n; j++)
                {
                    C[i, j] = kind switch
                    {
                        3 when i % 2 == 1 => C[i - 1, j], // repeated
                        4 when i >= 2 && i % 3 == 2 => C[i - 1, j] - (2 * C[i - 2, j]), // dependent
                        5 => Math.Round(C[i, j]), // whole numbers, many ties
                        6 when i < n => i == j ? 1 : 0, // bounds of single numbers
                        7 when i % 2 == 1 => C[i - 1, j] + (1e-5 * C[i, j]), // nearly parallel
                        _ => factor * C[i, j],
                    };
                }
            }

            if (kind == 5)
                x = [.. x.Select(v => Math.Round(v))];
            var value = Product(C, x);
            var (l, u) = (new double[m], new double[m]);
            for (var i = 0; i < m; i++)
            {
                var size = Norm(Row(C, i));
                var isVertex = kind is 5 or 8; // every constraint holds at x: degenerate
                (l[i], u[i]) = (kind == 3 ? i / 2 : i) switch
                {
                    var c when c % 4 == 0 && c < 2 * n / 3 && kind != 8 => (value[i], value[i]),
                    var c when c % 4 == 1 => (value[i] - (isVertex ? 0 : size * random.NextDouble()), double.PositiveInfinity),
                    var c when c % 4 == 2 => (double.NegativeInfinity, value[i] + (isVertex ? 0 : size * random.NextDouble())),
                    _ => (value[i] - (size * random.NextDouble()), value[i] + (isVertex ? 0 : size * random.NextDouble())),
                };
                if (kind == 9 && i % 5 == 0)
                    (l[i], u[i]) = (double.NegativeInfinity, double.PositiveInfinity);
            }

            var far = kind == 10 ? 1e6 : 1;
            var g = Vector(random, n).Select(v => 3 * far * v).ToArray();
            double[,]? H = null;
            if (linear)
            {
                H = new double[n, n];
                // A gradient that some multipliers make: the problem is bounded.
                var y = Enumerable.Range(0, m).Select(i => l[i] == u[i] ? Normal(random) : random.NextDouble() * (double.IsFinite(l[i]) ? 1 : double.IsFinite(u[i]) ? -1 : 0)).ToArray();
                g = Transposed(C, y);
            }
            else if (k % 2 == 1)
            {
                var root = Matrix(random, k % 4 == 1 ? n + 2 : (n + 1) / 2, n);
                H = new double[n, n];
                for (var i = 0; i < n; i++)
                    for (var j = 0; j < n; j++)
                        H[i, j] = Enumerable.Range(0, root.GetLength(0)).Sum(r => root[r, i] * root[r, j]);
                if (k % 4 == 3)
                    g = Transposed(root, Vector(random, root.GetLength(0))); // bounded though H is singular
            }

            yield return new Problem($"{(linear ? "LP" : "QP")} {k}: n = {n}, m = {m}, kind {kind}", kind, H, C, g, l, u);
        }
    }

    private static readonly Problem[] Quadratic = [.. Random(240, false)];

    private static readonly Problem[] Linear = [.. Random(240, true)];

    private static void CheckOptimality(Problem problem, ProgramSolution s)
    {
        var size = Norm(s.X) + (problem.IsLinear ? 0 : Norm(problem.G));
        var value = Product(problem.C, s.X);
        for (var i = 0; i < value.Length; i++)
        {
            var scale = 1e-8 * (Norm(Row(problem.C, i)) * size);
            Assert.That(value[i], Is.GreaterThanOrEqualTo(problem.L[i] - scale - 1e-8 * Math.Abs(problem.L[i])).And.LessThanOrEqualTo(problem.U[i] + scale + 1e-8 * Math.Abs(problem.U[i])), $"{problem}: constraint {i}");
            if (s.Multipliers[i] > 0)
                Assert.That(value[i], Is.EqualTo(problem.L[i]).Within(scale + 1e-8 * Math.Abs(problem.L[i])), $"{problem}: complementarity {i}");
            if (s.Multipliers[i] < 0)
                Assert.That(value[i], Is.EqualTo(problem.U[i]).Within(scale + 1e-8 * Math.Abs(problem.U[i])), $"{problem}: complementarity {i}");
            if (s.Active[i] == ActiveBound.None)
                Assert.That(s.Multipliers[i], Is.Zero);
        }

        var Hx = problem.H is null ? s.X : Product(problem.H, s.X);
        var Cy = Transposed(problem.C, s.Multipliers);
        var rest = Hx.Select((h, j) => h + problem.G[j] - Cy[j]).ToArray();
        var parts = s.Multipliers.Select((y, i) => Math.Abs(y) * Norm(Row(problem.C, i))).Append(Norm(problem.G)).Append(Norm(Hx)).Max();
        Assert.That(Norm(rest), Is.LessThanOrEqualTo(1e-8 * parts), $"{problem}: stationarity");
    }

    /// <summary>The optimal value by the interior-point method, in x and slacks.</summary>
    private static double InteriorOptimum(Problem problem)
    {
        var n = problem.Size;
        var bounded = Enumerable.Range(0, problem.L.Length).Where(i => Norm(Row(problem.C, i)) > 0).ToArray();
        var slacks = bounded.Sum(i => problem.L[i] == problem.U[i] ? 0 : (double.IsFinite(problem.L[i]) ? 1 : 0) + (double.IsFinite(problem.U[i]) ? 1 : 0));
        var total = n + slacks;
        var Q = Enumerable.Range(0, total).Select(i => Enumerable.Range(0, total).Select(j => i < n && j < n ? problem.H is null ? (i == j ? 1.0 : 0) : problem.H[i, j] : 0).ToArray()).ToArray();
        var c = problem.G.Concat(new double[slacks]).ToArray();
        List<double[]> E = [];
        List<double> f = [];
        var next = n;
        foreach (var i in bounded)
        {
            var size = Norm(Row(problem.C, i));
            void Add(double bound, double slack)
            {
                var row = new double[total];
                for (var j = 0; j < n; j++)
                    row[j] = problem.C[i, j] / size;
                if (slack != 0)
                    row[next++] = slack;
                E.Add(row);
                f.Add(bound / size);
            }

            if (problem.L[i] == problem.U[i])
            {
                Add(problem.L[i], 0);
                continue;
            }

            if (double.IsFinite(problem.L[i]))
                Add(problem.L[i], -1);
            if (double.IsFinite(problem.U[i]))
                Add(problem.U[i], 1);
        }

        var x = InteriorPoint.Solve(Q, c, [.. E], [.. f], [.. Enumerable.Range(0, total).Select(i => i >= n)])[..n];
        var Hx = problem.H is null ? x : Product(problem.H, x);
        return (0.5 * InteriorPoint.Dot(x, Hx)) + InteriorPoint.Dot(problem.G, x);
    }

    private static (Solver.ResultStatus Status, double Value) Glop(Problem problem)
    {
        using var solver = Solver.CreateSolver("GLOP");
        var x = solver.MakeNumVarArray(problem.Size, double.NegativeInfinity, double.PositiveInfinity);
        for (var i = 0; i < problem.L.Length; i++)
        {
            var size = Norm(Row(problem.C, i));
            if (size == 0)
                continue;
            var constraint = solver.MakeConstraint(problem.L[i] / size, problem.U[i] / size);
            for (var j = 0; j < problem.Size; j++)
                constraint.SetCoefficient(x[j], problem.C[i, j] / size);
        }

        for (var j = 0; j < problem.Size; j++)
            solver.Objective().SetCoefficient(x[j], problem.G[j]);
        solver.SetSolverSpecificParametersAsString("primal_feasibility_tolerance: 1e-10 dual_feasibility_tolerance: 1e-10");
        var status = solver.Solve();
        return (status, status == Solver.ResultStatus.OPTIMAL ? solver.Objective().Value() : double.NaN);
    }

    [TestCaseSource(nameof(Quadratic))]
    public void Solutions_of_quadratic_programs_are_those_of_an_interior_point_method(Problem problem)
    {
        var s = problem.Solve();
        Assert.That(s.Status, Is.EqualTo(ProgramStatus.Solved), $"residual {s.Residual}");
        CheckOptimality(problem, s);
        // The other method needs well-conditioned constraints.
        if (problem.Kind == 7)
            return;
        Assert.That(s.Objective, Is.EqualTo(InteriorOptimum(problem)).Within(1e-6 * (Math.Abs(s.Objective) + (Norm(problem.G) * (1 + Norm(s.X))))));
    }

    [TestCaseSource(nameof(Linear))]
    public void Solutions_of_linear_programs_are_those_of_Glop(Problem problem)
    {
        var s = problem.Solve();
        Assert.That(s.Status, Is.EqualTo(ProgramStatus.Solved), $"residual {s.Residual}");
        CheckOptimality(problem, s);
        var (status, value) = Glop(problem);
        Assert.That(status, Is.EqualTo(Solver.ResultStatus.OPTIMAL));
        Assert.That(s.Objective, Is.EqualTo(value).Within(1e-7 * (Math.Abs(value) + (Norm(problem.G) * Norm(s.X)) + 1e-9)));
    }

    /// <summary>Feasible problems with one more constraint that some of the others contradict.</summary>
    private static IEnumerable<Problem> Contradictory()
    {
        foreach (var (problem, k) in Quadratic.Concat(Linear.Take(120)).Where(p => p.Kind is not (2 or 7)).Select((p, k) => (p, k)))
        {
            var random = new Random(k);
            var rows = Enumerable.Range(0, problem.L.Length).Where(i => Norm(Row(problem.C, i)) > 0 && (double.IsFinite(problem.L[i]) || double.IsFinite(problem.U[i]))).OrderBy(_ => random.Next()).Take(1 + random.Next(3)).ToArray();
            if (rows.Length == 0)
                continue;
            var (n, m) = (problem.Size, problem.L.Length);
            var C = new double[m + 1, n];
            Array.Copy(problem.C, C, problem.C.Length);
            var (least, size) = (0.0, 0.0);
            foreach (var i in rows)
            {
                var weight = (0.5 + random.NextDouble()) / Norm(Row(problem.C, i)) * (double.IsFinite(problem.L[i]) ? 1 : -1);
                for (var j = 0; j < n; j++)
                    C[m, j] += weight * problem.C[i, j];
                least += weight * (weight > 0 ? problem.L[i] : problem.U[i]);
                size += Math.Abs(weight * (weight > 0 ? problem.L[i] : problem.U[i]));
            }

            var gap = Math.Pow(10, -(k % 6)) * (Norm(Row(C, m)) + size);
            yield return problem with { Name = $"{problem.Name}, gap {k % 6}", C = C, L = [.. problem.L, double.NegativeInfinity], U = [.. problem.U, least - gap] };
        }
    }

    [TestCaseSource(nameof(Contradictory))]
    public void Contradictions_are_proved_and_named(Problem problem)
    {
        var s = problem.Solve();
        Assert.That(s.Status, Is.EqualTo(ProgramStatus.Infeasible));
        Assert.That(s.X, Is.All.NaN);
        var y = s.Infeasibility!;
        var value = y.Select((v, i) => v == 0 ? 0 : v * (v > 0 ? problem.L[i] : problem.U[i])).Sum();
        Assert.That(value, Is.Positive);
        // What is left of yᵀC could only matter for points a hundred times as far away as any of the problem.
        Assert.That(Norm(Transposed(problem.C, y)) * 100 * (1 + Norm(problem.G)), Is.LessThan(value));
        Assert.That(s.Conflict, Is.EqualTo(Enumerable.Range(0, y.Length).Where(i => y[i] != 0)));
        Assert.That(s.Conflict, Does.Contain(y.Length - 1));
        // Without any one of them the others hold together.
        foreach (var left in s.Conflict)
        {
            int[] others = [.. s.Conflict.Where(i => i != left)];
            var C = new double[others.Length, problem.Size];
            foreach (var (i, k) in others.Select((i, k) => (i, k)))
                for (var j = 0; j < problem.Size; j++)
                    C[k, j] = problem.C[i, j];
            var rest = problem with { H = new double[problem.Size, problem.Size], C = C, G = new double[problem.Size], L = [.. others.Select(i => problem.L[i])], U = [.. others.Select(i => problem.U[i])] };
            Assert.That(Glop(rest).Status, Is.EqualTo(Solver.ResultStatus.OPTIMAL));
        }
    }

    [Test]
    public void Objectives_without_an_end_have_a_ray()
    {
        var found = 0;
        foreach (var problem in Linear.Concat(Quadratic.Where(q => q.H is not null)))
        {
            var random = new Random(found);
            var unbounded = problem with { G = Vector(random, problem.Size) };
            var s = unbounded.Solve();
            if (problem.IsLinear)
                Assert.That(s.Status == ProgramStatus.Unbounded, Is.EqualTo(Glop(unbounded).Status != Solver.ResultStatus.OPTIMAL), $"{problem}: {s.Status}, residual {s.Residual}");
            else
                Assert.That(s.Status, Is.AnyOf(ProgramStatus.Solved, ProgramStatus.Unbounded), problem.ToString());
            if (s.Status != ProgramStatus.Unbounded)
            {
                CheckOptimality(unbounded, s);
                continue;
            }

            found++;
            var d = s.Ray!;
            Assert.That(Norm(d), Is.EqualTo(1).Within(1e-12));
            Assert.That(InteriorPoint.Dot(d, unbounded.G), Is.Negative);
            Assert.That(Norm(Product(problem.H!, d)), Is.LessThan(1e-7 * (1 + Norm(problem.H!.Cast<double>().ToArray()))));
            foreach (var (value, i) in Product(problem.C, d).Select((v, i) => (v, i)))
            {
                var size = 1e-8 * Norm(Row(problem.C, i));
                Assert.That(value, Is.GreaterThanOrEqualTo(double.IsFinite(problem.L[i]) ? -size : double.NegativeInfinity).And.LessThanOrEqualTo(double.IsFinite(problem.U[i]) ? size : double.PositiveInfinity));
            }
        }

        Assert.That(found, Is.GreaterThan(40));
    }

    [Test]
    public void Batches_and_warm_starts_change_nothing()
    {
        var (n, m, rows) = (20, 30, 64);
        var random = new Random(3);
        var C = Matrix(random, m, n);
        double[][] gs = [.. Enumerable.Range(0, rows).Select(_ => Vector(random, n))];
        double[] l = [.. Enumerable.Range(0, m).Select(i => i < 8 ? 0.1 : -0.2)], u = [.. Enumerable.Range(0, m).Select(i => i < 8 ? 0.1 : 0.3)];
        var program = new QuadraticProgram(null, C);
        var all = program.SolveAll(gs, [l], [u]);
        Assert.That(all.Select(s => s.Status), Is.All.EqualTo(ProgramStatus.Solved));
        var again = program.SolveAll(gs, [l], [u], all);
        for (var row = 0; row < rows; row++)
        {
            var one = new QuadraticProgram(null, C).Solve(gs[row], l, u);
            Assert.That(one.X, Is.EqualTo(all[row].X));
            Assert.That(one.Multipliers, Is.EqualTo(all[row].Multipliers));
            Assert.That(again[row].X, Is.EqualTo(all[row].X).Within(1e-13));
            Assert.That(again[row].Active, Is.EqualTo(all[row].Active));
            Assert.That(again[row].Iterations, Is.Zero);
        }

        // A start from a row that has nothing to do with it ends in the same place.
        var other = program.SolveAll(gs, [l], [u], [.. all.Reverse()]);
        for (var row = 0; row < rows; row++)
            Assert.That(other[row].X, Is.EqualTo(all[row].X).Within(1e-12));
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => program.SolveAll(gs, [l], [u], null, stop.Token));
    }

    [Test]
    public void Small_cases_are_solved_by_hand()
    {
        static ProgramSolution Solve(double[,]? H, double[,] C, double[] g, double[] l, double[] u) => new QuadraticProgram(H, C).Solve(g, l, u);
        const double none = double.PositiveInfinity;
        // Nothing to satisfy.
        Assert.That(Solve(null, new double[0, 2], [1, -2], [], []).X, Is.EqualTo((double[])[-1, 2]));
        Assert.That(Solve(new double[2, 2], new double[0, 2], [0, 0], [], []).Status, Is.EqualTo(ProgramStatus.Solved));
        Assert.That(Solve(new double[2, 2], new double[0, 2], [0, -3], [], []).Ray, Is.EqualTo((double[])[0, 1]));
        // The nearest point of a simplex, with its multipliers: x = (0.75, 0.25, 0).
        var simplex = Solve(null, new double[,] { { 1, 1, 1 }, { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } }, [-1, -0.5, 1], [1, 0, 0, 0], [1, none, none, none]);
        Assert.That(simplex.X, Is.EqualTo((double[])[0.75, 0.25, 0]).Within(1e-15));
        Assert.That(simplex.Multipliers, Is.EqualTo((double[])[-0.25, 0, 0, 1.25]).Within(1e-15));
        Assert.That(simplex.Active, Is.EqualTo((ActiveBound[])[ActiveBound.Equality, ActiveBound.None, ActiveBound.None, ActiveBound.Lower]));
        // A linear program: the better of two goods under a budget.
        var budget = Solve(new double[2, 2], new double[,] { { 1, 1 }, { 1, 0 }, { 0, 1 } }, [-3, -2], [-none, 0, 0], [4, none, 3]);
        Assert.That(budget.X, Is.EqualTo((double[])[4, 0]).Within(1e-14));
        Assert.That(budget.Multipliers, Is.EqualTo((double[])[-3, 0, 0]).Within(1e-12).Or.EqualTo((double[])[-3, 0, 1]).Within(1e-12));
        Assert.That(budget.Objective, Is.EqualTo(-12).Within(1e-12));
        // Bounds that cross, a normal of zeros.
        Assert.That(Solve(null, new double[,] { { 1, 0 }, { 0, 1 } }, [0, 0], [0, 2], [1, 1]).Conflict, Is.EqualTo((int[])[1]));
        Assert.That(Solve(null, new double[,] { { 0, 0 } }, [0, 0], [-1], [1]).Status, Is.EqualTo(ProgramStatus.Solved));
        var empty = Solve(null, new double[,] { { 1, 0 }, { 0, 0 } }, [0, 0], [0, 1], [1, 2]);
        Assert.That((empty.Status, empty.Conflict.Single(), empty.Infeasibility![1]), Is.EqualTo((ProgramStatus.Infeasible, 1, 1.0)));
        // Equalities that say the same, and one that says otherwise.
        Assert.That(Solve(null, new double[,] { { 1, 1 }, { 2, 2 }, { -1, -1 } }, [0, 0], [1, 2, -1], [1, 2, -1]).X, Is.EqualTo((double[])[0.5, 0.5]).Within(1e-15));
        Assert.That(Solve(null, new double[,] { { 1, 1 }, { 1, 0 }, { 2, 2 } }, [0, 0], [1, 0, 3], [1, 0, 3]).Conflict, Is.EqualTo((int[])[0, 2]));
        // Numbers that are none.
        foreach (var bad in (double[])[double.NaN, double.PositiveInfinity, double.NegativeInfinity])
            Assert.That(Solve(null, new double[,] { { 1, 0 } }, [bad, 0], [0], [1]).Status, Is.EqualTo(ProgramStatus.InvalidData));
        Assert.That(Solve(null, new double[,] { { 1, 0 } }, [0, 0], [double.NaN], [1]).Status, Is.EqualTo(ProgramStatus.InvalidData));
        Assert.That(Solve(null, new double[,] { { 1, 0 } }, [0, 0], [none], [none]).Status, Is.EqualTo(ProgramStatus.InvalidData));
        Assert.That(Solve(null, new double[,] { { 1, 0 } }, [0, 0], [-none], [-none]).X, Is.All.NaN);
    }

    [Test]
    public void Matrices_that_make_no_program_are_refused()
    {
        void Refused(Func<object> make, string text) => Assert.That(Assert.Catch<ArgumentException>(() => make())!.Message, Does.Contain(text));
        Refused(() => new QuadraticProgram(null, new double[0, 0]), "no columns");
        Refused(() => new QuadraticProgram(new double[2, 3], new double[0, 3]), "must be 3×3");
        Refused(() => new QuadraticProgram(new double[,] { { 1, 2 }, { 0, 1 } }, new double[0, 2]), "entry (1, 0)");
        Refused(() => new QuadraticProgram(new double[,] { { 1, 2 }, { 2, 1 } }, new double[0, 2]), "not positive semidefinite");
        Refused(() => new QuadraticProgram(new double[,] { { -1, 0 }, { 0, 1 } }, new double[0, 2]), "at least 0");
        Refused(() => new QuadraticProgram(null, new double[,] { { double.NaN } }), "NaN");
        Refused(() => QuadraticProgram.OfDiagonal([1, -1], new double[0, 2]), "at least 0");
        Refused(() => QuadraticProgram.OfDiagonal([1], new double[0, 2]), "2 columns");
        var program = new QuadraticProgram(null, new double[1, 2]);
        Refused(() => program.Solve([1], [0], [0]), "gradient has 1 values; the program needs 2");
        Refused(() => program.SolveAll([[1, 1]], [[0, 0]], [[0]]), "lower[0] has 2 values");
        Refused(() => program.SolveAll([[1, 1]], [[0], [0]], [[0]]), "one for all");
    }

    /// <summary>50 numbers, 20 equalities and 30 inequalities with right-hand sides of their own; every tenth problem is made infeasible.</summary>
    [Test]
    public void Projections_onto_polyhedra_are_exact_and_contradictions_are_found()
    {
        var (n, rows) = (50, 1000);
        var random = new Random(7);
        var C = Matrix(random, 51, n);
        // The last constraint is the sum of five others.
        for (var j = 0; j < n; j++)
            C[50, j] = C[20, j] + C[21, j] + C[22, j] + C[0, j] + C[1, j];
        var (gs, ls, us) = (new double[rows][], new double[rows][], new double[rows][]);
        for (var row = 0; row < rows; row++)
        {
            var feasible = Product(C, Vector(random, n));
            gs[row] = [.. Vector(random, n).Select(v => -2 * v)];
            ls[row] = [.. feasible.Select((v, i) => i < 20 ? v : v - random.NextDouble())];
            us[row] = [.. feasible.Select((v, i) => i < 20 ? v : double.PositiveInfinity)];
            if (row % 10 == 0)
                (ls[row][50], us[row][50]) = (double.NegativeInfinity, ls[row][20] + ls[row][21] + ls[row][22] + ls[row][0] + ls[row][1] - Math.Pow(10, -(row / 10 % 6)));
        }

        var all = new QuadraticProgram(null, C).SolveAll(gs, ls, us);
        for (var row = 0; row < rows; row++)
        {
            var s = all[row];
            Assert.That(s.Status, Is.EqualTo(row % 10 == 0 ? ProgramStatus.Infeasible : ProgramStatus.Solved), $"row {row}");
            if (row % 10 == 0)
            {
                Assert.That(s.Conflict, Is.EqualTo((int[])[0, 1, 20, 21, 22, 50]));
                continue;
            }

            var problem = new Problem($"row {row}", 0, null, C, gs[row], ls[row], us[row]);
            CheckOptimality(problem, s);
            var value = Product(C, s.X);
            Assert.That(value.Select((v, i) => Math.Max(ls[row][i] - v, v - us[row][i])).Max(), Is.LessThan(1e-8));
            if (row % TestRun.Sized(50, 1) != 1 % TestRun.Sized(50, 1))
                continue;
            var distance = Math.Sqrt((2 * s.Objective) + InteriorPoint.Dot(gs[row], gs[row]));
            using var pdlp = new PdlpProgram(C, gs[row], ls[row], us[row], 1e-9);
            Assert.That(Math.Sqrt((2 * pdlp.Solve()) + InteriorPoint.Dot(gs[row], gs[row])), Is.EqualTo(distance).Within(1e-6 * distance));
            Assert.That(Math.Sqrt((2 * InteriorOptimum(problem)) + InteriorPoint.Dot(gs[row], gs[row])), Is.EqualTo(distance).Within(1e-6 * distance));
        }
    }
}
