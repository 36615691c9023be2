using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>A bound as stored: settings as JSON, scores as arrays, the model of difficulties as an entry of its own.</summary>
internal static class BoundPayload
{
    public const string DifficultyEntry = "Difficulty";

    private sealed record Stored(StoredOptions Options, bool IsNumber, StoredDifficulty? Difficulty, IReadOnlyList<string> Groups, bool? GroupsByNumber);

    private sealed record StoredOptions(
        string OutputColumnName, string TruthColumnName, string? ErrorColumnName, StoredMeasure Measure, ConformalLevel Level, BoundSides Sides, string? LowerColumnName, string? UpperColumnName,
        string? GroupColumnName, int? MinimumPerGroup, GroupFallback GroupFallback, string? WeightColumnName, string? SubjectColumnName, SubjectPromise SubjectPromise, string OutputPrefix);

    private sealed record StoredDifficulty(IReadOnlyList<string> ColumnNames, double Share, int Seed, double FloorShare, IReadOnlyList<int> Sizes, double Floor);

    public static ModelPayload Of(ErrorBoundOptions options, bool isNumber, BoundScores scores, FittedDifficulty? difficulty, bool? groupsByNumber)
    {
        string[] groups = [.. scores.Groups.Keys.Order(StringComparer.Ordinal)];
        var stored = new StoredOptions(
            options.OutputColumnName, options.TruthColumnName, options.ErrorColumnName, StoredMeasure.Of(options.Measure), options.Level, options.Sides, options.LowerColumnName, options.UpperColumnName,
            options.GroupColumnName, options.MinimumPerGroup, options.GroupFallback, options.WeightColumnName, options.SubjectColumnName, options.SubjectPromise, options.OutputPrefix);
        var payload = ModelPayload.Of(new Stored(
            stored,
            isNumber,
            difficulty is null ? null : new StoredDifficulty(options.Difficulty!.ColumnNames, options.Difficulty.Share, options.Difficulty.Seed, options.Difficulty.Floor, difficulty.Sizes, difficulty.Floor),
            groups,
            groupsByNumber));
        StoredMeasure.Add(options.Measure, payload);
        Add(payload, "below", scores.Below);
        Add(payload, "above", scores.Above);
        Add(payload, "weights", scores.Weights);
        for (var g = 0; g < groups.Length; g++)
        {
            Add(payload, $"group {g} below", scores.Groups[groups[g]].Below);
            Add(payload, $"group {g} above", scores.Groups[groups[g]].Above);
        }

        return payload;
    }

    public static ErrorBoundTransformer Read(ModelPayload payload, Func<ITransformer> loadDifficulty)
    {
        var stored = payload.ReadSettings<Stored>();
        var o = stored.Options;
        if (stored.Groups.Contains(null!) || stored.Difficulty?.ColumnNames.Contains(null!) == true || stored.Difficulty is { } d && d.ColumnNames.Count != d.Sizes.Count)
            throw new ArgumentException("a name of a bound's groups or columns is null, or its columns have no sizes.");
        var weights = payload.Array<double>("weights");
        if (weights.Length > 0 != (o.WeightColumnName is not null || o is { SubjectColumnName: not null, SubjectPromise: SubjectPromise.Row }) || stored.Groups.Count > 0 && o.GroupColumnName is null)
            throw new ArgumentException($"a bound with {weights.Length} weights and {stored.Groups.Count} groups has columns of them that say otherwise.");
        var fitted = stored.Difficulty is { } known ? new FittedDifficulty(loadDifficulty(), known.Sizes, known.Floor) : null;
        var options = new ErrorBoundOptions
        {
            OutputColumnName = o.OutputColumnName,
            TruthColumnName = o.TruthColumnName,
            ErrorColumnName = o.ErrorColumnName,
            Measure = o.Measure.Create(payload),
            Level = o.Level,
            Sides = o.Sides,
            LowerColumnName = o.LowerColumnName,
            UpperColumnName = o.UpperColumnName,
            Difficulty = stored.Difficulty is { } s ? new DifficultyModel(new FittedEstimator(fitted!.Model), s.ColumnNames) { Share = s.Share, Seed = s.Seed, Floor = s.FloorShare } : null,
            GroupColumnName = o.GroupColumnName,
            MinimumPerGroup = o.MinimumPerGroup,
            GroupFallback = o.GroupFallback,
            WeightColumnName = o.WeightColumnName,
            SubjectColumnName = o.SubjectColumnName,
            SubjectPromise = o.SubjectPromise,
            OutputPrefix = o.OutputPrefix,
        };
        options.Validate();
        var groups = stored.Groups.Select((name, g) => (name, (payload.Array<double>($"group {g} below"), payload.Array<double>($"group {g} above")))).ToDictionary(g => g.name, g => g.Item2, StringComparer.Ordinal);
        var scores = new BoundScores(payload.Array<double>("below"), payload.Array<double>("above"), weights, groups);
        return new ErrorBoundTransformer(options, stored.IsNumber, scores, fitted, o.GroupColumnName is null ? null : stored.GroupsByNumber);
    }

    private static void Add(ModelPayload payload, string name, double[] values) => payload.Add(name, [values.Length], values);

    /// <summary>Of a loaded bound there is a model and no trainer.</summary>
    private sealed class FittedEstimator(ITransformer model) : IEstimator<ITransformer>
    {
        public ITransformer Fit(IDataView input) => model;

        public SchemaShape GetOutputSchema(SchemaShape inputSchema) => inputSchema;
    }
}
