using TorchSharp;
using XaiL2O.Trainers;
using static TorchSharp.torch;

namespace XaiL2O.Benchmarks;

/// <summary>
/// A diagnostic of training: the gradients of Jacobian-free backpropagation and of more attached steps beside the implicit one, and how fast
/// the iteration contracts, which says how many steps a gradient has to follow back.
/// </summary>
/// <param name="Modes">One row for each number of attached steps, in the order asked for.</param>
/// <param name="ImplicitNorm">Norm of the implicit gradient, all weights together.</param>
/// <param name="Contraction">
/// Geometric mean of ‖ζ⁺⁺ − ζ⁺‖/‖ζ⁺ − ζ‖ over some steps at the end of the solve; near 1 a short gradient is far from the true one.
/// </param>
internal sealed record GradientComparison(IReadOnlyList<GradientComparison.Mode> Modes, double ImplicitNorm, double Contraction)
{
    private const int ContractionSteps = 20;

    /// <summary>One gradient.</summary>
    /// <param name="AttachedSteps">Steps that carry it.</param>
    /// <param name="Cosine">Cosine similarity with the implicit gradient, in [−1, 1].</param>
    /// <param name="Norm">Its norm, all weights together.</param>
    public sealed record Mode(int AttachedSteps, double Cosine, double Norm);

    /// <summary>Solves a batch and compares the gradients of the model's loss.</summary>
    /// <param name="model">The model; its weights do not change, their gradients are cleared.</param>
    /// <param name="data">d, shape <c>[batch, model.DataSize]</c>.</param>
    /// <param name="targets">Shape <c>[batch, model.TargetSize]</c>.</param>
    /// <param name="solver">Tolerances of the solve; tight ones, the implicit gradient is that of a fixed point.</param>
    /// <param name="attachedSteps">The numbers of steps to compare, each at least 1.</param>
    public static GradientComparison Of(ImplicitModel model, Tensor data, Tensor targets, FixedPointOptions solver, params int[] attachedSteps)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(attachedSteps);
        using var scope = NewDisposeScope();
        using var mode = inference_mode(false);
        using var grad = enable_grad();
        var (d, target) = (data.to(model.DataType).to(model.Device), targets.to(model.DataType).to(model.Device));
        var scale = model.Scale(d);
        var scaled = model.Unscale(d, scale);
        var splitting = model.CreateSplitting();
        try
        {
            var state = model.Solve(splitting, scaled, solver).State;
            Tensor Gradient(Func<Tensor> attach)
            {
                Clear(model);
                model.Loss(attach() * scale, d, target).backward();
                return cat([.. model.Weights.Select(w => (w.Weight.grad ?? zeros_like(w.Weight)).flatten().to(ScalarType.Float64))]).detach().clone();
            }

            var exact = Gradient(() => ImplicitGradient.Attach(splitting, state, scaled));
            var modes = attachedSteps.Select(steps =>
            {
                var gradient = Gradient(() => JacobianFree.Attach(splitting, state, scaled, steps));
                return new Mode(steps, ((gradient * exact).sum() / (gradient.norm() * exact.norm()).clamp_min(1e-300)).ToDouble(), gradient.norm().ToDouble());
            }).ToArray();
            Clear(model);
            return new GradientComparison(modes, exact.norm().ToDouble(), ContractionOf(model, splitting, scaled, solver));
        }
        finally
        {
            splitting.Dispose();
        }
    }

    private static void Clear(ImplicitModel model)
    {
        foreach (var (_, weight) in model.Weights)
            weight.grad = null;
    }

    /// <summary>Of the last steps before the tolerance is met, where the changes are still above rounding.</summary>
    private static double ContractionOf(ImplicitModel model, Splitting splitting, Tensor data, FixedPointOptions solver)
    {
        using var none = no_grad();
        var loose = solver with { ResidualTolerance = Math.Max(solver.ResidualTolerance, 1e-4) };
        var state = model.Solve(splitting, data, loose).State;
        var changes = new List<double>();
        for (var step = 0; step <= ContractionSteps; step++)
        {
            var next = splitting.Step(state, data);
            changes.Add((next.Flatten() - state.Flatten()).norm().ToDouble());
            state = next;
        }

        return changes[^1] == 0 ? 0 : Math.Pow(changes[^1] / changes[0], 1.0 / ContractionSteps);
    }
}
