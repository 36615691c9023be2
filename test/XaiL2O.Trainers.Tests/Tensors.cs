using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>Seeded random tensors in double precision.</summary>
internal static class Tensors
{
    public static Tensor Random(int seed, params long[] shape)
    {
        using var generator = new Generator((ulong)seed);
        return randn(shape, dtype: ScalarType.Float64, generator: generator);
    }

    public static double[] Values(Tensor t) => t.detach().to(ScalarType.Float64).contiguous().data<double>().ToArray();

    public static double MaxDifference(Tensor a, Tensor b) => (a - b).abs().max().ToDouble();

    public static float[,] Matrix(int seed, int rows, int columns)
    {
        var values = Random(seed, rows, columns).to(ScalarType.Float32).data<float>().ToArray();
        var matrix = new float[rows, columns];
        Buffer.BlockCopy(values, 0, matrix, 0, values.Length * sizeof(float));
        return matrix;
    }
}
