using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;
using Microsoft.ML.Trainers.FastTree;
using Microsoft.ML.Trainers.LightGbm;
using Spectre.Console;
using XaiL2O.Certifiers;
using XaiL2O.MLNet;

namespace XaiL2O.Examples;

/// <summary>Bounds and selections for regressors of ML.NET on public tabular data, over random splits; another distribution of inputs; a price series.</summary>
internal sealed class GuaranteesExample : IExample
{
    private const double Miscoverage = 0.1;
    private const double DiscoveryRate = 0.1;

    public string Name => "guarantees";

    public string Description => "Bounds the errors of ML.NET's regressors on tabular data and selects rows that may be released; data from elsewhere, and a price series.";

    public string FullDescription => "200 random splits in place of 50.";

    public string QuickDescription => "Three random splits in place of 50, and a price model that is fitted anew every quarter in place of every week.";

    public void Run(ExampleContext context)
    {
        var summary = new Dictionary<string, object> { ["splits"] = context.Sized(3, 50, 200) };
        // The error above which a row is bad: about a quarter of the rows of a boosted forest are.
        Splits(context, summary, "airfoil", TabularData.Airfoil(), errorLimit: 2.5);
        Splits(context, summary, "concrete", TabularData.Concrete(), errorLimit: 6);
        Splits(context, summary, "communities", TabularData.Communities(), errorLimit: 0.15);
        Shift(context, summary, TabularData.Airfoil());
        foreach (var (key, value) in new PriceSeries(context).Measure())
            summary[key] = value;
        var table = new Table().AddColumns("Figure", "Value");
        foreach (var (key, value) in summary)
            table.AddRow(key, value is double d ? d.ToString("0.000", null) : value.ToString()!);
        AnsiConsole.Write(table);
        context.WriteSummary(summary);
    }

    /// <summary>Of every 20 rows 8 train, 5 calibrate bounds, 3 calibrate selections, and 4 test.</summary>
    private static void Splits(ExampleContext context, Dictionary<string, object> summary, string name, TabularRow[] rows, double errorLimit)
    {
        var figures = new Dictionary<string, List<double>>();
        void Add(string key, double value)
        {
            if (!figures.TryGetValue(key, out var list))
                figures[key] = list = [];
            list.Add(value);
        }

        for (var split = 0; split < (int)summary["splits"]; split++)
        {
            ExampleContext.Say($"{name}: split {split + 1} of {summary["splits"]}");
            var ml = new MLContext(context.Seed + split);
            new Random(context.Seed + split).Shuffle(rows);
            TabularRow[] Part(int from, int to) => rows[(rows.Length * from / 20)..(rows.Length * to / 20)];
            var (training, calibration, selecting, test) = (Part(0, 8), Part(8, 13), Part(13, 16), Part(16, 20));
            var forest = new QuantileForest(ml, training, numberOfTrees: 100, leaves: 64, smallestLeaf: 5);
            foreach (var row in Part(8, 20))
                (row.Low, row.High) = forest.Quantiles(row.Features, Miscoverage / 2, 1 - (Miscoverage / 2));
            IDataView View(TabularRow[] part) => TabularRow.View(ml, part);
            var sdca = ml.Transforms.NormalizeMeanVariance("Features").AppendCacheCheckpoint(ml).Append(Linear(ml)).Fit(View(training));
            var trees = Trees(ml).Fit(View(training));
            var lightGbm = Boosting(ml).Fit(View(training));
            Measure("", trees, new ErrorBoundOptions());
            Measure("_sdca", sdca, new ErrorBoundOptions());
            Measure("_lightgbm", lightGbm, new ErrorBoundOptions());
            var bounded = Measure("_fitted", trees, new ErrorBoundOptions { Difficulty = Difficulty(ml) });
            Measure("_fitted_sdca", sdca, new ErrorBoundOptions { Difficulty = Difficulty(ml) });
            Measure("_fitted_lightgbm", lightGbm, new ErrorBoundOptions { Difficulty = Difficulty(ml) });
            Measure("_cqr", trees, new ErrorBoundOptions { LowerColumnName = "Low", UpperColumnName = "High" });
            foreach (var (suffix, rate) in new[] { ("_05", 0.05), ("", DiscoveryRate), ("_20", 0.2) })
            {
                var selected = ml.L2O().SelectTrustworthy(errorLimit, rate).Fit(bounded.Transform(trees.Transform(View(selecting)))).Transform(bounded.Transform(trees.Transform(View(test))));
                var judged = selected.GetColumn<bool>("Selected").Zip(selected.GetColumn<float>("Score").Zip(test, (s, r) => Math.Abs(s - r.Label) > errorLimit)).ToArray();
                Add("fdp" + suffix, judged.Count(j => j.First && j.Second) / Math.Max(1.0, judged.Count(j => j.First)));
                Add("power" + suffix, judged.Count(j => j.First && !j.Second) / Math.Max(1.0, judged.Count(j => !j.Second)));
            }

            Add("bad_rate", trees.Transform(View(test)).GetColumn<float>("Score").Zip(test, (s, r) => Math.Abs(s - r.Label) > errorLimit ? 1.0 : 0).Average());

            ErrorBoundTransformer Measure(string suffix, ITransformer model, ErrorBoundOptions options)
            {
                var bound = ml.L2O().BoundError(options).Fit(model.Transform(View(calibration)));
                var (coverage, width) = Coverage(bound.Transform(model.Transform(View(test))), test);
                Add("coverage" + suffix, coverage);
                Add("width" + suffix, width);
                return bound;
            }
        }

        foreach (var (key, values) in figures)
            summary[$"{key}_{name}"] = values.Average();
    }

