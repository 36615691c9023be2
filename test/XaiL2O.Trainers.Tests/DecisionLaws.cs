using Google.OrTools.LinearSolver;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>Decisions under constraints are what closed forms and independent solvers say, whatever kind a constraint is and wherever its numbers come from.</summary>
internal sealed class DecisionLaws : TorchLaws
{
    private const int N = 7;

    private static double[] Vector(Random random, int n) => [.. Enumerable.Range(0, n).Select(_ => (4 * random.NextDouble()) - 2)];

    private static ModelInference Decide(DecisionDefinition definition, params double[][] rows)
    {
        using var model = definition.CreateModel();
        return model.Infer(tensor(rows.SelectMany(r => r).ToArray()).reshape(rows.Length, definition.DataSize), definition.Solver);
    }

    private static double[][] X(ModelInference inference) => (double[][])inference.Outputs[0];

    private static DecisionDefinition Nearest(params VectorConstraint[] constraints) => new() { Size = N, Point = "p", Constraints = constraints };

    private static double[][] Points(int count) => [.. Enumerable.Range(0, count).Select(k => Vector(new Random(k), N))];

    private static double Norm(IEnumerable<double> v) => Math.Sqrt(v.Sum(a => a * a));

    private static void AssertAre(ModelInference inference, double[][] points, Func<double[], double[]> expected, double tolerance = 1e-9)
    {
        Assert.That(inference.Status, Is.All.EqualTo(SolveStatus.Converged));
        foreach (var (x, p) in X(inference).Zip(points))
            Assert.That(x, Is.EqualTo(expected(p)).Within(tolerance));
        foreach (var values in inference.PropertyValues.SkipLast(1))
            Assert.That(values, Is.All.LessThanOrEqualTo(1e-8));
        Assert.That(inference.PropertyValues[^1], Is.EqualTo(X(inference).Zip(points, (x, p) => Norm(x.Zip(p, (a, b) => a - b)))).Within(1e-12));
    }

    /// <summary>The level at which Σ max(0, |v| − level) = total.</summary>
    private static double Level(double[] v, double total)
    {
        var (low, high) = (-10.0, 10.0);
        for (var k = 0; k < 200; k++)
        {
            var middle = (low + high) / 2;
            (low, high) = v.Sum(a => Math.Max(0, a - middle)) > total ? (middle, high) : (low, middle);
        }

        return low;
    }

    [Test]
    public void Balls_that_are_points_and_solutions_of_nothing_are_solved()
    {
        var points = Points(20);
        AssertAre(Decide(Nearest(VectorConstraint.Simplex("Shares", "total"), VectorConstraint.Ball("Ball", 1)), [.. points.Select(p => (double[])[.. p, 0])]), points, _ => new double[N]);
        AssertAre(Decide(Nearest(VectorConstraint.Ball("Ball", "radius")), [.. points.Select(p => (double[])[.. p, 0])]), points, _ => new double[N]);
        var inference = Decide(Nearest(VectorConstraint.Ball("Ball", 0, 0.5)), points);
        AssertAre(inference, points, _ => [.. Enumerable.Repeat(0.5, N)]);
        // ½‖p − c‖² falls by ‖p − c‖ times the radius.
        Assert.That(((double[][])inference.Outputs[2]).Select(y => y[0]), Is.EqualTo(points.Select(p => -Norm(p.Select(v => v - 0.5)))).Within(1e-8));
        Assert.That((string[])inference.Outputs[3], Has.All.EqualTo("Ball"));
    }

    [Test]
    public void Equations_that_almost_contradict_each_other_end_no_batch()
    {
        var random = new Random(3);
        double[] first = Vector(random, N), second = Vector(random, N);
        var A = new double[3, N];
        for (var i = 0; i < N; i++)
            (A[0, i], A[1, i], A[2, i]) = (first[i], second[i], first[i] + second[i]);
        var far = new double[N];
        far[0] = 1e8;
        var inference = Decide(Nearest(VectorConstraint.Equality("Equations", A, "b"), VectorConstraint.Ball("Ball", 1e9)), [.. far, 1, 2, 3 + 5e-6], [.. Points(1)[0], 1, 2, 3]);
        Assert.That(inference.Status[0], Is.Not.EqualTo(SolveStatus.Converged));
        Assert.That(inference.Status[1], Is.EqualTo(SolveStatus.Converged));
    }

