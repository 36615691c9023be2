using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>
/// Where the verdict of a row stands, for all that read it. A certifier marks its columns, so that they are known by whatever name, and where others hide them; rows
/// that were read from a file have no marks and are known by the names without a prefix.
/// </summary>
internal static class CertificateColumns
{
    public const string Trustworthy = "Trustworthy";
    public const string JointPValue = "JointPValue";
    public const string FailedParts = "FailedParts";
    public const string WarnedParts = "WarnedParts";
    public const string Explanation = "Explanation";
    public const string PartLabels = "PartLabels";

    /// <summary>Between names in <see cref="FailedParts"/> and <see cref="WarnedParts"/>; no name may hold it.</summary>
    public const string PartSeparator = ", ";

    /// <summary>The columns of a joint verdict without which there is none.</summary>
    public static readonly string[] OfVerdict = [Trustworthy, JointPValue, FailedParts, WarnedParts, Explanation];

    /// <summary>All columns of a joint verdict. The labels are the numbers of <see cref="LabelReader"/>, one for each certificate of this and of earlier certifiers.</summary>
    public static IEnumerable<OutputColumn> Verdict(string prefix, IReadOnlyList<string> parts, int tests) =>
    [
        new(prefix + PartLabels, new VectorDataViewType(NumberDataViewType.Int32, parts.Count)) { Role = PartLabels, Tests = tests, SlotNames = parts },
        .. OfVerdict.Select(role => new OutputColumn(prefix + role, TypeOf(role)) { Role = role, Tests = tests }),
    ];

    /// <summary>
    /// A column of the joint verdict: that of the last certifier of the chain, which speaks for those before it too, whatever its name and also where a column of the
    /// same name hides it; otherwise the column of this name and of the right type. Null where there is none.
    /// </summary>
    public static DataViewSchema.Column? Find(DataViewSchema schema, string role)
    {
        var last = OfTrust(schema).Select(ColumnNotes.CertifierOf).DefaultIfEmpty(0).Max();
        return schema.Cast<DataViewSchema.Column?>().LastOrDefault(c => ColumnNotes.TestsOf(c!.Value, role) is not null && ColumnNotes.CertifierOf(c.Value) == last)
            ?? (schema.GetColumnOrNull(role) is { } column && column.Type == TypeOf(role) && ColumnNotes.CertifierOf(column) == 0 ? column : null);
    }

    /// <summary>
    /// The columns that say whether a row is to be trusted, and that must all say so: those of certifiers, renamed ones included, and a Boolean column named as theirs
    /// that another step or a file brought.
    /// </summary>
    public static IEnumerable<DataViewSchema.Column> OfTrust(DataViewSchema schema) => schema
        .Where(IsTrust).GroupBy(c => c.Name).Select(g => g.Last())
        .Concat(schema.Where(c => !c.IsHidden && c.Name == Trustworthy && c.Type is BooleanDataViewType))
        .DistinctBy(c => c.Index);

    /// <summary>Names of the certificates, in the order of their columns: those of certifiers where there are any, so that other columns named alike are not taken for some.</summary>
    public static IReadOnlyList<string> Parts(DataViewSchema schema)
    {
        const string label = ".Label";
        DataViewSchema.Column[] named = [.. schema.Where(c => !c.IsHidden && c.Type is TextDataViewType && c.Name.EndsWith(label, StringComparison.Ordinal))];
        var marked = named.Where(ColumnNotes.IsLabel).ToArray();
        return
        [
            .. (marked.Length > 0 ? marked : named).Select(c => c.Name[..^label.Length])
                .Where(part => schema.GetColumnOrNull(part + ".PValue")?.Type == NumberDataViewType.Double && schema.GetColumnOrNull(part + ".Value")?.Type is NumberDataViewType or BooleanDataViewType),
        ];
    }

    /// <summary>Throws where columns of a certifier are there and what it says of the row as a whole is not: it would be forgotten.</summary>
    public static void CheckWhole(DataViewSchema schema)
    {
        var trust = OfTrust(schema).Select(c => (int?)ColumnNotes.CertifierOf(c)).Max();
        DataViewSchema.Column[] rest = [.. schema.Where(c => !c.IsHidden && ColumnNotes.CertifierOf(c) > (trust ?? 0) && (ColumnNotes.IsLabel(c) || OfVerdict.Append(PartLabels).Any(role => ColumnNotes.TestsOf(c, role) is not null)))];
        // A column of the name that another step made says nothing of certifiers that are gone, but it is a verdict.
        if (rest.Length > 0 && (trust is null or > 0))
            throw new InvalidOperationException($"The verdict of a certifier before this one was dropped: of its columns {string.Join(", ", rest.Select(c => $"'{c.Name}'"))} are left, and '{Trustworthy}' is missing, so rows that it does not trust would be trusted. Keep '{Trustworthy}', or drop all columns of that certifier.");
    }

    private static bool IsTrust(DataViewSchema.Column column) => column.Type is BooleanDataViewType && ColumnNotes.TestsOf(column, Trustworthy) is not null;

    private static DataViewType TypeOf(string role) => role switch
    {
        Trustworthy => BooleanDataViewType.Instance,
        JointPValue => NumberDataViewType.Double,
        _ => TextDataViewType.Instance,
    };
}
