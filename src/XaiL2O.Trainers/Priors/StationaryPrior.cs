using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// A Gaussian prior N(0, C) of signals that says the same of every place: Cᵢⱼ = c(|i − j|), with c the autocovariance of training signals. Holds the square roots
/// of C that change signals x to white ones u, x = C^½u and back.
/// </summary>
/// <remarks>Eigenvalues of C below 10⁻⁵ of the largest are raised to that, so that C can be inverted: noise at −50 dB that no training signal needs to have.</remarks>
internal sealed class StationaryPrior : IDisposable
{
    private const double Floor = 1e-5;

    /// <summary>Makes the prior.</summary>
    /// <param name="autocovariance">c(0), c(1), …, c(n − 1); c(0) positive.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="device">Device.</param>
    public StationaryPrior(double[] autocovariance, ScalarType dtype, Device device)
    {
        using var mode = inference_mode(false);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var (values, vectors) = linalg.eigh(Toeplitz(tensor(autocovariance)));
        // Means over diagonals of a covariance need not be positive semidefinite; the nearest matrix that is has these eigenvalues (Higham 1988, doi 10.1016/0024-3795(88)90223-6).
        values = values.clamp_min(Floor * values[-1].ToDouble());
        Tensor Power(double exponent) => (vectors * values.pow(exponent)).mm(vectors.t()).to(dtype).to(device).contiguous().clone().DetachFromDisposeScope();
        (Root, InverseRoot) = (Power(0.5), Power(-0.5));
    }

    /// <summary>C^½, symmetric, n×n.</summary>
    public Tensor Root { get; }

    /// <summary>C^−½, symmetric, n×n.</summary>
    public Tensor InverseRoot { get; }

    /// <summary>The autocovariance of signals: means over the diagonals of their second moments.</summary>
    /// <param name="signals">Shape <c>[rows, n]</c>, finite.</param>
    public static double[] Autocovariance(Tensor signals)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var x = signals.cpu().to(float64);
        return ByDistance(x.t().mm(x) / x.shape[0]).data<double>().ToArray();
    }

    /// <summary>Means over the diagonals of a matrix n×n, shape <c>[n]</c>.</summary>
    public static Tensor ByDistance(Tensor moments) => stack([.. Enumerable.Range(0, (int)moments.shape[0]).Select(k => moments.diagonal(k).mean())]);

    /// <summary>The symmetric matrix n×n with the entries c(|i − j|).</summary>
    /// <param name="byDistance">c, shape <c>[n]</c>.</param>
    public static Tensor Toeplitz(Tensor byDistance)
    {
        var n = byDistance.shape[0];
        var index = arange(n, dtype: int64);
        return byDistance.index_select(0, (index.unsqueeze(1) - index).abs().flatten()).reshape(n, n);
    }

    public void Dispose()
    {
        Root.Dispose();
        InverseRoot.Dispose();
    }
}
