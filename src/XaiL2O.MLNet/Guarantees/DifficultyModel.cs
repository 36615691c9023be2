using System.Globalization;
using Microsoft.ML;

namespace XaiL2O.MLNet;

/// <summary>
/// A regression that says which rows are hard: fitted on the errors of a part of the rows that <see cref="ErrorBoundEstimator"/> is given, which the quantile does not see. Bounds are
/// then wide where errors are large, and narrow elsewhere. A bad one costs width and never the promise.
/// </summary>
/// <param name="Trainer">
/// Any estimator that learns <c>Label</c> (<see cref="float"/>, the error) from <c>Features</c> (a vector of <see cref="float"/>) and appends <c>Score</c>: a regression trainer of
/// ML.NET, or a chain that ends with one.
/// </param>
/// <param name="ColumnNames">What <c>Features</c> holds, one after the other: numbers, vectors of numbers or Booleans; for instance property values, or the inputs of the model.</param>
public sealed record DifficultyModel(IEstimator<ITransformer> Trainer, IReadOnlyList<string> ColumnNames)
{
    /// <summary>The part of the rows that it is fitted on, in (0, 1). Default 0.3.</summary>
    public double Share { get; init; } = 0.3;

    /// <summary>Seed of the draw of these rows.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>
    /// Predictions below this part of the mean error count as that much, in (0, 1]: predicted errors may be 0 or negative, and a row is never known to be that easy. Default 0.1.
    /// </summary>
    public double Floor { get; init; } = 0.1;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Trainer);
        ArgumentNullException.ThrowIfNull(ColumnNames);
        if (ColumnNames.Count == 0 || ColumnNames.Any(string.IsNullOrWhiteSpace))
            throw new ArgumentException($"{nameof(ColumnNames)} is empty or holds an empty name; name the columns that say which rows are hard.");
        if (ColumnNames.GroupBy(name => name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"{nameof(ColumnNames)} must name every column once; '{twice.Key}' is there twice.");
        if (!(Share > 0 && Share < 1))
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{nameof(Share)} = {Share} is out of range; it must lie in (0, 1)."));
        if (!(Floor > 0 && Floor <= 1))
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{nameof(Floor)} = {Floor} is out of range; it must lie in (0, 1]."));
    }
}
