using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The constraint xᵢ ≥ 0 for every entry. Proximal: clamping. Property value: the distance ‖min(x, 0)‖₂.</summary>
/// <param name="name">Property name.</param>
/// <param name="size">Length of x.</param>
public sealed class NonnegativeTerm(string name, int size) : Term(name, new IdentityOperator(size)), IProximable
{
    /// <inheritdoc/>
    public bool IsConstraint => true;

    /// <inheritdoc/>
    public override string Cause => "negative values: a solve that did not converge, or an estimate made without this constraint";

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data) => u.clamp_min(0);

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data) => x.clamp_max(0).norm(1);

    /// <inheritdoc/>
    public override string Formula => "‖min(x, 0)‖";
}
