using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>Every splitting of min ‖Kx‖₁ s.t. Ax = d against a solution found by enumeration; a new splitting is one more line.</summary>
internal sealed class SplittingLaws
{
    private const int N = 6;
    private const int M = 3;
    private static readonly FixedPointOptions Tight = new() { MaxIterations = 200_000, ResidualTolerance = 1e-11, CheckEvery = 50 };

    private sealed record Problem(Tensor K, Tensor A, L1Term Sparsity, FidelityTerm Fidelity, LinearizedAdmm Admm)
    {
        public static Problem Create(int seed)
        {
            var (K, A) = (Tensors.Random(seed, N, N), Tensors.Random(seed + 1000, M, N));
            K = K / linalg.svdvals(K).max();
            var (transform, measurement) = (new MatrixOperator(K), new MatrixOperator(A));
            var (sparsity, fidelity) = (new L1Term("Sparsity", transform), new FidelityTerm("Fidelity", measurement));
            var steps = StepSizes.FromNormBound(new StackedOperator(transform, measurement), 2);
            return new Problem(K, A, sparsity, fidelity, new LinearizedAdmm(sparsity, fidelity, null, steps));
        }
    }

    private static readonly (string Name, Func<Problem, Splitting> Create)[] Splittings =
    [
        ("linearised ADMM", p => p.Admm),
        ("affine Douglas-Rachford", p => new AffineDouglasRachford(p.Admm, new MeasurementGeometry(p.A))),
    ];

    private static IEnumerable<TestCaseData> Cases() =>
        from s in Splittings from seed in new[] { 1, 2, 3 } select new TestCaseData(s.Create, seed).SetArgDisplayNames(s.Name, $"{seed}");

    [TestCaseSource(nameof(Cases))]
    public void Fixed_point_solves_the_linear_program(object create, int seed)
    {
        using var scope = NewDisposeScope();
        var problem = Problem.Create(seed);
        var splitting = ((Func<Problem, Splitting>)create)(problem);
        var d = Tensors.Random(seed + 50, 4, M);
        var solve = FixedPointSolver.Solve(splitting, d, Tight, problem.Fidelity);
        var x = splitting.Inference(solve.State, d);
        Assert.That(solve.Status, Is.All.EqualTo(SolveStatus.Converged));
        Assert.That(problem.Fidelity.PropertyValue(x, d).max().ToDouble(), Is.LessThan(1e-6));
        var values = Tensors.Values(problem.Sparsity.PropertyValue(x, d));
        for (var row = 0; row < 4; row++)
            Assert.That(values[row], Is.EqualTo(OptimalValue(problem, d[row])).Within(1e-6));
    }

    /// <summary>
    /// A minimiser lies at a vertex: N − M entries of Kx vanish. Their systems are few enough to solve all.
    /// </summary>
    private static double OptimalValue(Problem problem, Tensor d)
    {
        var best = double.PositiveInfinity;
        for (var mask = 0; mask < 1 << N; mask++)
        {
            if (System.Numerics.BitOperations.PopCount((uint)mask) != N - M)
                continue;
            var zeroRows = Enumerable.Range(0, N).Where(i => (mask >> i & 1) == 1).Select(i => (long)i).ToArray();
            var system = cat([problem.A, problem.K.index_select(0, tensor(zeroRows))], 0);
            if (Math.Abs(linalg.det(system).ToDouble()) < 1e-12)
                continue;
            var right = cat([d, zeros(N - M, dtype: ScalarType.Float64)], 0);
            var x = mv(linalg.inv(system), right);
            best = Math.Min(best, mv(problem.K, x).abs().sum().ToDouble());
        }

        return best;
    }

    [TestCaseSource(nameof(Cases))]
    public void Steps_change_nothing_they_are_given(object create, int seed)
    {
        using var scope = NewDisposeScope();
        var splitting = ((Func<Problem, Splitting>)create)(Problem.Create(seed));
        var d = Tensors.Random(seed, 2, M);
        var state = splitting.Step(splitting.Initialize(d), d);
        var before = state.Tensors.Select(t => t.clone()).ToArray();
        var first = splitting.Step(state, d);
        var second = splitting.Step(state, d);
        for (var k = 0; k < before.Length; k++)
        {
            Assert.That(Tensors.MaxDifference(state.Tensors[k], before[k]), Is.EqualTo(0));
            Assert.That(Tensors.MaxDifference(first.Tensors[k], second.Tensors[k]), Is.EqualTo(0));
        }
    }

    [Test]
    public void A_fixed_point_of_the_exact_steps_is_one_of_linearised_admm()
    {
        using var scope = NewDisposeScope();
        var problem = Problem.Create(4);
        using var exact = new AffineDouglasRachford(problem.Admm, new MeasurementGeometry(problem.A));
        var d = Tensors.Random(60, 3, M);
        var solve = FixedPointSolver.Solve(exact, d, Tight with { ResidualTolerance = 1e-13 });
        var state = exact.ToAdmm(solve.State, d);
        var next = problem.Admm.Step(state, d);
        for (var k = 0; k < next.Tensors.Count; k++)
            Assert.That(Tensors.MaxDifference(next.Tensors[k], state.Tensors[k]), Is.LessThan(1e-8), $"variable {k}");
    }

