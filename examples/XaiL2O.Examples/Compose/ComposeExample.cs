using Microsoft.ML;
using ScottPlot;
using Spectre.Console;
using XaiL2O.MLNet;

namespace XaiL2O.Examples;

/// <summary>Two models made of ready pieces, each in one file: <see cref="SparseRecovery"/> and <see cref="Unmixing"/>.</summary>
internal sealed class ComposeExample : IExample
{
    public string Name => "compose";

    public string Description => "Two models composed from ready terms, each in one file: learned sparse recovery, and unmixing of spectra.";

    public string FullDescription => "No effect here: the example takes about seven minutes on one core.";

    public string QuickDescription => "Every second calibration and test row of sparse recovery, which is trained as usual, and two iteration budgets in place of six; three epochs in place of eight for unmixing, which takes every third row.";

    public void Run(ExampleContext context)
    {
        var ml = new MLContext(context.Seed);
        var sparse = new SparseExperiment(context, ml);
        var unmixing = new UnmixingExperiment(context, ml);
        ExampleContext.Say("Saving both models and reloading them in fresh processes");
        var sparseReload = ChainReload.Compare(ml, sparse.Chain, sparse.ReloadedView, context.PathOf("sparse.zip"));
        var unmixingReload = ChainReload.Compare(ml, unmixing.Chain, unmixing.ReloadedView, context.PathOf("unmixing.zip"));
        ExampleContext.Say("Solving with other iteration budgets, for the figure");
        var byBudget = sparse.ByBudget();

        Print(sparse, unmixing, sparseReload.Differing + unmixingReload.Differing);
        DrawBudgets(context.PathOf("sparse.png"), byBudget, SparseExperiment.Nmse(sparse.BestLinear.Rows));
        Figures.Losses(context.PathOf("training.png"), sparse.Model.Training!);
        DrawShares(context.PathOf("unmixing.png"), unmixing);
        var shown = sparse.Learned[5];
        Figures.Series(context.PathOf("reconstruction.png"), "Which sources are active: one row", "source",
            [
                ("truth", shown.Signal),
                ("learned", shown.Estimate),
                ("lasso", sparse.IstaConverged[5].Estimate),
                ("linear", sparse.BestLinear.Rows[5].Estimate),
            ]);
        ml.L2O().Report(sparse.Chain, sparse.JudgedView, new ReportOptions
        {
            Title = "Learned sparse recovery",
            Summary = "Which of 250 sources are active, from 100 sensors with noise; generated. Calibration and clean test rows are exchangeable; the other sets are not.",
            SetColumnName = "Set",
        }).Save(context.PathOf("sparse-report.html"));
        ml.L2O().Report(unmixing.Chain, unmixing.JudgedView, new ReportOptions
        {
            Title = "Unmixing of spectra",
            Summary = "Shares of six materials in generated spectra of 60 bands. Calibration and test rows with known materials are exchangeable; the other sets are not.",
            SetColumnName = "Set",
        }).Save(context.PathOf("report.html"));

        var toLasso = sparse.Against(sparse.IstaConverged);
        var summary = new Dictionary<string, object>
        {
            ["sparse_nmse_db"] = SparseExperiment.Nmse(sparse.Learned),
            ["sparse_nmse_db_ista"] = SparseExperiment.Nmse(sparse.Ista),
            ["sparse_nmse_db_ista_converged"] = SparseExperiment.Nmse(sparse.IstaConverged),
            ["sparse_lasso_threshold"] = sparse.LassoThreshold,
            ["sparse_nmse_db_linear"] = SparseExperiment.Nmse(sparse.BestLinear.Rows),
            ["sparse_linear_kind"] = sparse.BestLinear.Kind,
            ["sparse_difference_to_linear_high"] = sparse.Against(sparse.BestLinear.Rows).High,
            ["sparse_difference_to_lasso"] = toLasso.Difference,
            ["sparse_difference_to_lasso_low"] = toLasso.Low,
            ["sparse_difference_to_lasso_high"] = toLasso.High,
            ["sparse_iterations"] = sparse.Learned.Average(r => r.Iterations),
            ["sparse_converged_rate"] = sparse.Learned.Average(r => r.Converged ? 1.0 : 0),
            ["sparse_train_seconds"] = sparse.Model.Training!.Elapsed.TotalSeconds,
            ["sparse_weights"] = sparse.Model.WeightCount,
            ["unmix_rmse"] = UnmixingExperiment.Rmse(unmixing.Learned),
            ["unmix_rmse_untrained"] = UnmixingExperiment.Rmse(unmixing.Untrained),
            ["unmix_rmse_nnls"] = UnmixingExperiment.Rmse(unmixing.Nonnegative),
            ["unmix_rmse_nnls_true_spectra"] = UnmixingExperiment.Rmse(unmixing.NonnegativeOnSite),
            ["unmix_rmse_linear"] = UnmixingExperiment.Rmse(unmixing.Linear),
            ["constraint_max_violation_linear"] = UnmixingExperiment.Violation(unmixing.Linear),
            ["unmix_converged_rate"] = unmixing.Learned.Average(r => r.Converged ? 1.0 : 0),
            ["unmix_train_seconds"] = unmixing.Model.Training!.Elapsed.TotalSeconds,
            ["unmix_weights"] = unmixing.Model.WeightCount,
            ["constraint_max_violation"] = UnmixingExperiment.Violation(unmixing.Judged),
            ["constraint_max_violation_nnls"] = UnmixingExperiment.Violation(unmixing.Nonnegative),
            ["roundtrip_differing_values"] = sparseReload.Differing + unmixingReload.Differing,
            ["report_path"] = "report.html",
        };
        foreach (var set in sparse.Judged.GroupBy(r => r.Set))
            (summary[$"sparse_bound_coverage_{Key(set.Key)}"], summary[$"sparse_bound_median_{Key(set.Key)}"]) = (set.Average(r => r.WithinBound ? 1.0 : 0), DictionaryExample.Median(set.Select(r => r.ErrorBound)));
        foreach (var set in unmixing.Judged.GroupBy(r => r.Set))
            (summary[$"unmix_bound_coverage_{Key(set.Key)}"], summary[$"unmix_bound_median_{Key(set.Key)}"]) = (set.Average(r => r.WithinBound ? 1.0 : 0), DictionaryExample.Median(set.Select(r => r.ErrorBound)));
        foreach (var (budget, learned, ista) in byBudget)
            (summary[$"sparse_nmse_db_after_{budget}"], summary[$"sparse_nmse_db_ista_after_{budget}"]) = (learned, ista);
        foreach (var (kind, estimator, rows) in sparse.Linear)
        {
            summary[$"sparse_nmse_db_linear_{kind}"] = SparseExperiment.Nmse(rows);
            summary[$"sparse_linear_ridge_{kind}"] = estimator.Ridge;
            summary[$"sparse_linear_validation_mse_{kind}"] = estimator.ValidationError!.Value;
        }

        foreach (var set in sparse.Judged.GroupBy(r => r.Set))
            summary[$"sparse_fail_rate_{Key(set.Key)}"] = set.Average(r => r.Trustworthy ? 0.0 : 1);
        foreach (var set in unmixing.Judged.GroupBy(r => r.Set))
            summary[$"unmix_fail_rate_{Key(set.Key)}"] = set.Average(r => r.Trustworthy ? 0.0 : 1);
        summary["total_seconds"] = context.ElapsedSeconds;
        context.WriteSummary(summary);
    }

