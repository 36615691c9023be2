using System.Globalization;
using System.Numerics;
using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>Reads the group of the row as text, without allocating for text, and for keys with values.</summary>
internal abstract class GroupReader
{
    private const string KeyValues = "KeyValues";

    /// <summary>The group; valid until the next call. Missing keys and missing text are the group with an empty name.</summary>
    public abstract ReadOnlyMemory<char> Read();

    public static GroupReader Create(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is TextDataViewType)
            return new Text(row.GetGetter<ReadOnlyMemory<char>>(column));
        var reader = (column.Type is KeyDataViewType ? typeof(Key<>) : typeof(Other<>)).MakeGenericType(column.Type.RawType);
        return (GroupReader)Activator.CreateInstance(reader, row, column)!;
    }

    /// <summary>Whether groups are known by the numbers of a key alone, which another data set gives to other groups.</summary>
    public static bool IsByNumber(DataViewSchema.Column column) => column.Type is KeyDataViewType && NamesType(column) is null;

    /// <summary>Throws where groups of rows would be taken for others, because one side tells them by value and the other by the number of a key.</summary>
    /// <param name="column">The group column of the rows.</param>
    /// <param name="byNumber">Whether the calibration rows told groups by the numbers of a key.</param>
    public static void CheckKind(DataViewSchema.Column column, bool byNumber)
    {
        if (IsByNumber(column) != byNumber)
            throw new InvalidOperationException($"The group column '{column.Name}' {(byNumber ? "has values" : "is a key without values (KeyValues)")}, and that of the calibration rows {(byNumber ? "was a key without values (KeyValues)" : "had values")}: a number of a key could be taken for another group. Use the same kind of column for both.");
    }

    /// <summary>Throws where rows have no subject, whose rows would be taken for those of one.</summary>
    /// <param name="columnName">The column of subjects.</param>
    /// <param name="nameless">Rows whose subject is missing or empty.</param>
    /// <param name="rows">All rows.</param>
    public static void RequireSubjects(string columnName, int nameless, int rows)
    {
        if (nameless > 0)
            throw new InvalidOperationException($"{nameless} of {rows} rows have no subject in '{columnName}'; together they would count as one. Remove those rows, or give each its subject.");
    }

    /// <summary>Every group of a view.</summary>
    /// <exception cref="InvalidOperationException">The column is missing or mistyped.</exception>
    public static HashSet<string> Distinct(IDataView view, string columnName)
    {
        ColumnCheck.Group(view.Schema, columnName);
        var column = view.Schema[columnName];
        using var cursor = view.GetRowCursor([column]);
        var (reader, groups) = (Create(cursor, column), new HashSet<string>(StringComparer.Ordinal));
        while (cursor.MoveNext())
        {
            Interruption.Check();
            groups.Add(reader.Read().ToString());
        }

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

    private static ReadOnlyMemory<char> TextOf<T>(T value) =>
        value is ReadOnlyMemory<char> text ? text
            // Their usual text leaves out fractions of a second.
            : value is DateTime or DateTimeOffset ? string.Create(CultureInfo.InvariantCulture, $"{value:O}").AsMemory()
            : string.Create(CultureInfo.InvariantCulture, $"{value}").AsMemory();

    private static VectorDataViewType? NamesType(DataViewSchema.Column column) => column.Annotations.Schema.GetColumnOrNull(KeyValues)?.Type as VectorDataViewType;

    private static ReadOnlyMemory<char>[] NamesOf<T>(DataViewSchema.Column column)
    {
        VBuffer<T> values = default;
        column.Annotations.GetValue(KeyValues, ref values);
        return [.. values.DenseValues().Select(TextOf)];
    }

    /// <summary>Named by the key's value, whatever its type, because its number may differ between data sets; by its number where it has no values.</summary>
    private sealed class Key<T> : GroupReader
        where T : IBinaryInteger<T>
    {
        private readonly ValueGetter<T> getter;
        private readonly ReadOnlyMemory<char>[] names = [];
        private T value = T.Zero;

        public Key(DataViewRow row, DataViewSchema.Column column)
        {
            getter = row.GetGetter<T>(column);
            if (NamesType(column) is { } values)
            {
                var read = typeof(GroupReader).GetMethod(nameof(NamesOf), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(values.ItemType.RawType);
                names = (ReadOnlyMemory<char>[])read.Invoke(null, [column])!;
            }
        }

        public override ReadOnlyMemory<char> Read()
        {
            getter(ref value);
            var key = ulong.CreateTruncating(value);
            if (key == 0)
                return default;
            return key <= (ulong)names.Length ? names[(int)key - 1] : key.ToString(CultureInfo.InvariantCulture).AsMemory();
        }
    }

    /// <summary>A Boolean or an integer.</summary>
    private sealed class Other<T>(DataViewRow row, DataViewSchema.Column column) : GroupReader
        where T : notnull
    {
        private readonly ValueGetter<T> getter = row.GetGetter<T>(column);
        private readonly Dictionary<T, ReadOnlyMemory<char>> texts = [];
        private T value = default!;

        public override ReadOnlyMemory<char> Read()
        {
            getter(ref value);
            if (!texts.TryGetValue(value, out var text))
                texts[value] = text = TextOf(value);
            return text;
        }
    }
}
