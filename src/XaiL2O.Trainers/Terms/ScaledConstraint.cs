using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The constraint Ax ∈ C written as sAx ∈ sC: the same solutions, but beside other terms of a splitting its penalty weighs s² times as much, and the
/// bound on the stacked operator, which limits the steps, changes with it.
/// </summary>
/// <param name="constraint">The indicator of C, whose proximal operator is a projection whatever its step.</param>
/// <param name="scale">s &gt; 0.</param>
internal sealed class ScaledConstraint(IProximable constraint, double scale) : IProximable
{
    /// <inheritdoc/>
    public LinearOperator Operator { get; } = new ScaledOperator(constraint.Operator, scale);

    /// <inheritdoc/>
    public bool IsConstraint => true;

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data) => scale * constraint.Proximal(u / scale, step, data);
}