    private static string Key(string set) => set.Replace(' ', '_');

    private static void Print(SparseExperiment sparse, UnmixingExperiment unmixing, int differing)
    {
        AnsiConsole.MarkupLineInterpolated($"Which of 250 sources are active, {sparse.Learned.Length} rows; NMSE = Σ‖x̂ − x‖²/Σ‖x‖² in dB, and the learned model's difference with its 95 % interval.");
        var table = new Table().AddColumns("Method", "Iterations", "NMSE", "Learned − this");
        void Method(string name, string iterations, SparseExperiment.Row[] rows)
        {
            var (difference, low, high) = sparse.Against(rows);
            table.AddRow(name, iterations, $"{SparseExperiment.Nmse(rows):0.0} dB", $"{difference:0.0} dB [[{low:0.0}, {high:0.0}]]");
        }

        table.AddRow("learned, until converged", $"{sparse.Learned.Average(r => r.Iterations):0}", $"{SparseExperiment.Nmse(sparse.Learned):0.0} dB", "");
        Method("lasso, threshold tuned, until converged", "", sparse.IstaConverged);
        Method("lasso, threshold tuned", $"{SparseExperiment.Budget}", sparse.Ista);
        foreach (var (kind, _, rows) in sparse.Linear)
            Method($"linear, {kind} of the training rows", "none", rows);
        AnsiConsole.Write(table);

        AnsiConsole.MarkupLineInterpolated($"Shares of six materials in {unmixing.Learned.Length} generated spectra.");
        table = new Table().AddColumns("Method", "RMSE", "Largest violation");
        foreach (var (name, rows) in new[] { ("simplex, learned", unmixing.Learned), ("linear regression of shares on spectra", unmixing.Linear), ("simplex, library", unmixing.Untrained), ("nonnegative least squares, library", unmixing.Nonnegative), ("nonnegative least squares, true spectra", unmixing.NonnegativeOnSite) })
            table.AddRow(name, $"{UnmixingExperiment.Rmse(rows):0.0000}", $"{UnmixingExperiment.Violation(rows):0.0E0}");
        AnsiConsole.Write(table);

        table = new Table().AddColumns("Model", "Rows", "Count", "Within bound", "Failed", "Which parts");
        void Add(string model, IEnumerable<(string Set, bool Within, bool Trustworthy, string Parts)> rows)
        {
            foreach (var set in rows.GroupBy(r => r.Set))
            {
                var parts = set.SelectMany(r => r.Parts.Split(", ", StringSplitOptions.RemoveEmptyEntries)).GroupBy(p => p).OrderByDescending(g => g.Count()).Select(g => $"{g.Key} {(double)g.Count() / set.Count():P0}");
                table.AddRow(model, set.Key, $"{set.Count()}", $"{set.Average(r => r.Within ? 1.0 : 0):P1}", $"{set.Average(r => r.Trustworthy ? 0.0 : 1):P1}", string.Join(", ", parts));
            }
        }

        Add("sparse recovery", sparse.Judged.Select(r => (r.Set, r.WithinBound, r.Trustworthy, r.FailedParts)));
        Add("unmixing", unmixing.Judged.Select(r => (r.Set, r.WithinBound, r.Trustworthy, r.FailedParts)));
        AnsiConsole.Write(table);
        AnsiConsole.MarkupLineInterpolated($"Within bound: rows whose ‖x̂ − x‖ (sparse recovery) or largest error of a share (unmixing) is at most what was promised in 90 % of rows like the calibration rows; the others are not like them.");
        AnsiConsole.MarkupLineInterpolated($"Both models reloaded in fresh processes: {differing} output values differ.");
    }

