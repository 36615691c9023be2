using System.Collections.Concurrent;
using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>What every splitting owes the solver. A new problem is one more line in <see cref="Problems"/>.</summary>
internal sealed class SplittingLaws : TorchLaws
{
    private static readonly SmallProblem[] Problems =
    [
        new("square K, n = 6", 6, 3, 6, 1),
        new("tall K, n = 6", 6, 3, 9, 2),
        new("K with fewer rows than unknowns left", 8, 3, 6, 3),
        new("square K, n = 8", 8, 4, 8, 4),
        new("tall K, n = 8", 8, 5, 12, 5),
        new("n = 12", 12, 8, 12, 16),
        new("one unknown left", 6, 5, 8, 7),
        new("dependent columns", 8, 4, 9, 18) { CommonNullVector = true },
        new("box", 6, 3, 6, 9) { Box = (-0.5, 1) },
        new("tight box, tall K", 6, 3, 9, 10) { Box = (0, 0.6) },
        new("half-line", 6, 3, 8, 11) { Box = (0, double.PositiveInfinity) },
        new("ball", 8, 4, 9, 12) { Radius = 0.1 },
        new("wide ball", 8, 4, 9, 13) { Radius = 0.6 },
        new("ball and box", 6, 3, 8, 14) { Radius = 0.1, Box = (-0.5, 1) },
        new("ball around everything", 8, 4, 9, 15) { Radius = 1.5 },
    ];

    private static readonly ConcurrentDictionary<SmallProblem, (Instance Instance, AdmmState State)> Fixed = new();

    private static readonly SmallProblem[] Equalities = [.. Problems.Where(p => p.Radius == 0)];

    /// <summary>The problems that exact steps take.</summary>
    private static readonly SmallProblem[] Exact = [.. Equalities.Where(p => p.Box is null)];

    /// <summary>Every splitting on every problem that it takes.</summary>
    private static readonly Case<(Splitting Splitting, Instance Instance)>[] Splittings =
    [
        .. Problems.Select(p => new Case<(Splitting, Instance)>($"linearised ADMM, {p}", () => p.Make() is var i ? (i.Admm, i) : default)),
        .. Problems.Select(p => new Case<(Splitting, Instance)>($"preconditioned ADMM, {p}", () => p.Make() is var i ? (i.Preconditioned(), i) : default)),
        .. Exact.Select(p => new Case<(Splitting, Instance)>($"Douglas–Rachford, {p}", () => p.Make() is var i ? (i.Exact(), i) : default)),
        .. Problems.Select(p => new Case<(Splitting, Instance)>($"primal–dual, {p}", () => p.Make() is var i ? (i.PrimalDual(), i) : default)),
        .. Problems.Take(4).Select(p => new Case<(Splitting, Instance)>($"proximal gradient, {p}", () => p.Make() is var i ? (i.Lasso(), i) : default)),
    ];

    [TestCaseSource(nameof(Splittings))]
    public void Steps_change_no_argument_and_repeat(Case<(Splitting Splitting, Instance Instance)> splittings)
    {
        var (splitting, instance) = splittings.Make();
        var d = instance.Data;
        var state = splitting.Step(splitting.Step(splitting.Initialize(d), d), d);
        var (before, data) = (state.Tensors.Select(t => t.clone()).ToArray(), d.clone());
        var next = splitting.Step(state, d);
        _ = splitting.Inference(state, d);
        _ = splitting.Optimality(state, next, d);
        var again = splitting.Step(state, d);
        Assert.Multiple(() =>
        {
            Assert.That(Gap(d, data), Is.Zero);
            for (var k = 0; k < before.Length; k++)
            {
                Assert.That(Gap(state.Tensors[k], before[k]), Is.Zero, $"argument {k} was changed");
                Assert.That(Gap(next.Tensors[k], again.Tensors[k]), Is.Zero, $"result {k} does not repeat");
            }
        });
    }

