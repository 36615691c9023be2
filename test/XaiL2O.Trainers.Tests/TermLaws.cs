using TorchSharp;
using XaiL2O.Certifiers;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>A proximable term and, written down independently, the function it stands for, +∞ outside a constraint.</summary>
/// <param name="Name">Name of the case.</param>
/// <param name="Make">Makes the term; its operator's output has the length of the data.</param>
/// <param name="Function">(v, d) ↦ f(v), shape <c>[batch]</c>.</param>
/// <param name="IsConstraint">Whether f is 0 or +∞, so that the proximal operator is a projection.</param>
internal sealed record TermCase(string Name, Func<IProximable> Make, Func<Tensor, Tensor, Tensor> Function, bool IsConstraint)
{
    public override string ToString() => Name;
}

/// <summary>What every proximable term owes the splittings. A new term is one more line in <see cref="Terms"/>.</summary>
internal sealed class TermLaws : TorchLaws
{
    private const int Rows = 40;

    private static readonly TermCase[] Terms =
    [
        new("ℓ1, K = I", () => new L1Term("Sparsity", new IdentityOperator(6)), (v, _) => v.abs().sum(1), false),
        new("ℓ1, random K", () => new L1Term("Sparsity", Matrix(1, 5, 7)), (v, _) => v.abs().sum(1), false),
        new("ℓ1, weights", () => new L1Term("Sparsity", new IdentityOperator(6), weights: linspace(0.2, 2, 6, dtype: float64)), (v, _) => (v.abs() * linspace(0.2, 2, 6, dtype: float64)).sum(1), false),
        new("fidelity, δ = 0", () => new FidelityTerm("Fidelity", Matrix(2, 4, 7)), (v, d) => Indicator((v - d).norm(1)), true),
        new("fidelity, δ = 0.3", () => new FidelityTerm("Fidelity", Matrix(3, 4, 7), 0.3), (v, d) => Indicator((v - d).norm(1) - (0.3 * d.norm(1))), true),
        new("fidelity, δ = 5", () => new FidelityTerm("Fidelity", Matrix(3, 4, 7), 5), (v, d) => Indicator((v - d).norm(1) - (5 * d.norm(1))), true),
        new("fidelity, noise floor", () => new FidelityTerm("Fidelity", Matrix(3, 4, 7), 0.3, 0.2), (v, d) => Indicator(NoiseNorm(v - d, d, 0.2) - (0.3 * NoiseNorm(d, d, 0.2))), true),
        new("fidelity, high noise floor", () => new FidelityTerm("Fidelity", Matrix(3, 4, 7), 0.6, 3), (v, d) => Indicator(NoiseNorm(v - d, d, 3) - (0.6 * NoiseNorm(d, d, 3))), true),
        new("soft ball", () => new FidelityTerm("Fidelity", Matrix(3, 4, 7), 0.6, null, null, null, 0.7), (v, d) => SoftBall((v - d).norm(1), 0.6 * d.norm(1), 0.7 / d.square().mean([1])), false),
        new("soft ball, noise floor", () => new FidelityTerm("Fidelity", Matrix(3, 4, 7), 0.6, 0.2, null, null, 0.7), (v, d) => SoftBall(NoiseNorm(v - d, d, 0.2), 0.6 * NoiseNorm(d, d, 0.2), tensor(0.7)), false),
        new("box [−½, 1]", () => new BoxTerm("Box", 6, -0.5, 1), (v, _) => Indicator((v - 0.25).abs().amax([1]) - 0.75), true),
        new("box of a point", () => new BoxTerm("Box", 6, 0.2, 0.2), (v, _) => Indicator((v - 0.2).abs().amax([1])), true),
        new("trained ball", () => new FidelityTerm("Fidelity", Matrix(3, 4, 7), Coefficient.Of(tensor(0.3))), (v, d) => Indicator((v - d).norm(1) - (0.3 * d.norm(1))), true),
        new("half-line x ≥ 0", () => new BoxTerm("Box", 6, 0, double.PositiveInfinity), (v, _) => Indicator(-v.amin([1])), true),
        new("weighted ℓ1", () => new WeightedProximable(new L1Term("Sparsity", new IdentityOperator(6)), 0.4), (v, _) => 0.4 * v.abs().sum(1), false),
        new("group ℓ1", () => new GroupL1Term("Groups", new IdentityOperator(6), 3), (v, _) => v.view(-1, 2, 3).norm(2).sum(1), false),
        new("group ℓ1, interleaved, trained weight", () => new WeightedProximable(new GroupL1Term("Groups", Matrix(1, 6, 4), 2, interleaved: true), Coefficient.Of(tensor(0.3, float64))), (v, _) => 0.3 * v.view(-1, 2, 3).norm(1).sum(1), false),
        new("total variation of a signal", () => TotalVariation.OfSignal("Variation", 7), (v, _) => v.abs().sum(1), false),
        new("total variation of an image", () => TotalVariation.OfImageGradient("Variation", 3), (v, _) => v.view(-1, 2, 9).norm(1).sum(1), false),
        new("squared ℓ2", () => new SquaredL2Term("Energy", Matrix(1, 5, 7)), (v, _) => v.square().sum(1) / 2, false),
        new("least squares", () => new LeastSquaresTerm("Fidelity", Matrix(2, 4, 7)), (v, d) => (v - d).square().sum(1) / 2, false),
        new("weighted least squares", () => new LeastSquaresTerm("Fidelity", Matrix(2, 4, 7), TestWeights()), (v, d) => (TestWeights() * (v - d)).square().sum(1) / 2, false),
        new("simplex", () => new SimplexTerm("Simplex", 6), (v, _) => Indicator((v.sum(1) - 1).abs().maximum(-v.amin([1]))), true),
        new("simplex of total 2.5", () => new SimplexTerm("Simplex", 6, 2.5), (v, _) => Indicator((v.sum(1) - 2.5).abs().maximum(-v.amin([1]))), true),
        new("simplex of one entry", () => new SimplexTerm("Simplex", 1), (v, _) => Indicator((v.sum(1) - 1).abs()), true),
        new("nonnegative", () => new NonnegativeTerm("Positive", 6), (v, _) => Indicator(-v.amin([1])), true),
        new("ball", () => new BallTerm("Ball", 6, 0.7), (v, _) => Indicator(v.norm(1) - 0.7), true),
        new("ball around a point", () => new BallTerm("Ball", 4, 2, TestWeights()), (v, _) => Indicator((v - TestWeights()).norm(1) - 2), true),
        new("hyperplane", () => new HyperplaneTerm("Plane", TestWeights(), 0.3), (v, _) => Indicator(((v * TestWeights()).sum(1) - 0.3).abs()), true),
        new("half-space", () => new HalfSpaceTerm("Budget", -TestWeights(), 0.3), (v, _) => Indicator(-(v * TestWeights()).sum(1) - 0.3), true),
        new("stack", () => new StackedTerm(new L1Term("Sparsity", Matrix(1, 2, 7)), new WeightedProximable(new SquaredL2Term("Energy", Matrix(2, 3, 7)), 2)), (v, _) => v.slice(1, 0, 2, 1).abs().sum(1) + v.slice(1, 2, 5, 1).square().sum(1), false),
    ];

