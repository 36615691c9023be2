using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace XaiL2O.MLNet;

/// <summary>Appends the weight of every row. See <see cref="DensityRatioEstimator"/>.</summary>
public sealed class DensityRatioTransformer : BatchTransformer
{
    internal const string LoaderSignature = "XaiL2ODensityRatio";
    private const string ClassifierEntry = "Classifier";
    private readonly FeatureModel classifier;
    private readonly Stored stored;

    internal DensityRatioTransformer(IReadOnlyList<string> columnNames, string outputColumnName, ITransformer model, IReadOnlyList<int> sizes, double ratio, double largest, IReadOnlyList<float[]> heldOut)
        : this(new Stored([.. columnNames], outputColumnName, [.. sizes], ratio, largest, 0), model)
    {
        var features = classifier.NewRow();
        var weight = WeightOf(features);
        var (sum, squares) = (0.0, 0.0);
        foreach (var row in heldOut)
        {
            row.CopyTo(features.Values, 0);
            var w = weight();
            (sum, squares) = (sum + w, squares + (w * w));
        }

        stored = stored with { EffectiveShare = squares > 0 ? sum * sum / squares / heldOut.Count : 0 };
    }

    private DensityRatioTransformer(Stored stored, ITransformer model)
    {
        if (!(stored.Ratio > 0 && double.IsFinite(stored.Ratio) && stored.Largest > 0 && double.IsFinite(stored.Largest)) || stored.ColumnNames.Count != stored.Sizes.Count || stored.ColumnNames.Contains(null!))
            throw new ArgumentException($"a density ratio has {stored.ColumnNames.Count} columns, {stored.Sizes.Count} sizes, the ratio {stored.Ratio} and the largest weight {stored.Largest}; the numbers are positive, and every column has a name and a size.");
        (this.stored, classifier) = (stored, new FeatureModel(model, stored.Sizes, "Probability", "density ratio", "calibrated binary trainers"));
        OutputColumns = Appended(stored.OutputColumnName);
    }

    /// <summary>
    /// (Σw)²/Σw² of rows like the calibration rows that the classifier has not seen, as a share of their number: of N calibration rows, this share of N counts. 0 where no weight is a number.
    /// </summary>
    public double EffectiveShare => stored.EffectiveShare;

    internal override int BatchSize => 1;

    internal override IReadOnlyList<string> InputColumnNames => stored.ColumnNames;

    internal override IReadOnlyList<OutputColumn> OutputColumns { get; }

    internal static IReadOnlyList<OutputColumn> Appended(string name) => [new OutputColumn(name, NumberDataViewType.Double) { Maker = "density ratio" }];

    internal override void CheckInput(DataViewSchema schema)
    {
        for (var i = 0; i < stored.Sizes.Count; i++)
            ColumnCheck.Argument(schema, stored.ColumnNames[i], stored.Sizes[i]);
    }

    internal override IRowBatch OpenBatch(DataViewRow source) => new WeightBatch(this, source);

    private protected override void Save(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Version());
        ModelPayload.Of(stored).Save(context);
        context.SaveModel(classifier.Model, ClassifierEntry);
    }

    private static VersionInfo Version() => ModelHeader.Of("XL2O DRT", LoaderSignature);

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return ModelPayload.Read(ctx, payload =>
        {
            var stored = payload.ReadSettings<Stored>();
            ctx.LoadModel<ITransformer, SignatureLoadModel>(env, out var model, ClassifierEntry);
            return new DensityRatioTransformer(stored, model);
        });
    }

    private Func<double> WeightOf(FeatureRow features)
    {
        var probability = classifier.Of(features);
        return () =>
        {
            double p = probability();
            return p < 1 ? Math.Min(stored.Largest, p / (1 - p) * stored.Ratio) : double.IsNaN(p) ? double.NaN : stored.Largest;
        };
    }

    private sealed record Stored(IReadOnlyList<string> ColumnNames, string OutputColumnName, IReadOnlyList<int> Sizes, double Ratio, double Largest, double EffectiveShare);

    private sealed class WeightBatch : IRowBatch
    {
        private readonly FeatureReader reader;
        private readonly FeatureRow features;
        private readonly Func<double> weight;
        private readonly double[][] outputs = [new double[1]];

        public WeightBatch(DensityRatioTransformer parent, DataViewRow source)
        {
            reader = new FeatureReader(source, parent.stored.ColumnNames, parent.stored.Sizes);
            features = parent.classifier.NewRow();
            weight = parent.WeightOf(features);
        }

        public void Read(int slot)
        {
            reader.Read(features.Values);
            outputs[0][slot] = weight();
        }

        public Array[] Compute(int rows) => outputs;
    }
}
