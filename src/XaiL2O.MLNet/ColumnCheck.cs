using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>Checks of input columns whose messages name the column, what is expected and what is there.</summary>
internal static class ColumnCheck
{
    public static void Property(DataViewSchema schema, string name)
    {
        var type = Find(schema, name, PropertyKind).Type;
        if (!IsNumber(type) && type != BooleanDataViewType.Instance)
            throw Mismatch(name, type is VectorDataViewType ? PropertyKind + FunctionOf : PropertyKind, type.ToString()!);
    }

    public static void Property(SchemaShape shape, string name)
    {
        var column = Find(shape, name, PropertyKind);
        var type = column.ItemType;
        if (column.Kind != SchemaShape.Column.VectorKind.Scalar || column.IsKey || !(IsNumber(type) || type == BooleanDataViewType.Instance))
            throw Mismatch(name, column.Kind == SchemaShape.Column.VectorKind.Scalar ? PropertyKind : PropertyKind + FunctionOf, Describe(column));
    }

    /// <summary>A vector of numbers of a given length, where that is 1 also a number; vectors of unknown size are checked row by row.</summary>
    public static void NumberVector(DataViewSchema schema, string name, int size)
    {
        var expected = size == 1 ? "a number, or a vector of 1 number" : $"a vector of {size} numbers";
        var type = Find(schema, name, expected).Type;
        if (size == 1 && IsNumber(type))
            return;
        if (type is not VectorDataViewType vector || !IsNumber(vector.ItemType) || (vector.IsKnownSize && vector.Size != size))
            throw Mismatch(name, expected, type.ToString()!);
    }

    /// <summary>A vector of numbers of any length.</summary>
    public static void NumberVector(DataViewSchema schema, string name)
    {
        const string expected = "a vector of numbers";
        var type = Find(schema, name, expected).Type;
        if (type is not VectorDataViewType vector || !IsNumber(vector.ItemType))
            throw Mismatch(name, expected, type.ToString()!);
    }

    /// <summary>The same promise before fitting.</summary>
    public static void NumberVector(SchemaShape shape, string name, int? size = null)
    {
        var expected = size == 1 ? "a number, or a vector of 1 number" : "a vector of numbers";
        var column = Find(shape, name, expected);
        if ((column.Kind == SchemaShape.Column.VectorKind.Scalar && size != 1) || column.IsKey || !IsNumber(column.ItemType))
            throw Mismatch(name, expected, Describe(column));
    }

    /// <summary>All columns that a certifier reads: of rows that it judges, or of rows that calibrate it.</summary>
    public static void Certified(DataViewSchema schema, CertifierOptions options, bool calibrates)
    {
        foreach (var property in Read(options, calibrates))
        {
            if (property.Function is null)
                Property(schema, property.Column);
            else
                foreach (var (name, size) in Arguments(property))
                    Argument(schema, name, size);
        }

        if (options.GroupColumnName is { } group)
            Group(schema, group);
        if (options.SubjectColumnName is { } subject && calibrates)
            Group(schema, subject);
        CertificateColumns.CheckWhole(schema);
        // Behind another certifier, columns of the same names would hide what it says of its parts, in rows of a file too.
        if (EarlierVerdict.TestsIn(schema) is not null && options.Properties.FirstOrDefault(p => schema.GetColumnOrNull(p.Name + ".Label") is not null) is { } twice)
            throw new InvalidOperationException($"The property '{twice.Name}' is already judged by a certifier before this one, whose columns '{twice.Name}.PValue' and '{twice.Name}.Label' these would hide. Give the property another name, the certifier an {nameof(CertifierOptions.OutputPrefix)}, take that certifier out of the chain, or drop its columns.");
    }

    /// <summary>A column whose values name groups of rows.</summary>
    public static void Group(DataViewSchema schema, string name)
    {
        var type = Find(schema, name, GroupKind).Type;
        if (!IsGroup(type))
            throw Mismatch(name, GroupKind, type.ToString()!);
    }

    /// <summary>The same promise before fitting.</summary>
    public static void Group(SchemaShape shape, string name)
    {
        var column = Find(shape, name, GroupKind);
        if (column.Kind != SchemaShape.Column.VectorKind.Scalar || !(column.IsKey || IsGroup(column.ItemType)))
            throw Mismatch(name, GroupKind, Describe(column));
    }

    /// <summary>A Boolean scalar.</summary>
    public static void Boolean(DataViewSchema schema, string name)
    {
        var type = Find(schema, name, BooleanKind).Type;
        if (type != BooleanDataViewType.Instance)
            throw Mismatch(name, BooleanKind, type.ToString()!);
    }

    /// <summary>The same promise before fitting.</summary>
    public static void Boolean(SchemaShape shape, string name)
    {
        var column = Find(shape, name, BooleanKind);
        if (column.Kind != SchemaShape.Column.VectorKind.Scalar || column.ItemType != BooleanDataViewType.Instance)
            throw Mismatch(name, BooleanKind, Describe(column));
    }