    /// <summary>A smooth term with its function written down independently; d has 4 entries, x has 7.</summary>
    private static readonly Case<(ISmooth Term, Func<Tensor, Tensor, Tensor> Function)>[] SmoothTerms =
    [
        new("least squares", () => Matrix(2, 4, 7) is var A ? (new LeastSquaresTerm("F", A), (x, d) => (A.Apply(x) - d).square().sum(1) / 2) : default),
        new("weighted least squares", () => Matrix(2, 4, 7) is var A ? (new LeastSquaresTerm("F", A, TestWeights()), (x, d) => (TestWeights() * (A.Apply(x) - d)).square().sum(1) / 2) : default),
        new("squared ℓ2", () => Matrix(3, 9, 7) is var K ? (new SquaredL2Term("E", K), (x, _) => K.Apply(x).square().sum(1) / 2) : default),
        new("quadratic", () => (Matrix(3, 5, 7), Matrix(4, 7, 4)) is var (W1, W2) ? (new QuadraticTerm("Q", W1, W2), (x, d) => (W1.Apply(x).square().sum(1) / 2) + (x * W2.Apply(d)).sum(1)) : default),
        new("weighted sum", () => Matrix(3, 5, 7) is var K ? (new SmoothSum(new WeightedSmooth(new SquaredL2Term("E", K), 0.3), new SquaredL2Term("I", new IdentityOperator(7))), (x, _) => (0.15 * K.Apply(x).square().sum(1)) + (x.square().sum(1) / 2)) : default),
        new("nothing", () => (new SmoothSum(), (x, _) => zeros(x.shape[0], dtype: float64))),
    ];

