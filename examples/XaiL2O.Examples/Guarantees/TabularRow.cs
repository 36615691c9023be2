using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.Examples;

/// <summary>A row of tabular data, with what quantile models say of it.</summary>
internal sealed class TabularRow
{
    public float[] Features { get; set; } = [];

    public float Label { get; set; }

    public float Low { get; set; }

    public float High { get; set; }

    /// <summary>Density of new rows against that of the calibration rows, up to a factor.</summary>
    public float Weight { get; set; } = 1;

    /// <summary>Rows with features of their length, which differs between data sets.</summary>
    public static IDataView View(MLContext ml, TabularRow[] rows)
    {
        var definition = SchemaDefinition.Create(typeof(TabularRow));
        definition[nameof(Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, rows[0].Features.Length);
        return ml.Data.LoadFromEnumerable(rows, definition);
    }
}
