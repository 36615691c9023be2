using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
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
    /// <param name="weights">γ, shape <c>[rows, count, 1]</c> with count at most m.</param>
    /// <returns>g − Σₖ γₖvₖ, shape <c>[rows, n]</c>; ‖Σₖ γₖvₖ‖ and ‖g‖, shape <c>[rows, 1]</c>.</returns>
    public static (Tensor Combined, Tensor ChangeNorm, Tensor Norm) Subtract(Tensor g, Tensor vectors, Tensor weights)
    {
        if (!OnCpu(g) || !OnCpu(vectors))
        {
            var sum = weights.transpose(1, 2).bmm(vectors.narrow(1, 0, weights.shape[1])).squeeze(1);
            return (g - sum, sum.norm(1, true), g.norm(1, true));
        }

        return g.dtype == ScalarType.Float32 ? Subtract<float>(g, vectors, weights) : Subtract<double>(g, vectors, weights);
    }

    /// <summary>⟨vₖ, f⟩ of the first vectors of each row.</summary>
    /// <param name="vectors">v, shape <c>[rows, m, n]</c>.</param>
    /// <param name="count">How many are used.</param>
    /// <param name="f">Shape <c>[rows, n]</c>.</param>
    /// <returns>Shape <c>[rows, count]</c>, double.</returns>
    public static Tensor Products(Tensor vectors, int count, Tensor f)
    {
        if (!OnCpu(f) || !OnCpu(vectors))
            return stack([.. Enumerable.Range(0, (int)f.shape[0]).Select(row => vectors[row].narrow(0, 0, count).mv(f[row]))]).to(ScalarType.Float64);
        var products = f.dtype == ScalarType.Float32 ? Products<float>(vectors, count, f) : Products<double>(vectors, count, f);
        return tensor(products).view(f.shape[0], count);
    }

    private static bool OnCpu(Tensor t) => t.dtype is ScalarType.Float32 or ScalarType.Float64 && t.device_type == DeviceType.CPU && t.is_contiguous();

    private static (Tensor Combined, Tensor ChangeNorm, Tensor Norm) Subtract<T>(Tensor g, Tensor vectors, Tensor weights)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var (rows, n, count) = ((int)g.shape[0], (int)g.shape[1], (int)weights.shape[1]);
        var combined = empty_like(g);
        var chunks = (n + ChunkSize - 1) / ChunkSize;
        var (changes, norms) = (new double[rows * chunks], new double[rows * chunks]);
        using (var dense = weights.contiguous())
        {
            var γ = dense.data<T>().ToArray();
            ParallelLoop.For(rows * chunks, part =>
            {
                var (row, from) = (part / chunks, part % chunks * ChunkSize);
                var length = Math.Min(ChunkSize, n - from);
                using var source = g[row];
                using var target = combined[row];
                using var own = vectors[row];
                var buffer = ArrayPool<T>.Shared.Rent(length);
                var sum = buffer.AsSpan(0, length);
                sum.Clear();
                var all = Values<T>(own);
                for (var k = 0; k < count; k++)
                    TensorPrimitives.MultiplyAdd(all.Slice((k * n) + from, length), γ[(row * count) + k], sum, sum);
                var values = Values<T>(source).Slice(from, length);
                TensorPrimitives.Subtract(values, sum, Values<T>(target).Slice(from, length));
                (changes[part], norms[part]) = (double.CreateChecked(TensorPrimitives.SumOfSquares<T>(sum)), double.CreateChecked(TensorPrimitives.SumOfSquares<T>(values)));
                ArrayPool<T>.Shared.Return(buffer);
            });
        }

        Tensor Norms(double[] squares) => tensor(squares).view(rows, chunks).sum(1, true).sqrt().to(g.dtype);
        return (combined, Norms(changes), Norms(norms));
    }

    private static double[] Products<T>(Tensor vectors, int count, Tensor f)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var (rows, n) = ((int)f.shape[0], (int)f.shape[1]);
        var products = new double[rows * count];
        ParallelLoop.For(rows, row =>
        {
            using var own = vectors[row];
            using var other = f[row];
            var all = Values<T>(own);
            var values = Values<T>(other);
            for (var k = 0; k < count; k++)
                products[(row * count) + k] = double.CreateChecked(TensorPrimitives.Dot<T>(all.Slice(k * n, n), values));
        });
        return products;
    }

    private static Span<T> Values<T>(Tensor contiguous)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(contiguous.bytes);
}
