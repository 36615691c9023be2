using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>
/// The trials of an experiment, in memory and, where asked, in a file that is replaced as a whole after every trial. The best model lies beside
/// it; its name has the trial's number, so that a process that ends between the two writes leaves a matching pair.
/// </summary>
internal sealed class ExperimentState : IDisposable
{
    private const int Format = 3;

    private static readonly JsonSerializerOptions Json = Sealed.StrictJson(new() { WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals });

    private readonly ExperimentSettings settings;
    private readonly List<TrialOutcome> trials = [];
    private IReadOnlyList<string> identity = [];
    private StateLease? lease;
    private string? modelName;
    private string? modelChecksum;

    private ExperimentState(ExperimentSettings settings) => this.settings = settings;

    /// <summary>Trials that have ended, by number.</summary>
    public IReadOnlyList<TrialOutcome> Trials => trials;

    /// <summary>Seconds used by earlier processes.</summary>
    public double UsedBefore { get; private set; }

    private string StatePath => settings.StatePath!;

    private string ModelPath => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(StatePath))!, modelName!);

    /// <summary>Reads the state where there is one.</summary>
    /// <param name="settings">What the state must be of.</param>
    /// <param name="token">Ends the reading of rows, which belong to the experiment: trials of other rows are not comparable.</param>
    public static ExperimentState Open(ExperimentSettings settings, CancellationToken token)
    {
        var state = new ExperimentState(settings);
        if (settings.StatePath is not { } path)
            return state;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            state.lease = new StateLease(path);
            state.identity = [.. settings.Describe(), .. settings.Rows().Select(rows => $"{rows.Name} rows {RowsDigest.Of(rows.View, token)}")];
            if (File.Exists(path))
                state.Load(path);
            else
                state.Save(0); // a file that cannot be written shows now, and no model is left without a state
            return state;
        }
        catch
        {
            state.Dispose();
            throw;
        }
    }

    public void Dispose() => lease?.Dispose();

    public void Add(TrialOutcome trial, double used)
    {
        trials.Add(trial);
        Save(used);
    }

    public void Save(double used)
    {
        if (settings.StatePath is null)
            return;
        FileReplacement.Write(StatePath, stream => stream.Write(Sealed.ToJson(
            new StateFile
            {
                Format = Format,
                Settings = [.. identity],
                UsedSeconds = used,
                ModelFile = modelName,
                ModelSha256 = modelChecksum,
                Trials = [.. trials.Select(StoredTrial.Of)],
            },
            Json)));
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
        var previous = (modelName, modelChecksum);
        modelName = $"{Path.GetFileName(StatePath)}.{trial}.zip";
        try
        {
            FileReplacement.Write(ModelPath, stream =>
            {
                settings.Context.Model.Save(model, settings.Training!.Schema, stream);
                modelChecksum = ChecksumOf(stream);
            });
            return true;
        }
#pragma warning disable CA1031 // A transformer of the user's may throw anything when it is saved.
        catch (Exception e) when (e is not IOException and not UnauthorizedAccessException)
#pragma warning restore CA1031
        {
            ((modelName, modelChecksum), error) = (previous, $"The model cannot be saved, as {nameof(Experiment.SaveTo)} asks: {e.Message}");
            return false;
        }
    }

    public ITransformer LoadModel()
    {
        using var stream = OpenModel();
        return settings.Context.Model.Load(stream, out _);
    }

    private FileStream OpenModel()
    {
        if (!File.Exists(ModelPath))
            throw new InvalidDataException($"The best model {ModelPath} of the experiment {StatePath} is missing; delete the state to start anew.");
        var stream = File.OpenRead(ModelPath);
        if (ChecksumOf(stream) == modelChecksum)
            return stream;
        stream.Dispose();
        throw new InvalidDataException($"The best model {ModelPath} is not the one that the experiment {StatePath} saved: its checksum does not match. Restore it from a copy, or delete the state to start anew.");
    }

    private void Load(string path)
    {
        var file = Sealed.FromJson<StateFile>(File.ReadAllBytes(path), $"The state of an experiment {path}", "Delete it to start anew.", Json);
        if (file.Format != Format)
            throw new InvalidDataException($"{path} is of format {file.Format}; this version reads format {Format}. Delete it to start anew.");

        var here = identity;
        if (!file.Settings.SequenceEqual(here))
        {
            // Settings that are the same in another order differ where each stands.
            var (there, now) = file.Settings.ToHashSet().SetEquals(here) ? (file.Settings, here) : ([.. file.Settings.Except(here)], [.. here.Except(file.Settings)]);
            throw new InvalidOperationException(
                $"{path} is the state of another experiment. There: {string.Join("; ", there.DefaultIfEmpty("nothing else"))}. Here: {string.Join("; ", now.DefaultIfEmpty("nothing else"))}. Choose another file, or delete it to start anew.");
        }

        if (file.Trials.Where((t, i) => t is null || t.Number != i || !t.IsPossible || t.Options.Length != settings.Space.Parameters.Count || !t.Options.Zip(settings.Space.Parameters).All(p => p.Second.Accepts(p.First))).Any())
            throw new InvalidDataException($"{path} has trials that the search space cannot have made. Delete it to start anew.");
        if (!(file.UsedSeconds >= 0 && double.IsFinite(file.UsedSeconds)))
            throw new InvalidDataException($"{path} has UsedSeconds = {file.UsedSeconds}, which must be finite and at least 0. Delete it to start anew.");
        // Only a model beside the state is its own: a name that leads elsewhere would load somebody's file.
        if (file.ModelFile is { } model && (model != Path.GetFileName(model) || !model.EndsWith(".zip", StringComparison.Ordinal)))
            throw new InvalidDataException($"{path} has ModelFile = '{model}', which must be the name of a .zip file in the same folder. Delete it to start anew.");
        if (file.ModelFile is null == file.Trials.Any(t => t.Status == TrialStatus.Succeeded))
            throw new InvalidDataException($"{path} has {(file.ModelFile is null ? "a trial that succeeded and no ModelFile" : "a ModelFile and no trial that succeeded")}. Delete it to start anew.");
        trials.AddRange(file.Trials.Select(t => t.ToTrial(settings.Space)));
        (UsedBefore, modelName, modelChecksum) = (file.UsedSeconds, file.ModelFile, file.ModelSha256);
        // Found out at the end, the trials until then would have been for nothing.
        if (modelName is not null)
            OpenModel().Dispose();
    }

    private static string ChecksumOf(Stream stream)
    {
        stream.Position = 0;
        var checksum = Convert.ToHexString(SHA256.HashData(stream));
        stream.Position = 0;
        return checksum;
    }

    private sealed class StateFile
    {
        public int Format { get; set; }

        public string[] Settings { get; set; } = [];

        public double UsedSeconds { get; set; }

        public string? ModelFile { get; set; }

        public string? ModelSha256 { get; set; }

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
        [JsonIgnore]
        public bool IsPossible => (Status == TrialStatus.Failed || (Status == TrialStatus.Succeeded && double.IsFinite(Metric))) && Resource is > 0 and <= 1 && Constraints.All(c => c is not null) && Certificates.All(c => c is not null)
            && Seconds >= 0 && double.IsFinite(Seconds) && EndedAt >= 0 && double.IsFinite(EndedAt);

        public static StoredTrial Of(TrialOutcome t) => new(
            t.Number, [.. t.Options.Codes], t.Options.ToString(), t.Resource, t.Status, t.Metric, [.. t.Constraints], t.FailRate, [.. t.Certificates], t.Seconds, t.EndedAt, t.Error);

        public TrialOutcome ToTrial(OptionSpace space) => new(Number, new SampledOptions(space, Options), Resource)
        {
            Status = Status, Metric = Metric, Constraints = Constraints, FailRate = FailRate, Certificates = Certificates, Seconds = Seconds, EndedAt = EndedAt, Error = Error,
        };
    }
}
