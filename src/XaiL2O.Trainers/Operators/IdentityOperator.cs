using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The identity on vectors of a given length.</summary>
public sealed class IdentityOperator : LinearOperator
{
    /// <summary>Creates the identity.</summary>
    /// <param name="size">Length of the vectors, at least 1.</param>
    public IdentityOperator(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        InputSize = size;
    }

    /// <inheritdoc/>
    public override int InputSize { get; }

    /// <inheritdoc/>
    public override int OutputSize => InputSize;

    /// <inheritdoc/>
    public override double NormBound => 1;

    /// <inheritdoc/>
    public override double LowerNormBound => 1;

    /// <inheritdoc/>
    public override Tensor Apply(Tensor x) => x;

    /// <inheritdoc/>
    public override Tensor ApplyAdjoint(Tensor y) => y;
}
