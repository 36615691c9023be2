using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The Radon matrix A of a parallel-beam scan: the entry of a beam and a pixel is the length of the beam inside the pixel (Siddon 1985,
/// doi 10.1118/1.595715), times <see cref="LengthUnit"/>, which makes ‖A‖₂ = 1. Its adjoint is the transpose of the same entries.
/// Differentiable; single and double precision.
/// </summary>
/// <remarks>
/// On the CPU both products run on all cores with the batch innermost. On another device they are products with a sparse tensor. Building
/// takes a fraction of a second; share one operator among models, it is never changed. The shared ones used last are kept, up to 512 MiB. Disposing one frees the copies
/// on other devices.
/// </remarks>
public sealed class RadonOperator : LinearOperator
{
    /// <summary>Steps of the power iteration that bounds the norm.</summary>
    private const int PowerSteps = 60;

    private static readonly SharedValues<ParallelBeamGeometry, RadonOperator> Operators = new(512L << 20, o => o.matrix.Bytes + o.transpose.Bytes);

    private readonly SparseMatrix matrix;
    private readonly SparseMatrix transpose;
    private readonly SparseDeviceCopies copies;

    /// <summary>Builds the matrix.</summary>
    /// <param name="geometry">The scan.</param>
    /// <exception cref="ArgumentOutOfRangeException">The geometry is invalid.</exception>
    public RadonOperator(ParallelBeamGeometry geometry)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        geometry.Validate();
        LibTorch.EnsureLoaded();
        Geometry = geometry;
        var lengths = SparseMatrix.FromRows(geometry.Beams, geometry.Pixels, (beam, indices, values) =>
            BeamPath.Trace(geometry, beam / geometry.Bins, beam % geometry.Bins, indices, values));
        var norm = NormBoundOf(lengths, lengths.Transposed());
        LengthUnit = 1 / norm;
        matrix = lengths.Scaled(LengthUnit);
        transpose = matrix.Transposed();
        copies = new SparseDeviceCopies(matrix, transpose);
    }

    /// <summary>The scan.</summary>
    public ParallelBeamGeometry Geometry { get; }

    /// <summary>Measurements are line integrals in pixels times this number.</summary>
    public double LengthUnit { get; }

    /// <summary>Entries that are not zero.</summary>
    public int NonZeros => matrix.Values.Length;

    /// <inheritdoc/>
    public override int InputSize => Geometry.Pixels;

    /// <inheritdoc/>
    public override int OutputSize => Geometry.Beams;

    /// <summary>1, with a margin for rounding.</summary>
    public override double NormBound => 1 + 1e-6;

    /// <inheritdoc/>
    public override Tensor Apply(Tensor x) => Multiply(x, matrix, transpose, InputSize, adjoint: false);

    /// <inheritdoc/>
    public override Tensor ApplyAdjoint(Tensor y) => Multiply(y, transpose, matrix, OutputSize, adjoint: true);

    /// <summary>The operator of a scan, built on first use and the same for everyone who asks while it is kept; do not dispose it.</summary>
    /// <param name="geometry">The scan.</param>
    public static RadonOperator Shared(ParallelBeamGeometry geometry)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        geometry.Validate();
        return Operators.Get(geometry, () => new RadonOperator(geometry));
    }

    /// <summary>The same matrix with all its zeros, for comparisons.</summary>
    /// <returns>Shape <c>[OutputSize, InputSize]</c>, single precision.</returns>
    public Tensor ToDense()
    {
        var values = new float[(long)OutputSize * InputSize];
        for (var row = 0; row < matrix.Rows; row++)
            for (var k = matrix.Starts[row]; k < matrix.Starts[row + 1]; k++)
                values[((long)row * InputSize) + matrix.Indices[k]] += matrix.Values[k];
        return tensor(values).reshape(OutputSize, InputSize);
    }

    /// <summary>Sparse tensors of the operator, as other devices use them.</summary>
    internal SparseDeviceCopies Copies() => new(matrix, transpose);

    /// <summary>Entries that are not zero in each column.</summary>
    internal float[] ColumnCounts()
    {
        var counts = new float[InputSize];
        foreach (var column in matrix.Indices)
            counts[column]++;
        return counts;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            copies.Dispose();
        base.Dispose(disposing);
    }

    private Tensor Multiply(Tensor x, SparseMatrix forward, SparseMatrix backward, int size, bool adjoint)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.dim() != 2 || x.shape[1] != size)
            throw new ArgumentException($"The operator takes [batch, {size}]; got [{string.Join(", ", x.shape)}].", nameof(x));
        return x.device.type == DeviceType.CPU ? SparseProduct.Of(forward, backward, x) : copies.Multiply(x, adjoint);
    }

    /// <summary>
    /// An upper bound on ‖A‖₂ for entries ≥ 0: max (AᵀAv)ᵢ/vᵢ over v > 0 bounds the largest eigenvalue of AᵀA (Collatz and Wielandt),
    /// and power iteration from a positive v makes it tight.
    /// </summary>
    private static double NormBoundOf(SparseMatrix A, SparseMatrix At)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        // A pixel that no beam meets has no part in the norm.
        var v = At.Multiply(A.Multiply(ones(1, A.Columns, dtype: ScalarType.Float64))).gt(0).to(ScalarType.Float64);
        var bound = double.PositiveInfinity;
        for (var step = 0; step < PowerSteps; step++)
        {
            var image = At.Multiply(A.Multiply(v));
            bound = Math.Min(bound, where(v.gt(0), image / v, zeros_like(v)).max().ToDouble());
            v = image / image.max();
        }

        return bound > 0 ? Math.Sqrt(bound) : 1;
    }
}
