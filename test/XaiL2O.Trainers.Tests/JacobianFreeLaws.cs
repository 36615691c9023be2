using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>The attached step: the fixed point's value, and the gradient of one step of linearised ADMM.</summary>
internal sealed class JacobianFreeLaws : TorchLaws
{
    private static readonly (int Signal, int Data, int Transform, int Seed)[] Sizes = [(6, 3, 6, 1), (6, 3, 9, 2), (8, 3, 7, 4)];

    private static readonly bool[] Solvers = [false, true];

    private static LinearizedAdmm Admm(Tensor K, Tensor A)
    {
        // The same steps for every K of a finite difference.
        var (transform, measurement) = (new MatrixOperator(K, 1.01), new MatrixOperator(A, 1.01));
        return new(new L1Term("S", transform), new FidelityTerm("F", measurement), null, StepSizes.FromNormBound(new StackedOperator(transform, measurement), 4));
    }

    private sealed record Setting(Tensor K, LinearizedAdmm Admm, Splitting Splitting, SplittingState FixedPoint, AdmmState AdmmState, Tensor Data, Tensor Weights);

    private static Setting Make((int Signal, int Data, int Transform, int Seed) size, bool exact)
    {
        var K = Normal(size.Seed, size.Transform, size.Signal);
        K = (K / linalg.norm(K, 2)).requires_grad_(true);
        var A = Normal(size.Seed + 50, size.Data, size.Signal);
        A /= linalg.norm(A, 2);
        var data = Normal(size.Seed + 90, 4, size.Data);
        var admm = Admm(K, A);
        Splitting splitting = exact ? new AffineDouglasRachford(admm, new MeasurementGeometry(A)) : admm;
        var state = FixedPointSolver.Solve(splitting, data, new FixedPointOptions { MaxIterations = 30_000, ResidualTolerance = 1e-12, CheckEvery = 50 }).State;
        var admmState = splitting is AffineDouglasRachford solver ? (AdmmState)solver.ToProblem(state, data) : (AdmmState)state;
        return new(K, admm, splitting, state, admmState, data, Normal(size.Seed + 70, 4, size.Signal));
    }

    [Test]
    public void Attached_inference_is_the_inference([ValueSource(nameof(Sizes))] (int, int, int, int) size, [ValueSource(nameof(Solvers))] bool exact)
    {
        var s = Make(size, exact);
        var attached = JacobianFree.Attach(s.Splitting, s.FixedPoint, s.Data);
        Assert.That(attached.requires_grad);
        Assert.That(Gap(attached, s.Splitting.Inference(s.FixedPoint, s.Data)), Is.LessThan(1e-8));
    }

    [Test]
    public void Gradient_is_that_of_one_step_of_linearised_ADMM([ValueSource(nameof(Sizes))] (int, int, int, int) size, [ValueSource(nameof(Solvers))] bool exact)
    {
        var s = Make(size, exact);
        (JacobianFree.Attach(s.Splitting, s.FixedPoint, s.Data) * s.Weights).sum().backward();
        var attached = s.K.grad!.clone();
        s.K.grad!.zero_();
        (((AdmmState)s.Admm.Step(s.AdmmState, s.Data)).X * s.Weights).sum().backward();
        Assert.Multiple(() =>
        {
            Assert.That(attached.norm().ToDouble(), Is.GreaterThan(1e-3));
            Assert.That(Gap(attached, s.K.grad!), Is.LessThan(1e-12));
        });
    }

    [Test]
    public void Gradient_agrees_with_finite_differences([ValueSource(nameof(Sizes))] (int Signal, int Data, int Transform, int Seed) size, [ValueSource(nameof(Solvers))] bool exact)
    {
        var s = Make(size, exact);
        (JacobianFree.Attach(s.Splitting, s.FixedPoint, s.Data) * s.Weights).sum().backward();
        var A = ((MatrixOperator)s.Admm.Fidelity.Operator).Matrix;
        const double h = 1e-6;
        double Loss(int i, int j, double change)
        {
            var K = s.K.detach().clone();
            K[i, j] += change;
            return (((AdmmState)Admm(K, A.clone()).Step(s.AdmmState, s.Data)).X * s.Weights).sum().ToDouble();
        }

        Assert.Multiple(() =>
        {
            for (var i = 0; i < size.Transform; i++)
            {
                for (var j = 0; j < size.Signal; j++)
                    Assert.That(s.K.grad![i, j].ToDouble(), Is.EqualTo((Loss(i, j, h) - Loss(i, j, -h)) / (2 * h)).Within(1e-7), $"K[{i}, {j}]");
            }
        });
    }

    [Test]
    public void Gradients_are_recorded_even_where_the_caller_records_none()
    {
        var s = Make(Sizes[0], exact: true);
        using var grad = no_grad();
        Assert.That(JacobianFree.Attach(s.Splitting, s.FixedPoint, s.Data).requires_grad);
    }

    [Test]
    public void Implicit_gradient_is_that_of_the_solution([ValueSource(nameof(Sizes))] (int Signal, int Data, int Transform, int Seed) size)
    {
        var s = Make(size, exact: false);
        var x = ImplicitGradient.Attach(s.Admm, s.FixedPoint, s.Data, maxSteps: 3000, tolerance: 1e-9);
        Assert.That(Gap(x, s.Admm.Inference(s.FixedPoint, s.Data)), Is.LessThan(1e-8));
        (x * s.Weights).sum().backward();
        var A = ((MatrixOperator)s.Admm.Fidelity.Operator).Matrix;
        const double h = 1e-5;
        double Loss(Tensor K)
        {
            var admm = Admm(K.clone(), A.clone());
            var state = FixedPointSolver.Solve(admm, s.Data, new FixedPointOptions { MaxIterations = 30_000, ResidualTolerance = 1e-12, CheckEvery = 50 }, null, s.FixedPoint).State;
            return (admm.Inference(state, s.Data) * s.Weights).sum().ToDouble();
        }

        Assert.Multiple(() =>
        {
            for (var trial = 0; trial < 3; trial++)
            {
                var direction = Normal(300 + trial, size.Transform, size.Signal);
                var expected = (Loss(s.K.detach() + (h * direction)) - Loss(s.K.detach() - (h * direction))) / (2 * h);
                Assert.That((s.K.grad! * direction).sum().ToDouble(), Is.EqualTo(expected).Within(1e-3 * Math.Max(1, Math.Abs(expected))));
            }
        });
    }

    [Test]
    public void More_attached_steps_come_nearer_to_the_implicit_gradient()
    {
        var s = Make(Sizes[1], exact: false);
        Tensor Gradient(Tensor x)
        {
            s.K.grad?.zero_();
            (x * s.Weights).sum().backward();
            return s.K.grad!.clone();
        }

        var implicitly = Gradient(ImplicitGradient.Attach(s.Admm, s.FixedPoint, s.Data, maxSteps: 3000, tolerance: 1e-9));
        var errors = new[] { 1, 10, 2000 }.Select(steps => Gap(Gradient(JacobianFree.Attach(s.Admm, s.FixedPoint, s.Data, steps)), implicitly)).ToArray();
        Assert.That(errors, Is.Ordered.Descending);
        Assert.That(errors[^1], Is.LessThan(0.05 * errors[0]));
    }

    [Test]
    public void Implicit_gradient_of_steps_without_gradient_is_refused()
    {
        var s = Make(Sizes[0], exact: true);
        s.K.requires_grad_(false);
        Assert.That(() => ImplicitGradient.Attach(s.Splitting, s.FixedPoint, s.Data), Throws.InvalidOperationException.With.Message.Contains("carries no gradient"));
    }
}
