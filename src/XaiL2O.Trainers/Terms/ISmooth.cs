using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>A differentiable convex term whose gradient is Lipschitz continuous. What a solve says of its distance from the optimum rests on convexity, which is not checked.</summary>
public interface ISmooth
{
    /// <summary>∇h(u), row by row.</summary>
    /// <param name="u">Shape <c>[batch, size]</c>.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>; terms that do not depend on it ignore it.</param>
    /// <returns>Shape of <paramref name="u"/>.</returns>
    Tensor Gradient(Tensor u, Tensor data);

    /// <summary>L with ‖∇h(u) − ∇h(v)‖ ≤ L‖u − v‖, as the weights are now.</summary>
    double LipschitzBound { get; }

    /// <summary>μ ≥ 0 for which h(u) − μ/2·‖u‖² is convex, as the weights are now; 0, the default, where none is known.</summary>
    double StrongConvexity => 0;

    /// <summary>h(u), row by row, for the optimality gap of a solve; null, the default, where it is not known: a solve is then judged without a gap.</summary>
    /// <param name="u">Shape <c>[batch, size]</c>.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    /// <returns>Shape <c>[batch]</c>, or null.</returns>
    Tensor? Value(Tensor u, Tensor data) => null;
}