    /// <summary>‖r‖ up to a factor, each entry relative to a standard deviation √(d² + η²·mean d²).</summary>
    /// <summary>c·ρ²/2 up to r, and its tangent from there.</summary>
    private static Tensor SoftBall(Tensor ρ, Tensor r, Tensor c) => c * where(ρ.le(r), ρ.square() / 2, r * (ρ - (r / 2)));

    private static Tensor NoiseNorm(Tensor r, Tensor d, double η) => (r / (d.square() + (η * η * d.square().mean([1], true))).sqrt()).norm(1);

    private static Tensor TestWeights() => tensor(new[] { 0.5, 2, -1, 0.1 });

    [TestCaseSource(nameof(SmoothTerms))]
    public void Gradients_agree_with_finite_differences(Case<(ISmooth Term, Func<Tensor, Tensor, Tensor> Function)> terms)
    {
        var (term, function) = terms.Make();
        var (x, d) = (Normal(1, Rows, 7), Normal(2, Rows, 4));
        var gradient = term.Gradient(x, d);
        Assert.That(gradient.shape, Is.EqualTo(x.shape));
        for (var seed = 3; seed < 8; seed++)
        {
            var direction = Normal(seed, Rows, 7);
            var difference = (function(x + (1e-4 * direction), d) - function(x - (1e-4 * direction), d)) / 2e-4;
            Assert.That(Gap(Dot(gradient, direction), difference), Is.LessThan(1e-7));
        }
    }

    [TestCaseSource(nameof(SmoothTerms))]
    public void Values_of_smooth_terms_are_those_of_the_function(Case<(ISmooth Term, Func<Tensor, Tensor, Tensor> Function)> terms)
    {
        var (term, function) = terms.Make();
        var (x, d) = (Normal(1, Rows, 7), Normal(2, Rows, 4));
        Assert.That(Gap(term.Value(x, d)!, function(x, d)), Is.LessThan(1e-12));
    }

    /// <summary>A stack is taken apart before it is valued.</summary>
    private static readonly TermCase[] Valued = [.. Terms.Where(t => t.Make() is not StackedTerm)];

    /// <summary>A certificate that fails says what usually causes it, so every term knows.</summary>
    [Test]
    public void Every_term_says_what_usually_causes_a_violation()
    {
        var silent = typeof(Term).Assembly.GetTypes().Where(t => t is { IsAbstract: false } && t.IsSubclassOf(typeof(Term)) && t.GetProperty(nameof(Term.Cause))!.DeclaringType == typeof(Term));
        Assert.That(silent.Select(t => t.Name), Is.Empty);
    }