    [TestCaseSource(nameof(Splittings))]
    public void Steps_and_residuals_mix_no_rows(Case<(Splitting Splitting, Instance Instance)> splittings)
    {
        var (splitting, instance) = splittings.Make();
        static Tensor Row(Tensor t) => t.slice(0, 1, 2, 1);
        var d = instance.Data;
        var state = splitting.Step(splitting.Initialize(d), d);
        var next = splitting.Step(state, d);
        var (stateRow, nextRow) = (state.Map(Row), splitting.Step(state.Map(Row), Row(d)));
        Assert.Multiple(() =>
        {
            for (var k = 0; k < next.Tensors.Count; k++)
                Assert.That(Gap(nextRow.Tensors[k], Row(next.Tensors[k])), Is.LessThan(1e-13));
            var (one, all) = (splitting.Optimality(stateRow, nextRow, Row(d)), splitting.Optimality(state, next, d));
            foreach (var (a, b) in ((Tensor, Tensor)[])[(one.Primal, all.Primal), (one.Dual, all.Dual), (one.Gap, all.Gap)])
                Assert.That(Gap(a, Row(b)), Is.LessThan(1e-10 * (1 + b.abs().max().ToDouble())));
            Assert.That(Gap(splitting.Inference(nextRow, Row(d)), Row(splitting.Inference(next, d))), Is.LessThan(1e-13));
        });
    }

    [TestCaseSource(nameof(Splittings))]
    public void States_rebuild_from_their_tensors(Case<(Splitting Splitting, Instance Instance)> splittings)
    {
        var (splitting, instance) = splittings.Make();
        var state = splitting.Initialize(instance.Data);
        Assert.That(state.With(state.Tensors), Is.EqualTo(state));
    }

    [Test]
    public void Linearised_ADMM_reaches_the_optimal_value([ValueSource(nameof(Equalities))] SmallProblem problem)
    {
        var (instance, state) = Solved(problem);
        AssertOptimalValue(instance, state.X);
    }

    [Test]
    public void Exact_steps_reach_the_optimal_value([ValueSource(nameof(Exact))] SmallProblem problem)
    {
        var instance = problem.Make();
        using var exact = instance.Exact();
        AssertOptimalValue(instance, exact.Inference(Solve(exact, instance), instance.Data));
    }

    /// <summary>These conditions are sufficient: (14) is convex.</summary>
    [Test]
    public void Linearised_ADMM_ends_in_a_KKT_point([ValueSource(nameof(Problems))] SmallProblem problem)
    {
        var (instance, state) = Solved(problem);
        AssertKkt(state, instance, 1e-7);
    }

    [Test]
    public void Exact_steps_end_in_a_KKT_point_and_a_fixed_point_of_ADMM([ValueSource(nameof(Exact))] SmallProblem problem)
    {
        var instance = problem.Make();
        using var exact = instance.Exact();
        var state = (AdmmState)exact.ToProblem(Solve(exact, instance), instance.Data);
        AssertKkt(state, instance, 1e-7);
        var next = instance.Admm.Step(state, instance.Data);
        Assert.Multiple(() =>
        {
            for (var k = 0; k < state.Tensors.Count; k++)
                Assert.That(Gap(next.Tensors[k], state.Tensors[k]), Is.LessThan(1e-8), $"tensor {k} moves");
        });
    }

    /// <summary>The box's block of the duals is what h's optimality leaves over, so the KKT test reads it from x.</summary>
    [Test]
    public void Preconditioned_ADMM_ends_in_a_KKT_point([ValueSource(nameof(Problems))] SmallProblem problem, [Values(1, 50)] double strength)
    {
        var instance = problem.Make();
        var admm = instance.Preconditioned(strength);
        var end = (AdmmState)Solve(admm, instance);
        AssertKkt(end with { Nu1 = end.Nu1.narrow(1, 0, problem.Transform), X = admm.Inference(end, instance.Data) }, instance, 1e-7);
    }

    [Test]
    public void Preconditioner_and_h_are_refused_together()
    {
        var instance = Problems[8].Make();
        var admm = instance.Preconditioned();
        Assert.That(
            () => new LinearizedAdmm(instance.Admm.F, instance.Admm.Fidelity, instance.Admm.H, instance.Admm.Steps, admm.Preconditioner),
            Throws.ArgumentException.With.Message.Contains("StackedTerm"));
        Assert.That(
            () => new LinearizedAdmm(instance.Admm.F, instance.Admm.Fidelity, null, instance.Admm.Steps, new GramPreconditioner(new IdentityOperator(3), 1, float64)),
            Throws.ArgumentException.With.Message.Contains("length 3"));
    }

