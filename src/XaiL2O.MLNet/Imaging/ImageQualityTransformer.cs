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
        OutputColumns = [new(settings.Prefix + "Psnr", NumberDataViewType.Double), new(settings.Prefix + "Ssim", NumberDataViewType.Double)];
    }

    internal sealed record Settings(int ImageSize, string ImageColumnName, string TruthColumnName, string Prefix);

    internal override int BatchSize => Math.Clamp(Array.MaxLength / Pixels, 1, Rows);

    private int Pixels => settings.ImageSize * settings.ImageSize;

    internal override IReadOnlyList<string> InputColumnNames => [settings.ImageColumnName, settings.TruthColumnName];

    internal override IReadOnlyList<OutputColumn> OutputColumns { get; }

    internal override void CheckInput(DataViewSchema schema)
    {
        foreach (var name in InputColumnNames)
            ColumnCheck.FloatVector(schema, name, Pixels);
    }

    internal override IRowBatch OpenBatch(DataViewRow source) => new CompareBatch(this, source);

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

    private sealed class CompareBatch(ImageQualityTransformer parent, DataViewRow source) : IRowBatch
    {
        private readonly FloatRows[] rows = [.. parent.InputColumnNames.Select(name => new FloatRows(source, source.Schema[name], parent.Pixels))];

        public void Read(int slot)
        {
            foreach (var column in rows)
                column.Read(slot);
        }

        public Array[] Compute(int count)
        {
            using var image = rows[0].Take(count);
            using var truth = rows[1].Take(count);
            return [ImageQuality.Psnr(image, truth), ImageQuality.Ssim(image, truth)];
        }
    }
}
