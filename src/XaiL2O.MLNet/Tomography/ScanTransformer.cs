using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using TorchSharp;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// Appends simulated measurements of an image column, <see cref="ScanSimulator"/>: vector of <see cref="ParallelBeamGeometry.Beams"/>
/// <see cref="float"/>.
/// </summary>
public sealed class ScanTransformer : BatchTransformer
{
    internal const string LoaderSignature = "XaiL2OCtScan";
    private const int Rows = 16;

    private readonly Settings settings;
    private readonly Once<ScanSimulator> simulator;

    internal ScanTransformer(Settings settings)
    {
        ArgumentNullException.ThrowIfNull(settings.Geometry);
        settings.Geometry.Validate();
        if (!(settings.Noise >= 0 && double.IsFinite(settings.Noise)))
            throw new ArgumentOutOfRangeException(nameof(settings), settings.Noise, $"{nameof(Settings.Noise)} = {settings.Noise} is out of range; it must be finite and at least 0.");
        ArgumentException.ThrowIfNullOrWhiteSpace(settings.ImageColumnName);
        ArgumentException.ThrowIfNullOrWhiteSpace(settings.MeasurementColumnName);
        this.settings = settings;
        // The matrix may be large; it is built for rows, whose images then have the size that it is for.
        simulator = new Once<ScanSimulator>(() => new ScanSimulator(RadonOperator.Shared(settings.Geometry), settings.Noise, settings.Seed));
        OutputColumns = [new(settings.MeasurementColumnName, new VectorDataViewType(NumberDataViewType.Single, settings.Geometry.Beams))];
    }

    internal sealed record Settings(ParallelBeamGeometry Geometry, double Noise, int Seed, string ImageColumnName, string MeasurementColumnName);

    internal override int BatchSize => Math.Clamp(Array.MaxLength / settings.Geometry.Pixels, 1, Rows);

    internal override IReadOnlyList<string> InputColumnNames => [settings.ImageColumnName];

    internal override IReadOnlyList<OutputColumn> OutputColumns { get; }

    internal override void CheckInput(DataViewSchema schema)
    {
        ColumnCheck.FloatVector(schema, settings.ImageColumnName, settings.Geometry.Pixels);
    }

    internal override IRowBatch OpenBatch(DataViewRow source) => new ScanBatch(this, source);

    private protected override void Save(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Version());
        ModelPayload.Of(settings).Save(context);
    }

    private static VersionInfo Version() => ModelHeader.Of("XL2O CTS", LoaderSignature);

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return ModelPayload.Read(ctx, payload => new ScanTransformer(payload.ReadSettings<Settings>()));
    }

    private sealed class ScanBatch(ScanTransformer parent, DataViewRow source) : IRowBatch
    {
        private readonly FloatRows rows = new(source, source.Schema[parent.settings.ImageColumnName], parent.settings.Geometry.Pixels);

        public void Read(int slot) => rows.Read(slot);

        public Array[] Compute(int count)
        {
            using var x = rows.Take(count);
            using var d = parent.simulator.Value.Scan(x);
            var flat = d.data<float>().ToArray();
            var beams = parent.settings.Geometry.Beams;
            return [Enumerable.Range(0, count).Select(i => new VBuffer<float>(beams, flat.AsSpan(i * beams, beams).ToArray())).ToArray()];
        }
    }
}