    [Test]
    public void Values_are_those_of_the_function_and_constraints_say_so([ValueSource(nameof(Valued))] TermCase terms)
    {
        var term = terms.Make();
        var (u, d) = (Normal(11, Rows, term.Operator.OutputSize), Normal(12, Rows, term.Operator.OutputSize));
        Assert.That(term.IsConstraint, Is.EqualTo(terms.IsConstraint));
        var value = term.Value(u, d)!;
        if (terms.IsConstraint)
            Assert.That(Values(value), Has.All.Zero);
        else
            Assert.That(Gap(value, terms.Function(u, d)), Is.LessThan(1e-12));
    }

    private static readonly TermCase[] Bounded = [.. Valued.Where(t => SolutionBound.IsBounded(t.Make()))];

    [Test]
    public void Terms_that_bound_a_solution_are_known() => Assert.That(
        Valued.Except(Bounded).Select(t => t.Name),
        Is.EquivalentTo(["half-line x ≥ 0", "nonnegative", "hyperplane", "half-space"]));

    /// <summary>No point of a level set is beyond the bound, and u = prox_f(v) attains it: v − u ∈ ∂f(u), so nothing with f ≤ f(u) is farther along v − u.</summary>
    [Test]
    public void The_least_product_over_a_level_set_is_attained([ValueSource(nameof(Bounded))] TermCase terms)
    {
        var term = (IBoundedLevels)terms.Make();
        var (v, d) = (2 * Normal(21, Rows, term.Operator.OutputSize), Normal(22, Rows, term.Operator.OutputSize));
        var u = term.Proximal(v, 1, d);
        var level = term.Value(u, d)!;
        Assert.That(Gap(term.LeastProduct(u - v, level, d), Dot(u - v, u)), Is.LessThan(1e-9));
        for (var seed = 23; seed < 30; seed++)
        {
            var s = Normal(seed, Rows, term.Operator.OutputSize);
            Assert.That(Values(Dot(s, u) - term.LeastProduct(s, level, d)), Has.All.GreaterThan(-1e-9));
        }
    }

    [Test]
    public void A_step_per_row_is_the_step_of_that_row([ValueSource(nameof(Valued))] TermCase terms)
    {
        var term = terms.Make();
        var (u, d) = (Normal(11, Rows, term.Operator.OutputSize), Normal(12, Rows, term.Operator.OutputSize));
        var steps = tensor(Enumerable.Range(0, Rows).Select(i => Math.Pow(2, (i % 5) - 2)).ToArray()).unsqueeze(1);
        foreach (var asked in (IProximable[])[term, new OneStep(term)])
        {
            var together = StepPerRow.Proximal(asked, u, steps, d);
            for (var row = 0; row < Rows; row++)
                Assert.That(Gap(together.narrow(0, row, 1), term.Proximal(u.narrow(0, row, 1), steps[row].ToDouble(), d.narrow(0, row, 1))), Is.LessThan(1e-12), $"row {row}");
        }
    }

    /// <summary>A term of a user's, which takes one step only.</summary>
    private sealed class OneStep(IProximable inner) : IProximable
    {
        public LinearOperator Operator => inner.Operator;

        public Tensor Proximal(Tensor u, Coefficient step, Tensor data) => inner.Proximal(u, step.Value, data);
    }

    [TestCaseSource(nameof(SmoothTerms))]
    public void Lipschitz_bounds_hold_and_are_at_most_twice_too_large(Case<(ISmooth Term, Func<Tensor, Tensor, Tensor> Function)> terms)
    {
        var (term, _) = terms.Make();
        var (x, d) = (Normal(1, 1, 7), Normal(2, 1, 4));
        var direction = Normal(3, 1, 7);
        var ratio = 0.0;
        for (var i = 0; i < 200; i++)
        {
            // Power iteration: the gradients here are affine.
            var change = term.Gradient(x + direction, d) - term.Gradient(x, d);
            ratio = (change.norm() / direction.norm()).ToDouble();
            direction = change / change.norm().clamp_min(1e-300);
            if (ratio == 0)
                break;
        }

        Assert.That(term.LipschitzBound, Is.InRange(ratio * (1 - 1e-9), 2.01 * ratio));
    }

