using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;
using Microsoft.ML.Trainers.FastTree;
using XaiL2O.Certifiers;

namespace XaiL2O.Examples;

/// <summary>
/// Adaptive intervals for the price at hour 0 on every day of 2019, beside published ones. The price is predicted as the last price of the day before plus a change: the mean of a linear model and
/// a forest, fitted anew every week on at most three years before. A score is a prediction's error, relative to the mean error of the quarter before; an interval's half-width is the quantile of
/// a year of scores that adaptive conformal inference asks for. These choices were made on 2018, whose figures are reported too.
/// </summary>
internal sealed class PriceSeries(ExampleContext context)
{
    private const int Year = 365;
    private const int Quarter = 90;
    private const int Window = 3 * Year;

    /// <summary>Place of the last price of the day before among the features: seven days of the week, then 24 prices.</summary>
    private const int LastPrice = 7 + 23;

    /// <summary>In €/MWh; keeps scores finite where a quarter has no errors.</summary>
    private const double SmallestError = 0.5;

    private readonly MLContext ml = new(context.Seed);
    private readonly TabularRow[] rows = [.. TabularData.Prices().Select(r => new TabularRow { Features = r.Features, Label = r.Label - r.Features[LastPrice] })];

    public IReadOnlyDictionary<string, object> Measure()
    {
        var reference = TabularData.Reference();
        var predictions = Predictions();
        var first = rows.Length - Year;
        var (coverage, width) = Adapt(predictions, first);
        var (chosenCoverage, chosenWidth) = Adapt(predictions, first - Year);
        return new Dictionary<string, object>
        {
            ["aci_coverage"] = coverage,
            ["aci_width"] = width,
            ["aci_coverage_2018"] = chosenCoverage,
            ["aci_width_2018"] = chosenWidth,
            ["aci_reference_coverage"] = rows[first..].Zip(reference, (r, i) => Price(r) >= i.Lower && Price(r) <= i.Upper ? 1.0 : 0).Average(),
            ["aci_reference_width"] = reference.Average(i => (double)i.Upper - i.Lower),
        };
    }

    private static float Price(TabularRow row) => row.Label + row.Features[LastPrice];

    /// <summary>Predicted changes, each by a model that has seen earlier days only; none for the days before the first model.</summary>
    private double[] Predictions()
    {
        var start = rows.Length - (3 * Year) - Quarter;
        var predictions = new double[rows.Length];
        var days = context.Sized(91, 7, 1);
        for (var now = start; now < rows.Length; now += days)
        {
            ExampleContext.Say($"prices: fitting the model of day {now - start + 1} of {rows.Length - start}");
            var before = TabularRow.View(ml, rows[Math.Max(0, now - Window)..now]);
            var next = rows[now..Math.Min(rows.Length, now + days)];
            var linear = ml.Transforms.NormalizeMeanVariance("Features").AppendCacheCheckpoint(ml).Append(ml.Regression.Trainers.Sdca(new SdcaRegressionTrainer.Options { NumberOfThreads = 1, L2Regularization = 0.01f })).Fit(before);
            var forest = ml.Regression.Trainers.FastForest(new FastForestRegressionTrainer.Options { NumberOfTrees = 100, NumberOfLeaves = 64, MinimumExampleCountPerLeaf = 5, FeatureFraction = 0.33, NumberOfThreads = 1, Seed = 1 }).Fit(before);
            double[][] both = [.. new ITransformer[] { linear, forest }.Select(m => m.Transform(TabularRow.View(ml, next)).GetColumn<float>("Score").Select(s => (double)s).ToArray())];
            for (var i = 0; i < next.Length; i++)
                predictions[now + i] = both.Average(p => p[i]);
        }

        return predictions;
    }

    /// <summary>
    /// Share of a year's prices inside their intervals, and the intervals' mean width. Where the level asks for an interval without end, that of the largest score so far is given, and judged: the published
    /// intervals all have ends.
    /// </summary>
    private (double Coverage, double Width) Adapt(double[] predictions, int first)
    {
        var adaptive = new AdaptiveConformal(new AdaptiveOptions { Miscoverage = 0.1, StepSize = 0.04 });
        double Error(int day) => Math.Abs(rows[day].Label - predictions[day]);
        double Scale(int day) => SmallestError + Enumerable.Range(day - Quarter, Quarter).Average(Error);
        var scores = Enumerable.Range(first - Year, Year).Select(day => Error(day) / Scale(day)).ToList();
        var (covered, width) = (0, 0.0);
        for (var day = first; day < first + Year; day++)
        {
            var (half, scale) = (Math.Min(adaptive.Quantile([.. scores]), scores.Max()), Scale(day));
            width += Math.Max(0, 2 * half * scale);
            var missed = Error(day) > half * scale;
            covered += missed ? 0 : 1;
            adaptive.Observe(missed);
            scores.RemoveAt(0);
            scores.Add(Error(day) / scale);
        }

        return ((double)covered / Year, width / Year);
    }
}