    [Test]
    public void A_ball_and_a_box_are_kept_and_the_value_is_minimal()
    {
        using var scope = NewDisposeScope();
        var problem = Problem.Create(5);
        var truth = Tensors.Random(61, 1, N).clamp(-0.5, 0.5);
        var d = mm(truth, problem.A.t());
        var (ball, box) = (new FidelityTerm("Fidelity", problem.Fidelity.Operator, 0.1), new BoxTerm("Box", N, -0.5, 0.5));
        var admm = new LinearizedAdmm(problem.Sparsity, ball, box, problem.Admm.Steps);
        var solve = FixedPointSolver.Solve(admm, d, Tight, null);
        var x = admm.Inference(solve.State, d);
        Assert.That(ball.PropertyValue(x, d).ToDouble(), Is.LessThan(0.1 + 1e-7));
        Assert.That(box.PropertyValue(x, d).ToDouble(), Is.LessThan(1e-9));
        // No feasible point near by has a smaller value: the problem is convex, so none anywhere has.
        var value = problem.Sparsity.PropertyValue(x, d).ToDouble();
        for (var i = 0; i < 3000; i++)
        {
            var other = x + (Tensors.Random(1000 + i, 1, N) * Math.Pow(10, -1 - (i % 4)));
            if (box.PropertyValue(other, d).ToDouble() == 0 && ball.PropertyValue(other, d).ToDouble() <= 0.1)
                Assert.That(problem.Sparsity.PropertyValue(other, d).ToDouble(), Is.GreaterThan(value - 1e-6));
        }
    }

    [Test]
    public void Unfit_compositions_are_refused()
    {
        using var scope = NewDisposeScope();
        var p = Problem.Create(6);
        Assert.That(() => new LinearizedAdmm(p.Sparsity, p.Fidelity, null, p.Admm.Steps with { Beta = p.Admm.Steps.Beta * 1.1 }), Throws.ArgumentException.With.Message.Contains("αβ‖S‖² ≤ 1"));
        Assert.That(() => new LinearizedAdmm(p.Sparsity, p.Fidelity, null, p.Admm.Steps with { Lambda = p.Admm.Steps.Lambda * 1.1 }), Throws.ArgumentException.With.Message.Contains("αλ ≤ 1"));
        Assert.That(() => new LinearizedAdmm(p.Sparsity, p.Fidelity, p.Sparsity, p.Admm.Steps), Throws.ArgumentException.With.Message.Contains("identity"));
        var ball = new LinearizedAdmm(p.Sparsity, new FidelityTerm("F", p.Fidelity.Operator, 0.1), null, p.Admm.Steps);
        Assert.That(() => new AffineDouglasRachford(ball, new MeasurementGeometry(p.A)), Throws.ArgumentException.With.Message.Contains("δ = 0"));
    }

    [Test]
    public void The_attached_gradient_is_that_of_one_step_of_linearised_admm()
    {
        using var scope = NewDisposeScope();
        var problem = Problem.Create(7);
        using var exact = new AffineDouglasRachford(problem.Admm, new MeasurementGeometry(problem.A));
        var d = Tensors.Random(62, 2, M);
        var fixedPoint = exact.ToAdmm(FixedPointSolver.Solve(exact, d, Tight).State, d);
        var target = Tensors.Random(63, 2, N);

        double Loss(Tensor K)
        {
            var sparsity = new L1Term("Sparsity", new MatrixOperator(K, normBound: 1.0001));
            var step = new LinearizedAdmm(sparsity, problem.Fidelity, null, problem.Admm.Steps with { Beta = problem.Admm.Steps.Beta * 0.99 }).Step(fixedPoint, d);
            return (((AdmmState)step).X - target).pow(2).sum().ToDouble();
        }

        var parameter = nn.Parameter(problem.K.clone());
        var trained = new LinearizedAdmm(new L1Term("Sparsity", new MatrixOperator(parameter, normBound: 1.0001)), problem.Fidelity, null, problem.Admm.Steps with { Beta = problem.Admm.Steps.Beta * 0.99 });
        var x = JacobianFree.Attach(trained, fixedPoint, d);
        (x - target).pow(2).sum().backward();
        var gradient = Tensors.Values(parameter.grad!);
        const double h = 1e-6;
        for (var entry = 0; entry < gradient.Length; entry += 5)
        {
            var shift = zeros(N * N, dtype: ScalarType.Float64);
            shift[entry] = h;
            var numeric = (Loss(problem.K + shift.reshape(N, N)) - Loss(problem.K - shift.reshape(N, N))) / (2 * h);
            Assert.That(gradient[entry], Is.EqualTo(numeric).Within(1e-4 * Math.Max(1, Math.Abs(numeric))));
        }
    }
}
