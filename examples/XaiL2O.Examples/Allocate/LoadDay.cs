using Microsoft.ML.Data;

namespace XaiL2O.Examples;

/// <summary>A day on which a flexible load takes energy, hour by hour.</summary>
internal sealed class LoadDay
{
    /// <summary>What is known the day before, and 24 forecasts of the prices.</summary>
    [VectorType(PriceDay.FeatureCount + PriceDay.Hours)]
    public required float[] Features { get; init; }

    /// <summary>In €/MWh; known afterwards.</summary>
    [VectorType(PriceDay.Hours)]
    public required float[] Prices { get; init; }

    /// <summary>Prices as forecast by boosted forests.</summary>
    [VectorType(PriceDay.Hours)]
    public required double[] Forecasts { get; init; }

    /// <summary>What the load must take in the day, in MWh: more where much is consumed.</summary>
    public double Energy { get; init; }

    /// <summary>What the line lets through in every hour, in MW: less where much is consumed.</summary>
    [VectorType(PriceDay.Hours)]
    public required double[] Capacities { get; init; }

    /// <summary>An allocation that a model has learned to imitate.</summary>
    [VectorType(PriceDay.Hours)]
    public double[] Imitated { get; set; } = new double[PriceDay.Hours];

    public static LoadDay Of(PriceDay day, double[] forecasts) => new()
    {
        Features = [.. day.Features, .. forecasts.Select(f => (float)f / 10)],
        Prices = day.Prices,
        Forecasts = forecasts,
        Energy = 20 * day.Consumption.Average() / 50,
        Capacities = [.. day.Consumption.Select(c => Math.Clamp(3 - ((c - 45) / 20), 1, 3.0))],
    };
}
