using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>Schema shapes, whose columns outside assemblies cannot otherwise make.</summary>
internal static class SchemaShapes
{
    /// <summary>The input's columns, less those hidden by an appended one of the same name, and the appended ones.</summary>
    public static SchemaShape Append(SchemaShape input, IReadOnlyList<(string Name, DataViewType Type)> columns) =>
        new([.. input.Where(c => columns.All(appended => appended.Name != c.Name)), .. columns.Select(c => Shape(c.Name, c.Type))]);

    private static SchemaShape.Column Shape(string name, DataViewType type) => type is VectorDataViewType vector
        ? new SchemaShape.Column(name, SchemaShape.Column.VectorKind.Vector, vector.ItemType, isKey: false)
        : new SchemaShape.Column(name, SchemaShape.Column.VectorKind.Scalar, type, isKey: false);
}
