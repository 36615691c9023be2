using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace XaiL2O.MLNet;

/// <summary>Appends bounds of every component. See <see cref="ComponentBoundEstimator"/> for the columns.</summary>
public sealed class ComponentBoundTransformer : BatchTransformer
{
    internal const string LoaderSignature = "XaiL2OComponentBound";
    private readonly int size;

    internal ComponentBoundTransformer(ComponentBoundOptions options, int size, double factor, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        if (!(factor >= 0 && double.IsFinite(factor)))
            throw new ArgumentOutOfRangeException(nameof(factor), factor, $"The factor of bounds is {factor}; it is finite and at least 0.");
        (Options, this.size, Factor, Rows) = (options, size, factor, rows);
        OutputColumns = Appended(options, size);
    }

    /// <summary>λ: half the width of an interval, in units of the scale.</summary>
    public double Factor { get; }

    /// <summary>Calibration rows.</summary>
    public int Rows { get; }

    internal ComponentBoundOptions Options { get; }

    internal override int BatchSize => 1;

    internal override IReadOnlyList<string> InputColumnNames => [.. ComponentBoundEstimator.Columns(Options, calibrates: false)];

    internal override IReadOnlyList<OutputColumn> OutputColumns { get; }

    /// <param name="options">Settings.</param>
    /// <param name="size">Components of every row; 0 where rows differ.</param>
    internal static IReadOnlyList<OutputColumn> Appended(ComponentBoundOptions options, int size) =>
    [
        .. ((string[])[".Lower", ".Upper"]).Select(part => new OutputColumn(options.OutputPrefix + options.OutputColumnName + part, new VectorDataViewType(NumberDataViewType.Double, size)) { Maker = "bound" }),
    ];

    internal override void CheckInput(DataViewSchema schema)
    {
        foreach (var name in InputColumnNames)
        {
            if (size > 0)
                ColumnCheck.NumberVector(schema, name, size);
            else
                ColumnCheck.NumberVector(schema, name);
        }
    }

    internal override IRowBatch OpenBatch(DataViewRow source) => new ComponentBatch(this, source);

    private protected override void Save(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Version());
        ModelPayload.Of(new Stored(Options, size, Factor, Rows)).Save(context);
    }

    private static VersionInfo Version() => ModelHeader.Of("XL2O CBD", LoaderSignature);

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return ModelPayload.Read(ctx, payload =>
        {
            var stored = payload.ReadSettings<Stored>();
            stored.Options.Validate();
            return new ComponentBoundTransformer(stored.Options, stored.Size, stored.Factor, stored.Rows);
        });
    }

    private sealed record Stored(ComponentBoundOptions Options, int Size, double Factor, int Rows);

    private sealed class ComponentBatch : IRowBatch
    {
        private readonly ComponentBoundTransformer parent;
        private readonly VectorReader inference;
        private readonly VectorReader? scales;
        private readonly VBuffer<double>[][] outputs = [new VBuffer<double>[1], new VBuffer<double>[1]];

        public ComponentBatch(ComponentBoundTransformer parent, DataViewRow source)
        {
            this.parent = parent;
            inference = VectorReader.Create(source, source.Schema[parent.Options.OutputColumnName]);
            scales = parent.Options.ScaleColumnName is { } name ? VectorReader.Create(source, source.Schema[name]) : null;
        }

        public void Read(int slot)
        {
            var x = inference.Read();
            var w = scales is null ? default : scales.Read();
            var expected = parent.size > 0 ? parent.size : x.Length;
            if (x.Length != expected)
                throw ColumnCheck.WrongLength(parent.Options.OutputColumnName, expected, x.Length);
            if (scales is not null && w.Length != expected)
                throw ColumnCheck.WrongLength(parent.Options.ScaleColumnName!, expected, w.Length);
            var lower = VBufferEditor.Create(ref outputs[0][slot], expected);
            var upper = VBufferEditor.Create(ref outputs[1][slot], expected);
            for (var i = 0; i < expected; i++)
            {
                var scale = scales is null ? 1 : w[i];
                var half = scale >= 0 && double.IsFinite(scale) ? parent.Factor * scale : double.PositiveInfinity;
                (lower.Values[i], upper.Values[i]) = double.IsFinite(x[i]) ? (x[i] - half, x[i] + half) : (double.NaN, double.NaN);
            }

            (outputs[0][slot], outputs[1][slot]) = (lower.Commit(), upper.Commit());
        }

        public Array[] Compute(int rows) => outputs;
    }
}
