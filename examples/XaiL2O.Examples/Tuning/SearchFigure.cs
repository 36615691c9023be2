using ScottPlot;
using XaiL2O.MLNet;

namespace XaiL2O.Examples;

/// <summary>The metric of an experiment's trials over time, with the best so far.</summary>
internal static class SearchFigure
{
    public static void Draw(string path, ExperimentResult result, string metric)
    {
        var plot = new Plot();
        TrialOutcome[] measured = [.. result.Trials.Where(t => t.Status == TrialStatus.Succeeded)];
        void Points(string name, IEnumerable<TrialOutcome> trials, Color colour, MarkerShape shape)
        {
            TrialOutcome[] shown = [.. trials];
            if (shown.Length == 0)
                return;
            var points = plot.Add.ScatterPoints(shown.Select(t => t.EndedAt).ToArray(), shown.Select(t => t.Metric).ToArray());
            (points.LegendText, points.Color, points.MarkerShape, points.MarkerSize) = (name, colour, shape, 9);
        }

        Points("full effort", measured.Where(t => t.IsFeasible && t.Resource == 1), Colors.C0, MarkerShape.FilledCircle);
        Points("part of the effort", measured.Where(t => t.IsFeasible && t.Resource < 1), Colors.C0, MarkerShape.OpenCircle);
        Points("breaks the constraint", measured.Where(t => !t.IsFeasible), Colors.C3, MarkerShape.Eks);

        var order = new TrialOrder(false);
        var (xs, ys) = (new List<double>(), new List<double>());
        foreach (var (trial, i) in measured.Select((t, i) => (t, i)))
        {
            var best = measured.Take(i + 1).Order(order).First();
            if (!best.IsFeasible)
                continue;
            xs.AddRange([trial.EndedAt, i + 1 < measured.Length ? measured[i + 1].EndedAt : result.Seconds]);
            ys.AddRange([best.Metric, best.Metric]);
        }

        if (xs.Count > 0)
        {
            var line = plot.Add.ScatterLine(xs, ys, Colors.C1);
            (line.LegendText, line.LineWidth) = ("best so far", 2);
        }

        if (result.DefaultTrial is { Status: TrialStatus.Succeeded } usual)
        {
            var rule = plot.Add.HorizontalLine(usual.Metric, color: Colors.Black, pattern: LinePattern.Dashed);
            rule.LegendText = "default options";
        }

        plot.Title("Trials of the experiment");
        plot.XLabel("seconds");
        plot.YLabel(metric);
        plot.ShowLegend(Edge.Right);
        plot.SavePicture(path, 1100, 450);
    }
}
