using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Runtime;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>
/// Rows that calibration rows should be like, for instance of the time or the sites that a model will be used at: when an estimator is fitted, it tests whether both may come from one
/// distribution, and <c>MLContext.Log</c> gets a warning with the statistic where they do not, and the statistic where they may. Nothing else depends on it, and it is not saved.
/// </summary>
/// <param name="Rows">The rows; no truth is needed.</param>
/// <param name="ColumnNames">What is compared: numbers, vectors of numbers or Booleans, for instance property values or the inputs of the model.</param>
public sealed record ReferenceRows(IDataView Rows, IReadOnlyList<string> ColumnNames)
{
    /// <summary>Settings of the test.</summary>
    public ExchangeabilityOptions Test { get; init; } = new();

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Rows);
        ArgumentNullException.ThrowIfNull(ColumnNames);
        ArgumentNullException.ThrowIfNull(Test);
        if (ColumnNames.Count == 0 || ColumnNames.Any(string.IsNullOrWhiteSpace))
            throw new ArgumentException($"{nameof(ColumnNames)} is empty or holds an empty name; name the columns that are compared.");
        Test.Validate();
    }

    /// <summary>Tests calibration rows and logs what comes of it.</summary>
    internal void Compare(IHostEnvironment environment, string operation, IDataView calibration)
    {
        foreach (var view in (IDataView[])[calibration, Rows])
            foreach (var name in ColumnNames)
                ColumnCheck.Argument(view.Schema, name);
        var (rows, sizes) = FeatureReader.ReadAll(calibration, ColumnNames, null);
        var (reference, _) = FeatureReader.ReadAll(Rows, ColumnNames, sizes);
        using var channel = environment.Start(operation);
        if (rows.Count < 2 || reference.Count < 2)
        {
            channel.Warning("{0}", $"Whether the calibration rows are like the reference rows cannot be tested: there are {rows.Count} and {reference.Count}.");
            return;
        }

        var test = ExchangeabilityTest.Compare(Doubles(rows), Doubles(reference), Test);
        // The column of a number among those of all vectors one after the other.
        var (at, left) = (0, test.Column);
        while (left >= sizes[at])
            left -= sizes[at++];
        var column = sizes[at] > 1 ? $"{ColumnNames[at]}[{left}]" : ColumnNames[at];
        var found = string.Create(CultureInfo.InvariantCulture, $"largest Kolmogorov–Smirnov distance {test.Statistic:0.###} in '{column}', p = {test.PValue:0.####} of {Test.Permutations} permutations, {test.Rows} against {test.ReferenceRows} rows");
        if (test.PValue <= Test.Significance)
            channel.Warning("{0}", $"The calibration rows are not like the reference rows ({found}), so what is calibrated on them may not hold there. Calibrate on rows like those, or with weights ({nameof(L2OCatalog.EstimateDensityRatio)}).");
        else
            channel.Info("{0}", $"The calibration rows are not seen to differ from the reference rows ({found}).");
    }

    private static List<double[]> Doubles(List<float[]> rows) => rows.ConvertAll(row => Array.ConvertAll(row, v => (double)v));
}
