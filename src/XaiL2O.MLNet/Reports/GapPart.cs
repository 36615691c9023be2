using Microsoft.ML;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Reads the gaps of a model of this library.</summary>
internal sealed class GapPart : IReportPart
{
    private readonly string[] columns;
    private readonly List<(double Gap, bool Converged, string Set)> rows = [];

    private GapPart(string[] columns, DataViewSchema schema)
    {
        this.columns = columns;
        foreach (var name in columns)
            ColumnCheck.Property(schema, name);
    }

    public IEnumerable<string> ColumnNames => columns;

    /// <summary>The part of a model whose columns the rows have; null where they were dropped.</summary>
    public static GapPart? Of(ImplicitModelTransformer model, DataViewSchema schema)
    {
        string[] columns = [model.Columns.Prefix + "Gap", model.Columns.Prefix + "Converged"];
        return columns.All(name => schema.GetColumnOrNull(name) is not null) ? new GapPart(columns, schema) : null;
    }

    public Action<string> Open(DataViewRow row)
    {
        // As a property, false counts as 1.
        var (gap, converged) = (PropertyGetter.Scalar(row, row.Schema[columns[0]]), PropertyGetter.Scalar(row, row.Schema[columns[1]]));
        return set => rows.Add((gap(), converged() == 0, set));
    }

    public CertificateReport AddTo(CertificateReport report) => report with { Gaps = [.. report.Gaps, ReportGap.Of(columns[0], rows)] };
}