    private static readonly TermCase[] Constraints = [.. Terms.Where(t => t.IsConstraint)];

    // The property value of a data ball is the distance from its centre, not from the ball.
    private static readonly TermCase[] MeasuredConstraints = [.. Constraints.Where(t => t.Make() is not FidelityTerm { Radius.Value: > 0 })];

    private static readonly double[] Steps = [0.05, 0.7, 3];

    private static Tensor Indicator(Tensor violation) => where(violation.le(1e-12), zeros_like(violation), full_like(violation, double.PositiveInfinity));

    [Test]
    public void Proximal_is_optimal([ValueSource(nameof(Terms))] TermCase terms, [ValueSource(nameof(Steps))] double step)
    {
        var term = terms.Make();
        var (u, d) = Points(term, 1);
        var optimum = term.Proximal(u, step, d);
        Tensor Objective(Tensor v) => (step * terms.Function(v, d)) + (0.5 * (v - u).square().sum(1));
        var best = Objective(optimum);
        Assert.That(Values(best), Has.All.Matches<double>(double.IsFinite), "the proximal point is outside the constraint");
        for (var trial = 0; trial < 20; trial++)
        {
            // Other proximal points are inside the constraint, and so is the way to them.
            var inside = term.Proximal(Points(term, 100 + trial).U, step, d);
            foreach (var t in (double[])[1e-3, 0.1, 1])
            {
                AssertNoneAbove(best - Objective(optimum + (t * (inside - optimum))), 1e-12, "a point inside is better");
                AssertNoneAbove(best - Objective(optimum + (t * Normal(200 + trial, u.shape))), 1e-12, "a random neighbour is better");
            }
        }
    }

    [Test]
    public void Proximal_is_firmly_nonexpansive([ValueSource(nameof(Terms))] TermCase terms, [ValueSource(nameof(Steps))] double step)
    {
        var term = terms.Make();
        var (u, d) = Points(term, 1);
        foreach (var scale in (double[])[1e-3, 1, 10])
        {
            var v = u + (scale * Normal(3, u.shape));
            var moved = term.Proximal(u, step, d) - term.Proximal(v, step, d);
            AssertNoneAbove(Dot(moved, moved) - Dot(moved, u - v), 1e-12, "‖Pu − Pv‖² > ⟨Pu − Pv, u − v⟩");
        }
    }

    [Test]
    public void Trained_radius_of_a_data_ball_has_the_derivative_of_the_projection([Values(null, 0.2)] double? noiseFloor)
    {
        var A = Matrix(3, 4, 7);
        var (u, d, along) = (2 * Normal(1, Rows, 4), Normal(2, Rows, 4), Normal(3, Rows, 4));
        var log = tensor(new[] { Math.Log(0.3) }, requires_grad: true);
        Tensor Value(Coefficient radius, double t = 0) => (new FidelityTerm("F", A, radius, noiseFloor).Proximal(u + (t * along), 1, d) * along).sum();
        var moved = u.clone().requires_grad_();
        (new FidelityTerm("F", A, Coefficient.Of(log.exp()), noiseFloor).Proximal(moved, 1, d) * along).sum().backward();
        const double h = 1e-5;
        var byRadius = (Value(Math.Exp(Math.Log(0.3) + h)) - Value(Math.Exp(Math.Log(0.3) - h))).ToDouble() / (2 * h);
        var byPoint = (Value(0.3, h) - Value(0.3, -h)).ToDouble() / (2 * h);
        Assert.That(log.grad!.ToDouble(), Is.EqualTo(byRadius).Within(1e-6 * Math.Abs(byRadius)));
        Assert.That((moved.grad! * along).sum().ToDouble(), Is.EqualTo(byPoint).Within(1e-6 * Math.Abs(byPoint)));
    }

