using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>
/// The verdict that rows bring along: of the certifiers before one in a chain, or from a file. Each certifier takes it into its own, so that the last one's
/// columns speak for all, whoever reads them.
/// </summary>
internal sealed class EarlierVerdict
{
    private static readonly string[] Texts = [CertificateColumns.FailedParts, CertificateColumns.WarnedParts, CertificateColumns.Explanation];

    private readonly TrustReader trust;
    private readonly LabelReader labels;
    private readonly ValueGetter<double>? jointPValue;
    private readonly ValueGetter<ReadOnlyMemory<char>>?[] texts;
    private readonly ReadOnlyMemory<char>[] values = new ReadOnlyMemory<char>[Texts.Length];

    private EarlierVerdict(DataViewRow row, bool explains)
    {
        ValueGetter<T>? Getter<T>(DataViewSchema.Column? column) => column is { } present ? row.GetGetter<T>(present) : null;
        trust = new TrustReader(row);
        labels = new LabelReader(row);
        jointPValue = Getter<double>(Joint(row.Schema));
        texts = [.. (explains ? Texts : Texts[..^1]).Select(name => Getter<ReadOnlyMemory<char>>(CertificateColumns.Find(row.Schema, name)))];
        Tests = TestsIn(row.Schema)!.Value;
    }

    /// <summary>Certificates judged by calibration behind the verdict.</summary>
    public int Tests { get; }

    public JointOutcome Outcome { get; private set; }

    public ReadOnlyMemory<char> FailedParts => values[0];

    public ReadOnlyMemory<char> WarnedParts => values[1];

    /// <summary>Empty where it was not asked for.</summary>
    public ReadOnlyMemory<char> Explanation => values[2];

    /// <summary>
    /// Certificates judged by calibration behind the verdict in a schema, as far as it is known; null where there is no verdict. A column of that name without certificates is none: rows may be
    /// of a class that takes up outputs as well, whose fields are empty before.
    /// </summary>
    public static int? TestsIn(DataViewSchema schema)
    {
        int?[] tests = [.. CertificateColumns.OfTrust(schema).Select(c => ColumnNotes.TestsOf(c, CertificateColumns.Trustworthy))];
        return CertificateColumns.Parts(schema).Count > 0 || tests.Any(t => t is not null) ? tests.Max(t => (int?)(t ?? 0)) : null;
    }

    /// <summary>Names of the certificates behind the verdict in a schema; none where there is no verdict.</summary>
    public static IReadOnlyList<string> PartsIn(DataViewSchema schema) => TestsIn(schema) is null ? [] : LabelReader.NamesIn(schema);

    /// <summary>Columns read; none where there is no verdict.</summary>
    public static IEnumerable<DataViewSchema.Column> Columns(DataViewSchema schema) => TestsIn(schema) is null
        ? []
        : Texts.Select(name => CertificateColumns.Find(schema, name)).Append(Joint(schema)).OfType<DataViewSchema.Column>().Concat(LabelReader.Columns(schema)).Concat(CertificateColumns.OfTrust(schema));

    /// <summary>Null where there is no verdict.</summary>
    public static EarlierVerdict? Create(DataViewRow row, bool explains) => TestsIn(row.Schema) is null ? null : new EarlierVerdict(row, explains);

    /// <summary>Reads the row, and its labels.</summary>
    public ReadOnlySpan<int> Read()
    {
        var p = double.NaN;
        jointPValue?.Invoke(ref p);
        Outcome = new JointOutcome(trust.Read(), p);
        for (var i = 0; i < texts.Length; i++)
            texts[i]?.Invoke(ref values[i]);
        // A column that is no certifier's has no parts.
        if (!Outcome.Trustworthy && values[0].IsEmpty)
            values[0] = CertificateColumns.Trustworthy.AsMemory();
        return labels.Read(Outcome.Trustworthy);
    }

    /// <summary>A joint p-value counts together with its number of certificates, which a file does not tell.</summary>
    private static DataViewSchema.Column? Joint(DataViewSchema schema) =>
        CertificateColumns.Find(schema, CertificateColumns.JointPValue) is { } column && ColumnNotes.TestsOf(column, CertificateColumns.JointPValue) is not null ? column : null;
}
