using System.Numerics;
using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Reads the value of a property of the row.</summary>
internal static class PropertyGetter
{
    public static Func<double> Create(DataViewRow row, CertifiedProperty property)
    {
        var first = row.Schema[property.Column];
        if (property.Function is not { } function)
            return Scalar(row, first);
        var x = VectorReader.Create(row, first);
        var y = property.SecondColumnName is { } second ? VectorReader.Create(row, row.Schema[second]) : null;
        return () =>
        {
            var a = x.Read();
            ReadOnlySpan<double> b = y is null ? [] : y.Read();
            if (a.IsEmpty || (y is not null && b.IsEmpty))
                return double.NaN;
            CheckLength(property.Column, function.Sizes.First, a.Length);
            if (y is not null)
                CheckLength(property.SecondColumnName!, function.Sizes.Second, b.Length);
            return Evaluate(property, function, a, b);
        };
    }

    /// <summary>A column of any of the allowed scalar types: a number, or a Boolean whose false is a violation.</summary>
    public static Func<double> Scalar(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is BooleanDataViewType)
            return Read<bool>(row, column, satisfied => satisfied ? 0 : 1);
        var number = typeof(PropertyGetter).GetMethod(nameof(Number), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(column.Type.RawType);
        return (Func<double>)number.Invoke(null, [row, column])!;
    }

    private static Func<double> Number<T>(DataViewRow row, DataViewSchema.Column column)
        where T : INumber<T> => Read<T>(row, column, double.CreateSaturating);

    private static double Evaluate(CertifiedProperty property, PropertyFunction function, ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        try
        {
            return function.Evaluate(a, b);
        }
        catch (ArgumentException e)
        {
            throw new InvalidOperationException($"The property '{property.Name}' cannot be evaluated on column{(property.SecondColumnName is null ? "" : "s")} '{string.Join("' and '", property.Columns)}'. {e.Message}", e);
        }
    }

    private static void CheckLength(string column, int? expected, int actual)
    {
        if (expected is { } length && length != actual)
            throw ColumnCheck.WrongLength(column, length, actual);
    }

    private static Func<double> Read<T>(DataViewRow row, DataViewSchema.Column column, Func<T, double> convert)
    {
        var getter = row.GetGetter<T>(column);
        T value = default!;
        return () =>
        {
            getter(ref value);
            return convert(value);
        };
    }
}
