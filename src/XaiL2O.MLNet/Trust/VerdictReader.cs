using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Reads the verdict of a row from the columns of the chain's certifiers; the joint label cheaply, the rest where it is needed.</summary>
internal sealed class VerdictReader
{
    private readonly ValueGetter<bool>[] trustworthy;
    private readonly ValueGetter<ReadOnlyMemory<char>> warnedParts;
    private readonly ValueGetter<ReadOnlyMemory<char>> failedParts;
    private readonly ValueGetter<ReadOnlyMemory<char>> explanation;
    private readonly ValueGetter<double> jointPValue;
    private readonly (string Name, Func<double> Value, ValueGetter<double> PValue, ValueGetter<ReadOnlyMemory<char>> Label, bool ByLimit)[] certificates;

    public VerdictReader(DataViewRow row)
    {
        ValueGetter<T> Getter<T>(string name) => row.GetGetter<T>(CertificateColumns.Find(row.Schema, name)!.Value);
        trustworthy = [.. CertificateColumns.OfTrust(row.Schema).Select(row.GetGetter<bool>)];
        warnedParts = Getter<ReadOnlyMemory<char>>(CertificateColumns.WarnedParts);
        failedParts = Getter<ReadOnlyMemory<char>>(CertificateColumns.FailedParts);
        explanation = Getter<ReadOnlyMemory<char>>(CertificateColumns.Explanation);
        jointPValue = Getter<double>(CertificateColumns.JointPValue);
        certificates = [.. Names(row.Schema).Select(n => (n, PropertyGetter.Scalar(row, row.Schema[n + ".Value"]), Getter<double>(n + ".PValue"), Getter<ReadOnlyMemory<char>>(n + ".Label"), ColumnNotes.ByLimit(row.Schema[n + ".Label"])))];
    }

    /// <summary>Throws unless the schema has a certifier's columns.</summary>
    public static void Check(DataViewSchema schema)
    {
        if (CertificateColumns.Find(schema, CertificateColumns.Trustworthy)?.Type != BooleanDataViewType.Instance || Array.Exists(Others, name => CertificateColumns.Find(schema, name) is null))
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
        Others
            .Concat(Names(schema).SelectMany(n => (string[])[n + ".Value", n + ".PValue", n + ".Label"]))
            .Select(name => CertificateColumns.Find(schema, name)!.Value)
            .Concat(CertificateColumns.OfTrust(schema));

    public CertificateLabel Label()
    {
        if (!IsTrusted())
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

        var read = certificates.Select(c => new Certificate(c.Name, c.Value(), Get(c.PValue), Enum.Parse<CertificateLabel>(Get(c.Label).Span)) { ByLimit = c.ByLimit }).ToArray();
        var failed = Parts(Get(failedParts));
        // A column behind the certifier's may trust less than its parts do.
        if (failed.Length == 0 && !IsTrusted())
            failed = [CertificateColumns.Trustworthy];
        return new Verdict(read, failed, Parts(Get(warnedParts)), Get(jointPValue), Get(explanation).ToString());
    }

    private bool IsTrusted()
    {
        foreach (var getter in trustworthy)
        {
            var trusted = false;
            getter(ref trusted);
            if (!trusted)
                return false;
        }

        return true;
    }

    private static readonly string[] Others = [CertificateColumns.WarnedParts, CertificateColumns.FailedParts, CertificateColumns.Explanation, CertificateColumns.JointPValue];

    private static string[] Parts(ReadOnlyMemory<char> text) => text.ToString().Split(JudgeBatch.PartSeparator, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Names of the certificates, in the order of their columns.</summary>
    private static IEnumerable<string> Names(DataViewSchema schema) =>
        from column in schema
        where !column.IsHidden && column.Name.EndsWith(".Label", StringComparison.Ordinal) && column.Type == TextDataViewType.Instance
        let name = column.Name[..^".Label".Length]
        where schema.GetColumnOrNull(name + ".PValue")?.Type == NumberDataViewType.Double && schema.GetColumnOrNull(name + ".Value") is not null
        select name;

    private static InvalidOperationException Missing(IEnumerable<string> present) =>
        new($"The rows carry no certificates: the columns '{CertificateColumns.Trustworthy}', '{string.Join("', '", Others)}' are needed. Append Certify(…) before RequireTrust. Columns present: {string.Join(", ", present.Take(20))}.");
}
