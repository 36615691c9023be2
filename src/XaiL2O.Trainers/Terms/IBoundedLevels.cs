using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// A term that is nowhere negative and whose level sets {u : f(u) ≤ level} are bounded, so that its value at one point says how far away a solution can be.
/// </summary>
internal interface IBoundedLevels : IProximable
{
    /// <summary>Whether they are bounded with the options that the term has; a box with one side is not.</summary>
    bool LevelsAreBounded => true;

    /// <summary>A number that ⟨s, u⟩ does not fall below where f(u) ≤ level, row by row.</summary>
    /// <param name="direction">s, a direction in the output space of the operator, shape <c>[batch, Operator.OutputSize]</c>.</param>
    /// <param name="level">Shape <c>[batch]</c>, at least 0; constraints ignore it.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    /// <returns>Shape <c>[batch]</c>.</returns>
    Tensor LeastProduct(Tensor direction, Tensor level, Tensor data);
}
