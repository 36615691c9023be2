using System.Globalization;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>What an experiment found.</summary>
public sealed class ExperimentResult
{
    private readonly OptionSpace space;
    private readonly TrialOutcome? best;
    private readonly ITransformer? model;

    internal ExperimentResult(OptionSpace space, string metricName, IReadOnlyList<TrialOutcome> trials, TrialOutcome? best, ITransformer? model, double seconds)
    {
        (this.space, this.best, this.model) = (space, best, model);
        (MetricName, Trials, Seconds) = (metricName, trials, seconds);
    }

    /// <summary>Name of the metric.</summary>
    public string MetricName { get; }

    /// <summary>All trials by number, those before an interruption included; the last one may be cancelled.</summary>
    public IReadOnlyList<TrialOutcome> Trials { get; }

    /// <summary>Seconds used, those before an interruption included.</summary>
    public double Seconds { get; }

    /// <summary>Whether any trial succeeded, so that there is a best one.</summary>
    public bool HasBest => best is not null;

    /// <summary>The best trial: options, metric, certificates. It meets the constraints if any trial did; see <see cref="TrialOutcome.IsFeasible"/>.</summary>
    /// <exception cref="InvalidOperationException">No trial succeeded; the message tells why the first one failed.</exception>
    public TrialOutcome BestTrial => best ?? throw NoBest();

    /// <summary>The trial with the defaults at full effort; null where the space has none or the trial did not end.</summary>
    public TrialOutcome? DefaultTrial => space.HasDefaults ? Trials.FirstOrDefault(t => t.Number == 0 && t.Status != TrialStatus.Cancelled) : null;

    /// <summary>The best trial's pipeline as fitted in it, with the certifier where the experiment has one.</summary>
    /// <exception cref="InvalidOperationException">No trial succeeded.</exception>
    public ITransformer Model => model ?? throw NoBest();

    /// <summary>
    /// The trials as rows: <c>Trial</c> (<see cref="int"/>), <c>Status</c> (text), <c>Resource</c>, one column per option with its name
    /// (<see cref="double"/>, text for choices), <c>Metric</c>, <c>FailRate</c>, <c>Violation</c>, <c>Seconds</c>, <c>EndedAt</c> (<see cref="double"/>),
    /// <c>Feasible</c>, <c>Best</c> (<see cref="bool"/>), <c>Error</c> (text). An option with one of these names is <c>Option.{name}</c>.
    /// </summary>
    public IDataView ToDataView() => new HistoryView(Columns());

    /// <summary>The same rows as a CSV file (RFC 4180, UTF-8, numbers with a point); missing numbers are empty.</summary>
    /// <param name="path">File to write.</param>
    public void SaveCsv(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var columns = Columns();
        var text = new StringBuilder().AppendJoin(',', columns.Select(c => Quote(c.Name))).Append("\r\n");
        for (var row = 0; row < Trials.Count; row++)
            text.AppendJoin(',', columns.Select(c => Quote(Text(c.Values.GetValue(row))))).Append("\r\n");
        FileReplacement.WriteText(path, text.ToString());
    }

    private List<(string Name, DataViewType Type, Array Values)> Columns()
    {
        (string, DataViewType, Array) Numbers(string name, Func<TrialOutcome, double> value) => (name, NumberDataViewType.Double, Trials.Select(value).ToArray());
        (string, DataViewType, Array) Texts(string name, Func<TrialOutcome, string?> value) => (name, TextDataViewType.Instance, Trials.Select(t => value(t).AsMemory()).ToArray());
        (string, DataViewType, Array) Flags(string name, Func<TrialOutcome, bool> value) => (name, BooleanDataViewType.Instance, Trials.Select(value).ToArray());
        List<(string Name, DataViewType Type, Array Values)> columns =
        [
            ("Trial", NumberDataViewType.Int32, Trials.Select(t => t.Number).ToArray()),
            Texts("Status", t => t.Status.ToString()),
            Numbers("Resource", t => t.Resource),
            Numbers("Metric", t => t.Metric),
            Numbers("FailRate", t => t.FailRate),
            Numbers("Violation", t => t.Status == TrialStatus.Succeeded ? t.Violation : double.NaN),
            Numbers("Seconds", t => t.Seconds),
            Numbers("EndedAt", t => t.EndedAt),
            Flags("Feasible", t => t.IsFeasible),
            Flags("Best", t => t == best),
            Texts("Error", t => t.Error),
        ];
        var taken = columns.Select(c => c.Name).ToHashSet();
        columns.InsertRange(3, space.Parameters.Select((p, i) =>
        {
            var name = taken.Contains(p.Name) ? "Option." + p.Name : p.Name;
            return p.IsNumber ? Numbers(name, t => t.Options.Codes[i]) : Texts(name, t => p.Format(t.Options.Codes[i]));
        }));
        return columns;
    }

    private static string Text(object? value) => value switch
    {
        double number when double.IsNaN(number) => "",
        ReadOnlyMemory<char> text => text.ToString(),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static string Quote(string text) => text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private InvalidOperationException NoBest() => new(Trials.FirstOrDefault(t => t.Status == TrialStatus.Failed) is { } failed
        ? $"No trial succeeded. Trial {failed.Number} ({failed.Options}) failed: {failed.Error}"
        : "No trial ended before the experiment was stopped.");
}
