using TorchSharp;
using XaiL2O.Trainers;
using static TorchSharp.torch;

namespace XaiL2O.Examples;

/// <summary>The covariance of forecast errors, with correlations shrunk towards 0 as far as their sampling errors advise (Schäfer and Strimmer 2005, doi 10.2202/1544-6115.1175).</summary>
internal static class ErrorCovariance
{
    /// <summary>Σ⁻¹ of errors around 0, one array per day.</summary>
    public static double[,] ShrunkInverse(double[][] errors)
    {
        LibTorch.EnsureLoaded();
        using var scope = NewDisposeScope();
        var (rows, size) = (errors.Length, errors[0].Length);
        var e = tensor(errors.SelectMany(r => r).ToArray()).reshape(rows, size);
        var deviation = e.square().mean([0], true).sqrt();
        var z = e / deviation;
        var products = z.unsqueeze(2) * z.unsqueeze(1);
        var correlation = products.mean([0]);
        var off = 1 - eye(size, dtype: ScalarType.Float64);
        var variance = (products - correlation).square().sum([0]) * rows / Math.Pow(rows - 1, 3);
        var shrinkage = Math.Clamp((variance * off).sum().ToDouble() / (correlation.square() * off).sum().ToDouble(), 0, 1);
        var shrunk = (correlation * (1 - (shrinkage * off))) * deviation.t() * deviation;
        var inverse = linalg.inv(shrunk);
        var precision = new double[size, size];
        Buffer.BlockCopy(((inverse + inverse.t()) / 2).contiguous().data<double>().ToArray(), 0, precision, 0, size * size * sizeof(double));
        return precision;
    }

    /// <summary>A factor times Mv.</summary>
    public static double[] Times(double[,] matrix, double[] vector, double factor) =>
        [.. Enumerable.Range(0, vector.Length).Select(i => factor * Enumerable.Range(0, vector.Length).Sum(j => matrix[i, j] * vector[j]))];
}
