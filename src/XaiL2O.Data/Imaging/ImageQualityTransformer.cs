using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using TorchSharp;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Data;

/// <summary>Appends <c>{prefix}Psnr</c> (decibels) and <c>{prefix}Ssim</c> of an image column against the truth, <see cref="double"/>; see <see cref="ImageQuality"/>.</summary>
internal sealed class ImageQualityTransformer : BatchTransformer
{
    internal const string LoaderSignature = "XaiL2ODataImageQuality";
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
        OutputColumns = [new(settings.Prefix + "Psnr", NumberDataViewType.Double), new(settings.Prefix + "Ssim", NumberDataViewType.Double)];
    }

    internal sealed record Settings(int ImageSize, string ImageColumnName, string TruthColumnName, string Prefix);

    internal override int BatchSize => Math.Clamp(Array.MaxLength / Pixels, 1, Rows);

    private int Pixels => settings.ImageSize * settings.ImageSize;

    internal override IReadOnlyList<ModelColumn> InputVectors => [new(settings.ImageColumnName, Pixels), new(settings.TruthColumnName, Pixels)];

    internal override IReadOnlyList<OutputColumn> OutputColumns { get; }

    internal override IRowBatch OpenBatch(DataViewRow source) => new CompareBatch(this, source);

    private protected override void Save(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Version());
        ModelPayload.Of(settings).Save(context);
    }

    private static VersionInfo Version() => MLNet.ModelHeader.Of("XL2O IMQ", LoaderSignature, type: typeof(ImageQualityTransformer));

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return ModelPayload.Read(ctx, payload => new ImageQualityTransformer(payload.ReadSettings<Settings>()));
    }

    private sealed class CompareBatch(ImageQualityTransformer parent, DataViewRow source) : IRowBatch
    {
        private readonly InputRows rows = new(source, parent.InputVectors);

        public void Read(int slot) => rows.Read(slot);

        public Array[] Compute(int count)
        {
            using var scope = torch.NewDisposeScope();
            var read = rows.Take(count);
            return [ImageQuality.Psnr(read[0], read[1]), ImageQuality.Ssim(read[0], read[1])];
        }
    }
}
