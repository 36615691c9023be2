using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>Rows with the decision on each; it is made as the cursor moves, so that a stream is decided on in order, whatever columns are read.</summary>
internal sealed class SelectionCursor(DataViewRowCursor input, DataViewSchema schema, bool[] active, Func<(bool Selected, double Evidence)>? decide) : DataViewRowCursor
{
    private bool selected;
    private double evidence;
    private bool disposed;

    public override DataViewSchema Schema => schema;

    public override long Position => input.Position;

    public override long Batch => input.Batch;

    public override bool IsColumnActive(DataViewSchema.Column column) => column.Index < active.Length && active[column.Index];

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

    public override bool MoveNext()
    {
        Interruption.Check();
        if (!input.MoveNext())
            return false;
        if (decide is not null)
            (selected, evidence) = decide();
        return true;
    }

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!IsColumnActive(column))
            throw new InvalidOperationException($"The column '{column.Name}' was not asked for when the cursor was made.");
        if (column.Index < input.Schema.Count)
            return input.GetGetter<TValue>(input.Schema[column.Index]);
        Delegate getter = column.Index == input.Schema.Count
            ? (ValueGetter<bool>)((ref bool value) => value = Position >= 0 ? selected : throw NotOnRow())
            : (ValueGetter<double>)((ref double value) => value = Position >= 0 ? evidence : throw NotOnRow());
        return getter as ValueGetter<TValue> ?? throw new InvalidOperationException($"The column '{column.Name}' holds {schema[column.Index].Type.RawType}, not {typeof(TValue)}.");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !disposed)
        {
            disposed = true;
            input.Dispose();
        }

        base.Dispose(disposing);
    }

    private static InvalidOperationException NotOnRow() => new("The cursor is not on a row; call MoveNext first.");
}
