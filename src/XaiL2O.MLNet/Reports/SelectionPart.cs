using Microsoft.ML;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Reads what a selection decided and, where the rows have it, the truth.</summary>
internal sealed class SelectionPart : IReportPart
{
    private readonly SelectionOptions options;
    private readonly string[] appended;
    private readonly bool hasTruth;
    private readonly List<SelectedRow> rows = [];

    private SelectionPart(SelectionOptions options, DataViewSchema schema)
    {
        this.options = options;
        appended = [.. SelectionTransformer.Columns(options).Select(c => c.Name)];
        hasTruth = options.Judged.All(name => schema.GetColumnOrNull(name) is not null);
        ColumnCheck.Boolean(schema, appended[0]);
        ColumnCheck.Property(schema, appended[1]);
        if (hasTruth)
            SelectionTruth.Check(options, name => ColumnCheck.Boolean(schema, name), name => ColumnCheck.Group(schema, name), name => ColumnCheck.Argument(schema, name));
    }

    public IEnumerable<string> ColumnNames => [.. appended, .. hasTruth ? options.Judged : []];

    /// <summary>The part of a selection whose columns the rows have; null where they were dropped.</summary>
    public static SelectionPart? Of(SelectionTransformer selection, DataViewSchema schema, ReportOptions report) =>
        SelectionTransformer.Columns(selection.Options).Any(c => schema.GetColumnOrNull(c.Name) is null) ? null
        : new SelectionPart(report.EstimateColumnName == selection.Options.OutputColumnName ? selection.Options with { TruthColumnName = report.TruthColumnName! } : selection.Options, schema);

    public Action<string> Open(DataViewRow row)
    {
        // As a property, false counts as 1.
        var (selected, evidence) = (PropertyGetter.Scalar(row, row.Schema[appended[0]]), PropertyGetter.Scalar(row, row.Schema[appended[1]]));
        var bad = hasTruth ? SelectionTruth.Judge(options, row) : () => null;
        return _ => rows.Add(new SelectedRow(selected() == 0, bad(), options.Stream ? double.NaN : evidence()));
    }

    public CertificateReport AddTo(CertificateReport report) =>
        report with { Selections = [.. report.Selections, ReportSelection.Of(appended[0], options.FalseDiscoveryRate, rows)] };
}
