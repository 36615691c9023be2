using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>
/// What travels with a column as annotations. With a property's: "what usually causes a violation", and which of its values are unusual. With a label's:
/// whether it comes from a given limit. With those of a joint verdict: how many certificates judged by calibration, of this certifier and of those before it
/// in the chain, are behind it. With those that no other of this library may hide: whose they are.
/// </summary>
internal static class ColumnNotes
{
    private const string CauseKind = "XaiL2O.Cause";
    private const string SidesKind = "XaiL2O.Sides";
    private const string LimitKind = "XaiL2O.ByLimit";
    private const string TestsKind = "XaiL2O.Tests";
    private const string OwnerKind = "XaiL2O.Owner";

    public static DataViewSchema.Annotations? Annotate(string? cause, Sides sides, bool? byLimit, int? tests, string? owner)
    {
        if (string.IsNullOrEmpty(cause) && sides == Sides.Upper && byLimit is null && tests is null && owner is null)
            return null;
        var builder = new DataViewSchema.Annotations.Builder();
        if (!string.IsNullOrEmpty(cause))
            builder.Add<ReadOnlyMemory<char>>(CauseKind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = cause.AsMemory());
        if (sides != Sides.Upper)
            builder.Add<ReadOnlyMemory<char>>(SidesKind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = sides.ToString().AsMemory());
        if (byLimit is { } limit)
            builder.Add<bool>(LimitKind, BooleanDataViewType.Instance, (ref bool value) => value = limit);
        if (tests is { } count)
            builder.Add<int>(TestsKind, NumberDataViewType.Int32, (ref int value) => value = count);
        if (owner is not null)
            builder.Add<ReadOnlyMemory<char>>(OwnerKind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = owner.AsMemory());
        return builder.ToAnnotations();
    }

    public static string? CauseOf(DataViewSchema.Column column) => Text(column, CauseKind);

    public static Sides SidesOf(DataViewSchema.Column column) => Enum.TryParse<Sides>(Text(column, SidesKind), out var sides) ? sides : Sides.Upper;

    /// <summary>Whether a certifier made the column to hold labels.</summary>
    public static bool IsLabel(DataViewSchema.Column column) => column.Annotations.Schema.GetColumnOrNull(LimitKind) is not null;

    public static bool ByLimit(DataViewSchema.Column column)
    {
        var limit = false;
        if (IsLabel(column))
            column.Annotations.GetValue(LimitKind, ref limit);
        return limit;
    }

    /// <summary>Who made a column that no other of this library may hide; null for other columns.</summary>
    public static string? OwnerOf(DataViewSchema.Column column) => Text(column, OwnerKind);

    /// <summary>The number behind a column of a joint verdict; null where no certifier made the column.</summary>
    public static int? TestsOf(DataViewSchema.Column column)
    {
        if (column.Annotations.Schema.GetColumnOrNull(TestsKind) is null)
            return null;
        var tests = 0;
        column.Annotations.GetValue(TestsKind, ref tests);
        return tests;
    }

    private static string? Text(DataViewSchema.Column column, string kind)
    {
        if (column.Annotations.Schema.GetColumnOrNull(kind) is null)
            return null;
        ReadOnlyMemory<char> text = default;
        column.Annotations.GetValue(kind, ref text);
        return text.ToString();
    }
}
