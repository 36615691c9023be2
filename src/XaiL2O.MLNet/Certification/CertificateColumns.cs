using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>
/// Where the verdict of a row stands, for all that read it. A certifier marks its columns, so that they are known by whatever name, and where others hide them; rows
/// that were read from a file have no marks and are known by the names.
/// </summary>
internal static class CertificateColumns
{
    public const string Trustworthy = "Trustworthy";
    public const string JointPValue = "JointPValue";
    public const string FailedParts = "FailedParts";
    public const string WarnedParts = "WarnedParts";
    public const string Explanation = "Explanation";

    /// <summary>The columns of a joint verdict.</summary>
    public static readonly string[] OfVerdict = [Trustworthy, JointPValue, FailedParts, WarnedParts, Explanation];

    /// <summary>
    /// A column of the joint verdict: that of the last certifier of the chain, which speaks for those before it too, also where a column of the same name
    /// hides it; otherwise the column of this name and of the right type. Null where there is none.
    /// </summary>
    public static DataViewSchema.Column? Find(DataViewSchema schema, string name) =>
        schema.Cast<DataViewSchema.Column?>().LastOrDefault(c => c!.Value.Name == name && ColumnNotes.TestsOf(c.Value) is not null)
            ?? (schema.GetColumnOrNull(name) is { } column && column.Type == TypeOf(name) ? column : null);

    /// <summary>
    /// The columns that say whether a row is to be trusted, and that must all say so: those of certifiers, renamed ones included, and a Boolean column named as theirs
    /// that another step or a file brought.
    /// </summary>
    public static IEnumerable<DataViewSchema.Column> OfTrust(DataViewSchema schema) => schema
        .Where(c => c.Type is BooleanDataViewType && ColumnNotes.TestsOf(c) is not null).GroupBy(c => c.Name).Select(g => g.Last())
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

    /// <summary>Throws where certificates of an earlier certifier are there and what it says of the row as a whole is not: it would be forgotten.</summary>
    public static void CheckWhole(DataViewSchema schema)
    {
        if (!OfTrust(schema).Any() && schema.Where(c => ColumnNotes.TestsOf(c) is not null || ColumnNotes.IsLabel(c)).Select(c => c.Name).Distinct().ToArray() is { Length: > 0 } rest)
            throw new InvalidOperationException($"The verdict of a certifier before this one was dropped: of its columns {string.Join(", ", rest.Select(name => $"'{name}'"))} are left, and '{Trustworthy}' is missing, so rows that it does not trust would be trusted. Keep '{Trustworthy}', or drop all columns of that certifier.");
    }

    private static DataViewType TypeOf(string name) => name switch
    {
        Trustworthy => BooleanDataViewType.Instance,
        JointPValue => NumberDataViewType.Double,
        _ => TextDataViewType.Instance,
    };
}