    [Test]
    public void Both_splittings_agree([ValueSource(nameof(Exact))] SmallProblem problem)
    {
        var (instance, state) = Solved(problem);
        using var exact = instance.Exact();
        var (x1, x2) = (state.X, exact.Inference(Solve(exact, instance), instance.Data));
        // Where x is not unique, Kx still is for these random problems.
        Assert.That(Gap(instance.K.Apply(x1), instance.K.Apply(x2)), Is.LessThan(1e-6));
        if (!problem.CommonNullVector && problem.Transform >= problem.Signal - problem.Data)
            Assert.That(Gap(x1, x2), Is.LessThan(1e-5));
    }

    [Test]
    public void Primal_dual_reaches_the_optimal_value([ValueSource(nameof(Problems))] SmallProblem problem)
    {
        var (instance, state) = Solved(problem);
        var splitting = instance.PrimalDual();
        var x = splitting.Inference(Solve(splitting, instance), instance.Data);
        AssertNoneAbove(Violation(instance, x), 1e-7, "infeasible");
        Assert.That(Gap(instance.Objective(x), instance.Objective(state.X)), Is.LessThan(1e-6));
    }

    [Test]
    public void No_feasible_point_is_better([ValueSource(nameof(Problems))] SmallProblem problem)
    {
        var (instance, state) = Solved(problem);
        var x = state.X;
        var best = instance.Objective(x);
        using var geometry = new MeasurementGeometry(instance.A.Matrix);
        for (var trial = 0; trial < 200; trial++)
        {
            var direction = Normal(1000 + trial, x.shape);
            if (problem.Radius == 0)
                direction = mm(mm(direction, geometry.NullBasis), geometry.NullBasis.t());
            var candidate = x + (Math.Pow(10, -(trial % 6)) * direction);
            var feasible = Violation(instance, candidate).le(1e-9);
            var gain = where(feasible, best - instance.Objective(candidate), zeros_like(best));
            AssertNoneAbove(gain, 1e-6, "a feasible neighbour is better");
        }
    }

    [Test]
    public void Step_sizes_do_not_change_the_answer([Values(0.5, 2, 10)] double alpha)
    {
        var (instance, state) = Solved(Problems[1] with { Alpha = alpha });
        AssertOptimalValue(instance, state.X);
        using var exact = instance.Exact();
        AssertOptimalValue(instance, exact.Inference(Solve(exact, instance), instance.Data));
    }

    [Test]
    public void Exact_inference_satisfies_the_measurements_at_every_iterate([ValueSource(nameof(Exact))] SmallProblem problem)
    {
        var instance = problem.Make();
        using var exact = instance.Exact();
        var state = exact.Initialize(instance.Data);
        for (var i = 0; i < 5; i++)
        {
            state = exact.Step(state, instance.Data);
            Assert.That(Gap(instance.A.Apply(exact.Inference(state, instance.Data)), instance.Data), Is.LessThan(1e-10));
        }
    }

    [Test]
    public void Zero_data_stay_at_zero([ValueSource(nameof(Exact))] SmallProblem problem)
    {
        var instance = problem.Make();
        using var exact = instance.Exact();
        var d = zeros_like(instance.Data);
        foreach (var splitting in (Splitting[])[instance.Admm, exact])
        {
            var start = splitting.Initialize(d);
            var next = splitting.Step(start, d);
            Assert.That(Values(splitting.Inference(next, d)), Has.All.Zero);
            Assert.That(Values(splitting.Optimality(start, next, d).Largest), Has.All.Zero);
        }
    }

    private static readonly Case<(string Message, StepSizes Steps)>[] BadSteps =
    [
        new("α = 0", () => ("Step sizes are positive", new StepSizes(0, 0.1, 0.1))),
        new("β < 0", () => ("Step sizes are positive", new StepSizes(1, -0.1, 0.1))),
        new("λ is NaN", () => ("Step sizes are positive", new StepSizes(1, 0.1, double.NaN))),
        new("αλ > 1", () => ("αλ ≤ 1", new StepSizes(2, 0.1, 0.51))),
        new("αβ‖S‖² > 1", () => ("αβ‖S‖² ≤ 1", new StepSizes(2, 0.13, 0.5))),
        new("β = ∞", () => ("αβ‖S‖² ≤ 1", new StepSizes(2, double.PositiveInfinity, 0.5))),
    ];