    /// <summary>The same promise before fitting.</summary>
    public static void Certified(SchemaShape shape, CertifierOptions options)
    {
        foreach (var property in Read(options, calibrates: true))
        {
            if (property.Function is null)
            {
                Property(shape, property.Column);
                continue;
            }

            foreach (var (name, _) in Arguments(property))
                Argument(shape, name);
        }

        if (options.GroupColumnName is { } group)
            Group(shape, group);
        if (options.SubjectColumnName is { } subject)
            Group(shape, subject);
    }

    /// <summary>Throws where two appended columns have one name, so that the second would hide the first.</summary>
    public static void Outputs(IReadOnlyList<OutputColumn> columns)
    {
        if (columns.GroupBy(c => c.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"Two appended columns would be named '{twice.Key}', and the second would hide the first. Give the output column another name than these: {string.Join(", ", columns.Select(c => c.Name).Distinct())}.");
    }

    /// <summary>
    /// Throws where an appended column would hide one of a model, certifier, bound or selection before in the chain, whose values would then be read as those of another. A joint
    /// verdict may, since it says what the one before said too; and a certified value may where it is the same property of another estimate
    /// (<see cref="ImplicitModelTransformer.PropertiesOf"/>), which the user names.
    /// </summary>
    public static void Hidden(DataViewSchema schema, IReadOnlyList<OutputColumn> columns)
    {
        foreach (var appended in columns)
        {
            if (schema.GetColumnOrNull(appended.Name) is not { } column || ColumnNotes.MakerOf(column) is not { } maker)
                continue;
            var continues = appended.Role is not null && ColumnNotes.TestsOf(column, appended.Role) is not null;
            var isSameProperty = appended.Repeats is { } repeated && repeated.EndsWith(appended.Name, StringComparison.Ordinal) && maker == ModelColumns.Maker && ColumnNotes.MakerOf(schema[repeated]) == maker;
            if (!continues && !isSameProperty)
                throw new InvalidOperationException($"The column '{appended.Name}' of a {maker} before this one in the chain would be hidden by one of the same name. Give one of the two another name: a model by its {nameof(ImplicitModelTrainer.Options.OutputPrefix)}, properties of a column by their prefix, a certified property by its name, a certifier, a bound or a selection by its {nameof(CertifierOptions.OutputPrefix)}.");
        }
    }

    /// <summary>Throws where an appended column of a model would hide one that it reads, or is compared with.</summary>
    public static void Hidden(IEnumerable<ModelColumn> read, IReadOnlyList<OutputColumn> columns)
    {
        if (read.FirstOrDefault(r => columns.Any(c => c.Name == r.Name)) is { } hidden)
            throw new ArgumentException($"An appended column would be named '{hidden.Name}', as one that the model reads or is compared with, and would hide it. Give it another name, or the model an {nameof(ImplicitModelTrainer.Options.OutputPrefix)}.");
    }

    public static InvalidOperationException WrongLength(string name, int expected, int actual) =>
        Mismatch(name, $"a vector of {expected} values", $"a vector of {actual} in one of its rows");

    private const string GroupKind = "a text, key, Boolean or integer scalar";

    private static IEnumerable<CertifiedProperty> Read(CertifierOptions options, bool calibrates) =>
        options.Properties.SelectMany(p => calibrates && p.OfTruth is { } truth ? [p, truth] : (CertifiedProperty[])[p]);

    private static IEnumerable<(string Name, int? Size)> Arguments(CertifiedProperty property)
    {
        yield return (property.Column, property.Function!.Sizes.First);
        if (property.SecondColumnName is { } second)
            yield return (second, property.Function.Sizes.Second);
    }

    /// <summary>A number or a vector of numbers.</summary>
    public static void Argument(DataViewSchema schema, string name) => Argument(schema, name, null);

    /// <summary>The same promise before fitting.</summary>
    public static void Argument(SchemaShape shape, string name)
    {
        var column = Find(shape, name, ArgumentKind(null));
        var scalar = column.Kind == SchemaShape.Column.VectorKind.Scalar;
        if (column.IsKey || !IsNumber(column.ItemType) && !(scalar && column.ItemType == BooleanDataViewType.Instance))
            throw Mismatch(name, ArgumentKind(null), Describe(column));
    }

    /// <summary>The same of a given length, which is 1 of a number.</summary>
    public static void Argument(DataViewSchema schema, string name, int? size)
    {
        var type = Find(schema, name, ArgumentKind(size)).Type;
        var fits = type is VectorDataViewType vector
            ? IsNumber(vector.ItemType) && (size is null || !vector.IsKnownSize || vector.Size == size)
            : (IsNumber(type) || type == BooleanDataViewType.Instance) && size is null or 1;
        if (!fits)
            throw Mismatch(name, ArgumentKind(size), type.ToString()!);
    }

    private static string ArgumentKind(int? size) => size is null ? "a number or Boolean, or a vector of numbers" : $"a vector of {size} numbers";

    private static bool IsNumber(DataViewType type) => type is NumberDataViewType;

    private static bool IsGroup(DataViewType type) =>
        type is KeyDataViewType or TextDataViewType or BooleanDataViewType || (type is NumberDataViewType && type != NumberDataViewType.Single && type != NumberDataViewType.Double);

    private const string BooleanKind = "a Boolean scalar";

    private const string PropertyKind = "a number or Boolean scalar";

    private const string FunctionOf = ", or else a function of it is needed (CertifiedProperty.Of)";

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
