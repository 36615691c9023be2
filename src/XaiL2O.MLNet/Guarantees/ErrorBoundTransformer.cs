using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Appends bounds to every row. See <see cref="ErrorBoundEstimator"/> for the columns.</summary>
public sealed class ErrorBoundTransformer : BatchTransformer
{
    internal const string LoaderSignature = "XaiL2OErrorBound";
    private readonly bool? groupsByNumber;
    private readonly BoundScores scores;
    private readonly FittedDifficulty? difficulty;

    internal ErrorBoundTransformer(ErrorBoundOptions options, bool isNumber, BoundScores scores, FittedDifficulty? difficulty, bool? groupsByNumber)
    {
        (Options, IsNumber, this.scores, this.difficulty, this.groupsByNumber) = (options, isNumber, scores, difficulty, groupsByNumber);
        Intervals = scores.Calibrate(options, isNumber);
        OutputColumns = BoundColumns.Appended(options, isNumber);
    }

    /// <summary>What was calibrated, in units of the difficulty: of all rows, and of each group.</summary>
    public CalibratedGroups<ConformalInterval> Intervals { get; }

    internal ErrorBoundOptions Options { get; }

    /// <summary>Whether the inference is a number and not a vector.</summary>
    internal bool IsNumber { get; }

    // A bound is looked up; reading ahead would cost more than it saves.
    internal override int BatchSize => 1;

    internal override IReadOnlyList<string> InputColumnNames => BoundColumns.Read(Options);

    internal override IReadOnlyList<OutputColumn> OutputColumns { get; }

    internal override void CheckInput(DataViewSchema schema)
    {
        BoundColumns.Check(schema, Options, calibrates: false);
        if (BoundColumns.IsNumber(schema, Options) != IsNumber)
            throw new InvalidOperationException($"The column '{Options.OutputColumnName}' must be a {(IsNumber ? "number" : "vector")}, as it was when the bound was fitted; it is {schema[Options.OutputColumnName].Type}.");
        if (groupsByNumber is { } byNumber)
            GroupReader.CheckKind(schema[Options.GroupColumnName!], byNumber);
    }

    internal override IRowBatch OpenBatch(DataViewRow source) => new BoundBatch(this, source);

    private protected override void Save(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Version());
        BoundPayload.Of(Options, IsNumber, scores, difficulty, groupsByNumber).Save(context);
        if (difficulty is not null)
            context.SaveModel(difficulty.Model, BoundPayload.DifficultyEntry);
    }

    private static VersionInfo Version() => ModelHeader.Of("XL2O BND", LoaderSignature);

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return ModelPayload.Read(ctx, payload => BoundPayload.Read(payload, () =>
        {
            ctx.LoadModel<ITransformer, SignatureLoadModel>(env, out var model, BoundPayload.DifficultyEntry);
            return model;
        }));
    }

    /// <summary>Bounds of rows as they are read, without allocation.</summary>
    private sealed class BoundBatch : IRowBatch
    {
        private readonly ErrorBoundTransformer parent;
        private readonly Func<double>? lower;
        private readonly Func<double>? upper;
        private readonly VectorReader? inference;
        private readonly FeatureReader? features;
        private readonly float[]? featureValues;
        private readonly Func<double>? difficulty;
        private readonly GroupReader? group;
        private readonly Func<double>? weight;
        private readonly double[][] outputs;

        public BoundBatch(ErrorBoundTransformer parent, DataViewRow source)
        {
            var options = parent.Options;
            this.parent = parent;
            if (options.BoundsTruth(parent.IsNumber))
            {
                lower = PropertyGetter.Scalar(source, source.Schema[options.LowerColumnName ?? options.OutputColumnName]);
                upper = PropertyGetter.Scalar(source, source.Schema[options.UpperColumnName ?? options.OutputColumnName]);
            }
            else
            {
                inference = VectorReader.Create(source, source.Schema[options.OutputColumnName]);
            }

            if (parent.difficulty is { } fitted)
            {
                features = new FeatureReader(source, options.Difficulty!.ColumnNames, fitted.Sizes);
                var row = fitted.NewRow();
                (featureValues, difficulty) = (row.Values, fitted.Of(row));
            }

            group = options.GroupColumnName is { } g ? GroupReader.Create(source, source.Schema[g]) : null;
            weight = options.WeightColumnName is { } w ? PropertyGetter.Scalar(source, source.Schema[w]) : null;
            outputs = [.. parent.OutputColumns.Select(_ => new double[1])];
        }

        public void Read(int slot)
        {
            features?.Read(featureValues);
            var unit = difficulty?.Invoke() ?? 1;
            var interval = parent.Intervals.For(group is null ? default : group.Read().Span);
            var (below, above) = interval?.Offsets(weight?.Invoke() ?? 1) ?? (double.PositiveInfinity, double.PositiveInfinity);
            (below, above) = (Times(below, unit), Times(above, unit));
            var options = parent.Options;
            if (lower is null)
            {
                // NaN says nothing, and its bound does neither.
                outputs[0][slot] = BoundRows.AreFinite(inference!.Read()) ? options.Measure.InUnit(above) : double.NaN;
                return;
            }

            var (low, high) = (lower(), upper!());
            var known = double.IsFinite(low) && double.IsFinite(high);
            var next = 0;
            if (!options.FromQuantiles && options.Sides is BoundSides.Symmetric or BoundSides.TwoTailed)
                outputs[next++][slot] = known ? Math.Max(below, above) : double.NaN;
            if (options.Sides != BoundSides.Upper)
                outputs[next++][slot] = known ? low - below : double.NaN;
            if (options.Sides != BoundSides.Lower)
                outputs[next][slot] = known ? high + above : double.NaN;
        }

        public Array[] Compute(int rows) => outputs;

        /// <summary>An offset in the output's unit; what is 0 times unknown may be anything.</summary>
        private static double Times(double offset, double unit) => double.IsFinite(unit) ? offset * unit : double.PositiveInfinity;
    }
}
