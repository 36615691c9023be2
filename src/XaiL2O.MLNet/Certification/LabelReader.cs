using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>
/// Reads the labels of all certificates of a row as numbers: from the column of the last certifier, which has those of all, or, of rows that a file brought, from the
/// texts that the file has.
/// </summary>
internal sealed class LabelReader
{
    /// <summary>Added to a label where the certificate fails under the joint rule.</summary>
    public const int FailsJointly = 4;

    /// <summary>In the place of a text that is no label.</summary>
    public const int None = -1;

    private readonly ValueGetter<VBuffer<int>>? numbers;
    private readonly ValueGetter<ReadOnlyMemory<char>>[] texts;
    private readonly int[] labels;
    private VBuffer<int> buffer;

    public LabelReader(DataViewRow row)
    {
        var column = CertificateColumns.Find(row.Schema, CertificateColumns.PartLabels);
        Names = NamesIn(row.Schema);
        numbers = column is { } found ? row.GetGetter<VBuffer<int>>(found) : null;
        texts = column is null ? [.. Names.Select(name => row.GetGetter<ReadOnlyMemory<char>>(row.Schema[name + ".Label"]))] : [];
        labels = new int[Names.Count];
    }

    /// <summary>Names of the certificates.</summary>
    public IReadOnlyList<string> Names { get; }

    public static IReadOnlyList<string> NamesIn(DataViewSchema schema) =>
        CertificateColumns.Find(schema, CertificateColumns.PartLabels) is { } column ? ColumnNotes.SlotNames(column) : CertificateColumns.Parts(schema);

    public static IEnumerable<DataViewSchema.Column> Columns(DataViewSchema schema) =>
        CertificateColumns.Find(schema, CertificateColumns.PartLabels) is { } column ? [column] : CertificateColumns.Parts(schema).Select(name => schema[name + ".Label"]);

    /// <summary>The labels, see <see cref="FailsJointly"/>; valid until the next call.</summary>
    /// <param name="trusted">Whether the row is trusted, which rows of a file say apart from their labels.</param>
    public ReadOnlySpan<int> Read(bool trusted)
    {
        if (numbers is not null)
        {
            numbers(ref buffer);
            buffer.CopyTo(labels);
            return labels;
        }

        ReadOnlyMemory<char> text = default;
        for (var i = 0; i < labels.Length; i++)
        {
            texts[i](ref text);
            labels[i] = !Enum.TryParse<CertificateLabel>(text.Span, out var label) ? None : (int)label + (label == CertificateLabel.Fail && !trusted ? FailsJointly : 0);
        }

        return labels;
    }
}
