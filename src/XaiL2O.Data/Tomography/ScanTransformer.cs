using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using TorchSharp;
using XaiL2O.Certifiers;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Data;

/// <summary>
/// Appends simulated measurements of an image column, <see cref="ScanSimulator"/>: vector of <see cref="ParallelBeamGeometry.Beams"/>
/// <see cref="float"/>.
/// </summary>
internal sealed class ScanTransformer : BatchTransformer
{
    internal const string LoaderSignature = "XaiL2ODataScan";
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

    internal override IReadOnlyList<ModelColumn> InputVectors => [new(settings.ImageColumnName, settings.Geometry.Pixels)];

    internal override IReadOnlyList<OutputColumn> OutputColumns { get; }

    internal override IRowBatch OpenBatch(DataViewRow source) => new ScanBatch(this, source);

    private protected override void Save(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Version());
        ModelPayload.Of(settings).Save(context);
    }

    private static VersionInfo Version() => MLNet.ModelHeader.Of("XL2O CTS", LoaderSignature, type: typeof(ScanTransformer));

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return ModelPayload.Read(ctx, payload => new ScanTransformer(payload.ReadSettings<Settings>()));
    }

    private sealed class ScanBatch(ScanTransformer parent, DataViewRow source) : IRowBatch
    {
        private readonly InputRows rows = new(source, parent.InputVectors);

        public void Read(int slot) => rows.Read(slot);

        public Array[] Compute(int count)
        {
            using var scope = torch.NewDisposeScope();
            var d = parent.simulator.Value.Scan(rows.Take(count)[0]);
            var flat = d.data<float>().ToArray();
            var beams = parent.settings.Geometry.Beams;
            return [Enumerable.Range(0, count).Select(i => new VBuffer<float>(beams, flat.AsSpan(i * beams, beams).ToArray())).ToArray()];
        }
    }
}
