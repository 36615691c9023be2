using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;
using Spectre.Console;
using XaiL2O.Certifiers;
using XaiL2O.MLNet;

namespace XaiL2O.Examples;

/// <summary>Certificates for an ordinary ML.NET classifier: no learned optimisation model is in the pipeline.</summary>
internal sealed class CertifyExample : IExample
{
    /// <summary>The class that training never sees: its rows are the strangest kind of input, one that looks right.</summary>
    private const string Unseen = "9";

    public string Name => "certify";

    public string Description => "Certifies an ordinary ML.NET classifier of digits: catches corrupted and unknown inputs, reports, reloads.";

    public string FullDescription => "No effect here: the example takes seconds.";

    public string QuickDescription => "No effect here: the example takes seconds.";

    public void Run(ExampleContext context)
    {
        var ml = new MLContext(context.Seed);
        var random = new Random(context.Seed);
        var digits = Digit.Load(ml);
        var known = digits.Where(d => d.Truth != Unseen).OrderBy(_ => random.Next()).ToArray();
        var (training, calibration, test) = (known[..800], known[800..1200], known[1200..]);
        Digit[] evaluated =
        [
            .. test,
            .. DigitCorruption.Ways.SelectMany(way => test.OrderBy(_ => random.Next()).Take(100).Select(d => d.With(way.Set, way.Apply(d.Pixels, random)))),
            .. digits.Where(d => d.Truth == Unseen).Take(100).Select(d => d.With("unseen class", d.Pixels)),
        ];

        ExampleContext.Say($"Training a maximum-entropy classifier on {training.Length} digits");
        var classifier = ml.Transforms.Conversion.MapValueToKey("Label", "Truth")
            .Append(ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy(new LbfgsMaximumEntropyMulticlassTrainer.Options { FeatureColumnName = "Pixels", NumberOfThreads = 1 }))
            .Append(ml.Transforms.Conversion.MapKeyToValue("Predicted", "PredictedLabel"))
            .Fit(ml.Data.LoadFromEnumerable(training));

        ExampleContext.Say($"Calibrating three certificates on {calibration.Length} held-out digits");
        var certifier = ml.L2O().Certify(new CertifierOptions
        {
            Properties =
            [
                CertifiedProperty.Of("Confidence", PropertyFunction.ShortOfOneHot(), "Score"),
                CertifiedProperty.Of("Distance", PropertyFunction.DistanceTo(TargetSet.Points([.. training.Select(d => d.Pixels)])), "Pixels"),
                CertifiedProperty.Of("Range", PropertyFunction.DistanceTo(FeatureRange(training)), "Pixels"),
            ],
            Joint = new JointPolicy { Rule = JointRule.Holm, FamilyLevel = 0.05 },
        }).Fit(classifier.Transform(ml.Data.LoadFromEnumerable(calibration)));
        var certified = classifier.Append(certifier);

        ExampleContext.Say($"Judging {evaluated.Length} digits");
        var view = ml.Data.LoadFromEnumerable(evaluated);
        var judged = certified.Transform(view);
        var rows = ml.Data.CreateEnumerable<CertifiedDigit>(judged, reuseRowObject: false).ToArray();
        var reportPath = context.PathOf("report.html");
        var mistakes = ml.Transforms.CustomMapping<CertifiedDigit, Mistake>((digit, mistake) => mistake.Wrong = digit.Predicted == digit.Truth ? 0 : 1, null).Fit(judged).Transform(judged);
        ml.L2O().Report(certified, mistakes, new ReportOptions
        {
            Title = "A certified classifier of handwritten digits",
            Summary = $"Maximum entropy on 8×8 pixels, trained on {training.Length} digits without any {Unseen}. Training, calibration and test rows are a random split of the same writers, so they are exchangeable; the other sets are damaged or unknown on purpose.",
            SetColumnName = "Set",
            RowNameColumnName = "Name",
            ErrorColumnName = Mistake.Name,
        }).Save(reportPath);

        ExampleContext.Say("Saving classifier, certifier and post-condition, and reloading them in a fresh process");
        var guarded = certified.Append(ml.L2O().RequireTrust(TrustAction.Pass, TrustAction.Drop).Fit(judged));
        var (differing, values, _) = ChainReload.Compare(ml, guarded, view, context.PathOf("model.zip"));
        using var engine = ml.L2O().CreateTrustedPredictionEngine<Digit, CertifiedDigit>(guarded);
        var (good, bad) = (engine.Predict(evaluated[0]), engine.Predict(evaluated.First(d => d.Set == "inverted")));

        Print(rows, differing, values, good, bad);
        context.WriteSummary(Summary(rows, context, reportPath, differing, guarded.Transform(view)));
    }

