using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>A trained matrix K with ‖K‖₂ = 1, kept by power iteration from the last estimate of the leading direction: K moves little in between.</summary>
internal sealed class UnitMatrix : IDisposable
{
    /// <summary>Power-iteration steps after each optimiser step.</summary>
    private const int PowerSteps = 5;

    /// <summary>By how much the estimate of the norm may be too small.</summary>
    private const double Margin = 1e-2;

    private readonly Tensor leading;

    /// <summary>Divides the matrix by its norm.</summary>
    /// <param name="name">Name of the weight.</param>
    /// <param name="K">Shape <c>[rows, columns]</c>.</param>
    /// <exception cref="ArgumentException">The matrix is zero or not finite.</exception>
    public UnitMatrix(string name, Tensor K)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        if (!K.isfinite().all().ToBoolean() || K.abs().max().ToDouble() == 0)
            throw new ArgumentException($"{name} must be finite and not zero.");
        var (_, singular, right) = linalg.svd(K.cpu().to(ScalarType.Float64), fullMatrices: false);
        K.div_(singular[0].ToDouble());
        leading = right[0].to(K.dtype).to(K.device).clone().DetachFromDisposeScope();
        Operator = new MatrixOperator(K, normBound: 1 + Margin);
    }

    /// <summary>K as an operator.</summary>
    public MatrixOperator Operator { get; }

    /// <summary>Divides K by the estimate of its norm.</summary>
    public void Keep()
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var K = Operator.Matrix;
        for (var i = 0; i < PowerSteps; i++)
        {
            var image = mv(K.t(), mv(K, leading));
            leading.copy_(image / image.norm().clamp_min(1e-30));
        }

        K.div_(mv(K, leading).norm());
    }

    /// <summary>Divides K by its norm.</summary>
    public void Finish()
    {
        using var grad = no_grad();
        Operator.Matrix.div_(MatrixOperator.SpectralNorm(Operator.Matrix));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        leading.Dispose();
        Operator.Dispose();
    }
}
