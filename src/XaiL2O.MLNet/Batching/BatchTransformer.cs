using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// A transformer that appends columns computed from a batch of rows at a time. Rows do not influence each other; the batch is for
/// speed alone. Can be used from several threads.
/// </summary>
public abstract class BatchTransformer : ITransformer
{
    private protected BatchTransformer()
    {
    }

    /// <summary>Always true: every output row comes from one input row.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>The rows that the model was trained on; null where nothing was trained, or the model was loaded.</summary>
    internal TrainingRows? TrainedOn { get; init; }

    /// <summary>Rows computed together.</summary>
    internal abstract int BatchSize { get; }

    /// <summary>The vectors of numbers that are read; none where a transformer says by the next and by <see cref="CheckInput"/> what it reads.</summary>
    internal virtual IReadOnlyList<ModelColumn> InputVectors => [];

    /// <summary>Names of the columns read.</summary>
    internal virtual IReadOnlyList<string> InputColumnNames => [.. InputVectors.Select(c => c.Name)];

    /// <summary>Columns appended.</summary>
    internal abstract IReadOnlyList<OutputColumn> OutputColumns { get; }

    /// <summary>Throws unless the schema has the columns read, with the right types and sizes.</summary>
    internal virtual void CheckInput(DataViewSchema schema)
    {
        foreach (var column in InputVectors)
            ColumnCheck.NumberVector(schema, column.Name, column.Size);
    }

    /// <summary>Room for a batch of rows taken from a source.</summary>
    internal abstract IRowBatch OpenBatch(DataViewRow source);

    /// <summary>The same where only some of <see cref="OutputColumns"/> will be read.</summary>
    internal virtual IRowBatch OpenBatch(DataViewRow source, IReadOnlyList<bool> activeOutputs) => OpenBatch(source);

    /// <summary>The same, with what follows from the columns before.</summary>
    internal virtual IReadOnlyList<OutputColumn> ColumnsAfter(DataViewSchema inputSchema) => OutputColumns;

    /// <summary>The columns read of rows with a schema.</summary>
    internal virtual IEnumerable<DataViewSchema.Column> ReadColumns(DataViewSchema schema) => InputColumnNames.Select(name => schema[name]);

    private protected abstract void Save(ModelSaveContext context);

    /// <inheritdoc/>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        CheckInput(inputSchema);
        ColumnCheck.Hidden(inputSchema, OutputColumns);
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(inputSchema);
        foreach (var column in ColumnsAfter(inputSchema))
            builder.AddColumn(column.Name, column.Type, ColumnNotes.Of(column));
        return builder.ToSchema();
    }

    /// <inheritdoc/>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return new BatchRowMapper(this, inputSchema);
    }

    /// <inheritdoc/>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new BatchDataView(this, input);
    }

    void ICanSaveModel.Save(ModelSaveContext ctx) => Save(ctx);

    /// <summary>The input columns that a set of active columns (inputs first, then outputs) needs.</summary>
    internal DataViewSchema.Column[] InputsFor(DataViewSchema schema, bool[] active)
    {
        var computes = active.Skip(schema.Count).Any(a => a);
        var needed = computes ? ReadColumns(schema).Select(c => c.Index).ToHashSet() : [];
        return [.. schema.Where(c => active[c.Index] || needed.Contains(c.Index))];
    }
}
