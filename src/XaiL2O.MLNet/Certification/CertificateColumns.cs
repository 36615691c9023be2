using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>Names of the certifier's columns that do not carry a property's name.</summary>
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
    /// hides it; otherwise the column of this name, for instance of judged rows that were read from a file. Null where there is none.
    /// </summary>
    public static DataViewSchema.Column? Find(DataViewSchema schema, string name) =>
        schema.Cast<DataViewSchema.Column?>().LastOrDefault(c => c!.Value.Name == name && ColumnNotes.TestsOf(c.Value) is not null) ?? schema.GetColumnOrNull(name);

    /// <summary>
    /// The columns that say whether a row is to be trusted: the certifier's, and where another step appended a Boolean column of the same name behind it, that one
    /// too. A row is trustworthy if both say so.
    /// </summary>
    public static IEnumerable<DataViewSchema.Column> OfTrust(DataViewSchema schema) =>
        new[] { Find(schema, Trustworthy), schema.GetColumnOrNull(Trustworthy) }.OfType<DataViewSchema.Column>().Where(c => c.Type is BooleanDataViewType).DistinctBy(c => c.Index);
}
