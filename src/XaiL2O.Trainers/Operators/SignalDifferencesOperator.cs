using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>D: differences x_{i+1} − xᵢ of neighbouring samples, n to n − 1 values. ‖Dx‖₁ is the total variation of a signal.</summary>
public sealed class SignalDifferencesOperator : LinearOperator
{
    /// <summary>Creates the operator.</summary>
    /// <param name="size">n, at least 2.</param>
    public SignalDifferencesOperator(int size)
    {
        Check.AtLeast(size, 2);
        InputSize = size;
    }

    /// <inheritdoc/>
    public override int InputSize { get; }

    /// <inheritdoc/>
    public override int OutputSize => InputSize - 1;

    /// <summary>The norm itself, 2cos(π/2n).</summary>
    public override double NormBound => 2 * Math.Cos(Math.PI / (2.0 * InputSize)) * (1 + 1e-9);

    /// <inheritdoc/>
    public override Tensor Apply(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.slice(1, 1, InputSize, 1) - x.slice(1, 0, InputSize - 1, 1);
    }

    /// <inheritdoc/>
    public override Tensor ApplyAdjoint(Tensor y)
    {
        ArgumentNullException.ThrowIfNull(y);
        return nn.functional.pad(y, [1, 0]) - nn.functional.pad(y, [0, 1]);
    }
}
