using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using TorchSharp;
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
    private readonly ScanSimulator simulator;

    internal ScanTransformer(Settings settings)
    {
        this.settings = settings;
        simulator = new ScanSimulator(RadonOperator.Shared(settings.Geometry), settings.Noise, settings.Seed);
        OutputColumns = [(settings.MeasurementColumnName, new VectorDataViewType(NumberDataViewType.Single, settings.Geometry.Beams))];
    }

    internal sealed record Settings(ParallelBeamGeometry Geometry, double Noise, int Seed, string ImageColumnName, string MeasurementColumnName);

    internal override int BatchSize => Rows;

    internal override IReadOnlyList<string> InputColumnNames => [settings.ImageColumnName];

    internal override IReadOnlyList<(string Name, DataViewType Type)> OutputColumns { get; }

    internal override void CheckInput(DataViewSchema schema) => ColumnCheck.FloatVector(schema, settings.ImageColumnName, settings.Geometry.Pixels);

    internal override IRowBatch OpenBatch(DataViewRow source, int capacity) => new ScanBatch(this, source, capacity);

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
        return new ScanTransformer(ModelPayload.Load(ctx).ReadSettings<Settings>());
    }

    private sealed class ScanBatch(ScanTransformer parent, DataViewRow source, int capacity) : IRowBatch
    {
        private readonly int pixels = parent.settings.Geometry.Pixels;
        private readonly float[] images = new float[capacity * parent.settings.Geometry.Pixels];
        private readonly FloatRows rows = new(source, source.Schema[parent.settings.ImageColumnName], parent.settings.Geometry.Pixels);

        public void Read(int slot) => rows.Read(images.AsSpan(slot * pixels, pixels));

        public Array[] Compute(int count)
        {
            using var x = torch.tensor(images.AsSpan(0, count * pixels).ToArray(), [count, pixels]);
            using var d = parent.simulator.Scan(x);
            var flat = d.data<float>().ToArray();
            var beams = parent.settings.Geometry.Beams;
            return [Enumerable.Range(0, count).Select(i => new VBuffer<float>(beams, flat.AsSpan(i * beams, beams).ToArray())).ToArray()];
        }
    }
}
