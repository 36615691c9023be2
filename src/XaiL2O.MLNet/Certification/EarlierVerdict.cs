using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>
/// The verdict of the certifiers before one in a chain. Each certifier takes it into its own, so that the last one's columns speak for the whole chain,
/// whoever reads them.
/// </summary>
internal sealed class EarlierVerdict
{
    private readonly ValueGetter<bool>[] trustworthy;
    private readonly ValueGetter<double>? jointPValue;
    private readonly ValueGetter<ReadOnlyMemory<char>>?[] texts;
    private readonly ReadOnlyMemory<char>[] values = new ReadOnlyMemory<char>[3];

    private EarlierVerdict(DataViewRow row, bool explains)
    {
        // All but the first may have been dropped on the way.
        ValueGetter<T>? Getter<T>(string name) => Columns(row.Schema).Cast<DataViewSchema.Column?>().FirstOrDefault(c => c!.Value.Name == name) is { } column ? row.GetGetter<T>(column) : null;
        trustworthy = [.. CertificateColumns.OfTrust(row.Schema).Select(row.GetGetter<bool>)];
        jointPValue = Getter<double>(CertificateColumns.JointPValue);
        string[] names = [CertificateColumns.FailedParts, CertificateColumns.WarnedParts, .. explains ? [CertificateColumns.Explanation] : Array.Empty<string>()];
        texts = [.. names.Select(Getter<ReadOnlyMemory<char>>)];
        Tests = TestsIn(row.Schema)!.Value;
    }

    /// <summary>Certificates judged by calibration behind the verdict.</summary>
    public int Tests { get; }

    public JointOutcome Outcome { get; private set; }

    public ReadOnlyMemory<char> FailedParts => values[0];

    public ReadOnlyMemory<char> WarnedParts => values[1];

    /// <summary>Empty where it was not asked for.</summary>
    public ReadOnlyMemory<char> Explanation => values[2];

    /// <summary>Certificates judged by calibration behind the verdict in a schema; null where no certifier made one.</summary>
    public static int? TestsIn(DataViewSchema schema) =>
        CertificateColumns.Find(schema, CertificateColumns.Trustworthy) is { } column ? ColumnNotes.TestsOf(column) : null;

    /// <summary>Columns read; none where no certifier came before.</summary>
    public static IEnumerable<DataViewSchema.Column> Columns(DataViewSchema schema) =>
        TestsIn(schema) is null ? [] : CertificateColumns.OfVerdict.Select(name => CertificateColumns.Find(schema, name)).OfType<DataViewSchema.Column>().Where(c => ColumnNotes.TestsOf(c) is not null).Concat(CertificateColumns.OfTrust(schema));

    /// <summary>Null where no certifier came before.</summary>
    public static EarlierVerdict? Create(DataViewRow row, bool explains) => TestsIn(row.Schema) is null ? null : new EarlierVerdict(row, explains);

    public void Read()
    {
        var (trusted, p) = (true, double.NaN);
        foreach (var getter in trustworthy)
        {
            var one = false;
            getter(ref one);
            trusted &= one;
        }

        jointPValue?.Invoke(ref p);
        Outcome = new JointOutcome(trusted, p);
        for (var i = 0; i < texts.Length; i++)
            texts[i]?.Invoke(ref values[i]);
    }
}
