using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>SOAP on quadratic functions ½⟨W − W*, P(W − W*)Q⟩ of a matrix.</summary>
internal sealed class OptimizerLaws : TorchLaws
{
    private const int Rows = 6;

    /// <summary>As many as rows: of more, the first gradient would leave the basis of those it does not reach to rounding.</summary>
    private const int Columns = 6;

    private static Tensor Orthonormal(int seed, int size) => linalg.qr(Normal(seed, size, size)).Q;

    /// <summary>Symmetric, with eigenvalues from 1 to 1/condition in a random basis.</summary>
    private static Tensor Curvature(int seed, int size, double condition)
    {
        var Q = Orthonormal(seed, size);
        return Q.mm(diag(logspace(0, -Math.Log10(condition), size, dtype: float64))).mm(Q.t());
    }

    /// <summary>Weights after a number of steps from 0.</summary>
    private static Tensor Minimize(OptimizerKind kind, Func<Tensor, Tensor> gradient, int steps, double decay = 0, double rate = 0.02)
    {
        using var weight = (Parameter)nn.Parameter(zeros(Rows, Columns, dtype: float64));
        using var optimizer = WeightOptimizer.Create([weight], new TrainingOptions { Optimizer = kind, WeightDecay = decay });
        for (var step = 0; step < steps; step++)
        {
            weight.grad = gradient(weight.detach());
            optimizer.Step(rate * (1 - ((double)step / steps)));
        }

        return weight.detach().clone();
    }

    [Test]
    public void It_gets_closer_than_Adam_where_entries_are_correlated()
    {
        var (P, Q, best) = (Curvature(1, Rows, 1e2), Curvature(2, Columns, 1e2), Normal(3, Rows, Columns));
        double Excess(OptimizerKind kind)
        {
            var error = Minimize(kind, w => P.mm(w - best).mm(Q), steps: 400) - best;
            return (0.5 * (error * P.mm(error).mm(Q)).sum()).ToDouble();
        }

        Assert.That(Excess(OptimizerKind.Soap), Is.LessThan(0.3 * Excess(OptimizerKind.Adam)));
    }

    /// <summary>Adam's path depends on the coordinates in which a matrix is written; SOAP's does not.</summary>
    [Test]
    public void Turning_the_function_turns_the_path()
    {
        var (P, Q, best) = (Curvature(4, Rows, 10), Curvature(5, Columns, 10), Normal(6, Rows, Columns));
        var (U, V) = (Orthonormal(7, Rows), Orthonormal(8, Columns));
        Tensor Gradient(Tensor w) => P.mm(w - best).mm(Q);
        var path = Minimize(OptimizerKind.Soap, Gradient, steps: 35);
        var turned = Minimize(OptimizerKind.Soap, w => U.mm(Gradient(U.t().mm(w).mm(V))).mm(V.t()), steps: 35);
        Assert.That((turned - U.mm(path).mm(V.t())).abs().max().ToDouble(), Is.LessThan(1e-6 * path.abs().max().ToDouble()));
    }

    [Test]
    public void Decay_is_a_part_of_the_gradient([Values] OptimizerKind kind)
    {
        var best = Normal(9, Rows, Columns);
        var decayed = Minimize(kind, w => w - best, steps: 30, decay: 0.5);
        var added = Minimize(kind, w => (1.5 * w) - best, steps: 30);
        Assert.That((decayed - added).abs().max().ToDouble(), Is.LessThan(1e-10));
    }
}
