using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// (I + κMᵀM)⁻¹ = I − Mᵀ(κ⁻¹I + MMᵀ)⁻¹M (Woodbury), with the inverse of the Gram matrix of M's rows held dense. Symmetric, norm at most 1.
/// As the metric of a step in x it makes directions that M sees strongly as easy as those it sees weakly, so that the constraint
/// ‖Mx − d‖ ≤ δ is met in a few iterations instead of hundreds.
/// </summary>
/// <remarks>
/// Memory: OutputSize(M)² numbers, 120 MB for a scan of 30 angles and 183 bins. Building takes a Cholesky factorisation of that size, some
/// seconds; share one among models. The shared ones used last are kept, up to 512 MiB.
/// </remarks>
internal sealed class GramPreconditioner : LinearOperator
{
    /// <summary>Rows of the identity that M is applied to at once.</summary>
    private const int ChunkRows = 512;

    private static readonly SharedValues<(LinearOperator, double, ScalarType, string), GramPreconditioner> Built = new(512L << 20, p => p.bytes);

    private readonly LinearOperator measurement;
    private readonly Tensor inverse; // (κ⁻¹I + MMᵀ)⁻¹
    private readonly long bytes;
    private bool disposed;

    /// <summary>Builds the inverse.</summary>
    /// <param name="measurement">M; must not change afterwards. Not owned.</param>
    /// <param name="strength">κ &gt; 0; large values take the data into account almost exactly, at a condition number of 1 + κ‖M‖².</param>
    /// <param name="dtype">Element type of the computation.</param>
    /// <param name="device">Device; CPU when null.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="strength"/> is not positive and finite.</exception>
    public GramPreconditioner(LinearOperator measurement, double strength, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(measurement);
        Check.Positive(strength);
        (this.measurement, Strength) = (measurement, strength);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var rows = measurement.OutputSize;
        var gram = eye(rows, dtype: dtype, device: device ?? CPU) / strength;
        for (var first = 0; first < rows; first += ChunkRows)
        {
            using var chunkScope = NewDisposeScope();
            var count = Math.Min(ChunkRows, rows - first);
            var unit = eye(rows, dtype: dtype, device: gram.device).narrow(0, first, count).contiguous();
            gram.narrow(0, first, count).add_(measurement.Apply(measurement.ApplyAdjoint(unit)));
        }

        inverse = cholesky_inverse(linalg.cholesky(gram)).contiguous().DetachFromDisposeScope();
        // The collector sees a small object; it should know what it gives back with it.
        bytes = inverse.NumberOfElements * inverse.ElementSize;
        GC.AddMemoryPressure(bytes);
    }

    /// <summary>Gives the matrix back where nobody has disposed it.</summary>
    ~GramPreconditioner() => Dispose(false);

    /// <summary>κ.</summary>
    public double Strength { get; }

    /// <inheritdoc/>
    public override int InputSize => measurement.InputSize;

    /// <inheritdoc/>
    public override int OutputSize => measurement.InputSize;

    /// <summary>1: the eigenvalues are 1/(1 + κσ²).</summary>
    public override double NormBound => 1;

    /// <summary>The preconditioner of an operator, built on first use and the same for everyone who asks while it is kept; do not dispose it.</summary>
    /// <inheritdoc cref="GramPreconditioner(LinearOperator, double, ScalarType, Device?)"/>
    public static GramPreconditioner Shared(LinearOperator measurement, double strength, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(measurement);
        return Built.Get((measurement, strength, dtype, (device ?? CPU).ToString()), () => new GramPreconditioner(measurement, strength, dtype, device));
    }

    /// <inheritdoc/>
    public override Tensor Apply(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x - measurement.ApplyAdjoint(mm(measurement.Apply(x), inverse));
    }

    /// <inheritdoc/>
    public override Tensor ApplyAdjoint(Tensor y) => Apply(y);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inverse.Dispose();
        // A constructor that failed has nothing to give back.
        if (!disposed && bytes > 0)
            GC.RemoveMemoryPressure(bytes);
        disposed = true;

        base.Dispose(disposing);
    }
}
