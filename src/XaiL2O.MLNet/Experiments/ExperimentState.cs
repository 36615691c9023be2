using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML;

namespace XaiL2O.MLNet;

/// <summary>
/// The trials of an experiment, in memory and, where asked, in a file that is replaced as a whole after every trial. The best model lies beside
/// it; its name has the trial's number, so that a process that ends between the two writes leaves a matching pair.
/// </summary>
internal sealed class ExperimentState
{
    private const int Format = 1;

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private readonly ExperimentSettings settings;
    private readonly List<TrialResult> trials = [];
    private string? modelName;

    private ExperimentState(ExperimentSettings settings) => this.settings = settings;

    /// <summary>Trials that have ended, by number.</summary>
    public IReadOnlyList<TrialResult> Trials => trials;

    /// <summary>Seconds used by earlier processes.</summary>
    public double UsedBefore { get; private set; }

    private string StatePath => settings.StatePath!;

    private string ModelPath => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(StatePath))!, modelName!);

    public static ExperimentState Open(ExperimentSettings settings)
    {
        var state = new ExperimentState(settings);
        if (settings.StatePath is { } path)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            if (File.Exists(path))
                state.Load(path);
        }

        return state;
    }

    public void Add(TrialResult trial, double used)
    {
        trials.Add(trial);
        Save(used);
    }

    public void Save(double used)
    {
        if (settings.StatePath is null)
            return;
        Replace(StatePath, stream => stream.Write(Encoding.UTF8.GetBytes(Sealed(new StateFile
        {
            Format = Format,
            Settings = [.. settings.Describe()],
            UsedSeconds = used,
            ModelFile = modelName,
            Trials = [.. trials.Select(StoredTrial.Of)],
        }))));
        // Models of earlier bests, and of a process that ended before its state was written.
        var name = Path.GetFileName(StatePath);
        foreach (var old in Directory.GetFiles(Path.GetDirectoryName(Path.GetFullPath(StatePath))!, name + ".*.zip"))
        {
            if (Path.GetFileName(old) != modelName && int.TryParse(Path.GetFileName(old).AsSpan(name.Length + 1, Path.GetFileName(old).Length - name.Length - 5), out _))
                File.Delete(old);
        }
    }

    /// <summary>Stores the model of a new best trial; the state written next refers to it.</summary>
    public bool TrySaveModel(ITransformer model, int trial, out string? error)
    {
        error = null;
        if (settings.StatePath is null)
            return true;
        var previous = modelName;
        modelName = $"{Path.GetFileName(StatePath)}.{trial}.zip";
        try
        {
            Replace(ModelPath, stream => settings.Context.Model.Save(model, settings.Training!.Schema, stream));
            return true;
        }
#pragma warning disable CA1031 // A transformer of the user's may throw anything when it is saved.
        catch (Exception e) when (e is not IOException and not UnauthorizedAccessException)
#pragma warning restore CA1031
        {
            (modelName, error) = (previous, $"The model cannot be saved, as {nameof(Experiment.SaveTo)} asks: {e.Message}");
            return false;
        }
    }

    public ITransformer LoadModel() => File.Exists(ModelPath)
        ? settings.Context.Model.Load(ModelPath, out _)
        : throw new InvalidDataException($"The best model {ModelPath} of the experiment {StatePath} is missing; delete the state to start anew.");

    private void Load(string path)
    {
        StateFile file;
        try
        {
            var text = File.ReadAllText(path);
            file = JsonSerializer.Deserialize<StateFile>(text, Json) ?? throw new JsonException("The file is empty.");
            if (file.Format > Format)
                throw new InvalidDataException($"{path} is of format {file.Format}; this version reads up to {Format}.");
            if (file.Checksum != Checksum(file))
                throw new JsonException("The checksum does not match.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or ArgumentException)
        {
            throw new InvalidDataException($"{path} is damaged or no state of an experiment: {e.Message} Delete it to start anew.", e);
        }

        var here = settings.Describe();
        if (!file.Settings.SequenceEqual(here))
        {
            throw new InvalidOperationException(
                $"{path} is the state of another experiment. There: {string.Join("; ", file.Settings.Except(here).DefaultIfEmpty("nothing else"))}. Here: {string.Join("; ", here.Except(file.Settings).DefaultIfEmpty("nothing else"))}. Choose another file, or delete it to start anew.");
        }

        if (file.Trials.Where((t, i) => t.Number != i || t.Options.Length != settings.Space.Parameters.Count || !t.Options.Zip(settings.Space.Parameters).All(p => p.Second.Accepts(p.First))).Any())
            throw new InvalidDataException($"{path} has trials that the search space cannot have made. Delete it to start anew.");
        trials.AddRange(file.Trials.Select(t => t.ToTrial(settings.Space)));
        (UsedBefore, modelName) = (file.UsedSeconds, file.ModelFile);
    }

    private static string Sealed(StateFile file)
    {
        file.Checksum = Checksum(file);
        return JsonSerializer.Serialize(file, Json) + "\n";
    }

    private static string Checksum(StateFile file)
    {
        var given = file.Checksum;
        file.Checksum = "";
        var hash = Convert.ToHexString(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(file, Json)));
        file.Checksum = given;
        return hash;
    }

    /// <summary>Writes beside the file and moves: the file is the old or the new one, never half of it.</summary>
    private static void Replace(string path, Action<Stream> write)
    {
        var temporary = path + ".tmp";
        using (var stream = File.Create(temporary))
            write(stream);
        File.Move(temporary, path, overwrite: true);
    }

    private sealed class StateFile
    {
        public int Format { get; set; }

        public string Checksum { get; set; } = "";

        public string[] Settings { get; set; } = [];

        public double UsedSeconds { get; set; }

        public string? ModelFile { get; set; }

        public StoredTrial[] Trials { get; set; } = [];
    }

    private sealed record StoredTrial(
        int Number,
        double[] Options,
        string Values,
        double Resource,
        TrialStatus Status,
        double Metric,
        ConstraintValue[] Constraints,
        double FailRate,
        CertificateRate[] Certificates,
        double Seconds,
        double EndedAt,
        string? Error)
    {
        public static StoredTrial Of(TrialResult t) => new(
            t.Number, [.. t.Options.Codes], t.Options.ToString(), t.Resource, t.Status, t.Metric, [.. t.Constraints], t.FailRate, [.. t.Certificates], t.Seconds, t.EndedAt, t.Error);

        public TrialResult ToTrial(SearchSpace space) => new(Number, new SampledOptions(space, Options), Resource)
        {
            Status = Status, Metric = Metric, Constraints = Constraints, FailRate = FailRate, Certificates = Certificates, Seconds = Seconds, EndedAt = EndedAt, Error = Error,
        };
    }
}
