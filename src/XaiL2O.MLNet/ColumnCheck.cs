using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>Checks of input columns whose messages name the column, what is expected and what is there.</summary>
internal static class ColumnCheck
{
    /// <summary>A vector of <see cref="float"/> of a given length; vectors of unknown size are checked row by row.</summary>
    public static void FloatVector(DataViewSchema schema, string name, int size)
    {
        var type = Find(schema, name, $"a vector of {size} Single").Type;
        if (type is not VectorDataViewType vector || vector.ItemType != NumberDataViewType.Single || (vector.IsKnownSize && vector.Size != size))
            throw Mismatch(name, $"a vector of {size} Single", type.ToString()!);
    }

    /// <summary>The same promise before fitting, where sizes are not known yet.</summary>
    public static void FloatVector(SchemaShape shape, string name)
    {
        var column = Find(shape, name, "a vector of Single");
        if (column.Kind == SchemaShape.Column.VectorKind.Scalar || column.ItemType != NumberDataViewType.Single || column.IsKey)
            throw Mismatch(name, "a vector of Single", Describe(column));
    }

    public static void Property(DataViewSchema schema, string name)
    {
        var type = Find(schema, name, PropertyKind).Type;
        if (type != NumberDataViewType.Single && type != NumberDataViewType.Double && type != BooleanDataViewType.Instance)
            throw Mismatch(name, PropertyKind, type.ToString()!);
    }

    public static void Property(SchemaShape shape, string name)
    {
        var column = Find(shape, name, PropertyKind);
        var type = column.ItemType;
        if (column.Kind != SchemaShape.Column.VectorKind.Scalar || column.IsKey
            || (type != NumberDataViewType.Single && type != NumberDataViewType.Double && type != BooleanDataViewType.Instance))
        {
            throw Mismatch(name, PropertyKind, Describe(column));
        }
    }

    public static InvalidOperationException WrongLength(string name, int expected, int actual) =>
        Mismatch(name, $"a vector of {expected} Single", $"a vector of {actual} in one of its rows");

    private const string PropertyKind = "a Single, Double or Boolean scalar";

    private static DataViewSchema.Column Find(DataViewSchema schema, string name, string expected) =>
        schema.GetColumnOrNull(name) ?? throw Missing(name, expected, schema.Select(c => c.Name));

    private static SchemaShape.Column Find(SchemaShape shape, string name, string expected)
    {
        foreach (var column in shape)
            if (column.Name == name)
                return column;
        throw Missing(name, expected, shape.Select(c => c.Name));
    }

    private static string Describe(SchemaShape.Column column) => $"{(column.IsKey ? "key " : "")}{column.Kind} of {column.ItemType}";

    private static ArgumentOutOfRangeException Missing(string name, string expected, IEnumerable<string> present) =>
        new(nameof(name), $"The input has no column '{name}'; it must be {expected}. Columns present: {string.Join(", ", present.Take(20))}.");

    private static InvalidOperationException Mismatch(string name, string expected, string actual) =>
        new($"The column '{name}' must be {expected}; it is {actual}.");
}
