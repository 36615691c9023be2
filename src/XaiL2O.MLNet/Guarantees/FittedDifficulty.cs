using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>A fitted difficulty: predicted errors, at least a floor.</summary>
internal sealed class FittedDifficulty
{
    private sealed class Example
    {
        public float[] Features { get; set; } = [];

        public float Label { get; set; }
    }

    public FittedDifficulty(ITransformer model, IReadOnlyList<int> sizes, double floor)
    {
        if (sizes.Any(s => s < 0) || !(floor > 0 && double.IsFinite(floor)))
            throw new ArgumentException($"a difficulty has columns of {string.Join(", ", sizes)} values and the floor {floor}; sizes are at least 0 and the floor is positive and finite.");
        (Model, Sizes, Floor) = (model, sizes, floor);
        var schema = FeatureRow.SchemaOf(sizes.Sum());
        if (!model.IsRowToRowMapper || model.GetOutputSchema(schema).GetColumnOrNull(FeatureRow.Score) is not { } score || score.Type != NumberDataViewType.Single)
            throw new InvalidOperationException($"The trainer of the difficulty must append a column '{FeatureRow.Score}' of Single row by row, as regression trainers do.");
        Mapper = model.GetRowToRowMapper(schema);
    }

    /// <summary>Takes features to <c>Score</c>.</summary>
    public ITransformer Model { get; }

    /// <summary>Values of each column.</summary>
    public IReadOnlyList<int> Sizes { get; }

    /// <summary>The smallest difficulty.</summary>
    public double Floor { get; }

    private IRowToRowMapper Mapper { get; }

    /// <summary>Room for the features of a row.</summary>
    public FeatureRow NewRow() => new(Mapper.InputSchema);

    /// <summary>Fits the user's trainer to errors; those that are not finite say nothing of how large errors are.</summary>
    public static FittedDifficulty Fit(MLContext ml, DifficultyModel options, IReadOnlyList<int> sizes, IEnumerable<(float[] Features, double Error)> rows)
    {
        Example[] examples = [.. rows.Where(r => float.IsFinite((float)r.Error)).Select(r => new Example { Features = r.Features, Label = (float)r.Error })];
        if (examples.Length == 0)
            throw new InvalidOperationException($"The difficulty cannot be fitted: of the {nameof(DifficultyModel.Share)} = {options.Share} of the rows that are its own, none has a finite error.");
        var mean = examples.Average(e => (double)e.Label);
        var definition = SchemaDefinition.Create(typeof(Example));
        definition[nameof(Example.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, sizes.Sum());
        return new FittedDifficulty(options.Trainer.Fit(ml.Data.LoadFromEnumerable(examples, definition)), sizes, mean > 0 ? options.Floor * mean : options.Floor);
    }

    /// <summary>Difficulties of rows; ∞ where nothing can be said.</summary>
    public Func<double> Of(FeatureRow features)
    {
        var row = Mapper.GetRow(features, [Mapper.OutputSchema[FeatureRow.Score]]);
        var getter = row.GetGetter<float>(row.Schema[FeatureRow.Score]);
        var value = 0f;
        return () =>
        {
            features.Next();
            getter(ref value);
            return float.IsFinite(value) ? Math.Max(value, Floor) : double.PositiveInfinity;
        };
    }
}
