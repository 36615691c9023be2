using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers.FastTree;
using XaiL2O.Certifiers;
using XaiL2O.MLNet;

namespace XaiL2O.Examples;

/// <summary>
/// A bound on every window's PRD, and a choice of windows to release. Both are calibrated on windows of the calibration patients, as many clean as damaged ones: the bound on one half of
/// the windows, the choice on the other, because rows on which a difficulty was fitted look better judged than new ones.
/// </summary>
internal sealed class EcgBounds
{
    /// <summary>The share of rows that may break their bound.</summary>
    public const double Miscoverage = 0.1;

    /// <summary>The share of bad rows among the selected, on average.</summary>
    public const double DiscoveryRate = 0.1;

    private const string Output = nameof(EcgInference.Estimate);
    private const string Truth = nameof(EcgInference.Signal);
    private const int Draws = 20;

    private readonly MLContext ml;
    private readonly SelectionTransformer selection;
    private readonly int seed;

    public EcgBounds(ExampleContext context, MLContext ml, ImplicitModelTransformer learned, EcgWindow[] calibration)
    {
        (this.ml, seed) = (ml, context.Seed);
        var random = new Random(context.Seed);
        EcgWindow[] windows = [.. calibration];
        random.Shuffle(windows);
        EcgInference[] Mixed(EcgWindow[] part)
        {
            var damaged = EcgCorruption.Apply(part, context.Sized(10, 25, 25), random);
            return Read(learned.Transform(ml.Data.LoadFromEnumerable((EcgWindow[])[.. part.Take(damaged.Length), .. damaged])));
        }

        var (first, second) = (Mixed(windows[..(windows.Length / 2)]), Mixed(windows[(windows.Length / 2)..]));
        Bound = Fit(first);
        selection = ml.L2O().SelectTrustworthy(new SelectionOptions
        {
            OutputColumnName = Output,
            TruthColumnName = Truth,
            Measure = ErrorMeasure.Relative,
            ErrorLimit = EcgCertificates.LargestPrd / 100,
            RankColumnName = Output + ".ErrorBound",
            FalseDiscoveryRate = DiscoveryRate,
        }).Fit(Bound.Transform(ml.Data.LoadFromEnumerable(second)));
        // What a patient costs whom the bound has not seen.
        EcgInference[] all = [.. first, .. second];
        LeftOut = all.GroupBy(r => r.Record).OrderBy(g => g.Key).ToDictionary(
            patient => patient.Key,
            patient => Coverage(Read(Fit([.. all.Where(r => r.Record != patient.Key)]).Transform(ml.Data.LoadFromEnumerable(patient.Where(r => r.Corruption.Length == 0))))));
    }

    public ErrorBoundTransformer Bound { get; }

    /// <summary>For each calibration patient the share of clean windows within a bound that was calibrated on the other patients.</summary>
    public IReadOnlyDictionary<int, double> LeftOut { get; }

    /// <summary>The share of rows that are within their bound.</summary>
    public static double Coverage(IEnumerable<EcgInference> rows) => EcgCertificates.Share(rows, r => r.Prd <= r.PrdBound);

    /// <summary>
    /// As many clean as damaged rows, drawn twenty times from those that were solved: the shares of the rows that are selected, of bad ones among all, and of bad ones among the selected, means over the
    /// draws.
    /// </summary>
    public (double Selected, double Bad, double SelectedBad) Select(EcgInference[] clean, EcgInference[] corrupted)
    {
        var shares = Batches(clean, corrupted).Take(Draws).Select(batch =>
        {
            var (selected, bad) = (batch.Count(r => r.Selected), batch.Count(r => r.Selected && r.Bad == true));
            return (Selected: (double)selected / batch.Length, Bad: (double)batch.Count(r => r.Bad == true) / batch.Length, SelectedBad: bad / Math.Max(1.0, selected));
        }).ToArray();
        return (shares.Average(s => s.Selected), shares.Average(s => s.Bad), shares.Average(s => s.SelectedBad));
    }

    /// <summary>How the bound compares with the PRD of every row, by set of rows.</summary>
    public ReportBound Report(IEnumerable<EcgInference> rows, Func<EcgInference, string> set) =>
        ReportBound.Of("Bound on the PRD in percent", "PRD in percent", rows.Select(r => new BoundedRow(r.Prd, r.PrdBound, r.Prd <= r.PrdBound, set(r)))) with
        {
            Promise = $"Of rows like the calibration rows, half of them damaged, at most {100 * Miscoverage:0} % break their bound, on average over calibrations. Windows of other patients are not like them, and nothing is promised of these.",
            Rate = Bound.Intervals.Pooled.Rate,
        };

    /// <summary>What is selected of one batch, and would be at other rates.</summary>
    public ReportSelection Report(EcgInference[] clean, EcgInference[] corrupted) => ReportSelection.Of($"Selected: PRD up to {EcgCertificates.LargestPrd} %", DiscoveryRate, Batches(clean, corrupted).First());

    /// <summary>As many clean as damaged rows, drawn from those that were solved, with what is selected of them; as many such batches as are asked for.</summary>
    private IEnumerable<SelectedRow[]> Batches(EcgInference[] clean, EcgInference[] corrupted)
    {
        var random = new Random(seed);
        var count = Math.Min(clean.Length, corrupted.Length / 2);
        EcgInference[] Drawn(EcgInference[] rows) => [.. rows.OrderBy(_ => random.Next()).Take(count)];
        while (true)
        {
            EcgInference[] rows = [.. Drawn(clean), .. Drawn(corrupted)];
            yield return [.. rows.Zip(ml.Data.CreateEnumerable<Choice>(selection.Transform(ml.Data.LoadFromEnumerable(rows)), reuseRowObject: false, ignoreMissingColumns: true), (row, choice) => new SelectedRow(choice.Selected, row.Bad, choice.PValue))];
        }
    }

    /// <summary>Property values say how hard a window is; a small forest learns how large the errors are that go with them.</summary>
    private ErrorBoundTransformer Fit(EcgInference[] rows) => ml.L2O().BoundError(new ErrorBoundOptions
    {
        OutputColumnName = Output,
        TruthColumnName = Truth,
        Measure = ErrorMeasure.Relative,
        Level = new ConformalLevel { Miscoverage = Miscoverage },
        Difficulty = new DifficultyModel(
            ml.Regression.Trainers.FastForest(new FastForestRegressionTrainer.Options { NumberOfTrees = 100, NumberOfLeaves = 16, MinimumExampleCountPerLeaf = 10, NumberOfThreads = 1 }),
            ["Prior.Value", "Prediction.Value", "Agreement.Value", "Fidelity.Value"]) { Share = 0.5 },
    }).Fit(ml.Data.LoadFromEnumerable(rows));

    private EcgInference[] Read(IDataView view) => [.. ml.Data.CreateEnumerable<EcgInference>(view, reuseRowObject: false, ignoreMissingColumns: true)];

    private sealed class Choice
    {
        public bool Selected { get; set; }

        [ColumnName("Selected.PValue")]
        public double PValue { get; set; }
    }
}
