using Microsoft.ML.Data;

namespace XaiL2O.Examples;

/// <summary>Forecast prices of the products of a day, each by a model of its own.</summary>
internal sealed class DayForecast
{
    [VectorType(33)]
    public required double[] Forecasts { get; init; }

    /// <summary>−Σ⁻¹f, with Σ the covariance of the forecasts' errors.</summary>
    [VectorType(33)]
    public required double[] Pull { get; init; }

    /// <summary>What came true.</summary>
    [VectorType(33)]
    public required double[] Prices { get; init; }
}
