using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>A table in memory whose columns are known only at run time.</summary>
internal sealed class HistoryView : IDataView
{
    private readonly IReadOnlyList<Array> columns;
    private readonly int rows;

    /// <param name="columns">Name, type and values; arrays of one length whose element type is the raw type.</param>
    public HistoryView(IReadOnlyList<(string Name, DataViewType Type, Array Values)> columns)
    {
        this.columns = [.. columns.Select(c => c.Values)];
        rows = columns[0].Values.Length;
        var builder = new DataViewSchema.Builder();
        foreach (var (name, type, _) in columns)
            builder.AddColumn(name, type);
        Schema = builder.ToSchema();
    }

    public bool CanShuffle => false;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => rows;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) => new Cursor(this, [.. columnsNeeded.Select(c => c.Index)]);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(HistoryView parent, HashSet<int> active) : DataViewRowCursor
    {
        private int position = -1;

        public override DataViewSchema Schema => parent.Schema;

        public override long Position => position;

        public override long Batch => 0;

        public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);

        public override bool MoveNext()
        {
            if (position == -2)
                return false;
            position = position + 1 < parent.rows ? position + 1 : -2;
            return position >= 0;
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)position, 0);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!IsColumnActive(column))
                throw new InvalidOperationException($"The column '{column.Name}' was not asked for when the cursor was made.");
            var values = parent.columns[column.Index] as TValue[]
                ?? throw new InvalidOperationException($"The column '{column.Name}' holds {column.Type.RawType}, not {typeof(TValue)}.");
            return (ref TValue value) => value = values[position];
        }
    }
}
