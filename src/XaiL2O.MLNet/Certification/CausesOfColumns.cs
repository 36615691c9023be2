using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>The text "what usually causes a violation" travels with a property column as an annotation.</summary>
internal static class CausesOfColumns
{
    private const string Kind = "XaiL2O.Cause";

    public static DataViewSchema.Annotations? Annotate(string? cause)
    {
        if (string.IsNullOrEmpty(cause))
            return null;
        var builder = new DataViewSchema.Annotations.Builder();
        builder.Add<ReadOnlyMemory<char>>(Kind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = cause.AsMemory());
        return builder.ToAnnotations();
    }

    public static string? Of(DataViewSchema.Column column)
    {
        if (column.Annotations.Schema.GetColumnOrNull(Kind) is null)
            return null;
        ReadOnlyMemory<char> text = default;
        column.Annotations.GetValue(Kind, ref text);
        return text.ToString();
    }
}
