using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// D: differences of neighbouring pixels of square images, down and to the right, 0 at the last row and column. The output holds the n²
/// vertical differences, then the n² horizontal ones, times <see cref="Factor"/>. ‖Dx‖₁ with factor 1 is the anisotropic total variation.
/// </summary>
public sealed class DifferencesOperator : LinearOperator
{
    private readonly int size;

    /// <summary>Creates the operator.</summary>
    /// <param name="imageSize">n, rows and columns of the images, at least 1.</param>
    /// <param name="factor">Factor of every difference, positive.</param>
    public DifferencesOperator(int imageSize, double factor = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(imageSize, 1);
        Check.Positive(factor);
        (size, Factor) = (imageSize, factor);
    }

    /// <summary>Factor of every difference.</summary>
    public double Factor { get; }

    /// <inheritdoc/>
    public override int InputSize => size * size;

    /// <inheritdoc/>
    public override int OutputSize => 2 * InputSize;

    /// <summary>The norm itself, √8·cos(π/2n) times the factor.</summary>
    public override double NormBound => Math.Sqrt(8) * Math.Cos(Math.PI / (2.0 * size)) * Factor * (1 + 1e-9);

    /// <inheritdoc/>
    public override Tensor Apply(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        var image = x.view(-1, size, size);
        var down = zeros_like(image);
        var right = zeros_like(image);
        down.slice(1, 0, size - 1, 1).copy_(image.slice(1, 1, size, 1) - image.slice(1, 0, size - 1, 1));
        right.slice(2, 0, size - 1, 1).copy_(image.slice(2, 1, size, 1) - image.slice(2, 0, size - 1, 1));
        return cat([down.flatten(1), right.flatten(1)], 1) * Factor;
    }

    /// <inheritdoc/>
    public override Tensor ApplyAdjoint(Tensor y)
    {
        ArgumentNullException.ThrowIfNull(y);
        var parts = y.view(-1, 2, size, size);
        var (down, right) = (parts.select(1, 0).slice(1, 0, size - 1, 1), parts.select(1, 1).slice(2, 0, size - 1, 1));
        var image = zeros_like(parts.select(1, 0));
        image.slice(1, 1, size, 1).add_(down);
        image.slice(1, 0, size - 1, 1).sub_(down);
        image.slice(2, 1, size, 1).add_(right);
        image.slice(2, 0, size - 1, 1).sub_(right);
        return image.flatten(1) * Factor;
    }
}
