using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Implicit differentiation of a fixed point ζ = T_Θ(ζ; d): dL/dΘ = vᵀ ∂T/∂Θ with v the solution of v = ∂L/∂ζ + (∂T/∂ζ)ᵀ v, found by iterating
/// that equation with Anderson acceleration, each row on its own (Bai et al. 2019, arXiv 1909.01377). The exact gradient where ζ is unique, at
/// the price of as many vector–Jacobian products as the iteration takes; memory does not grow with them. Small exact steps have a direct solution in place of the iteration.
/// </summary>
internal static class ImplicitGradient
{
    private const int Memory = 10;

    /// <summary>The inference at a fixed point, with the implicit gradient attached.</summary>
    /// <param name="splitting">T; its <see cref="Splitting.Step"/> must be differentiable in the weights.</param>
    /// <param name="fixedPoint">A fixed point, as <see cref="FixedPointSolver"/> returns it.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    /// <param name="maxSteps">Most iterations of the linear equation; at least 1. Where it is solved directly, 1/maxSteps damps it, which bounds the gradient likewise.</param>
    /// <param name="tolerance">Change of v relative to its norm at which the iteration stops; positive.</param>
    /// <returns>
    /// Shape <c>[batch, inference size]</c>, differentiable in the weights of the splitting's terms. Where an <see cref="Interruption"/> ends the backward pass, the gradient
    /// is NaN: native code is on the stack, through which no exception may go.
    /// </returns>
    /// <exception cref="InvalidOperationException">A step of the splitting carries no gradient.</exception>
    public static Tensor Attach(Splitting splitting, SplittingState fixedPoint, Tensor data, int maxSteps = 100, double tolerance = 1e-4)
    {
        ArgumentNullException.ThrowIfNull(splitting);
        ArgumentNullException.ThrowIfNull(fixedPoint);
        Check.AtLeast(maxSteps, 1);
        Check.Positive(tolerance);
        using var mode = inference_mode(false);
        using var grad = enable_grad();
        if (splitting.AttachesExactly)
            return splitting.AttachedInference(fixedPoint, data);
        var (differentiable, point) = splitting.Differentiable(fixedPoint, data);
        var state = point.Map(t => t.detach());
        var next = differentiable.Step(state, data);
        var flat = next.Flatten();
        if (!flat.requires_grad)
            throw new InvalidOperationException($"A step of {differentiable.GetType().Name} carries no gradient to the weights; use Jacobian-free backpropagation, or a splitting whose steps are differentiable.");
        var implicitly = LinearEquation.Of(flat, new Equation(differentiable, state, data, maxSteps, tolerance, Interruption.Watch()));
        return differentiable.Inference(next.Unflatten(implicitly), data);
    }

    private sealed record Equation(Splitting Splitting, SplittingState FixedPoint, Tensor Data, int MaxSteps, double Tolerance, Func<bool> Interrupted)
    {
        /// <summary>v = u + (∂T/∂ζ)ᵀ v.</summary>
        public Tensor Solve(Tensor u)
        {
            using var grad = enable_grad();
            using var scope = NewDisposeScope();
            var point = FixedPoint.Flatten().detach().requires_grad_(true);
            if (Splitting.SolveAdjoint(FixedPoint, Data, u, 1.0 / MaxSteps) is { } direct)
                return direct.MoveToOuterDisposeScope();
            var image = Splitting.Step(FixedPoint.Unflatten(point), Data).Flatten();
            using var acceleration = new AndersonAcceleration(Memory);
            SplittingState v = new FlatState(u.detach());
            for (var step = 0; step < MaxSteps; step++)
            {
                if (Interrupted())
                    return full_like(u, double.NaN).MoveToOuterDisposeScope();
                var product = autograd.grad([image], [point], [v.Tensors[0]], retain_graph: true)[0];
                using var none = no_grad();
                SplittingState next = new FlatState(u + product);
                var change = ((next.Tensors[0] - v.Tensors[0]).norm() / next.Tensors[0].norm().clamp_min(1e-30)).ToDouble();
                v = acceleration.Extrapolate(v, next);
                if (change <= Tolerance)
                    break;
            }

            return v.Tensors[0].detach().MoveToOuterDisposeScope();
        }
    }

    private sealed record FlatState(Tensor Values) : SplittingState
    {
        public override IReadOnlyList<Tensor> Tensors => [Values];

        public override SplittingState With(IReadOnlyList<Tensor> tensors) => new FlatState(tensors[0]);
    }

    /// <summary>The identity, whose gradient is the solution of the linear equation.</summary>
    private sealed class LinearEquation : autograd.SingleTensorFunction<LinearEquation>
    {
        private const string Key = nameof(Equation);

        public override string Name => nameof(LinearEquation);

        public static Tensor Of(Tensor flat, Equation equation) => apply(flat, equation);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            ctx.save_data(Key, vars[1]);
            return ((Tensor)vars[0]).clone();
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
            [((Equation)ctx.get_data(Key)).Solve(grad_output), null!];
    }
}
