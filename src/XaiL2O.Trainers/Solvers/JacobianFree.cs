using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Jacobian-free backpropagation (arXiv 2103.12803): the fixed point is found without gradients and one application of T at it is
/// differentiated. Memory does not grow with the number of iterations.
/// </summary>
internal static class JacobianFree
{
    /// <summary>The inference at a fixed point, with the gradient of one step attached.</summary>
    /// <param name="splitting">T.</param>
    /// <param name="fixedPoint">A fixed point, as <see cref="FixedPointSolver"/> returns it.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    /// <param name="steps">Applications of T that are differentiated; 1 is the method of the source.</param>
    /// <returns>Shape <c>[batch, inference size]</c>, differentiable in the weights of the splitting's terms.</returns>
    public static Tensor Attach(Splitting splitting, SplittingState fixedPoint, Tensor data, int steps = 1)
    {
        ArgumentNullException.ThrowIfNull(splitting);
        using var mode = inference_mode(false);
        using var grad = enable_grad();
        return splitting.AttachedInference(fixedPoint, data, steps);
    }
}
