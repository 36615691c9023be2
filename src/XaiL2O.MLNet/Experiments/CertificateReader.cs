using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Shares of labels in the columns that certifiers appended, whoever appended them.</summary>
internal static class CertificateReader
{
    private const string Label = ".Label";

    /// <summary>Columns read by the functions below, those that the schema has.</summary>
    public static IEnumerable<string> Columns(DataViewSchema schema) =>
        CertificateColumns.Parts(schema).Select(part => part + Label).Concat(CertificateColumns.OfTrust(schema).Select(c => c.Name)).Distinct();

    /// <summary>Share of rows that are not trustworthy; null where nothing says so.</summary>
    public static double? FailRate(IDataView view)
    {
        DataViewSchema.Column[] columns = [.. CertificateColumns.OfTrust(view.Schema)];
        if (columns.Length == 0)
            return null;
        using var cursor = view.GetRowCursor(columns);
        var (verdict, rows, failed) = (new TrustReader(cursor), 0.0, 0.0);
        for (; cursor.MoveNext(); rows++)
            failed += verdict.Read() ? 0 : 1;
        return failed / rows;
    }

    public static IReadOnlyList<CertificateRate> Rates(IDataView view) =>
    [
        .. CertificateColumns.Parts(view.Schema).Select(part =>
        {
            var counts = new double[Enum.GetValues<CertificateLabel>().Length];
            foreach (var text in view.GetColumn<string>(part + Label))
            {
                if (Enum.TryParse<CertificateLabel>(text, out var label))
                    counts[(int)label]++;
            }

            double Share(CertificateLabel label) => counts[(int)label] / counts.Sum();
            return new CertificateRate(part, Share(CertificateLabel.Pass), Share(CertificateLabel.Warning), Share(CertificateLabel.Fail));
        }),
    ];
}