    [Test]
    public void Projections_are_idempotent_and_ignore_the_step([ValueSource(nameof(Constraints))] TermCase terms)
    {
        var term = terms.Make();
        var (u, d) = Points(term, 1);
        var once = term.Proximal(u, 0.3, d);
        Assert.Multiple(() =>
        {
            Assert.That(Gap(term.Proximal(once, 0.3, d), once), Is.LessThan(1e-12));
            Assert.That(Gap(term.Proximal(u, 7, d), once), Is.Zero);
        });
    }

    [Test]
    public void Proximal_changes_no_argument_and_mixes_no_rows([ValueSource(nameof(Terms))] TermCase terms)
    {
        var term = terms.Make();
        var (u, d) = Points(term, 1);
        var (u0, d0) = (u.clone(), d.clone());
        var p = term.Proximal(u, 0.3, d);
        Assert.Multiple(() =>
        {
            Assert.That(p.shape, Is.EqualTo(u.shape));
            Assert.That(Gap(u, u0), Is.Zero);
            Assert.That(Gap(d, d0), Is.Zero);
            Assert.That(Gap(term.Proximal(u.slice(0, 3, 4, 1), 0.3, d.slice(0, 3, 4, 1)), p.slice(0, 3, 4, 1)), Is.Zero);
        });
    }

    [Test]
    public void Proximal_stays_finite_without_data([ValueSource(nameof(Terms))] TermCase terms)
    {
        var term = terms.Make();
        var (u, d) = Points(term, 1);
        u[0] = 0;
        Assert.That(term.Proximal(u, 0.3, zeros_like(d)).isfinite().all().item<bool>());
    }

