using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// An upper bound on the spectral norm of a matrix that is cheap enough for every training step: with G the Gram matrix of its smaller side, order r,
/// ‖M‖² = λ_max(G) ≤ (tr G^s)^{1/s} ≤ r^{1/s}·λ_max(G), and repeated squaring takes s to 128. For r = 250 it is at most 2.2 % too large.
/// </summary>
internal static class SpectralBound
{
    private const int Squarings = 7;

    public static double Of(Tensor matrix)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var M = matrix.detach();
        var gram = M.shape[0] <= M.shape[1] ? mm(M, M.t()) : mm(M.t(), M);
        var logarithm = 0.0;
        for (var i = 0; ; i++)
        {
            // Kept at size 1, so that no power leaves the range of single precision.
            var size = gram.norm().ToDouble();
            if (size == 0)
                return 0;
            logarithm += Math.Log(size) / Math.Pow(2, i);
            gram = gram / size;
            if (i == Squarings)
                break;
            gram = mm(gram, gram);
        }

        var trace = gram.diagonal().sum().ToDouble();
        // Rounding of single precision.
        return Math.Exp((logarithm + (Math.Log(trace) / Math.Pow(2, Squarings))) / 2) * (1 + 1e-5);
    }
}
