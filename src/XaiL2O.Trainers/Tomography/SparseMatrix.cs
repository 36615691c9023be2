using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp;
using XaiL2O.Certifiers;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// A constant sparse matrix in compressed rows, applied to batches on the CPU. The batch is laid innermost, so that one matrix entry is
/// multiplied with a vector register of samples; rows are shared among the cores. Every output is the sum of its own row in a fixed
/// order: a sample's result does not depend on the batch it is in.
/// </summary>
internal sealed class SparseMatrix(int rows, int columns, int[] starts, int[] indices, float[] values)
{
    private readonly Once<double[]> doubles = new(() => Array.ConvertAll(values, v => (double)v));

    public int Rows => rows;

    public int Columns => columns;

    public int[] Starts => starts;

    public int[] Indices => indices;

    public float[] Values => values;

    public long Bytes => (starts.Length + indices.Length) * (long)sizeof(int) + (values.Length * (long)(sizeof(float) + (doubles.Made is null ? 0 : sizeof(double))));

    /// <summary>Builds a matrix from rows made in parallel.</summary>
    public static SparseMatrix FromRows(int rows, int columns, Action<int, List<int>, List<float>> row)
    {
        var lines = new (int[] Indices, float[] Values)[rows];
        ParallelLoop.For(rows, i =>
        {
            var (index, value) = (new List<int>(), new List<float>());
            row(i, index, value);
            lines[i] = ([.. index], [.. value]);
        });
        var starts = new int[rows + 1];
        for (var i = 0; i < rows; i++)
            starts[i + 1] = checked(starts[i] + lines[i].Indices.Length);
        var (indices, values) = (new int[starts[rows]], new float[starts[rows]]);
        for (var i = 0; i < rows; i++)
        {
            lines[i].Indices.CopyTo(indices, starts[i]);
            lines[i].Values.CopyTo(values, starts[i]);
        }

        return new SparseMatrix(rows, columns, starts, indices, values);
    }

    /// <summary>The same matrix times a factor.</summary>
    public SparseMatrix Scaled(double factor) => new(rows, columns, starts, indices, Array.ConvertAll(values, v => (float)(v * factor)));

    /// <summary>The transpose; its entries are the same numbers, which makes it an exact adjoint.</summary>
    public SparseMatrix Transposed()
    {
        var newStarts = new int[columns + 1];
        foreach (var column in indices)
            newStarts[column + 1]++;
        for (var column = 0; column < columns; column++)
            newStarts[column + 1] += newStarts[column];
        var next = newStarts[..columns];
        var (newIndices, newValues) = (new int[indices.Length], new float[indices.Length]);
        for (var row = 0; row < rows; row++)
        {
            for (var k = starts[row]; k < starts[row + 1]; k++)
            {
                var at = next[indices[k]]++;
                (newIndices[at], newValues[at]) = (row, values[k]);
            }
        }

        return new SparseMatrix(columns, rows, newStarts, newIndices, newValues);
    }

    /// <summary>The matrix times every row of a CPU tensor [batch, columns] of single or double precision; no gradient is recorded.</summary>
    public Tensor Multiply(Tensor x)
    {
        using var grad = no_grad();
        return x.dtype == ScalarType.Float64 ? Multiply(x, doubles.Value) : Multiply(x, values);
    }

    private Tensor Multiply<T>(Tensor x, T[] entries)
        where T : unmanaged, INumber<T>
    {
        var batch = (int)x.shape[0];
        var width = (batch + Vector<T>.Count - 1) / Vector<T>.Count * Vector<T>.Count;
        var result = empty(batch, rows, dtype: x.dtype);
        var (input, output) = (ArrayPool<T>.Shared.Rent(columns * width), ArrayPool<T>.Shared.Rent(rows * width));
        try
        {
            using (var dense = x.contiguous())
                Interleave(MemoryMarshal.Cast<byte, T>(dense.bytes), input, batch, width);
            var parts = Math.Min(rows, 4 * Environment.ProcessorCount);
            ParallelLoop.For(parts, (long)values.Length * batch, part =>
            {
                var (from, to) = (Cut(part, parts), Cut(part + 1, parts));
                for (var lane = 0; lane < width;)
                {
                    if (width - lane >= 2 * Vector<T>.Count)
                    {
                        TwoVectors(entries, input, output, from, to, width, lane);
                        lane += 2 * Vector<T>.Count;
                    }
                    else
                    {
                        OneVector(entries, input, output, from, to, width, lane);
                        lane += Vector<T>.Count;
                    }
                }
            });
            Separate(output, MemoryMarshal.Cast<byte, T>(result.bytes), batch, width);
            return result;
        }
        finally
        {
            ArrayPool<T>.Shared.Return(input);
            ArrayPool<T>.Shared.Return(output);
        }
    }

