using TorchSharp;
using XaiL2O.Trainers;
using static TorchSharp.torch;

namespace XaiL2O.Examples;

/// <summary>
/// A transform in which training signals are sparse, from the signals alone: independent component analysis (symmetric FastICA: Hyvärinen 1999,
/// doi 10.1109/72.761722) in the space that they span, and rows that are zero on that space. A start for a learned transform.
/// </summary>
internal static class IndependentComponents
{
    private const int Iterations = 40;

    /// <summary>K, n rows of n values.</summary>
    /// <param name="signals">Signals of length n, many more than n.</param>
    /// <param name="seed">Seed of the rotation at the start.</param>
    public static float[,] Transform(float[][] signals, int seed)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)(uint)seed);
        var n = signals[0].Length;
        var X = tensor(signals.SelectMany(s => s).ToArray()).reshape(signals.Length, n).to(float64);
        X -= X.mean([0]);
        var (variances, axes) = linalg.eigh(X.t().mm(X) / signals.Length);
        var rank = variances.gt(1e-9 * variances[-1]).sum().ToInt32();
        var whitening = axes.slice(1, n - rank, n, 1) / variances.slice(0, n - rank, n, 1).sqrt();
        var Z = X.mm(whitening);
        var W = Rotation(randn(rank, rank, dtype: float64, generator: generator));
        for (var i = 0; i < Iterations; i++)
        {
            Interruption.Check();
            using var inner = NewDisposeScope();
            var g = Z.mm(W.t()).tanh();
            W = Rotation((g.t().mm(Z) / signals.Length) - ((1 - g.square()).mean([0]).unsqueeze(1) * W)).MoveToOuterDisposeScope();
        }

        var inside = W.mm(whitening.t());
        // Signals have nothing outside their span, which rows as long as the others say of estimates.
        var outside = axes.slice(1, 0, n - rank, 1).t() * inside.norm() / Math.Sqrt(rank);
        var K = new float[n, n];
        Buffer.BlockCopy(cat([inside, outside], 0).to(float32).contiguous().data<float>().ToArray(), 0, K, 0, n * n * sizeof(float));
        return K;
    }

    /// <summary>The nearest rotation: the polar factor.</summary>
    private static Tensor Rotation(Tensor matrix)
    {
        var (U, _, Vh) = linalg.svd(matrix, fullMatrices: false);
        return U.mm(Vh);
    }
}
