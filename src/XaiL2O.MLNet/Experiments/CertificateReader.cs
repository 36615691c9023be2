using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Shares of labels in the columns that a certifier appended, whoever appended it.</summary>
internal static class CertificateReader
{
    private const string Label = ".Label";

    /// <summary>Columns read by the functions below, those that the schema has.</summary>
    public static IEnumerable<string> Columns(DataViewSchema schema) =>
        Parts(schema).Select(part => part + Label).Concat(schema.GetColumnOrNull(CertificateColumns.Trustworthy) is null ? [] : [CertificateColumns.Trustworthy]);

    public static IEnumerable<string> Parts(DataViewSchema schema) => schema
        .Where(c => !c.IsHidden && c.Type is TextDataViewType && c.Name.EndsWith(Label, StringComparison.Ordinal))
        .Select(c => c.Name[..^Label.Length])
        .Where(part => schema.GetColumnOrNull(part + ".PValue") is not null);

    /// <summary>Share of rows that are not trustworthy; null where no certifier said so.</summary>
    public static double? FailRate(IDataView view)
    {
        if (view.Schema.GetColumnOrNull(CertificateColumns.Trustworthy) is not { } column || column.Type != BooleanDataViewType.Instance)
            return null;
        return view.GetColumn<bool>(column).Select(t => t ? 0.0 : 1.0).DefaultIfEmpty(double.NaN).Average();
    }

    public static IReadOnlyList<CertificateRate> Rates(IDataView view) =>
    [
        .. Parts(view.Schema).Select(part =>
        {
            var counts = new double[Enum.GetValues<CertificateLabel>().Length];
            foreach (var label in view.GetColumn<string>(part + Label))
                counts[(int)Enum.Parse<CertificateLabel>(label)]++;
            double Share(CertificateLabel label) => counts[(int)label] / counts.Sum();
            return new CertificateRate(part, Share(CertificateLabel.Pass), Share(CertificateLabel.Warning), Share(CertificateLabel.Fail));
        }),
    ];
}
