using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>s·A for an operator A and a number s &gt; 0.</summary>
/// <param name="inner">A; not owned.</param>
/// <param name="scale">s.</param>
internal sealed class ScaledOperator(LinearOperator inner, double scale) : LinearOperator
{
    /// <inheritdoc/>
    public override int InputSize => inner.InputSize;

    /// <inheritdoc/>
    public override int OutputSize => inner.OutputSize;

    /// <inheritdoc/>
    public override double NormBound => scale * inner.NormBound;

    /// <inheritdoc/>
    public override double LowerNormBound => scale * inner.LowerNormBound;

    /// <inheritdoc/>
    public override Tensor Apply(Tensor x) => scale * inner.Apply(x);

    /// <inheritdoc/>
    public override Tensor ApplyAdjoint(Tensor y) => scale * inner.ApplyAdjoint(y);
}
