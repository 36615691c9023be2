using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>A lazy view through a post-condition.</summary>
internal sealed class TrustDataView(RequireTrustTransformer transformer, IDataView source) : ITransformedView
{
    public IDataView Source => source;

    public bool CanShuffle => source.CanShuffle;

    public DataViewSchema Schema => source.Schema;

    public long? GetRowCount() => transformer.Policy.Drops ? null : source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        var active = Active(columnsNeeded);
        return new TrustCursor(transformer, source.GetRowCursor(Needed(active), rand), active);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        var active = Active(columnsNeeded);
        return [.. source.GetRowCursorSet(Needed(active), n, rand).Select(cursor => new TrustCursor(transformer, cursor, active))];
    }

    private static HashSet<int> Active(IEnumerable<DataViewSchema.Column> columns) => [.. columns.Select(c => c.Index)];

    private IEnumerable<DataViewSchema.Column> Needed(HashSet<int> active) =>
        VerdictReader.Columns(Schema).Concat(Schema.Where(c => active.Contains(c.Index))).DistinctBy(c => c.Index);
}
