using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>
/// What travels with a column as annotations, by which it is known under whatever name. With a property's: "what usually causes a violation", and which of its
/// values are unusual. With a label's: whether it comes from a given limit. With those of a joint verdict: which one it is, and how many certificates judged by
/// calibration are behind it. With all of a certifier's: the place of the certifier in the chain. With those of a model, a bound or a selection: what made them. With vectors: ML.NET's
/// names of slots.
/// </summary>
internal static class ColumnNotes
{
    private const string SlotsKind = "SlotNames";
    private const string CauseKind = "XaiL2O.Cause";
    private const string SidesKind = "XaiL2O.Sides";
    private const string LimitKind = "XaiL2O.ByLimit";
    private const string VerdictKind = "XaiL2O.Verdict.";
    private const string CertifierKind = "XaiL2O.Certifier";
    private const string MakerKind = "XaiL2O.Maker";

    public static DataViewSchema.Annotations Of(OutputColumn column)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        void Text(string kind, string text) => builder.Add<ReadOnlyMemory<char>>(kind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = text.AsMemory());
        void Flag(string kind, bool flag) => builder.Add<bool>(kind, BooleanDataViewType.Instance, (ref bool value) => value = flag);
        void Number(string kind, int number) => builder.Add<int>(kind, NumberDataViewType.Int32, (ref int value) => value = number);
        if (column.SlotNames.Count > 0)
        {
            var slots = new VBuffer<ReadOnlyMemory<char>>(column.SlotNames.Count, [.. column.SlotNames.Select(name => name.AsMemory())]);
            builder.Add<VBuffer<ReadOnlyMemory<char>>>(SlotsKind, new VectorDataViewType(TextDataViewType.Instance, slots.Length), (ref VBuffer<ReadOnlyMemory<char>> value) => slots.CopyTo(ref value));
        }

        if (!string.IsNullOrEmpty(column.Cause))
            Text(CauseKind, column.Cause);
        if (column.Sides != Sides.Upper)
            Text(SidesKind, column.Sides.ToString());
        if (column.ByLimit is { } limit)
            Flag(LimitKind, limit);
        if (column.Role is { } role)
            Number(VerdictKind + role, column.Tests);
        if (column.Certifier > 0)
            Number(CertifierKind, column.Certifier);
        if (column.Maker is { } maker)
            Text(MakerKind, maker);
        return builder.ToAnnotations();
    }

    public static string? CauseOf(DataViewSchema.Column column) => Text(column, CauseKind);

    public static Sides SidesOf(DataViewSchema.Column column) => Enum.TryParse<Sides>(Text(column, SidesKind), out var sides) ? sides : Sides.Upper;

    /// <summary>Whether a certifier made the column to hold labels.</summary>
    public static bool IsLabel(DataViewSchema.Column column) => Has(column, LimitKind);

    public static bool ByLimit(DataViewSchema.Column column)
    {
        var limit = false;
        if (IsLabel(column))
            column.Annotations.GetValue(LimitKind, ref limit);
        return limit;
    }

    /// <summary>What made a column that no other of this library may hide, in a word; null for other columns.</summary>
    public static string? MakerOf(DataViewSchema.Column column) => Has(column, CertifierKind) ? "certifier" : Text(column, MakerKind);

    /// <summary>The place in the chain of the certifier that made the column; 0 where none did.</summary>
    public static int CertifierOf(DataViewSchema.Column column) => Number(column, CertifierKind) ?? 0;

    /// <summary>The number of certificates behind a column of a joint verdict; null where the column is not the one that is asked for.</summary>
    public static int? TestsOf(DataViewSchema.Column column, string role) => Number(column, VerdictKind + role);

    /// <summary>The same before fitting.</summary>
    public static bool IsVerdict(SchemaShape.Column column, string role) => column.Annotations.Any(a => a.Name == VerdictKind + role);

    /// <summary>Names of the numbers of a vector; none where it has no names.</summary>
    public static IReadOnlyList<string> SlotNames(DataViewSchema.Column column)
    {
        if (!column.HasSlotNames())
            return [];
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.GetSlotNames(ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }

    private static bool Has(DataViewSchema.Column column, string kind) => column.Annotations.Schema.GetColumnOrNull(kind) is not null;

    private static int? Number(DataViewSchema.Column column, string kind)
    {
        if (!Has(column, kind))
            return null;
        var number = 0;
        column.Annotations.GetValue(kind, ref number);
        return number;
    }

    private static string? Text(DataViewSchema.Column column, string kind)
    {
        if (!Has(column, kind))
            return null;
        ReadOnlyMemory<char> text = default;
        column.Annotations.GetValue(kind, ref text);
        return text.ToString();
    }
}
