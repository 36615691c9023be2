using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet.Tests;

/// <summary>The visible values of rows by their <c>Id</c>, to compare bit for bit or up to rounding.</summary>
internal sealed class ConformanceTable
{
    private readonly SortedDictionary<int, (string Column, double[] Numbers, string Text)[]> rows = [];

    /// <summary>Reads all rows of a view.</summary>
    public static ConformanceTable Of(IDataView view)
    {
        using var cursor = view.GetRowCursor(view.Schema);
        return Of(cursor);
    }

    /// <summary>Reads what is active of the rows that a cursor has left.</summary>
    public static ConformanceTable Of(DataViewRowCursor cursor)
    {
        var table = new ConformanceTable();
        var next = table.Reader(cursor);
        while (cursor.MoveNext())
            next();
        return table;
    }

    public int Count => rows.Count;

    /// <summary>Takes up the row that a cursor is at whenever it is called.</summary>
    public Action Reader(DataViewRow row)
    {
        var id = row.GetGetter<int>(row.Schema["Id"]);
        var columns = row.Schema.Where(c => !c.IsHidden && row.IsColumnActive(c)).Select(c => (c.Name, Read: Value(row, c))).ToArray();
        return () =>
        {
            var key = 0;
            id(ref key);
            rows.Add(key, [.. columns.Select(c => (c.Name, c.Read().Numbers, c.Read().Text))]);
        };
    }

    /// <summary>Every value as text whose bits show.</summary>
    public IEnumerable<string> Lines => rows.SelectMany(r => r.Value.Select(v => $"{r.Key} {v.Column}: {string.Join(' ', v.Numbers.Select(n => n.ToString("R", CultureInfo.InvariantCulture)))} {v.Text}"));

    /// <summary>Asserts that the columns and rows that this one has are those of another, which may have more.</summary>
    /// <param name="expected">The other.</param>
    /// <param name="tolerance">Relative to the largest number of the value, and to 1e-3; 0 for the same bits.</param>
    /// <param name="how">How this one was read.</param>
    public void AssertIn(ConformanceTable expected, double tolerance, string how)
    {
        foreach (var (id, row) in rows)
        {
            var other = expected.rows[id].ToDictionary(v => v.Column);
            foreach (var (column, numbers, text) in row)
            {
                Assert.That(text, Is.EqualTo(other[column].Text), $"{how}: {column}, row {id}");
                Assert.That(numbers, Has.Length.EqualTo(other[column].Numbers.Length), $"{how}: {column}, row {id}");
                var size = other[column].Numbers.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
                for (var i = 0; i < numbers.Length; i++)
                {
                    var value = other[column].Numbers[i];
                    var same = numbers[i].Equals(value) || Math.Abs(numbers[i] - value) <= tolerance * Math.Max(1e-3, size);
                    if (!same)
                        Assert.Fail($"{how}: {column}[{i}], row {id} is {numbers[i]:R}, not {value:R}");
                }
            }
        }
    }

    private static Func<(double[] Numbers, string Text)> Value(DataViewRow row, DataViewSchema.Column column) => column.Type switch
    {
        BooleanDataViewType => Read<bool>(row, column, v => ([v ? 1 : 0], "")),
        TextDataViewType => Read<ReadOnlyMemory<char>>(row, column, v => ([], v.ToString())),
        NumberDataViewType t when t == NumberDataViewType.Int32 => Read<int>(row, column, v => ([v], "")),
        NumberDataViewType t when t == NumberDataViewType.Single => Read<float>(row, column, v => ([v], "")),
        NumberDataViewType => Read<double>(row, column, v => ([v], "")),
        VectorDataViewType { ItemType: var t } when t == NumberDataViewType.Int32 => Read<VBuffer<int>>(row, column, v => ([.. v.DenseValues().Select(x => (double)x)], "")),
        VectorDataViewType { ItemType: var t } when t == NumberDataViewType.Single => Read<VBuffer<float>>(row, column, v => ([.. v.DenseValues().Select(x => (double)x)], "")),
        _ => Read<VBuffer<double>>(row, column, v => ([.. v.DenseValues()], "")),
    };

    private static Func<(double[] Numbers, string Text)> Read<T>(DataViewRow row, DataViewSchema.Column column, Func<T, (double[] Numbers, string Text)> convert)
    {
        var getter = row.GetGetter<T>(column);
        T value = default!;
        return () =>
        {
            getter(ref value);
            return convert(value);
        };
    }
}