    private static void DrawBudgets(string path, (int Budget, double Learned, double Ista)[] points, double linear)
    {
        var plot = new Plot();
        var budgets = points.Select(p => Math.Log10(p.Budget)).ToArray();
        plot.Add.Scatter(budgets, points.Select(p => p.Learned).ToArray()).LegendText = "learned";
        plot.Add.Scatter(budgets, points.Select(p => p.Ista).ToArray()).LegendText = "lasso, threshold tuned for each budget";
        var level = plot.Add.HorizontalLine(linear);
        (level.LinePattern, level.LineColor, level.LegendText) = (LinePattern.Dashed, Colors.Black, "linear estimator");
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual(budgets, [.. points.Select(p => $"{p.Budget}")]);
        plot.Title("Sparse recovery: error by iterations");
        plot.XLabel("iterations");
        plot.YLabel("NMSE in dB");
        plot.ShowLegend(Edge.Right);
        plot.SavePicture(path, 800, 450);
    }

    private static void DrawShares(string path, UnmixingExperiment unmixing)
    {
        var multiplot = new Multiplot();
        multiplot.AddPlots(2);
        foreach (var (i, title, rows) in new[] { (0, "Learned", unmixing.Learned), (1, "Nonnegative least squares, library", unmixing.Nonnegative) })
        {
            var plot = multiplot.GetPlot(i);
            var points = plot.Add.ScatterPoints(rows.SelectMany(r => r.Shares).Select(v => (double)v).ToArray(), rows.SelectMany(r => r.Estimate).Select(v => (double)v).ToArray());
            points.MarkerSize = 3;
            var line = plot.Add.Line(0, 0, 1, 1);
            (line.LineColor, line.LineWidth) = (Colors.Black, 1);
            plot.Title($"{title}: RMSE {UnmixingExperiment.Rmse(rows):0.0000}", size: 14);
            plot.XLabel("true share");
            plot.YLabel("estimate");
        }

        multiplot.Layout = new ScottPlot.MultiplotLayouts.Grid(rows: 1, columns: 2);
        multiplot.SavePicture(path, 1100, 500);
    }
}
