using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Says of every row whether it is selected. See <see cref="SelectionEstimator"/> for the columns.</summary>
public sealed class SelectionTransformer : ITransformer
{
    internal const string LoaderSignature = "XaiL2OSelection";

    internal SelectionTransformer(SelectionOptions options, ConformalSelection calibration)
    {
        (Options, Calibration) = (options, calibration);
        calibration.Require(options.FalseDiscoveryRate);
        // Throws where a stream could select nothing.
        _ = options.Stream ? new StreamSelection(calibration, options.StreamOptions) : null;
    }

    /// <summary>The calibration rows; with <see cref="StreamSelection"/> it serves rows that come one by one.</summary>
    public ConformalSelection Calibration { get; }

    /// <summary>Always false: whether a row is selected depends on others.</summary>
    public bool IsRowToRowMapper => false;

    internal SelectionOptions Options { get; }

    internal static IReadOnlyList<OutputColumn> Columns(SelectionOptions options) =>
    [
        new(options.OutputPrefix + "Selected", BooleanDataViewType.Instance) { Maker = "selection" },
        new(options.OutputPrefix + (options.Stream ? "Selected.EValue" : "Selected.PValue"), NumberDataViewType.Double) { Maker = "selection" },
    ];

    /// <inheritdoc/>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        ColumnCheck.Property(inputSchema, Options.RankColumnName);
        ColumnCheck.Hidden(inputSchema, Columns(Options));
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(inputSchema);
        foreach (var column in Columns(Options))
            builder.AddColumn(column.Name, column.Type, ColumnNotes.Of(column));
        return builder.ToSchema();
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Always: a row is not decided on by itself.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) =>
        throw new InvalidOperationException($"Whether a row is selected depends on other rows, and a prediction engine gives it one at a time. Transform the batch, or give the values of '{Options.RankColumnName}' to a {nameof(StreamSelection)} of {nameof(SelectionTransformer)}.{nameof(Calibration)}.");

    /// <inheritdoc/>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new SelectionDataView(this, input);
    }

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version());
        var bad = Calibration.BadGoodness.ToArray();
        var payload = ModelPayload.Of(new Stored(Options, StoredMeasure.Of(Options.Measure), Calibration.Rows)).Add("bad goodness", [bad.Length], bad);
        StoredMeasure.Add(Options.Measure, payload);
        payload.Save(ctx);
    }

    private static VersionInfo Version() => ModelHeader.Of("XL2O SEL", LoaderSignature);

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return ModelPayload.Read(ctx, payload =>
        {
            var stored = payload.ReadSettings<Stored>();
            var options = stored.Options with { Measure = stored.Measure.Create(payload) };
            options.Validate();
            return new SelectionTransformer(options, new ConformalSelection(payload.Array<double>("bad goodness"), stored.Rows));
        });
    }

    private sealed record Stored(SelectionOptions Options, StoredMeasure Measure, int Rows);
}
