using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>A post-condition bound to an input schema, for prediction engines.</summary>
internal sealed class TrustRowMapper(RequireTrustTransformer transformer, DataViewSchema schema) : IRowToRowMapper
{
    public DataViewSchema InputSchema => schema;

    public DataViewSchema OutputSchema => schema;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) =>
        VerdictReader.Columns(schema).Concat(dependingColumns).DistinctBy(c => c.Index);

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns) =>
        new TrustRow(transformer, input, [.. activeColumns.Select(c => c.Index)]);
}
