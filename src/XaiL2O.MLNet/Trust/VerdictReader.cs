using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Reads the verdict of a row from the columns of the chain's certifiers; the joint label cheaply, the rest where it is needed.</summary>
internal sealed class VerdictReader
{
    private readonly TrustReader trust;
    private readonly LabelReader labels;
    private readonly ValueGetter<ReadOnlyMemory<char>> warnedParts;
    private readonly ValueGetter<ReadOnlyMemory<char>> explanation;
    private readonly ValueGetter<double> jointPValue;
    private readonly Func<CertificateLabel, Certificate>?[] certificates;

    public VerdictReader(DataViewRow row)
    {
        ValueGetter<T> Getter<T>(string name) => row.GetGetter<T>(CertificateColumns.Find(row.Schema, name)!.Value);
        trust = new TrustReader(row);
        labels = new LabelReader(row);
        warnedParts = Getter<ReadOnlyMemory<char>>(CertificateColumns.WarnedParts);
        explanation = Getter<ReadOnlyMemory<char>>(CertificateColumns.Explanation);
        jointPValue = Getter<double>(CertificateColumns.JointPValue);
        // The columns of a part may have been dropped; its label says whether it failed all the same.
        var present = CertificateColumns.Parts(row.Schema);
        certificates = [.. labels.Names.Select(part => present.Contains(part) ? Reader(row, part) : null)];
    }

    /// <summary>Throws unless the schema has a certifier's columns.</summary>
    public static void Check(DataViewSchema schema)
    {
        if (Array.Exists(CertificateColumns.OfVerdict, name => CertificateColumns.Find(schema, name) is null))
            throw Missing(schema.Select(c => c.Name));
        CertificateColumns.CheckWhole(schema);
    }

    /// <inheritdoc cref="Check(DataViewSchema)"/>
    public static void Check(SchemaShape shape)
    {
        if (Array.Exists(CertificateColumns.OfVerdict, role => !shape.Any(c => c.Name == role || ColumnNotes.IsVerdict(c, role))))
            throw Missing(shape.Select(c => c.Name));
    }

    /// <summary>The columns read.</summary>
    public static IEnumerable<DataViewSchema.Column> Columns(DataViewSchema schema) =>
        CertificateColumns.OfVerdict.Select(name => CertificateColumns.Find(schema, name)!.Value)
            .Concat(LabelReader.Columns(schema))
            .Concat(CertificateColumns.Parts(schema).SelectMany(part => (DataViewSchema.Column[])[schema[part + ".Value"], schema[part + ".PValue"]]))
            .Concat(CertificateColumns.OfTrust(schema));

    public CertificateLabel Label()
    {
        if (!trust.Read())
            return CertificateLabel.Fail;
        // Where the labels of an earlier certifier were dropped, the text alone is left that something warned.
        return labels.Read(true).ContainsAnyInRange(1, int.MaxValue) || !Get(warnedParts).IsEmpty ? CertificateLabel.Warning : CertificateLabel.Pass;
    }

    public Verdict Read()
    {
        var (read, failed, warned) = (new List<Certificate>(), new List<string>(), new List<string>());
        var trusted = trust.Read();
        var numbers = labels.Read(trusted);
        for (var i = 0; i < numbers.Length; i++)
        {
            if (numbers[i] == LabelReader.None)
                continue;
            var (label, fails) = ((CertificateLabel)(numbers[i] % LabelReader.FailsJointly), numbers[i] >= LabelReader.FailsJointly);
            if (certificates[i] is { } certificate)
                read.Add(certificate(label));
            if (fails)
                failed.Add(labels.Names[i]);
            else if (label != CertificateLabel.Pass)
                warned.Add(labels.Names[i]);
        }

        // A column behind the certifier's may trust less than its parts do.
        if (failed.Count == 0 && !trusted)
            failed.Add(CertificateColumns.Trustworthy);
        return new Verdict(read, failed, warned, Get(jointPValue), Get(explanation).ToString());
    }

    private static Func<CertificateLabel, Certificate> Reader(DataViewRow row, string part)
    {
        var value = PropertyGetter.Scalar(row, row.Schema[part + ".Value"]);
        var pValue = row.GetGetter<double>(row.Schema[part + ".PValue"]);
        var byLimit = ColumnNotes.ByLimit(row.Schema[part + ".Label"]);
        return label => new Certificate(part, value(), Get(pValue), label) { ByLimit = byLimit };
    }

    private static T Get<T>(ValueGetter<T> getter)
    {
        T value = default!;
        getter(ref value);
        return value;
    }

    private static InvalidOperationException Missing(IEnumerable<string> present) =>
        new($"The rows carry no certificates: the columns '{string.Join("', '", CertificateColumns.OfVerdict)}' are needed. Append Certify(…) before RequireTrust. Columns present: {string.Join(", ", present.Take(20))}.");
}
