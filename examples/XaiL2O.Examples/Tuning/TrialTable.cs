using System.Globalization;
using Spectre.Console;
using XaiL2O.MLNet;

namespace XaiL2O.Examples;

/// <summary>Shows the trials of an experiment as they end: a growing table in a terminal, a line per trial elsewhere.</summary>
internal static class TrialTable
{
    public static ExperimentResult Show(string metric, Func<IProgress<TrialOutcome>, ExperimentResult> run)
    {
        if (!AnsiConsole.Profile.Capabilities.Interactive)
            return run(new Report(t => ExampleContext.Say(Line(t, metric))));
        var table = new Table().AddColumns("Trial", "Options", "Effort", "Status", "Fail rate", "Ended at", metric);
        return AnsiConsole.Live(table).Start(live =>
        {
            live.Refresh();
            return run(new Report(t =>
            {
                table.AddRow([.. Cells(t).Append(MetricOf(t)).Select(Markup.Escape)]);
                live.Refresh();
            }));
        });
    }

    private static string Line(TrialOutcome t, string metric)
    {
        var cells = Cells(t);
        return $"Trial {cells[0]}, {metric} {MetricOf(t)}, fail rate {cells[4]}: {cells[3]} at {cells[5]}, effort {cells[2]}. {cells[1]}";
    }

    private static string[] Cells(TrialOutcome t) =>
    [
        $"{t.Number}",
        t.Options.ToString(),
        $"{t.Resource:P0}",
        t.Status == TrialStatus.Succeeded && !t.IsFeasible ? "breaks the constraint" : t.Error ?? t.Status.ToString(),
        double.IsNaN(t.FailRate) ? "–" : t.FailRate.ToString("P1", CultureInfo.InvariantCulture),
        $"{t.EndedAt:0} s",
    ];

    private static string MetricOf(TrialOutcome t) => double.IsNaN(t.Metric) ? "–" : t.Metric.ToString("0.000", CultureInfo.InvariantCulture);

    /// <summary>Reports on the calling thread.</summary>
    internal sealed class Report(Action<TrialOutcome> action) : IProgress<TrialOutcome>
    {
        void IProgress<TrialOutcome>.Report(TrialOutcome value) => action(value);
    }
}
