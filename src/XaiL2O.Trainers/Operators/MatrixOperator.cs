using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>A dense matrix, x ↦ Mx for every row x. The matrix may be a trained parameter.</summary>
public sealed class MatrixOperator : LinearOperator
{
    private readonly double? knownNorm;
    private readonly Func<Tensor, double> bound = SpectralNorm;
    private double? computedNorm;
    private double lowerNorm = double.NaN; // not known yet; written whole, from any thread

    /// <summary>Takes ownership of a matrix.</summary>
    /// <param name="matrix">M, shape <c>[OutputSize, InputSize]</c>, real floating point. Disposed with the operator.</param>
    /// <param name="normBound">
    /// A bound on ‖M‖₂ that the caller guarantees to hold at all times (for a trained matrix kept on a norm ball).
    /// Without it the largest singular value is computed once, on first use.
    /// </param>
    /// <exception cref="ArgumentException">The tensor is not a matrix.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="normBound"/> is negative or not finite.</exception>
    public MatrixOperator(Tensor matrix, double? normBound = null)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        if (matrix.dim() != 2)
            throw new ArgumentException($"A matrix needs 2 dimensions; the tensor has {matrix.dim()}.", nameof(matrix));
        if (normBound is { } bound && !(bound >= 0 && double.IsFinite(bound)))
            throw new ArgumentOutOfRangeException(nameof(normBound), bound, "A norm bound is a finite number, at least 0.");
        Matrix = matrix.DetachFromDisposeScope();
        knownNorm = normBound;
    }

    /// <summary>A trained matrix, whose norm is bounded as it is now, on first use.</summary>
    internal MatrixOperator(Tensor matrix, Func<Tensor, double> bound)
        : this(matrix) => this.bound = bound;

    /// <summary>M, shape <c>[OutputSize, InputSize]</c>.</summary>
    public Tensor Matrix { get; }

    /// <inheritdoc/>
    public override int InputSize => (int)Matrix.shape[1];

    /// <inheritdoc/>
    public override int OutputSize => (int)Matrix.shape[0];

    /// <inheritdoc/>
    public override double NormBound => knownNorm ?? (computedNorm ??= bound(Matrix));

    /// <summary>The smallest singular value where there are at least as many rows as columns, less what rounding can make of it; computed once for a matrix that is not trained.</summary>
    public override double LowerNormBound =>
        OutputSize < InputSize ? 0 : Matrix.requires_grad ? SmallestSingularValue(Matrix) : double.IsNaN(lowerNorm) ? lowerNorm = SmallestSingularValue(Matrix) : lowerNorm;

    /// <inheritdoc/>
    public override Tensor Apply(Tensor x) => mm(x, Matrix.t());

    /// <inheritdoc/>
    public override Tensor ApplyAdjoint(Tensor y) => mm(y, Matrix);

    /// <summary>The orthonormal discrete cosine transform (type II) of length n, an isometry: its transpose is its inverse.</summary>
    /// <param name="size">n ≥ 1.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="device">Device; CPU when null.</param>
    /// <returns>The transform as an n×n matrix, which for the lengths met here is as fast as a transform by FFT.</returns>
    public static MatrixOperator CosineTransform(int size, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        LibTorch.EnsureLoaded();
        var values = new double[size, size];
        for (var k = 0; k < size; k++)
        {
            var weight = Math.Sqrt((k == 0 ? 1.0 : 2.0) / size);
            for (var i = 0; i < size; i++)
                values[k, i] = weight * Math.Cos(Math.PI * k * ((2 * i) + 1) / (2.0 * size));
        }

        return new MatrixOperator(tensor(values).to(dtype).to(device ?? CPU), normBound: 1 + 1e-6);
    }

    /// <summary>The largest singular value, by a full decomposition in double precision.</summary>
    internal static double SpectralNorm(Tensor matrix) => SingularValues(matrix).Largest;

    private static double SmallestSingularValue(Tensor matrix)
    {
        var (smallest, largest) = SingularValues(matrix);
        return Math.Max(0, smallest - (1e-13 * Math.Sqrt(matrix.numel()) * largest));
    }

    private static (double Smallest, double Largest) SingularValues(Tensor matrix)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var values = linalg.svdvals(matrix.detach().to(CPU).to(ScalarType.Float64));
        return (values.min().ToDouble(), values.max().ToDouble());
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Matrix.Dispose();
        base.Dispose(disposing);
    }
}
