using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>Reads the group of the row as text, without allocating for text and named keys.</summary>
internal abstract class GroupReader
{
    /// <summary>The group; valid until the next call. Missing keys and missing text are the group with an empty name.</summary>
    public abstract ReadOnlyMemory<char> Read();

    public static GroupReader Create(DataViewRow row, DataViewSchema.Column column) => column.Type switch
    {
        TextDataViewType => new Text(row.GetGetter<ReadOnlyMemory<char>>(column)),
        KeyDataViewType key when key.RawType == typeof(byte) => new Key<byte>(row, column, v => v),
        KeyDataViewType key when key.RawType == typeof(ushort) => new Key<ushort>(row, column, v => v),
        KeyDataViewType key when key.RawType == typeof(ulong) => new Key<ulong>(row, column, v => v),
        KeyDataViewType => new Key<uint>(row, column, v => v),
        BooleanDataViewType => new Other<bool>(row.GetGetter<bool>(column)),
        _ => new Other<int>(row.GetGetter<int>(column)),
    };

    /// <summary>Every group of a view.</summary>
    /// <exception cref="InvalidOperationException">The column is missing or mistyped.</exception>
    public static HashSet<string> Distinct(IDataView view, string columnName)
    {
        ColumnCheck.Group(view.Schema, columnName);
        var column = view.Schema[columnName];
        using var cursor = view.GetRowCursor([column]);
        var (reader, groups) = (Create(cursor, column), new HashSet<string>(StringComparer.Ordinal));
        while (cursor.MoveNext())
            groups.Add(reader.Read().ToString());
        return groups;
    }

    private sealed class Text(ValueGetter<ReadOnlyMemory<char>> getter) : GroupReader
    {
        private ReadOnlyMemory<char> value;

        public override ReadOnlyMemory<char> Read()
        {
            getter(ref value);
            return value;
        }
    }

    private sealed class Key<T> : GroupReader
        where T : notnull
    {
        private readonly ValueGetter<T> getter;
        private readonly Func<T, ulong> number;
        private readonly ReadOnlyMemory<char>[] names = [];
        private T value = default!;

        public Key(DataViewRow row, DataViewSchema.Column column, Func<T, ulong> number)
        {
            (getter, this.number) = (row.GetGetter<T>(column), number);
            if (column.Annotations.Schema.GetColumnOrNull("KeyValues") is { Type: VectorDataViewType { ItemType: TextDataViewType } })
            {
                VBuffer<ReadOnlyMemory<char>> buffer = default;
                column.Annotations.GetValue("KeyValues", ref buffer);
                names = [.. buffer.DenseValues()];
            }
        }

        public override ReadOnlyMemory<char> Read()
        {
            getter(ref value);
            var key = number(value);
            if (key == 0)
                return default;
            // Named by the key's text, because its number may differ between data sets.
            return key <= (ulong)names.Length ? names[(int)key - 1] : key.ToString(CultureInfo.InvariantCulture).AsMemory();
        }
    }

    private sealed class Other<T>(ValueGetter<T> getter) : GroupReader
        where T : notnull
    {
        private readonly Dictionary<T, ReadOnlyMemory<char>> texts = [];
        private T value = default!;

        public override ReadOnlyMemory<char> Read()
        {
            getter(ref value);
            if (!texts.TryGetValue(value, out var text))
                texts[value] = text = string.Create(CultureInfo.InvariantCulture, $"{value}").AsMemory();
            return text;
        }
    }
}
