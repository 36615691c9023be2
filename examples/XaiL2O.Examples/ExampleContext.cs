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

    public static void Say(string text) => AnsiConsole.MarkupLineInterpolated($"[grey]{DateTime.Now:HH:mm:ss}[/] {text}");

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
            var (printed, validated) = (0, false);
            return work(new Report(p =>
            {
                // One line per epoch, with the validation loss where there is one.
                validated |= p.ValidationLoss is not null;
                var ended = validated ? p.ValidationLoss is not null : p.Fraction * p.Epochs >= p.Epoch;
                if (!ended || printed == p.Epoch)
                    return;
                printed = p.ValidationLoss is null && p.Epoch == 1 ? 0 : p.Epoch;
                Say(Line(p));
            }));
        }

        return AnsiConsole.Progress().Start(context =>
        {
            var task = context.AddTask(Markup.Escape(title), maxValue: 1);
            return work(new Report(p =>
            {
                task.Value = p.Fraction;
                task.Description = Markup.Escape($"{title}: {Line(p)}");
            }));
        });
    }

    /// <summary>Writes <c>summary.json</c>: flat, key → number or string. Numbers that JSON cannot hold become strings.</summary>
    public void WriteSummary(IReadOnlyDictionary<string, object> values)
    {
        var flat = values.ToDictionary(v => v.Key, v => v.Value is double d && !double.IsFinite(d) ? d.ToString(CultureInfo.InvariantCulture) : v.Value);
        FileReplacement.WriteText(PathOf("summary.json"), JsonSerializer.Serialize(flat, JsonOptions) + "\n");
        Say($"Figures and summary.json are in {Path.GetRelativePath(Environment.CurrentDirectory, Folder.FullName)}");
    }

    private static readonly JsonSerializerOptions JsonOptions = new() { WriteIndented = true };

    private static string Line(TrainingProgress p) =>
        $"epoch {p.Epoch}/{p.Epochs}, loss {p.TrainingLoss:0.00E0}{(p.ValidationLoss is { } v ? $", validation {v:0.00E0}" : "")}, {p.Elapsed.TotalSeconds:0} s";

    /// <summary>Reports on the calling thread, so that lines keep their order.</summary>
    private sealed class Report(Action<TrainingProgress> action) : IProgress<TrainingProgress>
    {
        void IProgress<TrainingProgress>.Report(TrainingProgress value) => action(value);
    }
}