    [TestCaseSource(nameof(BadSteps))]
    public void Violating_steps_are_refused(Case<(string Message, StepSizes Steps)> bad)
    {
        var (message, steps) = bad.Make();
        var doubled = new MatrixOperator(2 * eye(3, dtype: float64));
        Assert.That(() => steps.Validate(doubled), Throws.ArgumentException.With.Message.Contains(message));
        Assert.That(
            () => new LinearizedAdmm(new L1Term("S", doubled), new FidelityTerm("F", new MatrixOperator(ones(1, 3, dtype: float64))), null, steps),
            Throws.ArgumentException.With.Message.Contains(message));
    }

    [Test]
    public void Largest_steps_are_allowed_and_nothing_beyond([Values(1e-3, 1, 40)] double alpha)
    {
        var S = new StackedOperator(Matrix(1, 4, 6), Matrix(2, 3, 6));
        var steps = StepSizes.FromNormBound(S, alpha);
        Assert.Multiple(() =>
        {
            Assert.That(() => steps.Validate(S), Throws.Nothing);
            Assert.That(() => (steps with { Beta = steps.Beta.Value * 1.001 }).Validate(S), Throws.ArgumentException);
            Assert.That(() => (steps with { Lambda = steps.Lambda.Value * 1.001 }).Validate(S), Throws.ArgumentException);
        });
    }

    private static Tensor Eye(long rows, long columns) => eye(rows, columns, dtype: float64);

    private static LinearizedAdmm Plain(LinearOperator? transform = null, double radius = 0, IProximable? h = null) => new(
        new L1Term("S", transform ?? new MatrixOperator(Eye(4, 4))),
        new FidelityTerm("F", new MatrixOperator(Eye(2, 4)), radius),
        h,
        new StepSizes(1, 0.1, 1));

    private static readonly Case<(string Message, Action Construct)>[] Refusals =
    [
        new("exact steps with a ball", () => ("δ = 0", () => _ = new AffineDouglasRachford(Plain(radius: 0.1), new MeasurementGeometry(Eye(2, 4))))),
        new("exact steps with h", () => ("h = 0", () => _ = new AffineDouglasRachford(Plain(h: new BoxTerm("B", 4, 0, 1)), new MeasurementGeometry(Eye(2, 4))))),
        new("exact steps with K = I", () => ("MatrixOperator", () => _ = new AffineDouglasRachford(Plain(new IdentityOperator(4)), new MeasurementGeometry(Eye(2, 4))))),
        new("h of another length", () => ("h takes vectors of length 5", () => Plain(h: new BoxTerm("B", 5, 0, 1)))),
        new("h with a transform", () => ("operator must be the identity", () => Plain(h: new L1Term("S", new MatrixOperator(Eye(4, 4)))))),
        new("K and M of different inputs", () => ("5 and 4 differ", () => Plain(new MatrixOperator(Eye(5, 5))))),
        new("α = 0", () => ("α", () => StepSizes.FromNormBound(new IdentityOperator(2), 0))),
        new("α = ∞", () => ("α", () => StepSizes.FromNormBound(new IdentityOperator(2), double.PositiveInfinity))),
        new("square measurement", () => ("nothing to learn", () => _ = new MeasurementGeometry(Eye(3, 3)))),
        new("tall measurement", () => ("4 rows and 3 columns", () => _ = new MeasurementGeometry(Eye(4, 3)))),
        new("dependent measurements", () => ("linearly dependent", () => _ = new MeasurementGeometry(ones(2, 4, dtype: float64)))),
        new("zero measurement", () => ("linearly dependent", () => _ = new MeasurementGeometry(zeros(2, 4, dtype: float64)))),
    ];

    [TestCaseSource(nameof(Refusals))]
    public void Refusals_name_the_cause(Case<(string Message, Action Construct)> refusals)
    {
        var (message, construct) = refusals.Make();
        Assert.That(() => construct(), Throws.InstanceOf<ArgumentException>().With.Message.Contains(message));
    }

    [Test]
    public void Measurement_geometry_inverts_and_spans([Values(1, 3, 6)] int rows)
    {
        var M = Normal(3, rows, 7);
        using var geometry = new MeasurementGeometry(M);
        Assert.Multiple(() =>
        {
            Assert.That(Gap(mm(M, geometry.PseudoInverse), Eye(rows, rows)), Is.LessThan(1e-12));
            Assert.That(mm(M, geometry.NullBasis).abs().max().ToDouble(), Is.LessThan(1e-12));
            Assert.That(Gap(mm(geometry.NullBasis.t(), geometry.NullBasis), Eye(7 - rows, 7 - rows)), Is.LessThan(1e-12));
            Assert.That(mm(geometry.NullBasis.t(), geometry.PseudoInverse).abs().max().ToDouble(), Is.LessThan(1e-12));
            Assert.That(geometry.Norm, Is.EqualTo(linalg.norm(M, 2).ToDouble()).Within(1e-12));
        });
    }

