using System.Globalization;
using Microsoft.ML;

namespace XaiL2O.MLNet;

/// <summary>Settings of <see cref="DensityRatioEstimator"/>.</summary>
/// <param name="Trainer">
/// Any estimator that learns <c>Label</c> (<see cref="bool"/>, whether the row is a new one) from <c>Features</c> (a vector of <see cref="float"/>) and appends <c>Probability</c>: a
/// calibrated binary trainer of ML.NET, or a chain that ends with one.
/// </param>
/// <param name="ColumnNames">What <c>Features</c> holds, one after the other: numbers, vectors of numbers or Booleans; the inputs in which new rows differ.</param>
public sealed record DensityRatioOptions(IEstimator<ITransformer> Trainer, IReadOnlyList<string> ColumnNames)
{
    /// <summary>Column appended with the weight. Default <c>Weight</c>.</summary>
    public string OutputColumnName { get; init; } = "Weight";

    /// <summary>
    /// Weights above this count as this, in [1, 10⁶], where rows like the calibration rows weigh 1 on average: a few rows of very large weight would leave no others that count. New rows
    /// of such weight keep less than is promised. Default 20.
    /// </summary>
    public double LargestWeight { get; init; } = 20;

    /// <summary>The part of either set of rows, in (0, 1), that the classifier does not see and that says how many rows count, <see cref="DensityRatioTransformer.EffectiveShare"/>. Default 0.3.</summary>
    public double HeldOutShare { get; init; } = 0.3;

    /// <summary>Seed of the draw of these rows.</summary>
    public int Seed { get; init; } = 1;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Trainer);
        ArgumentNullException.ThrowIfNull(ColumnNames);
        ArgumentException.ThrowIfNullOrWhiteSpace(OutputColumnName);
        if (ColumnNames.Count == 0 || ColumnNames.Any(string.IsNullOrWhiteSpace) || ColumnNames.Distinct().Count() < ColumnNames.Count)
            throw new ArgumentException($"{nameof(ColumnNames)} is empty, holds an empty name or one twice; name the columns in which new rows differ.");
        if (!(LargestWeight is >= 1 and <= 1e6))
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{nameof(LargestWeight)} = {LargestWeight} is out of range; it must lie in [1, 10⁶]."));
        if (!(HeldOutShare > 0 && HeldOutShare < 1))
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{nameof(HeldOutShare)} = {HeldOutShare} is out of range; it must lie in (0, 1)."));
    }
}