    /// <summary>Term, x, d and the property value computed by hand.</summary>
    private static readonly Case<(Term Term, double[] X, double[] D, double Value)>[] PropertyValues =
    [
        new("ℓ1", () => (new L1Term("S", new IdentityOperator(3)), [1, -2, 0.5], [3, 4], 3.5)),
        new("ℓ1 of zero", () => (new L1Term("S", new IdentityOperator(3)), [0, 0, 0], [3, 4], 0)),
        new("ℓ1 of Kx", () => (new L1Term("S", Rows2x3()), [1, 2, 3], [3, 4], 4)),
        new("relative ℓ1", () => (new L1Term("S", new IdentityOperator(3), true), [1, -2, 0.5], [3, 4], 0.7)),
        new("weighted ℓ1", () => (new L1Term("S", new IdentityOperator(3), weights: tensor(new[] { 1, 0.5, 4 })), [1, -2, 0.5], [3, 4], 4)),
        new("relative weighted ℓ1 of Kx", () => (new L1Term("S", Rows2x3(), true, weights: tensor(new[] { 1, 2.0 })), [1, 2, 3], [3, 4], 1)),
        new("relative ℓ1, all zero", () => (new L1Term("S", new IdentityOperator(3), true), [0, 0, 0], [0, 0], double.NaN)),
        new("relative ℓ1, d = 0", () => (new L1Term("S", new IdentityOperator(3), true), [1, 0, 0], [0, 0], double.PositiveInfinity)),
        new("fidelity met", () => (new FidelityTerm("F", Rows2x3()), [1, 2, 3], [3, -1], 0)),
        new("fidelity missed", () => (new FidelityTerm("F", Rows2x3()), [1, 2, 3], [3, 4], 1)),
        new("fidelity of x = 0", () => (new FidelityTerm("F", Rows2x3()), [0, 0, 0], [3, 4], 1)),
        new("fidelity, all zero", () => (new FidelityTerm("F", Rows2x3()), [0, 0, 0], [0, 0], 0)),
        new("fidelity, d = 0", () => (new FidelityTerm("F", Rows2x3()), [1, 0, 0], [0, 0], double.PositiveInfinity)),
        new("fidelity with a noise floor missed", () => (new FidelityTerm("F", Rows2x3(), 0.1, 1), [1, 2, 3], [3, 4], Math.Sqrt(25 / 28.5 / ((9 / 21.5) + (16 / 28.5))))),
        new("inside the box", () => (new BoxTerm("B", 3, 0, 1), [0, 0.5, 1], [3, 4], 0)),
        new("group ℓ1", () => (new GroupL1Term("G", new IdentityOperator(4), 2), [3, 4, 0, -2], [1], 7)),
        new("group ℓ1, interleaved", () => (new GroupL1Term("G", new IdentityOperator(4), 2, interleaved: true), [3, 0, 4, -2], [1], 7)),
        new("total variation", () => (TotalVariation.OfSignal("T", 4), [1, 3, 2, 2], [1], 3)),
        new("isotropic total variation", () => (TotalVariation.OfImageGradient("T", 2), [0, 4, 3, 0], [1], 12)),
        new("squared ℓ2", () => (new SquaredL2Term("E", Rows2x3()), [1, 2, 3], [1], 5)),
        new("least squares missed", () => (new LeastSquaresTerm("F", Rows2x3(), tensor(new double[] { 9, 9 })), [1, 2, 3], [3, 4], 1)),
        new("quadratic at its minimum", () => (new QuadraticTerm("Q", new IdentityOperator(2), new MatrixOperator(eye(2, dtype: float64))), [-3, -4], [3, 4], 0)),
        new("quadratic elsewhere", () => (new QuadraticTerm("Q", new IdentityOperator(2), new MatrixOperator(eye(2, dtype: float64))), [0, 0], [3, 4], 1)),
        new("inside the simplex", () => (new SimplexTerm("S", 3), [0.25, 0.25, 0.5], [1], 0)),
        new("off the simplex", () => (new SimplexTerm("S", 2), [2, 2], [1], Math.Sqrt(4.5))),
        new("shares", () => (new FunctionTerm("C", PropertyFunction.ShortOfOneHot(), new IdentityOperator(3)), [0.2, 0.7, 0.1], [1], 0.3)),
        new("outside the ball", () => (new BallTerm("B", 2, 2), [3, 4], [1], 3)),
        new("off the hyperplane", () => (new HyperplaneTerm("P", tensor(new double[] { 3, 4 }), 5), [-3, -1], [1], 3.6)),
        new("beyond the half-space", () => (new HalfSpaceTerm("P", tensor(new double[] { 3, 4 }), 5), [3, 4], [1], 4)),
        new("within the half-space", () => (new HalfSpaceTerm("P", tensor(new double[] { 3, 4 }), 5), [-3, -1], [1], 0)),
        new("outside the box", () => (new BoxTerm("B", 3, 0, 1), [-3, 0.5, 5], [3, 4], 5)),
    ];

    [TestCaseSource(nameof(PropertyValues))]
    public void Property_value_in_closed_form(Case<(Term Term, double[] X, double[] D, double Value)> property)
    {
        var (term, x, d, expected) = property.Make();
        var values = Values(term.PropertyValue(tensor(x).reshape(1, -1), tensor(d).reshape(1, -1)));
        Assert.That(values, Is.EqualTo(new[] { expected }).Within(1e-12));
    }

    [Test]
    public void Property_value_is_zero_exactly_where_the_constraint_holds([ValueSource(nameof(MeasuredConstraints))] TermCase terms)
    {
        var term = terms.Make();
        var x = Normal(5, Rows, term.Operator.InputSize);
        // For a constraint on Sx tied to the data, the data are chosen to fit; otherwise x is.
        var (inside, d) = term is FidelityTerm ? (x, term.Operator.Apply(x)) : (term.Proximal(x, 1, x), x);
        var outside = inside - 10;
        var satisfied = ((Term)term).PropertyValue(inside, d);
        var violated = ((Term)term).PropertyValue(outside, d);
        Assert.Multiple(() =>
        {
            AssertNoneAbove(satisfied, 1e-12, "satisfied");
            Assert.That(Values(violated), Has.All.GreaterThan(0));
            Assert.That(satisfied.shape, Is.EqualTo(new long[] { Rows }));
        });
    }

