using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>Reads a property column of any of the allowed types as a double.</summary>
internal static class PropertyGetter
{
    public static Func<double> Create(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type == NumberDataViewType.Single)
            return Read<float>(row, column, v => v);
        if (column.Type == NumberDataViewType.Double)
            return Read<double>(row, column, v => v);
        return Read<bool>(row, column, satisfied => satisfied ? 0 : 1);
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
