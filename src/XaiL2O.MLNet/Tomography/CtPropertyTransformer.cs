using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using TorchSharp;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>Appends the property values that a reconstruction model gives to images of any origin; see <see cref="CtReconstructionTransformer.PropertiesOf"/>.</summary>
public sealed class CtPropertyTransformer : BatchTransformer
{
    internal const string LoaderSignature = "XaiL2OCtProperties";
    private const int Rows = 16;

    private readonly CtReconstructionTransformer model;
    private readonly string imageColumnName;
    private readonly string prefix;

    internal CtPropertyTransformer(CtReconstructionTransformer model, string imageColumnName, string prefix)
    {
        (this.model, this.imageColumnName, this.prefix) = (model, imageColumnName, prefix);
        OutputColumns = [.. model.Properties.Select(p => (prefix + p.Name + ".Value", (DataViewType)NumberDataViewType.Double))];
    }

    internal sealed record ColumnNames(string Image, string Prefix);

    internal override int BatchSize => Rows;

    internal override IReadOnlyList<string> InputColumnNames => [imageColumnName, model.MeasurementColumnName];

    internal override IReadOnlyList<(string Name, DataViewType Type)> OutputColumns { get; }

    internal override string? CauseOf(string columnName) => TermOf(columnName)?.Cause;

    internal override Sides SidesOf(string columnName) => TermSides.Of(TermOf(columnName));

    internal override void CheckInput(DataViewSchema schema)
    {
        ColumnCheck.FloatVector(schema, imageColumnName, model.Geometry.Pixels);
        ColumnCheck.FloatVector(schema, model.MeasurementColumnName, model.Geometry.Beams);
    }

    internal override IRowBatch OpenBatch(DataViewRow source, int capacity) => new EvaluateBatch(this, source, capacity);

    private Term? TermOf(string columnName) => model.Properties.FirstOrDefault(p => prefix + p.Name + ".Value" == columnName);

    private protected override void Save(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Version());
        ModelPayload.Of(new ColumnNames(imageColumnName, prefix)).Save(context);
        model.Payload().Save(context);
    }

    private static VersionInfo Version() => ModelHeader.Of("XL2O CTP", LoaderSignature);

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        var names = ModelPayload.Read(ctx, payload => payload.ReadSettings<ColumnNames>());
        return ModelPayload.Read(ctx, payload => CtReconstructionTransformer.FromPayload(payload, env).PropertiesOf(names.Image, names.Prefix));
    }

    private sealed class EvaluateBatch(CtPropertyTransformer parent, DataViewRow source, int capacity) : IRowBatch
    {
        private readonly int pixels = parent.model.Geometry.Pixels;
        private readonly int beams = parent.model.Geometry.Beams;
        private readonly float[] images = new float[capacity * parent.model.Geometry.Pixels];
        private readonly float[] data = new float[capacity * parent.model.Geometry.Beams];
        private readonly FloatRows imageRows = new(source, source.Schema[parent.imageColumnName], parent.model.Geometry.Pixels);
        private readonly FloatRows dataRows = new(source, source.Schema[parent.model.MeasurementColumnName], parent.model.Geometry.Beams);

        public void Read(int slot)
        {
            imageRows.Read(images.AsSpan(slot * pixels, pixels));
            dataRows.Read(data.AsSpan(slot * beams, beams));
        }

        public Array[] Compute(int rows)
        {
            using var x = torch.tensor(images.AsSpan(0, rows * pixels).ToArray(), [rows, pixels]);
            using var d = torch.tensor(data.AsSpan(0, rows * beams).ToArray(), [rows, beams]);
            return [.. parent.model.Model.Evaluate(x, d)];
        }
    }
}
