using Microsoft.ML;

namespace XaiL2O.MLNet;

/// <summary>Schema shapes, which outside assemblies cannot otherwise make.</summary>
internal static class SchemaShapes
{
    /// <summary>The shape of a schema, annotations included.</summary>
    public static SchemaShape Of(DataViewSchema schema) => SchemaShape.Create(schema);

    /// <summary>The input's columns, less those hidden by an appended one of the same name, and the appended ones.</summary>
    public static SchemaShape Append(SchemaShape input, IReadOnlyList<OutputColumn> columns)
    {
        var appended = new DataViewSchema.Builder();
        foreach (var column in columns)
            appended.AddColumn(column.Name, column.Type, ColumnNotes.Of(column));
        return new([.. input.Where(c => columns.All(a => a.Name != c.Name)), .. Of(appended.ToSchema())]);
    }
}
