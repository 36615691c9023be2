using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using TorchSharp;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>Appends the property values that a model gives to estimates of any origin; see <see cref="ImplicitModelTransformer.PropertiesOf"/>.</summary>
public sealed class PropertyTransformer : BatchTransformer
{
    internal const string LoaderSignature = "XaiL2OProperties";
    private readonly ImplicitModelTransformer model;
    private readonly ColumnNames names;
    private readonly Dictionary<string, Term> properties;

    internal PropertyTransformer(ImplicitModelTransformer model, string estimateColumnName, string prefix)
    {
        if (model.Definition.Outputs.Count > 1)
            throw new InvalidOperationException($"{model.Definition.GetType().Name} gives its inference in {model.Definition.Outputs.Count} columns; properties of a column are those of models with one.");
        (this.model, names) = (model, new ColumnNames(estimateColumnName, prefix));
        InputVectors = [.. model.Columns.Inputs, new(estimateColumnName, model.Definition.InferenceSize)];
        properties = model.Properties.ToDictionary(p => prefix + p.Name + ".Value");
        OutputColumns = [.. model.Properties.Select(p => (prefix + p.Name + ".Value", (DataViewType)NumberDataViewType.Double))];
    }

    private sealed record ColumnNames(string Estimate, string Prefix);

    internal override int BatchSize => model.BatchSize;

    internal override IReadOnlyList<ModelColumn> InputVectors { get; }

    internal override IReadOnlyList<(string Name, DataViewType Type)> OutputColumns { get; }

    internal override string? CauseOf(string columnName) => properties[columnName].Cause;

    internal override string? FormulaOf(string columnName) => properties.GetValueOrDefault(columnName)?.Formula;

    internal override Sides SidesOf(string columnName) => properties[columnName].Sides;

    internal override string? OwnerOf(string columnName) => "model";

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
            return [.. parent.model.Model.Evaluate(read[^1], parent.model.Definition.Join(read[..^1]))];
        }
    }
}
