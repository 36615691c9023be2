using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>Appends the property values that a model gives to estimates of any origin; see <see cref="ImplicitModelTransformer.PropertiesOf"/>.</summary>
public sealed class PropertyTransformer : BatchTransformer, IDisposable
{
    internal const string LoaderSignature = "XaiL2OProperties";
    private readonly ImplicitModelTransformer model;
    private readonly ColumnNames names;

    internal PropertyTransformer(ImplicitModelTransformer model, string estimateColumnName, string prefix)
    {
        if (model.Definition.Outputs.Count > 1)
            throw new InvalidOperationException($"{model.Definition.GetType().Name} gives its inference in {model.Definition.Outputs.Count} columns; properties of a column are those of models with one.");
        (this.model, names) = (model, new ColumnNames(estimateColumnName, prefix));
        InputVectors = [.. model.Columns.Inputs, new(estimateColumnName, model.Definition.InferenceSize)];
        OutputColumns = ModelColumns.ValuesOf(model.Properties, prefix);
    }

    private sealed record ColumnNames(string Estimate, string Prefix);

    internal override int BatchSize => model.BatchSize;

    internal override IReadOnlyList<ModelColumn> InputVectors { get; }

    internal override IReadOnlyList<OutputColumn> OutputColumns { get; }

    /// <summary>Frees the native memory of the model, which is made again where it is used again.</summary>
    public void Dispose() => model.Dispose();

    internal override IRowBatch OpenBatch(DataViewRow source) => new EvaluateBatch(this, source);

    private protected override void Save(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Version());
        ModelPayload.Of(names).Save(context);
        model.Payload().Save(context);
    }

    private static VersionInfo Version() => ModelHeader.Of("XL2O PRP", LoaderSignature);

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        var names = ModelPayload.Read(ctx, payload => payload.ReadSettings<ColumnNames>());
        return ModelPayload.Read(ctx, payload => ImplicitModelTransformer.FromPayload(payload, env).PropertiesOf(names.Estimate, names.Prefix));
    }

    private sealed class EvaluateBatch(PropertyTransformer parent, DataViewRow source) : IRowBatch
    {
        private readonly InputRows rows = new(source, parent.InputVectors);

        public void Read(int slot) => rows.Read(slot);

        public Array[] Compute(int count)
        {
            using var scope = torch.NewDisposeScope();
            var read = rows.Take(count);
            using var use = parent.model.UseModel();
            return [.. use.Value.Model.Evaluate(read[^1], parent.model.Definition.Join(read[..^1]))];
        }
    }
}