    [Test]
    public void Projections_onto_single_sets_are_their_closed_forms()
    {
        var points = Points(20);
        double[] Simplex(double[] p, double total) => [.. p.Select(v => Math.Max(0, v - Level(p, total)))];
        AssertAre(Decide(Nearest(VectorConstraint.Simplex("S")), points), points, p => Simplex(p, 1));
        AssertAre(Decide(Nearest(VectorConstraint.Bounds("Positive", 0), VectorConstraint.Sum("Total", 2.5, 2.5)), points), points, p => Simplex(p, 2.5));
        AssertAre(Decide(Nearest(VectorConstraint.Bounds("B", -0.5, Enumerable.Range(0, N).Select(i => 0.1 * i).ToArray())), points), points, p => [.. p.Select((v, i) => Math.Clamp(v, -0.5, 0.1 * i))]);
        AssertAre(Decide(Nearest(VectorConstraint.Ball("N", 1.5, 0.25)), points), points, p =>
        {
            var length = Norm(p.Select(v => v - 0.25));
            return [.. p.Select(v => 0.25 + ((v - 0.25) * Math.Min(1, 1.5 / length)))];
        });
        AssertAre(Decide(Nearest(VectorConstraint.Turnover("T", 1.5)), points), points, p =>
        {
            double[] size = [.. p.Select(Math.Abs)];
            return size.Sum() <= 1.5 ? p : [.. p.Select((v, i) => Math.Sign(v) * Simplex(size, 1.5)[i])];
        });
        // The levels of pools of adjacent violators.
        AssertAre(Decide(Nearest(VectorConstraint.Rising("R")), points), points, p =>
            [.. p.Select((_, i) => Enumerable.Range(0, i + 1).Max(from => Enumerable.Range(i, N - i).Min(to => p[from..(to + 1)].Average())))]);
        AssertAre(Decide(Nearest(VectorConstraint.Falling("F")), points), points, p =>
            [.. p.Select((_, i) => Enumerable.Range(0, i + 1).Min(from => Enumerable.Range(i, N - i).Max(to => p[from..(to + 1)].Average())))]);
        AssertAre(Decide(Nearest(VectorConstraint.GroupSums("G", [0, 0, 1, 1, 1, 2, 2], upper: new[] { 0.5, double.PositiveInfinity, -1 })), points), points, p =>
        {
            var (first, last) = (Math.Max(0, p[0] + p[1] - 0.5) / 2, Math.Max(0, p[5] + p[6] + 1) / 2);
            return [p[0] - first, p[1] - first, p[2], p[3], p[4], p[5] - last, p[6] - last];
        });
    }

    /// <summary>x is the nearest point of a convex set to p exactly where ⟨x − p, z − x⟩ ≥ 0 for all z of the set; those that are tried lie on its boundary.</summary>
    [Test]
    public void Projections_onto_several_sets_satisfy_the_variational_inequality()
    {
        var random = new Random(5);
        var (cone, rows) = (new double[4, N], new double[2, N]);
        for (var j = 0; j < N; j++)
        {
            for (var i = 0; i < 4; i++)
                cone[i, j] = (2 * random.NextDouble()) - 1;
            (rows[0, j], rows[1, j]) = (1, j - 3);
        }

        var definition = Nearest(
            VectorConstraint.Cone("Risk", cone, 0.8, 0.1), VectorConstraint.Ball("Ball", 0.9), VectorConstraint.Turnover("Turnover", 2.2, 0.1), VectorConstraint.Bounds("Bounds", -0.3, 0.5),
            VectorConstraint.Equality("Totals", rows, new[] { 0.7, 0.2 }));
        var points = Points(60);
        var inference = Decide(definition, points);
        Assert.That(inference.Status, Is.All.EqualTo(SolveStatus.Converged));
        Assert.That(inference.PropertyValues.SkipLast(1).SelectMany(v => v), Is.All.LessThan(1e-8));
        var x = X(inference);
        foreach (var (a, p) in x.Zip(points))
            foreach (var z in x)
                Assert.That(a.Select((v, i) => (v - p[i]) * (z[i] - v)).Sum(), Is.GreaterThan(-1e-7));
        // Every constraint is active somewhere.
        Assert.That(((string[])inference.Outputs[3]).SelectMany(t => t.Split("; ")).Distinct(), Is.EquivalentTo((string[])["Risk", "Ball", "Turnover", "Bounds", "Totals"]));
    }

