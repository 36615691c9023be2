using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.ML;
using Spectre.Console;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>Options of a run and what every example does with its results.</summary>
internal sealed record ExampleContext(DirectoryInfo Folder, int Seed, RunSize Size, CancellationToken Cancellation, string? Train = null, double? Seconds = null)
{
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly DateTime started = DateTime.UtcNow;

    public double ElapsedSeconds => clock.Elapsed.TotalSeconds;

    /// <summary>What a number is in a run of this size.</summary>
    public T Sized<T>(T quick, T usual, T full) => Size switch { RunSize.Quick => quick, RunSize.Full => full, _ => usual };

    /// <summary>All rows, and in a quick run every so many of them.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="quick">Of how many rows a quick run takes one.</param>
    public T[] Thinned<T>(IEnumerable<T> rows, int quick) => [.. rows.Where((_, i) => Size != RunSize.Quick || i % quick == 0)];

    public string PathOf(string file) => Path.Combine(Folder.FullName, file);

    /// <summary>A file of <c>examples/data</c>, which the build copies beside the program; checked, see <see cref="DataFiles"/>.</summary>
    public static string Data(string file) => DataFiles.Checked(Path.Combine(AppContext.BaseDirectory, "data"), file);

    /// <summary>Prints a line with the time; ends an example that was interrupted, so that it announces no work that will not be done.</summary>
    public static void Say(string text)
    {
        Interruption.Check();
        Print(text);
    }

    private static void Print(string text) => AnsiConsole.MarkupLineInterpolated($"[grey]{DateTime.Now:HH:mm:ss}[/] {text}");

    /// <summary>The rows with all outputs of a chain, solved once, however often they are read.</summary>
    public static IDataView Solved(MLContext ml, ITransformer chain, IDataView rows)
    {
        var view = chain.Transform(rows);
        return ml.Data.Cache(view, [.. view.Schema.Where(c => !c.IsHidden).Select(c => c.Name)]);
    }

    /// <summary>Runs a training under a progress display: a bar in a terminal, a line per epoch elsewhere.</summary>
    public static T WithProgress<T>(string title, Func<IProgress<TrainingProgress>, T> work)
    {
        if (!AnsiConsole.Profile.Capabilities.Interactive)
        {
            Say(title);
            return work(new Report(p =>
            {
                if (p.Completed is not null)
                    Say(Line(p));
                else if (Remark(p) is { } remark)
                    Say(remark);
            }));
        }

        var remarks = new List<string>();
        var result = AnsiConsole.Progress().Start(context =>
        {
            var task = context.AddTask(Markup.Escape(title), maxValue: 1);
            return work(new Report(p =>
            {
                task.Value = p.Fraction;
                // Lines would tear the bar apart.
                if (Remark(p) is { } remark)
                    remarks.Add(remark);
                else
                    task.Description = Markup.Escape($"{title}: {Line(p)}");
            }));
        });
        remarks.ForEach(Say);
        return result;
    }

    /// <summary>Writes <c>summary.json</c>: flat, key → number or string. Numbers that JSON cannot hold become strings.</summary>
    public void WriteSummary(IReadOnlyDictionary<string, object> values)
    {
        var flat = values.ToDictionary(v => v.Key, v => v.Value is double d && !double.IsFinite(d) ? d.ToString(CultureInfo.InvariantCulture) : v.Value);
        FileReplacement.WriteText(PathOf("summary.json"), JsonSerializer.Serialize(flat, JsonOptions) + "\n");
        Say($"{OutputFolder.Contents(Folder, started)} in {Path.GetRelativePath(Environment.CurrentDirectory, Folder.FullName)}");
    }

    private static string? Remark(TrainingProgress p) => p.Warning is { } warning ? $"Warning: {warning}" : p.Information;

    private static readonly JsonSerializerOptions JsonOptions = new() { WriteIndented = true };

    private static string Line(TrainingProgress p) =>
        $"epoch {p.Epoch}/{p.Epochs}, loss {p.TrainingLoss:0.00E0}{(p.ValidationLoss is { } v ? $", validation {v:0.00E0}" : "")}, {p.Elapsed.TotalSeconds:0} s";

    /// <summary>Reports on the calling thread, so that lines keep their order.</summary>
    private sealed class Report(Action<TrainingProgress> action) : IProgress<TrainingProgress>
    {
        void IProgress<TrainingProgress>.Report(TrainingProgress value) => action(value);
    }
}
