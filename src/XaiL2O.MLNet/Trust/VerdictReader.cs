using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Reads the verdict of a row from the columns of the chain's certifiers; the joint label cheaply, the rest where it is needed.</summary>
internal sealed class VerdictReader
{
    private readonly TrustReader trust;
    private readonly ValueGetter<ReadOnlyMemory<char>> warnedParts;
    private readonly ValueGetter<ReadOnlyMemory<char>> failedParts;
    private readonly ValueGetter<ReadOnlyMemory<char>> explanation;
    private readonly ValueGetter<double> jointPValue;
    private readonly (string Name, Func<double> Value, ValueGetter<double> PValue, ValueGetter<ReadOnlyMemory<char>> Label, bool ByLimit)[] certificates;

    public VerdictReader(DataViewRow row)
    {
        ValueGetter<T> Getter<T>(string name) => row.GetGetter<T>(CertificateColumns.Find(row.Schema, name)!.Value);
        trust = new TrustReader(row);
        warnedParts = Getter<ReadOnlyMemory<char>>(CertificateColumns.WarnedParts);
        failedParts = Getter<ReadOnlyMemory<char>>(CertificateColumns.FailedParts);
        explanation = Getter<ReadOnlyMemory<char>>(CertificateColumns.Explanation);
        jointPValue = Getter<double>(CertificateColumns.JointPValue);
        certificates =
        [
            .. CertificateColumns.Parts(row.Schema).Select(part => (
                part,
                PropertyGetter.Scalar(row, row.Schema[part + ".Value"]),
                row.GetGetter<double>(row.Schema[part + ".PValue"]),
                row.GetGetter<ReadOnlyMemory<char>>(row.Schema[part + ".Label"]),
                ColumnNotes.ByLimit(row.Schema[part + ".Label"]))),
        ];
    }

    /// <summary>Throws unless the schema has a certifier's columns.</summary>
    public static void Check(DataViewSchema schema)
    {
        if (Array.Exists(CertificateColumns.OfVerdict, name => CertificateColumns.Find(schema, name) is null))
            throw Missing(schema.Select(c => c.Name));
    }

    /// <inheritdoc cref="Check(DataViewSchema)"/>
    public static void Check(SchemaShape shape)
    {
        if (Others.Append(CertificateColumns.Trustworthy).Any(name => shape.All(c => c.Name != name)))
            throw Missing(shape.Select(c => c.Name));
    }

    /// <summary>The columns read.</summary>
    public static IEnumerable<DataViewSchema.Column> Columns(DataViewSchema schema) =>
        Others.Select(name => CertificateColumns.Find(schema, name)!.Value)
            .Concat(CertificateColumns.Parts(schema).SelectMany(part => (DataViewSchema.Column[])[schema[part + ".Value"], schema[part + ".PValue"], schema[part + ".Label"]]))
            .Concat(CertificateColumns.OfTrust(schema));

    public CertificateLabel Label()
    {
        if (!trust.Read())
            return CertificateLabel.Fail;
        ReadOnlyMemory<char> warned = default;
        warnedParts(ref warned);
        return warned.IsEmpty ? CertificateLabel.Pass : CertificateLabel.Warning;
    }

    public Verdict Read()
    {
        static T Get<T>(ValueGetter<T> getter)
        {
            T value = default!;
            getter(ref value);
            return value;
        }

        var read = new List<Certificate>();
        foreach (var c in certificates)
        {
            // Of rows from a file, a text of another kind is no label.
            if (Enum.TryParse<CertificateLabel>(Get(c.Label).Span, out var label))
                read.Add(new Certificate(c.Name, c.Value(), Get(c.PValue), label) { ByLimit = c.ByLimit });
        }

        var failed = Parts(Get(failedParts));
        // A column behind the certifier's may trust less than its parts do.
        if (failed.Length == 0 && !trust.Read())
            failed = [CertificateColumns.Trustworthy];
        return new Verdict(read, failed, Parts(Get(warnedParts)), Get(jointPValue), Get(explanation).ToString());
    }

    private static readonly string[] Others = [CertificateColumns.WarnedParts, CertificateColumns.FailedParts, CertificateColumns.Explanation, CertificateColumns.JointPValue];

    private static string[] Parts(ReadOnlyMemory<char> text) => text.ToString().Split(JudgeBatch.PartSeparator, StringSplitOptions.RemoveEmptyEntries);

    private static InvalidOperationException Missing(IEnumerable<string> present) =>
        new($"The rows carry no certificates: the columns '{CertificateColumns.Trustworthy}', '{string.Join("', '", Others)}' are needed. Append Certify(…) before RequireTrust. Columns present: {string.Join(", ", present.Take(20))}.");
}