    [Test]
    public void Numbers_of_columns_are_those_of_constants()
    {
        var random = new Random(2);
        double[] p = Vector(random, N), price = [.. Vector(random, N).Select(v => 3 + v)], upper = [.. Vector(random, N).Select(v => 2.5 + v)], weights = [.. Vector(random, N).Select(v => 2.5 + v)], from = Vector(random, N);
        var constants = new DecisionDefinition
        {
            Size = N, Point = "p", Weights = weights, Costs = 0.1, QuadraticDiagonal = 0.5, ChangeCosts = 0.3, ChangesFrom = from,
            Constraints = [VectorConstraint.LinearByRow("Budget", price, 1, upper: 4.0), VectorConstraint.Bounds("Capacity", 0, upper), VectorConstraint.Ball("Ball", 1.0, 0.2), VectorConstraint.Turnover("Turnover", 12.0, from)],
        };
        var columns = new DecisionDefinition
        {
            Size = N, Point = "p", Weights = "weights", Costs = RowNumbers.OfColumn("cost", isSingle: true), QuadraticDiagonal = RowNumbers.OfColumn("diagonal", isSingle: true), ChangeCosts = RowNumbers.OfColumn("change", isSingle: true), ChangesFrom = "from",
            Constraints =
            [
                VectorConstraint.LinearByRow("Budget", "price", 1, upper: "budget"), VectorConstraint.Bounds("Capacity", RowNumbers.OfColumn("zero", isSingle: true), "upper"),
                VectorConstraint.Ball("Ball", "radius", RowNumbers.OfColumn("centre", isSingle: true)), VectorConstraint.Turnover("Turnover", "limit", "from"),
            ],
        };
        Assert.That(columns.Inputs.Select(c => (c.Name, c.Size)), Is.EqualTo(((string, int)[])[
            ("p", N), ("weights", N), ("cost", 1), ("diagonal", 1), ("change", 1), ("from", N), ("price", N), ("budget", 1), ("zero", 1), ("upper", N), ("radius", 1), ("centre", 1), ("limit", 1)]));
        var one = Decide(constants, p);
        var other = Decide(columns, [.. p, .. weights, 0.1, 0.5, 0.3, .. from, .. price, 4, 0, .. upper, 1, 0.2, 12]);
        Assert.That(one.Status[0], Is.EqualTo(SolveStatus.Converged), ((string[])one.Outputs[4])[0]);
        Assert.That(X(other)[0], Is.EqualTo(X(one)[0]).Within(1e-12));
        Assert.That(((double[])other.Outputs[1])[0], Is.EqualTo(((double[])one.Outputs[1])[0]).Within(1e-12));
        Assert.That(((double[][])other.Outputs[2])[0], Is.EqualTo(((double[][])one.Outputs[2])[0]).Within(1e-9));
        Assert.That(((double[][])one.Outputs[2])[0], Has.Length.EqualTo(1 + N + 1 + 1));
        // The objective is better than at feasible points nearby.
        double Objective(double[] x) => x.Select((v, i) => (0.5 * weights[i] * (v - p[i]) * (v - p[i])) + (0.1 * v) + (0.25 * v * v) + (0.3 * Math.Abs(v - from[i]))).Sum();
        Assert.That(((double[])one.Outputs[1])[0], Is.EqualTo(Objective(X(one)[0])).Within(1e-12));
        foreach (var q in Points(200))
        {
            var feasible = X(Decide(constants, [.. q.Select((v, i) => (0.01 * v) + X(one)[0][i])]))[0];
            Assert.That(Objective(feasible), Is.GreaterThan(Objective(X(one)[0]) - 1e-9));
        }
    }

    [Test]
    public void Allocations_with_linear_and_absolute_costs_are_those_of_Glop()
    {
        var definition = new DecisionDefinition
        {
            Size = N, Costs = "cost", ChangeCosts = 0.4, ChangesFrom = "held",
            Constraints = [VectorConstraint.Simplex("Shares", 1), VectorConstraint.Bounds("Most", upper: 0.35), VectorConstraint.Turnover("Turnover", 0.9, "held")],
        };
        for (var k = 0; k < 30; k++)
        {
            var random = new Random(k);
            var cost = Vector(random, N);
            double[] held = [.. Enumerable.Range(0, N).Select(_ => random.NextDouble())];
            held = [.. held.Select(v => v / held.Sum())];
            var decided = Decide(definition, [.. cost, .. held]);
            using var solver = Solver.CreateSolver("GLOP");
            var (x, t) = (solver.MakeNumVarArray(N, 0, 0.35), solver.MakeNumVarArray(N, 0, 10));
            solver.Add(x.Aggregate(new LinearExpr(), (sum, v) => sum + v) == 1);
            solver.Add(t.Aggregate(new LinearExpr(), (sum, v) => sum + v) <= 0.9);
            for (var i = 0; i < N; i++)
            {
                solver.Add(t[i] - x[i] >= -held[i]);
                solver.Add(t[i] + x[i] >= held[i]);
                solver.Objective().SetCoefficient(x[i], cost[i]);
                solver.Objective().SetCoefficient(t[i], 0.4);
            }

            var best = solver.Solve();
            Assert.That(decided.Status[0], Is.EqualTo(best == Solver.ResultStatus.OPTIMAL ? SolveStatus.Converged : SolveStatus.Infeasible));
            if (best == Solver.ResultStatus.OPTIMAL)
                Assert.That(((double[])decided.Outputs[1])[0], Is.EqualTo(solver.Objective().Value()).Within(1e-8));
        }
    }