    /// <summary>
    /// New rows with density exp(xᵀβ), β = (−1, 0, 0, 0, 1), against that of the others, on logarithms of the first and the last feature (arXiv 1904.06019, section 2.2): a quarter of the rows train, a
    /// quarter calibrates, and as many as a quarter are drawn from the rest by their weights.
    /// </summary>
    private static void Shift(ExampleContext context, Dictionary<string, object> summary, TabularRow[] rows)
    {
        foreach (var row in rows)
            row.Weight = MathF.Exp(row.Features[^1] - row.Features[0]);
        var figures = new List<(double Plain, double Weighted, double Width, double Size)>();
        for (var split = 0; split < (int)summary["splits"]; split++)
        {
            var ml = new MLContext(context.Seed + split);
            var random = new Random(context.Seed + split);
            random.Shuffle(rows);
            var quarter = rows.Length / 4;
            var (training, calibration, rest) = (rows[..quarter], rows[quarter..(2 * quarter)], rows[(2 * quarter)..]);
            var total = rest.Sum(r => (double)r.Weight);
            TabularRow[] test =
            [
                .. Enumerable.Range(0, quarter).Select(_ =>
                {
                    var at = random.NextDouble() * total;
                    return rest.FirstOrDefault(r => (at -= r.Weight) <= 0) ?? rest[^1];
                }),
            ];
            var model = ml.Transforms.NormalizeMeanVariance("Features").AppendCacheCheckpoint(ml).Append(Linear(ml)).Fit(TabularRow.View(ml, training));
            (double Coverage, double Width, double Size) Measure(string? weights)
            {
                var bound = ml.L2O().BoundError(new ErrorBoundOptions { WeightColumnName = weights }).Fit(model.Transform(TabularRow.View(ml, calibration)));
                var (coverage, width) = Coverage(bound.Transform(model.Transform(TabularRow.View(ml, test))), test);
                return (coverage, width, bound.Intervals.Pooled.EffectiveSampleSize);
            }

            var (plain, weighted) = (Measure(null), Measure(nameof(TabularRow.Weight)));
            figures.Add((plain.Coverage, weighted.Coverage, weighted.Width, weighted.Size));
        }

        (summary["coverage_shift_plain"], summary["coverage_shift_weighted"], summary["ess_shift"]) = (figures.Average(f => f.Plain), figures.Average(f => f.Weighted), figures.Average(f => f.Size));
    }

    /// <summary>One thread: with several, the result differs from run to run.</summary>
    private static SdcaRegressionTrainer Linear(MLContext ml) => ml.Regression.Trainers.Sdca(new SdcaRegressionTrainer.Options { NumberOfThreads = 1 });

    private static FastTreeRegressionTrainer Trees(MLContext ml) => ml.Regression.Trainers.FastTree(new FastTreeRegressionTrainer.Options { NumberOfTrees = 200, NumberOfLeaves = 16, MinimumExampleCountPerLeaf = 5, LearningRate = 0.1, NumberOfThreads = 1 });

    private static LightGbmRegressionTrainer Boosting(MLContext ml) => ml.Regression.Trainers.LightGbm(new LightGbmRegressionTrainer.Options { NumberOfIterations = 200, NumberOfLeaves = 16, MinimumExampleCountPerLeaf = 5, LearningRate = 0.1, NumberOfThreads = 1, Seed = 1 });

    /// <summary>A small forest of the features and the prediction: few rows are left for it.</summary>
    private static DifficultyModel Difficulty(MLContext ml) =>
        new(ml.Regression.Trainers.FastForest(new FastForestRegressionTrainer.Options { NumberOfTrees = 100, NumberOfLeaves = 16, MinimumExampleCountPerLeaf = 10, NumberOfThreads = 1 }), ["Features", "Score", "Low", "High"]) { Share = 0.5, Floor = 0.2 };

    private static (double Coverage, double Width) Coverage(IDataView bounded, TabularRow[] test)
    {
        var (lower, upper) = (bounded.GetColumn<double>("Score.Lower").ToArray(), bounded.GetColumn<double>("Score.Upper").ToArray());
        return (test.Select((r, i) => r.Label >= lower[i] && r.Label <= upper[i] ? 1.0 : 0).Average(), lower.Zip(upper, (l, u) => u - l).Average());
    }
}
