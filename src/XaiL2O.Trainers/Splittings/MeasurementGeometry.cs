using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>What exact steps need to know of a measurement matrix M: its pseudo-inverse and a basis of its null space.</summary>
internal sealed class MeasurementGeometry : IDisposable
{
    /// <summary>Decomposes a matrix, in double precision.</summary>
    /// <param name="matrix">M, shape <c>[m, n]</c> with m &lt; n and full row rank.</param>
    /// <exception cref="ArgumentException">M has as many rows as columns or more, or dependent rows.</exception>
    public MeasurementGeometry(Tensor matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        var (m, n) = (matrix.shape[0], matrix.shape[1]);
        if (m >= n)
            throw new ArgumentException($"The measurement matrix has {m} rows and {n} columns; with at least as many measurements as unknowns there is nothing to learn.", nameof(matrix));
        using var mode = inference_mode(false);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var (U, S, Vh) = linalg.svd(matrix.detach().to(CPU).to(ScalarType.Float64), fullMatrices: true);
        var singular = S.data<double>().ToArray();
        if (!(singular[^1] > 1e-8 * singular[0]))
            throw new ArgumentException($"The rows of the measurement matrix are linearly dependent (smallest/largest singular value {singular[^1] / singular[0]:G3}); remove redundant measurements.", nameof(matrix));

        Tensor Keep(Tensor t) => t.to(matrix.dtype).to(matrix.device).contiguous().clone().DetachFromDisposeScope();
        Matrix = Keep(matrix.detach());
        PseudoInverse = Keep(mm(Vh.slice(0, 0, m, 1).t() / S, U.t()));
        NullBasis = Keep(Vh.slice(0, m, n, 1).t());
        Norm = singular[0];
    }

    /// <summary>M, shape <c>[m, n]</c>.</summary>
    public Tensor Matrix { get; }

    /// <summary>M⁺, shape <c>[n, m]</c>: M⁺d is the solution of Mx = d of least norm.</summary>
    public Tensor PseudoInverse { get; }

    /// <summary>N with orthonormal columns that span {x : Mx = 0}, shape <c>[n, n − m]</c>.</summary>
    public Tensor NullBasis { get; }

    /// <summary>‖M‖₂.</summary>
    public double Norm { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Matrix.Dispose();
        PseudoInverse.Dispose();
        NullBasis.Dispose();
    }
}