    [Test]
    public void Contradictions_are_named_and_rows_do_not_influence_each_other()
    {
        var definition = Nearest(
            VectorConstraint.Simplex("Shares", "total"), VectorConstraint.Bounds("Capacity", upper: 0.2), VectorConstraint.Ball("Ball", "radius"), VectorConstraint.Rising("Order"));
        var p = Points(1)[0];
        double[][] rows = [[.. p, 1, 9], [.. p, 2, 9], [.. p, 1, 0.1], [.. p, double.NaN, 1], [.. p, 1, -1], [double.PositiveInfinity, .. p[1..], 1, 1], [.. p, 1, double.PositiveInfinity]];
        var all = Decide(definition, rows);
        Assert.That(all.Status, Is.EqualTo((SolveStatus[])[SolveStatus.Converged, SolveStatus.Infeasible, SolveStatus.Infeasible, SolveStatus.InvalidData, SolveStatus.Infeasible, SolveStatus.InvalidData, SolveStatus.Converged]));
        Assert.That((string[])all.Outputs[4], Is.EqualTo((string[])["", "Shares; Capacity", "Shares; Ball", "", "Ball", "", ""]));
        for (var row = 0; row < rows.Length; row++)
        {
            var alone = Decide(definition, rows[row]);
            Assert.That(X(alone)[0], Is.EqualTo(X(all)[row]));
            Assert.That(alone.PropertyValues.Select(v => v[0]), Is.EqualTo(all.PropertyValues.Select(v => v[row])));
            if (all.Status[row] != SolveStatus.Converged)
                Assert.That(X(all)[row], Is.All.NaN);
        }

        var endless = Decide(new DecisionDefinition { Size = 2, Costs = "c", Constraints = [VectorConstraint.Bounds("Least", 0)] }, [1, 2], [1, -2]);
        Assert.That(endless.Status, Is.EqualTo((SolveStatus[])[SolveStatus.Converged, SolveStatus.Unbounded]));
        Assert.That(((string[])endless.Outputs[4])[1], Is.Empty);
        // A ball gives an end.
        var ended = Decide(new DecisionDefinition { Size = 2, Costs = "c", Constraints = [VectorConstraint.Ball("Ball", 5)] }, [[3, -4]]);
        Assert.That(X(ended)[0], Is.EqualTo((double[])[-3, 4]).Within(1e-9));
        Assert.That(((double[][])ended.Outputs[2])[0][0], Is.EqualTo(-5).Within(1e-9));
    }

    [Test]
    public void Definitions_that_do_not_fit_together_are_refused_by_name()
    {
        void Refused(DecisionDefinition definition, string text) => Assert.That(Assert.Catch<ArgumentException>(() => definition.CreateModel())!.Message, Does.Contain(text));
        Refused(Nearest(VectorConstraint.Bounds("B", new double[3])), "'B'");
        Refused(Nearest(VectorConstraint.Bounds("B")), "'B' of kind Bounds has no bound");
        Refused(Nearest(VectorConstraint.Ball("B", -1)), "it must lie in [0");
        Refused(Nearest(VectorConstraint.Linear("L", new double[2, 3], upper: 1)), "vectors of 3 numbers");
        Refused(Nearest(VectorConstraint.LinearByRow("L", new double[5], 2, upper: 1)), "'L'");
        Refused(Nearest(VectorConstraint.Bounds("B", 0), VectorConstraint.Sum("B", 0)), "two are named 'B'");
        Refused(Nearest(VectorConstraint.Bounds("DistanceMoved", 0)), "DistanceMoved");
        Refused(Nearest(VectorConstraint.Sum("S", "p")), "'p' is read as 1 and as 7");
        Refused(Nearest(VectorConstraint.Sum("S", double.NaN)), "NaN");
        Refused(new DecisionDefinition { Size = 0, Constraints = [] }, "Size = 0");
        Refused(new DecisionDefinition { Size = 2, Constraints = [], Costs = 1 }, "No column is read");
        Refused(new DecisionDefinition { Size = 2, Constraints = [], Costs = "c", Weights = 1 }, "Point");
        Refused(new DecisionDefinition { Size = 2, Constraints = [], Costs = "c", Quadratic = new double[,] { { 1, 2 }, { 2, 1 } } }, "not positive semidefinite");
        Refused(new DecisionDefinition { Size = 2, Constraints = [], Costs = "c", QuadraticDiagonal = -1 }, "QuadraticDiagonal has the value -1");
    }
}
