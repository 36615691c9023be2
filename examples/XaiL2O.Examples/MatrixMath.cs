using System.Numerics.Tensors;
using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>The little linear algebra that the examples need to make data and baselines.</summary>
internal static class MatrixMath
{
    /// <summary>Mx.</summary>
    public static float[] Multiply(float[,] matrix, ReadOnlySpan<float> x)
    {
        var columns = matrix.GetLength(1);
        var result = new float[matrix.GetLength(0)];
        for (var i = 0; i < result.Length; i++)
            result[i] = TensorPrimitives.Dot(System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpan(ref matrix[i, 0], columns), x);
        return result;
    }

    /// <summary>The pseudo-inverse of a wide matrix with independent rows: A⁺d is the minimum-norm least-squares solution.</summary>
    public static float[,] PseudoInverse(float[,] matrix)
    {
        LibTorch.EnsureLoaded();
        using var scope = torch.NewDisposeScope();
        var values = torch.linalg.pinv(torch.tensor(matrix).to(torch.ScalarType.Float64)).to(torch.ScalarType.Float32).contiguous().data<float>().ToArray();
        var result = new float[matrix.GetLength(1), matrix.GetLength(0)];
        Buffer.BlockCopy(values, 0, result, 0, values.Length * sizeof(float));
        return result;
    }

    public static double SquaredDistance(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var distance = (double)TensorPrimitives.Distance(a, b);
        return distance * distance;
    }

    public static double Norm(ReadOnlySpan<float> a) => TensorPrimitives.Norm(a);

    /// <summary>The orthonormal cosine transform.</summary>
    public static float[,] CosineTransform(int size)
    {
        using var transform = MatrixOperator.CosineTransform(size);
        var values = transform.Matrix.data<float>().ToArray();
        var matrix = new float[size, size];
        Buffer.BlockCopy(values, 0, matrix, 0, values.Length * sizeof(float));
        return matrix;
    }
}
