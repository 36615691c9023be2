using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>A lazy view: the input's columns followed by the transformer's.</summary>
internal sealed class BatchDataView(BatchTransformer transformer, IDataView source) : ITransformedView
{
    public IDataView Source => source;

    public BatchTransformer Transformer => transformer;

    public bool CanShuffle => source.CanShuffle;

    public DataViewSchema Schema { get; } = transformer.GetOutputSchema(source.Schema);

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        var active = Active(columnsNeeded);
        return new BatchCursor(transformer, source.GetRowCursor(InputsFor(active), rand), Schema, active);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        var active = Active(columnsNeeded);
        return [.. source.GetRowCursorSet(InputsFor(active), n, rand).Select(cursor => new BatchCursor(transformer, cursor, Schema, active))];
    }

    private bool[] Active(IEnumerable<DataViewSchema.Column> columns)
    {
        var active = new bool[Schema.Count];
        foreach (var column in columns)
            active[column.Index] = true;
        return active;
    }

    private DataViewSchema.Column[] InputsFor(bool[] active) => transformer.InputsFor(source.Schema, active);
}