    /// <summary>The first row of a part; parts have about equally many entries.</summary>
    private int Cut(int part, int parts)
    {
        // Empty rows at either end belong to the first and the last part.
        if (part == 0 || part == parts)
            return part == 0 ? 0 : rows;
        var at = Array.BinarySearch(starts, (int)((long)starts[rows] * part / parts));
        return Math.Min(at < 0 ? ~at : at, rows);
    }

    private void OneVector<T>(T[] entries, T[] input, T[] output, int from, int to, int width, int lane)
        where T : unmanaged, INumber<T>
    {
        ref var x = ref MemoryMarshal.GetArrayDataReference(input);
        for (var row = from; row < to; row++)
        {
            // Two sums hide the latency of the additions.
            var (even, odd) = (Vector<T>.Zero, Vector<T>.Zero);
            var (k, end) = (starts[row], starts[row + 1]);
            for (; k + 1 < end; k += 2)
            {
                even += new Vector<T>(entries[k]) * Vector.LoadUnsafe(ref x, (nuint)((indices[k] * width) + lane));
                odd += new Vector<T>(entries[k + 1]) * Vector.LoadUnsafe(ref x, (nuint)((indices[k + 1] * width) + lane));
            }

            if (k < end)
                even += new Vector<T>(entries[k]) * Vector.LoadUnsafe(ref x, (nuint)((indices[k] * width) + lane));
            (even + odd).CopyTo(output, (row * width) + lane);
        }
    }

    /// <summary>The same sums in the same order for two registers at a time, so that each entry is read once for both.</summary>
    private void TwoVectors<T>(T[] entries, T[] input, T[] output, int from, int to, int width, int lane)
        where T : unmanaged, INumber<T>
    {
        ref var x = ref MemoryMarshal.GetArrayDataReference(input);
        for (var row = from; row < to; row++)
        {
            var (even1, odd1, even2, odd2) = (Vector<T>.Zero, Vector<T>.Zero, Vector<T>.Zero, Vector<T>.Zero);
            var (k, end) = (starts[row], starts[row + 1]);
            for (; k + 1 < end; k += 2)
            {
                var (a, b) = (new Vector<T>(entries[k]), new Vector<T>(entries[k + 1]));
                var (i, j) = ((nuint)((indices[k] * width) + lane), (nuint)((indices[k + 1] * width) + lane));
                even1 += a * Vector.LoadUnsafe(ref x, i);
                even2 += a * Vector.LoadUnsafe(ref x, i + (nuint)Vector<T>.Count);
                odd1 += b * Vector.LoadUnsafe(ref x, j);
                odd2 += b * Vector.LoadUnsafe(ref x, j + (nuint)Vector<T>.Count);
            }

            if (k < end)
            {
                var (a, i) = (new Vector<T>(entries[k]), (nuint)((indices[k] * width) + lane));
                even1 += a * Vector.LoadUnsafe(ref x, i);
                even2 += a * Vector.LoadUnsafe(ref x, i + (nuint)Vector<T>.Count);
            }

            (even1 + odd1).CopyTo(output, (row * width) + lane);
            (even2 + odd2).CopyTo(output, (row * width) + lane + Vector<T>.Count);
        }
    }

    private void Interleave<T>(ReadOnlySpan<T> source, T[] target, int batch, int width)
        where T : unmanaged
    {
        if (batch < width)
            Array.Clear(target, 0, columns * width);
        for (var i = 0; i < columns; i++)
            for (var sample = 0; sample < batch; sample++)
                target[(i * width) + sample] = source[(sample * columns) + i];
    }

    private void Separate<T>(T[] source, Span<T> target, int batch, int width)
        where T : unmanaged
    {
        for (var i = 0; i < rows; i++)
            for (var sample = 0; sample < batch; sample++)
                target[(sample * rows) + i] = source[(i * width) + sample];
    }
}
