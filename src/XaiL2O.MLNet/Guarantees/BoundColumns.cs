using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>The columns that a bound reads and appends.</summary>
internal static class BoundColumns
{
    private const string Number = "a number";

    public static IReadOnlyList<OutputColumn> Appended(ErrorBoundOptions options, bool isNumber)
    {
        var columns = new List<OutputColumn>();
        void Add(string part) => columns.Add(new OutputColumn(options.OutputPrefix + options.OutputColumnName + part, NumberDataViewType.Double) { Maker = "bound" });
        var truth = options.BoundsTruth(isNumber);
        if (!options.FromQuantiles && (!truth || options.Sides is BoundSides.Symmetric or BoundSides.TwoTailed))
            Add(".ErrorBound");
        if (truth && options.Sides != BoundSides.Upper)
            Add(".Lower");
        if (truth && options.Sides != BoundSides.Lower)
            Add(".Upper");
        return columns;
    }

    /// <summary>Columns read of rows that get a bound.</summary>
    public static IReadOnlyList<string> Read(ErrorBoundOptions options) =>
    [
        .. ((string?[])
        [
            .. options.FromQuantiles ? [options.LowerColumnName, options.UpperColumnName] : (string?[])[options.OutputColumnName],
            .. options.Difficulty?.ColumnNames ?? [],
            options.GroupColumnName,
            options.WeightColumnName,
        ]).OfType<string>().Distinct(),
    ];

    /// <summary>Whether the inference is a number and not a vector.</summary>
    public static bool IsNumber(DataViewSchema schema, ErrorBoundOptions options) => options.FromQuantiles || schema[options.OutputColumnName].Type is not VectorDataViewType;

    /// <summary>Throws unless rows have what is read of them.</summary>
    public static void Check(DataViewSchema schema, ErrorBoundOptions options, bool calibrates)
    {
        foreach (var (name, number) in Expected(options, calibrates))
        {
            if (number)
                ColumnCheck.Property(schema, name);
            else
                ColumnCheck.Argument(schema, name);
        }

        if (options.GroupColumnName is { } group)
            ColumnCheck.Group(schema, group);
        if (options.SubjectColumnName is { } subject && calibrates)
            ColumnCheck.Group(schema, subject);
        var isNumber = IsNumber(schema, options);
        CheckKinds(options, isNumber, !calibrates || options.ErrorColumnName is not null || (schema[options.TruthColumnName].Type is not VectorDataViewType) == isNumber);
    }

    /// <summary>The same promise before fitting.</summary>
    public static bool Check(SchemaShape shape, ErrorBoundOptions options)
    {
        foreach (var (name, number) in Expected(options, calibrates: true))
        {
            if (number)
                ColumnCheck.Property(shape, name);
            else
                ColumnCheck.Argument(shape, name);
        }

        if (options.GroupColumnName is { } group)
            ColumnCheck.Group(shape, group);
        if (options.SubjectColumnName is { } subject)
            ColumnCheck.Group(shape, subject);
        bool IsNumber(string name) => shape.First(c => c.Name == name).Kind == SchemaShape.Column.VectorKind.Scalar;
        var isNumber = options.FromQuantiles || IsNumber(options.OutputColumnName);
        CheckKinds(options, isNumber, options.ErrorColumnName is not null || IsNumber(options.TruthColumnName) == isNumber);
        return isNumber;
    }

    private static void CheckKinds(ErrorBoundOptions options, bool isNumber, bool alike)
    {
        if (!alike && options.Measure.Kind != ErrorMeasureKind.Own)
            throw new InvalidOperationException($"The columns '{options.OutputColumnName}' and '{options.TruthColumnName}' are a number and a vector; inference and truth must be of one kind.");
        if (!options.BoundsTruth(isNumber) && options.Sides != BoundSides.Symmetric)
            throw new InvalidOperationException($"{nameof(options.Sides)} = {options.Sides} needs a number with the measure {nameof(ErrorMeasureKind.Absolute)}; the error of '{options.OutputColumnName}' is bounded from above alone. Leave {nameof(options.Sides)} at {BoundSides.Symmetric}.");
    }

    private static IEnumerable<(string Name, bool Number)> Expected(ErrorBoundOptions options, bool calibrates)
    {
        if (options.FromQuantiles)
            foreach (var name in (string[])[options.LowerColumnName!, options.UpperColumnName!])
                yield return (name, true);
        else
            yield return (options.OutputColumnName, false);
        if (calibrates)
            yield return options.ErrorColumnName is { } error ? (error, true) : (options.TruthColumnName, options.FromQuantiles);
        foreach (var name in options.Difficulty?.ColumnNames ?? [])
            yield return (name, false);
        if (options.WeightColumnName is { } weight)
            yield return (weight, true);
    }
}