    [Test]
    public void Relative_properties_do_not_depend_on_scale([Values(1e-6, 0.5, 1e6)] double c)
    {
        var (x, d) = (Normal(5, Rows, 7), Normal(6, Rows, 4));
        Term[] terms = [new L1Term("S", Matrix(1, 5, 7), relativeToData: true), new FidelityTerm("F", Matrix(2, 4, 7))];
        foreach (var term in terms)
            Assert.That(Gap(term.PropertyValue(c * x, c * d) / term.PropertyValue(x, d), ones(Rows, dtype: float64)), Is.LessThan(1e-12), term.Name);
    }

    private static readonly (string Message, Action Construct)[] Refusals =
    [
        ("radius", () => _ = new FidelityTerm("F", new IdentityOperator(2), -0.1)),
        ("radius", () => _ = new FidelityTerm("F", new IdentityOperator(2), double.NaN)),
        ("radius", () => _ = new FidelityTerm("F", new IdentityOperator(2), double.PositiveInfinity)),
        ("A box needs lower ≤ upper; got [1, 0].", () => _ = new BoxTerm("B", 2, 1, 0)),
        ("gives 3 entries and there are [2] weights", () => _ = new L1Term("S", new IdentityOperator(3), weights: ones(2))),
        ("weight of the term 'S' is not a positive number", () => _ = new L1Term("S", new IdentityOperator(2), weights: tensor(new[] { 1, 0.0 }))),
        ("weight of the term 'S' is not a positive number", () => _ = new L1Term("S", new IdentityOperator(2), weights: tensor(new[] { 1, double.PositiveInfinity }))),
        ("A box needs lower ≤ upper", () => _ = new BoxTerm("B", 2, double.NaN, 0)),
        ("size", () => _ = new BoxTerm("B", 0, 0, 1)),
        ("7 values, which do not divide into groups of 2", () => _ = new GroupL1Term("G", new IdentityOperator(7), 2)),
        ("total = 0", () => _ = new SimplexTerm("S", 3, 0)),
        ("radius = -1", () => _ = new BallTerm("B", 3, -1)),
        ("x has length 3", () => _ = new BallTerm("B", 3, 1, zeros(2))),
        ("finite normal that is not zero", () => _ = new HyperplaneTerm("P", zeros(2), 1)),
        ("finite offset", () => _ = new HalfSpaceTerm("P", ones(2), double.NaN)),
        ("A normal is a vector", () => _ = new HalfSpaceTerm("P", ones(2, 2), 1)),
        ("gives 4 measurements and there are [3] weights", () => _ = new LeastSquaresTerm("F", new IdentityOperator(4), ones(3))),
        ("W₁ takes vectors of length 3 and W₂ gives vectors of length 2", () => _ = new QuadraticTerm("Q", new IdentityOperator(3), new IdentityOperator(2))),
        ("weight = 0", () => _ = new WeightedProximable(new NonnegativeTerm("N", 2), 0)),
        ("weight = NaN", () => _ = new WeightedSmooth(new SmoothSum(), double.NaN)),
        ("at least one operator", () => _ = new StackedTerm()),
        ("name", () => _ = new L1Term(" ", new IdentityOperator(2))),
        ("linearOperator", () => _ = new L1Term("S", null!)),
    ];

    [TestCaseSource(nameof(Refusals))]
    public void Refusals_name_the_cause((string Message, Action Construct) refusal) =>
        Assert.That(() => refusal.Construct(), Throws.InstanceOf<ArgumentException>().With.Message.Contains(refusal.Message));

    private static MatrixOperator Rows2x3() => new(tensor(new double[,] { { 1, 1, 0 }, { 0, 1, -1 } }));

    private static (Tensor U, Tensor D) Points(IProximable term, int seed) =>
        (2 * Normal(seed, Rows, term.Operator.OutputSize), Normal(seed + 1, Rows, term.Operator.OutputSize));
}
