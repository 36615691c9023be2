using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace XaiL2O.Trainers;

/// <summary>
/// Sums and products of the few vectors that belong to a row, on the CPU in one pass over memory, where tensor operations take four and batched matrix
/// products of such shapes are slow.
/// </summary>
internal static class RowCombination
{
    /// <summary>Variables that one core takes at a time; their sum stays in its cache.</summary>
    private const int ChunkSize = 1 << 16;

    /// <summary>g − Σₖ γₖvₖ row by row, with the norms of both parts.</summary>
    /// <param name="g">Shape <c>[rows, n]</c>.</param>
    /// <param name="vectors">v, shape <c>[rows, m, n]</c>; the first ones are used.</param>
    /// <param name="weights">γ, count of each row, at most m.</param>
    /// <returns>g − Σₖ γₖvₖ, shape <c>[rows, n]</c>; ‖Σₖ γₖvₖ‖ and ‖g‖ of each row.</returns>
    public static (Tensor Combined, double[] ChangeNorm, double[] Norm) Subtract(Tensor g, Tensor vectors, double[] weights)
    {
        if (!OnCpu(g) || !OnCpu(vectors))
        {
            var γ = tensor(weights).view(g.shape[0], 1, -1).to(g.dtype).to(g.device);
            var sum = γ.bmm(vectors.narrow(1, 0, γ.shape[2])).squeeze(1);
            return (g - sum, Host(sum.norm(1)), Host(g.norm(1)));
        }

        return g.dtype == ScalarType.Float32 ? Subtract<float>(g, vectors, weights) : Subtract<double>(g, vectors, weights);
    }

    /// <summary>⟨vₖ, f⟩ of the first vectors of each row.</summary>
    /// <param name="vectors">v, shape <c>[rows, m, n]</c>.</param>
    /// <param name="count">How many are used.</param>
    /// <param name="f">Shape <c>[rows, n]</c>.</param>
    /// <returns>Row after row, count of each.</returns>
    public static double[] Products(Tensor vectors, int count, Tensor f)
    {
        if (!OnCpu(f) || !OnCpu(vectors))
            return Host(stack([.. Enumerable.Range(0, (int)f.shape[0]).Select(row => vectors[row].narrow(0, 0, count).mv(f[row]))]));
        return f.dtype == ScalarType.Float32 ? Products<float>(vectors, count, f) : Products<double>(vectors, count, f);
    }

    private static double[] Host(Tensor t) => t.to(ScalarType.Float64).cpu().data<double>().ToArray();

    private static bool OnCpu(Tensor t) => t.dtype is ScalarType.Float32 or ScalarType.Float64 && t.device_type == DeviceType.CPU && t.is_contiguous();

    private static (Tensor Combined, double[] ChangeNorm, double[] Norm) Subtract<T>(Tensor g, Tensor vectors, double[] weights)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var (rows, n, m) = ((int)g.shape[0], (int)g.shape[1], (int)vectors.shape[1]);
        var count = weights.Length / rows;
        var combined = empty_like(g);
        var (source, all, target) = (Address(g), Address(vectors), Address(combined));
        var chunks = (n + ChunkSize - 1) / ChunkSize;
        var (changes, norms) = (new double[rows * chunks], new double[rows * chunks]);
        ParallelLoop.For(rows * chunks, (long)rows * n * count, part =>
        {
            var (row, from) = (part / chunks, part % chunks * ChunkSize);
            var length = Math.Min(ChunkSize, n - from);
            var buffer = ArrayPool<T>.Shared.Rent(length);
            var sum = buffer.AsSpan(0, length);
            sum.Clear();
            for (var k = 0; k < count; k++)
                TensorPrimitives.MultiplyAdd(Values<T>(all, ((((long)row * m) + k) * n) + from, length), T.CreateChecked(weights[(row * count) + k]), sum, sum);
            var values = Values<T>(source, ((long)row * n) + from, length);
            TensorPrimitives.Subtract(values, sum, Values<T>(target, ((long)row * n) + from, length));
            (changes[part], norms[part]) = (double.CreateChecked(TensorPrimitives.SumOfSquares<T>(sum)), double.CreateChecked(TensorPrimitives.SumOfSquares<T>(values)));
            ArrayPool<T>.Shared.Return(buffer);
        });
        GC.KeepAlive(g);
        GC.KeepAlive(vectors);
        double[] Norms(double[] squares) => [.. Enumerable.Range(0, rows).Select(row => Math.Sqrt(TensorPrimitives.Sum<double>(squares.AsSpan(row * chunks, chunks))))];
        return (combined, Norms(changes), Norms(norms));
    }

    private static double[] Products<T>(Tensor vectors, int count, Tensor f)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var (rows, n, m) = ((int)f.shape[0], (int)f.shape[1], (int)vectors.shape[1]);
        var products = new double[rows * count];
        var (own, all) = (Address(f), Address(vectors));
        ParallelLoop.For(rows, (long)rows * n * count, row =>
        {
            var values = Values<T>(own, (long)row * n, n);
            for (var k = 0; k < count; k++)
                products[(row * count) + k] = double.CreateChecked(TensorPrimitives.Dot<T>(Values<T>(all, (((long)row * m) + k) * n, n), values));
        });
        GC.KeepAlive(f);
        GC.KeepAlive(vectors);
        return products;
    }

    /// <summary>Where a tensor's values are. A tensor may be longer than a span.</summary>
    private static unsafe nint Address(Tensor contiguous)
    {
        using var first = contiguous.view(-1).narrow(0, 0, 1);
        fixed (byte* address = first.bytes)
            return (nint)address;
    }

    private static unsafe Span<T> Values<T>(nint address, long from, int length)
        where T : unmanaged => new((T*)address + from, length);
}
