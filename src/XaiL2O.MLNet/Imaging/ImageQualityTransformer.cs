using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>Appends <c>{prefix}Psnr</c> (decibels) and <c>{prefix}Ssim</c> of an image column against the truth, <see cref="double"/>; see <see cref="ImageQuality"/>.</summary>
public sealed class ImageQualityTransformer : BatchTransformer
{
    internal const string LoaderSignature = "XaiL2OImageQuality";
    private const int Rows = 16;

    /// <summary>More pixels have no index.</summary>
    private const int LargestImage = 46_340;

    private readonly Settings settings;

    internal ImageQualityTransformer(Settings settings)
    {
        OptionCheck.Within(settings.ImageSize, 1, LargestImage);
        ArgumentException.ThrowIfNullOrWhiteSpace(settings.ImageColumnName);
        ArgumentException.ThrowIfNullOrWhiteSpace(settings.TruthColumnName);
        ArgumentNullException.ThrowIfNull(settings.Prefix);
        this.settings = settings;
        OutputColumns = [(settings.Prefix + "Psnr", NumberDataViewType.Double), (settings.Prefix + "Ssim", NumberDataViewType.Double)];
    }

    internal sealed record Settings(int ImageSize, string ImageColumnName, string TruthColumnName, string Prefix);

    internal override int BatchSize => Rows;

    internal override IReadOnlyList<string> InputColumnNames => [settings.ImageColumnName, settings.TruthColumnName];

    internal override IReadOnlyList<(string Name, DataViewType Type)> OutputColumns { get; }

    internal override void CheckInput(DataViewSchema schema)
    {
        foreach (var name in InputColumnNames)
            ColumnCheck.FloatVector(schema, name, settings.ImageSize * settings.ImageSize);
    }

    internal override IRowBatch OpenBatch(DataViewRow source, int capacity) => new CompareBatch(this, source, capacity);

    private protected override void Save(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Version());
        ModelPayload.Of(settings).Save(context);
    }

    private static VersionInfo Version() => ModelHeader.Of("XL2O IMQ", LoaderSignature);

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return ModelPayload.Read(ctx, payload => new ImageQualityTransformer(payload.ReadSettings<Settings>()));
    }

    private sealed class CompareBatch(ImageQualityTransformer parent, DataViewRow source, int capacity) : IRowBatch
    {
        private readonly int pixels = parent.settings.ImageSize * parent.settings.ImageSize;
        private readonly float[][] values = [.. parent.InputColumnNames.Select(_ => new float[capacity * parent.settings.ImageSize * parent.settings.ImageSize])];
        private readonly FloatRows[] rows = [.. parent.InputColumnNames.Select(name => new FloatRows(source, source.Schema[name], parent.settings.ImageSize * parent.settings.ImageSize))];

        public void Read(int slot)
        {
            for (var i = 0; i < rows.Length; i++)
                rows[i].Read(values[i].AsSpan(slot * pixels, pixels));
        }

        public Array[] Compute(int count)
        {
            using var image = torch.tensor(values[0].AsSpan(0, count * pixels).ToArray(), [count, pixels]);
            using var truth = torch.tensor(values[1].AsSpan(0, count * pixels).ToArray(), [count, pixels]);
            return [ImageQuality.Psnr(image, truth), ImageQuality.Ssim(image, truth)];
        }
    }
}
