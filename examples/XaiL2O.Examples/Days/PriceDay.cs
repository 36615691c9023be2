using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.Examples;

/// <summary>A day of French spot prices with what was known of it the day before.</summary>
internal sealed class PriceDay
{
    public const int Hours = 24;

    /// <summary>Seven days of the week, 24 prices of the day before, 24 of the week before, forecast consumption of 24 hours, and the mean prices of the day and the week before.</summary>
    public const int FeatureCount = 7 + (3 * Hours) + 2;

    public int Year { get; init; }

    /// <summary>Prices in units of 10 €/MWh, consumption in units of 10 GW: all features are of the order of 1.</summary>
    [VectorType(FeatureCount)]
    public required float[] Features { get; init; }

    /// <summary>In €/MWh.</summary>
    [VectorType(Hours)]
    public required float[] Prices { get; init; }

    /// <summary>Forecast consumption in GW.</summary>
    [VectorType(Hours)]
    public required float[] Consumption { get; init; }

    /// <summary>Mean price of the day before, in €/MWh.</summary>
    public float MeanBefore { get; init; }

    /// <summary>What a model of one number is trained on.</summary>
    public float Label { get; init; }

    /// <summary>The day with a label.</summary>
    public PriceDay With(float label) => new() { Year = Year, Features = Features, Prices = Prices, Consumption = Consumption, MeanBefore = MeanBefore, Label = label };

    public static IDataView View(MLContext ml, IEnumerable<PriceDay> days) => ml.Data.LoadFromEnumerable(days.ToArray());
}
