using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// What rows hold, in a few characters: names, types and values of all columns, in order. Values of types that are neither numbers nor texts nor vectors of them, such as
/// images, count with their type alone.
/// </summary>
internal static class RowsDigest
{
    private const int Digits = 16;

    /// <summary>Reads every row once.</summary>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public static string Of(IDataView view, CancellationToken token)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        DataViewSchema.Column[] columns = [.. view.Schema.Where(c => !c.IsHidden)];
        foreach (var column in columns)
            hash.AppendData(Encoding.UTF8.GetBytes($"{column.Name}\0{column.Type}\0"));
        using var cursor = new CancellableView(view, token).GetRowCursor(columns);
        Action[] reads = [.. columns.Select(c => Reader(cursor, c, hash)).OfType<Action>()];
        while (cursor.MoveNext())
        {
            Interruption.Check();
            foreach (var read in reads)
                read();
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..Digits];
    }

    private static Action? Reader(DataViewRow row, DataViewSchema.Column column, IncrementalHash hash)
    {
        var item = column.Type is VectorDataViewType vector ? vector.ItemType : column.Type;
        var method = item is TextDataViewType ? (item == column.Type ? nameof(Text) : nameof(Texts))
            : item.RawType.IsValueType && item is not StructuredDataViewType && !IsOrHoldsReferences(item.RawType) ? (item == column.Type ? nameof(Number) : nameof(Numbers))
            : null;
        if (method is null)
            return null;
        var read = typeof(RowsDigest).GetMethod(method, BindingFlags.NonPublic | BindingFlags.Static)!;
        return (Action)(read.IsGenericMethodDefinition ? read.MakeGenericMethod(item.RawType) : read).Invoke(null, [row, column, hash])!;
    }

    private static bool IsOrHoldsReferences(Type type) =>
        (bool)typeof(RuntimeHelpers).GetMethod(nameof(RuntimeHelpers.IsReferenceOrContainsReferences))!.MakeGenericMethod(type).Invoke(null, null)!;

    private static Action Number<T>(DataViewRow row, DataViewSchema.Column column, IncrementalHash hash)
        where T : unmanaged
    {
        var getter = row.GetGetter<T>(column);
        return () =>
        {
            T value = default;
            getter(ref value);
            hash.AppendData(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));
        };
    }

    private static Action Numbers<T>(DataViewRow row, DataViewSchema.Column column, IncrementalHash hash)
        where T : unmanaged
    {
        var getter = row.GetGetter<VBuffer<T>>(column);
        VBuffer<T> values = default;
        return () =>
        {
            getter(ref values);
            Append(hash, values.Length);
            // Sparse or dense, the vector is the same one.
            hash.AppendData(MemoryMarshal.AsBytes(values.IsDense ? values.GetValues() : [.. values.DenseValues()]));
        };
    }

    private static Action Text(DataViewRow row, DataViewSchema.Column column, IncrementalHash hash)
    {
        var getter = row.GetGetter<ReadOnlyMemory<char>>(column);
        ReadOnlyMemory<char> value = default;
        return () =>
        {
            getter(ref value);
            Append(hash, value);
        };
    }

    private static Action Texts(DataViewRow row, DataViewSchema.Column column, IncrementalHash hash)
    {
        var getter = row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(column);
        VBuffer<ReadOnlyMemory<char>> values = default;
        return () =>
        {
            getter(ref values);
            Append(hash, values.Length);
            foreach (var value in values.DenseValues())
                Append(hash, value);
        };
    }

    private static void Append(IncrementalHash hash, ReadOnlyMemory<char> text)
    {
        Append(hash, text.Length);
        hash.AppendData(MemoryMarshal.AsBytes(text.Span));
    }

    private static void Append(IncrementalHash hash, int length) => hash.AppendData(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in length)));
}