    /// <summary>The smallest and the largest value of each pixel in the training digits.</summary>
    private static TargetSet FeatureRange(Digit[] training)
    {
        double[] Bound(Func<IEnumerable<float>, float> of) => [.. Enumerable.Range(0, Digit.Size).Select(i => (double)of(training.Select(d => d.Pixels[i])))];
        return TargetSet.Box(Bound(p => p.Min()), Bound(p => p.Max()));
    }

    private static double Accuracy(IEnumerable<CertifiedDigit> rows) => rows.Select(r => r.Predicted == r.Truth ? 1.0 : 0).DefaultIfEmpty(double.NaN).Average();

    private static double FailRate(IEnumerable<CertifiedDigit> rows) => rows.Average(r => r.Trustworthy ? 0.0 : 1);

    private static Dictionary<string, object> Summary(CertifiedDigit[] rows, ExampleContext context, string reportPath, int differing, IDataView guarded)
    {
        var inside = rows.Where(r => r.Set == "in distribution").ToArray();
        var summary = new Dictionary<string, object>
        {
            ["rows"] = rows.Length,
            ["accuracy_all"] = Accuracy(rows),
            ["accuracy_trusted"] = Accuracy(rows.Where(r => r.Trustworthy)),
            ["accuracy_untrusted"] = Accuracy(rows.Where(r => !r.Trustworthy)),
            ["fail_rate_in_distribution"] = FailRate(inside),
            ["fail_rate_out_of_distribution"] = FailRate(rows.Except(inside)),
            ["report_path"] = Path.GetRelativePath(context.Folder.FullName, reportPath),
            ["rows_in_distribution"] = inside.Length,
            ["rows_passed_on"] = guarded.GetColumn<bool>("Trustworthy").Count(),
            ["roundtrip_differences"] = differing,
        };
        foreach (var set in rows.Except(inside).GroupBy(r => r.Set))
            summary[$"fail_rate_{set.Key.Replace(' ', '_')}"] = FailRate(set);
        summary["accuracy_in_distribution"] = Accuracy(inside);
        summary["total_seconds"] = context.ElapsedSeconds;
        return summary;
    }

    private static void Print(CertifiedDigit[] rows, int differing, int values, TrustedPrediction<CertifiedDigit> good, TrustedPrediction<CertifiedDigit> bad)
    {
        var table = new Table().AddColumns("Rows", "Count", "Accuracy", "Failed", "Confidence", "Distance", "Range");
        foreach (var set in rows.GroupBy(r => r.Set).Append(new[] { rows }.SelectMany(r => r).GroupBy(_ => "all").Single()))
        {
            string Share(string part) => $"{set.Average(r => r.FailedParts.Split(", ").Contains(part) ? 1.0 : 0):P1}";
            table.AddRow(set.Key, $"{set.Count()}", $"{Accuracy(set):P1}", $"{FailRate(set):P1}", Share("Confidence"), Share("Distance"), Share("Range"));
        }

        AnsiConsole.Write(table);
        AnsiConsole.MarkupLine("All four shares of fails are joint ones, by Holm's rule; the report has the shares that fail each part alone as well.");
        AnsiConsole.MarkupLineInterpolated($"Accuracy of trusted rows [bold]{Accuracy(rows.Where(r => r.Trustworthy)):P1}[/], of untrusted rows [bold]{Accuracy(rows.Where(r => !r.Trustworthy)):P1}[/].");
        AnsiConsole.MarkupLineInterpolated($"One digit: {good.Value?.Predicted ?? "dropped"}, trustworthy: {good.Trustworthy}. One inverted digit: {bad.Value?.Predicted ?? "dropped"}. {bad.Verdict.Explanation}");
        AnsiConsole.MarkupLineInterpolated($"Reloaded in a fresh process: {differing} of {values} output values differ.");
    }
}
