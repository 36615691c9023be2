using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>A user's model that was fitted on features and is asked row by row for one number.</summary>
internal sealed class FeatureModel
{
    private readonly IRowToRowMapper mapper;
    private readonly string output;

    /// <param name="model">Takes <c>Features</c> to a column of <see cref="float"/>.</param>
    /// <param name="sizes">Values of each of the columns that features are made of.</param>
    /// <param name="output">That column.</param>
    /// <param name="what">What the model is of, for messages.</param>
    /// <param name="trainers">Trainers that append the column, for messages.</param>
    public FeatureModel(ITransformer model, IReadOnlyList<int> sizes, string output, string what, string trainers)
    {
        if (sizes.Any(s => s < 0))
            throw new ArgumentException($"a {what} has columns of {string.Join(", ", sizes)} values; sizes are at least 0.");
        (Model, Sizes, this.output) = (model, sizes, output);
        var schema = FeatureRow.SchemaOf(sizes.Sum());
        if (!model.IsRowToRowMapper || model.GetOutputSchema(schema).GetColumnOrNull(output) is not { } column || column.Type != NumberDataViewType.Single)
            throw new InvalidOperationException($"The trainer of the {what} must append a column '{output}' of Single row by row, as {trainers} do.");
        mapper = model.GetRowToRowMapper(schema);
    }

    public ITransformer Model { get; }

    /// <summary>Values of each column.</summary>
    public IReadOnlyList<int> Sizes { get; }

    /// <summary>Fits a trainer to examples with features of these sizes.</summary>
    public static ITransformer Fit<T>(MLContext ml, IEstimator<ITransformer> trainer, IReadOnlyList<int> sizes, IEnumerable<T> examples)
        where T : class
    {
        var definition = SchemaDefinition.Create(typeof(T));
        definition[FeatureRow.Features].ColumnType = new VectorDataViewType(NumberDataViewType.Single, sizes.Sum());
        return trainer.Fit(ml.Data.LoadFromEnumerable(examples, definition));
    }

    /// <summary>Room for the features of a row.</summary>
    public FeatureRow NewRow() => new(mapper.InputSchema);

    /// <summary>What the model says of the features of a row as they stand.</summary>
    public Func<float> Of(FeatureRow features)
    {
        var row = mapper.GetRow(features, [mapper.OutputSchema[output]]);
        var getter = row.GetGetter<float>(row.Schema[output]);
        var value = 0f;
        return () =>
        {
            features.Next();
            getter(ref value);
            return value;
        };
    }
}
