using Microsoft.ML;
using Microsoft.ML.Trainers.FastTree;
using Spectre.Console;
using XaiL2O.Certifiers;
using XaiL2O.MLNet;

namespace XaiL2O.Examples;

/// <summary>
/// A bound on the share of a trade's value that is lost where every CFMM accepts or refuses its own part, and a choice of trades that are sent only as a whole. The bound is calibrated on one half of
/// the calibration rows, the choice on the other.
/// </summary>
internal sealed class CfmmBounds
{
    /// <summary>The share of trades that may lose more than their bound.</summary>
    private const double Miscoverage = 0.01;

    /// <summary>The share of refused trades among the selected, on average.</summary>
    private const double DiscoveryRate = 0.01;

    private readonly MLContext ml;
    private readonly ErrorBoundTransformer bound;
    private readonly SelectionTransformer selection;

    public CfmmBounds(ExampleContext context, MLContext ml, Trade[] calibration)
    {
        this.ml = ml;
        Trade[] rows = [.. calibration];
        new Random(context.Seed).Shuffle(rows);
        IDataView View(Trade[] part) => ml.Data.LoadFromEnumerable(part);
        bound = ml.L2O().BoundError(new ErrorBoundOptions
        {
            OutputColumnName = nameof(Trade.Utility),
            ErrorColumnName = nameof(Trade.Lost),
            Level = new ConformalLevel { Miscoverage = Miscoverage },
            Difficulty = new DifficultyModel(
                ml.Regression.Trainers.FastForest(new FastForestRegressionTrainer.Options { NumberOfTrees = 100, NumberOfLeaves = 8, MinimumExampleCountPerLeaf = 10, NumberOfThreads = 1 }),
                ["TradeRisk.Value", "Profit.Value", nameof(Trade.Utility), nameof(Trade.Parts)]),
        }).Fit(View(rows[..(rows.Length / 2)]));
        selection = ml.L2O().SelectTrustworthy(new SelectionOptions
        {
            RankColumnName = nameof(Trade.Utility) + ".ErrorBound",
            BadColumnName = nameof(Trade.Refused),
            FalseDiscoveryRate = DiscoveryRate,
        }).Fit(bound.Transform(View(rows[(rows.Length / 2)..])));
    }

    /// <summary>Prints what bound and choice come to on further rows, and adds it to the summary under keys that end with the suffix.</summary>
    public void Show(Trade[] further, string suffix, Dictionary<string, object> summary)
    {
        var judged = ml.Data.CreateEnumerable<Judged>(selection.Transform(bound.Transform(ml.Data.LoadFromEnumerable(further))), reuseRowObject: false, ignoreMissingColumns: true).ToArray();
        var selected = judged.Where(r => r.Selected).ToArray();
        var (coverage, mean) = (judged.Average(r => r.Lost <= r.Bound ? 1.0 : 0), judged.Average(r => Math.Min(1, r.Bound)));
        var (released, bad) = (selected.Length / (double)judged.Length, selected.Count(r => r.Refused) / Math.Max(1.0, selected.Length));
        AnsiConsole.MarkupLineInterpolated($"Where every CFMM accepts or refuses its own part, {judged.Average(r => r.Lost):P2} of a trade's value is lost on average; {coverage:P1} of the rows lose no more than their bound (asked for: {1 - Miscoverage:P0}), {mean:P1} on average.");
        AnsiConsole.MarkupLineInterpolated($"Selected for a share of {DiscoveryRate:P0} of refused trades at most, on average: {released:P1}, of which {bad:P2} are refused (of all: {judged.Average(r => r.Refused ? 1.0 : 0):P2}).");
        summary[$"lost_{suffix}"] = judged.Average(r => r.Lost);
        summary[$"bound_coverage_{suffix}"] = coverage;
        summary[$"bound_mean_{suffix}"] = mean;
        summary[$"selected_rate_{suffix}"] = released;
        summary[$"selected_bad_rate_{suffix}"] = bad;
        summary[$"refused_rate_{suffix}"] = judged.Average(r => r.Refused ? 1.0 : 0);
    }

    private sealed class Judged
    {
        public double Lost { get; set; }

        public bool Refused { get; set; }

        public bool Selected { get; set; }

        [Microsoft.ML.Data.ColumnName("Utility.ErrorBound")]
        public double Bound { get; set; }
    }
}
