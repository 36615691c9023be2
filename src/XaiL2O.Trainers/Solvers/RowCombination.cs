using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace XaiL2O.Trainers;

/// <summary>
/// g − Σₖ γₖvₖ row by row, with the norms of both parts: one pass over memory in single precision on the CPU, where tensor operations take four.
/// </summary>
internal static class RowCombination
{
    /// <summary>Variables that one core takes at a time; their sum stays in its cache.</summary>
    private const int ChunkSize = 1 << 16;

    /// <summary>Combines.</summary>
    /// <param name="g">Shape <c>[rows, n]</c>.</param>
    /// <param name="vectors">v, shape <c>[rows, m, n]</c>; the first ones are used.</param>
    /// <param name="weights">γ, shape <c>[rows, count, 1]</c> with count at most m.</param>
    /// <returns>g − Σₖ γₖvₖ, shape <c>[rows, n]</c>; ‖Σₖ γₖvₖ‖ and ‖g‖, shape <c>[rows, 1]</c>.</returns>
    public static (Tensor Combined, Tensor ChangeNorm, Tensor Norm) Subtract(Tensor g, Tensor vectors, Tensor weights)
    {
        if (g.dtype != ScalarType.Float32 || g.device_type != DeviceType.CPU || !g.is_contiguous() || !vectors.is_contiguous())
        {
            var sum = weights.transpose(1, 2).bmm(vectors.narrow(1, 0, weights.shape[1])).squeeze(1);
            return (g - sum, sum.norm(1, true), g.norm(1, true));
        }

        var (rows, n, count) = ((int)g.shape[0], (int)g.shape[1], (int)weights.shape[1]);
        var combined = empty_like(g);
        var chunks = (n + ChunkSize - 1) / ChunkSize;
        var (changes, norms) = (new double[rows * chunks], new double[rows * chunks]);
        using (var dense = weights.contiguous())
        {
            var γ = dense.data<float>().ToArray();
            Parallel.For(0, rows * chunks, part =>
            {
                var (row, from) = (part / chunks, part % chunks * ChunkSize);
                var length = Math.Min(ChunkSize, n - from);
                using var source = g[row];
                using var target = combined[row];
                var buffer = ArrayPool<float>.Shared.Rent(length);
                var sum = buffer.AsSpan(0, length);
                sum.Clear();
                for (var k = 0; k < count; k++)
                {
                    using var vector = vectors[row, k];
                    TensorPrimitives.MultiplyAdd(Values(vector, from, length), γ[(row * count) + k], sum, sum);
                }

                var values = Values(source, from, length);
                TensorPrimitives.Subtract(values, sum, Values(target, from, length));
                (changes[part], norms[part]) = (TensorPrimitives.SumOfSquares<float>(sum), TensorPrimitives.SumOfSquares<float>(values));
                ArrayPool<float>.Shared.Return(buffer);
            });
        }

        Tensor Norms(double[] squares) => tensor(squares).view(rows, chunks).sum(1, true).sqrt().to(g.dtype);
        return (combined, Norms(changes), Norms(norms));
    }

    private static Span<float> Values(Tensor row, int from, int length) => MemoryMarshal.Cast<byte, float>(row.bytes).Slice(from, length);
}
