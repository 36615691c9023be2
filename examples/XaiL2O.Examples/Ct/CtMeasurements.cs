using System.Diagnostics;
using Spectre.Console;
using TorchSharp;
using XaiL2O.Trainers;
using static TorchSharp.torch;

namespace XaiL2O.Examples;

/// <summary>What the example measures beside image quality: the adjoint, the projector's speed, how well the solves have converged.</summary>
internal static class CtMeasurements
{
    private const int Batch = 8;

    /// <summary>Iterations between which the contraction is measured.</summary>
    private const int First = 100;
    private const int Second = 150;

    public static void Add(Dictionary<string, object> summary, TotalVariationReconstruction definition, ImplicitModel tv, ImplicitModel l2o, CtSlice[] test, int gapRows)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var radon = RadonOperator.Shared(CtSlice.Geometry);
        var x = tensor(test.Take(Batch).SelectMany(s => s.Image).ToArray()).reshape(Batch, -1);
        var y = tensor(test.Take(Batch).SelectMany(s => s.Measurements).ToArray()).reshape(Batch, -1);
        var (left, right) = ((radon.Apply(x).to(ScalarType.Float64) * y).sum().ToDouble(), (x.to(ScalarType.Float64) * radon.ApplyAdjoint(y)).sum().ToDouble());
        summary["adjoint_error"] = Math.Abs(left - right) / Math.Abs(left);

        var dense = radon.ToDense();
        var slow = Milliseconds(3, () => (mm(x, dense.t()), mm(y, dense)));
        var fast = Milliseconds(30, () => (radon.Apply(x), radon.ApplyAdjoint(y)));
        summary["projector_speedup_vs_dense"] = slow / fast;

        // TV's distance from its minimum, and the contraction of the implicit model's residual by iterations without acceleration.
        var data = y.slice(0, 0, gapRows, 1);
        var splitting = tv.CreateSplitting();
        var solve = FixedPointSolver.Solve(splitting, data, new FixedPointOptions { MaxIterations = 2000, ResidualTolerance = 1e-5 });
        var gap = RelativeGap(definition.Model.Radius, radon, solve.State, data);
        var violation = (tv.Properties[1].PropertyValue(splitting.Inference(solve.State, data), data) / definition.Model.Radius).max().ToDouble() - 1;
        var iteration = l2o.CreateSplitting();
        var early = l2o.Solve(iteration, data, Iterations(First));
        var late = l2o.Solve(iteration, data, Iterations(Second - First), early.State);
        summary["tv_relative_gap"] = gap;
        summary["tv_ball_violation"] = violation;
        summary["l2o_contraction_per_iteration"] = Math.Pow(late.Residual.Max() / early.Residual.Max(), 1.0 / (Second - First));
        AnsiConsole.MarkupLineInterpolated($"Adjoint error {summary["adjoint_error"]:0.0E0}; one forward and one adjoint projection of {Batch} images {slow / fast:0} times faster than the dense product ({slow:0.0} ms, {fast:0.00} ms).");
        AnsiConsole.MarkupLineInterpolated($"TV: relative duality gap {gap:0.0E0}, ball exceeded by {Math.Max(0, violation):0.0E0}. L2O: residual times {summary["l2o_contraction_per_iteration"]:0.000} per plain iteration between {First} and {Second}.");
    }

    /// <summary>
    /// The largest (P − D)/P of a row, with P = ‖Du‖₁/√8 the objective at the solve's image and D the value of the dual problem
    /// max −⟨d, z⟩ − ε‖d‖‖z‖ − Σ max(0, −(Dᵀy + Aᵀz))ᵢ over |y| ≤ 1, at the solve's duals: a bound on how far P is from the minimum, up to the violation of the data ball.
    /// </summary>
    private static double RelativeGap(double ε, RadonOperator A, SplittingState state, Tensor data)
    {
        var D = new DifferencesOperator(CtSlice.ImageSize, 1 / Math.Sqrt(8));
        var (y, z, x) = (state.Tensors[2].clamp(-1, 1), state.Tensors[3], state.Tensors[4]);
        var primal = D.Apply(x).abs().sum([1]);
        var dual = -(data * z).sum([1]) - (ε * data.norm(1) * z.norm(1)) + (D.ApplyAdjoint(y) + A.ApplyAdjoint(z)).clamp_max(0).sum([1]);
        return ((primal - dual).abs() / primal).max().ToDouble();
    }

    private static FixedPointOptions Iterations(int count) => new() { MaxIterations = count, CheckEvery = count, ResidualTolerance = 1e-12 };

    private static double Milliseconds(int repetitions, Func<(Tensor, Tensor)> work)
    {
        // The best of several runs is the least disturbed by other work on the machine.
        var best = double.PositiveInfinity;
        for (var i = 0; i <= repetitions; i++)
        {
            using var scope = NewDisposeScope();
            var clock = Stopwatch.StartNew();
            _ = work();
            if (i > 0)
                best = Math.Min(best, clock.Elapsed.TotalMilliseconds);
        }

        return best;
    }
}