    /// <summary>Iterates until nothing moves; not the solver of the product, which has laws of its own.</summary>
    private static SplittingState Solve(Splitting splitting, Instance instance)
    {
        using var scope = NewDisposeScope();
        var state = splitting.Initialize(instance.Data).Map(t => t.clone());
        var change = double.PositiveInfinity;
        for (var i = 0; i < 600 && change > 1e-13; i++)
        {
            using var inner = NewDisposeScope();
            for (var j = 0; j < 99; j++)
                state = splitting.Step(state, instance.Data);
            var next = splitting.Step(state, instance.Data);
            change = state.Tensors.Zip(next.Tensors, Gap).Max();
            state = next.Map(t => t.clone().MoveToOuterDisposeScope());
        }

        Assert.That(change, Is.LessThan(1e-11), "no fixed point was reached");
        return state.Map(t => t.MoveToOuterDisposeScope());
    }

    /// <summary>A problem with the fixed point of linearised ADMM, found once for all tests.</summary>
    private static (Instance Instance, AdmmState State) Solved(SmallProblem problem) => Fixed.GetOrAdd(problem, _ =>
    {
        var instance = problem.Make();
        var state = Solve(instance.Admm, instance).Map(t => t.DetachFromDisposeScope());
        return (instance with { Data = instance.Data.DetachFromDisposeScope(), NullVector = instance.NullVector?.DetachFromDisposeScope() }, (AdmmState)state);
    });

    private static void AssertOptimalValue(Instance instance, Tensor x)
    {
        AssertNoneAbove(Violation(instance, x), 1e-7, "infeasible");
        Assert.That(Values(instance.Objective(x)), Is.EqualTo(instance.ReferenceValues()).Within(1e-6));
    }

    /// <summary>How far x is from the constraints of a problem, row by row.</summary>
    private static Tensor Violation(Instance instance, Tensor x)
    {
        var violation = (instance.A.Apply(x) - instance.Data).norm(1) - (instance.Problem.Radius * instance.Data.norm(1));
        if (instance.Problem.Box is not { } box)
            return violation;
        return violation.maximum((box.Lower - x).amax([1])).maximum((x - box.Upper).amax([1]));
    }

    /// <summary>Feasibility, ν₁ ∈ ∂‖·‖₁(Kx), ν₂ normal to the ball at Ax, −(Kᵀν₁ + Aᵀν₂) normal to the box at x.</summary>
    private static void AssertKkt(AdmmState state, Instance instance, double tolerance)
    {
        var (_, _, ν1, ν2, x) = state;
        var (K, A) = (instance.K.Matrix, instance.A.Matrix);
        var (Kx, Ax) = (mm(x, K.t()), mm(x, A.t()));
        var reduced = mm(ν1, K) + mm(ν2, A);
        Assert.Multiple(() =>
        {
            AssertNoneAbove(Violation(instance, x), tolerance, "infeasible");
            AssertNoneAbove(ν1.abs(), 1 + tolerance, "|ν₁| ≤ 1");
            AssertNoneAbove((Dot(ν1, Kx) - Kx.abs().sum(1)).abs(), tolerance, "⟨ν₁, Kx⟩ = ‖Kx‖₁");
            // The support function of the ball at ν₂ is attained at Ax.
            var support = Dot(ν2, instance.Data) + (instance.Problem.Radius * instance.Data.norm(1) * ν2.norm(1));
            AssertNoneAbove((support - Dot(ν2, Ax)).abs(), tolerance, "ν₂ is normal to the ball");
            if (instance.Problem.Box is { } box)
            {
                AssertNoneAbove((reduced.clamp_min(0) * (x - box.Lower)).abs(), 10 * tolerance, "reduced cost > 0 only at the lower bound");
                var slack = double.IsFinite(box.Upper) ? box.Upper - x : ones_like(x);
                AssertNoneAbove((reduced.clamp_max(0) * slack).abs(), 10 * tolerance, "reduced cost < 0 only at the upper bound");
            }
            else
            {
                AssertNoneAbove(reduced.abs(), tolerance, "Kᵀν₁ + Aᵀν₂ = 0");
            }
        });
    }
}
