using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace XaiL2O.MLNet;

/// <summary>
/// Estimates how much more frequent rows are among new ones, which come from another site or device, than among those that a bound is calibrated on, and appends it as the weight of
/// every row: a classifier tells both kinds of rows apart.
/// </summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>Column appended</term><description>What it holds, <see cref="double"/></description></listheader>
/// <item><term><c>Weight</c></term><description>min(c, p/(1 − p)·n₀/n₁) with the probability p that the row is a new one, n₀ rows like the calibration rows, n₁ new ones, and c the largest weight. NaN where the classifier says nothing</description></item>
/// </list>
/// Fit it on rows that are like the calibration rows and are none of them, so that the classifier has seen neither the rows of the quantile nor those that are judged: it knows rows that
/// it was fitted on better than others. Then fit <see cref="ErrorBoundEstimator"/> with <see cref="ErrorBoundOptions.WeightColumnName"/> on what it makes of the calibration rows: that
/// refuses levels for which their effective sample size is too small. The promise is as good as the estimate, and as the assumption that error and row are related as before. Tibshirani,
/// Barber, Candès and Ramdas 2019, arXiv 1904.06019; classifiers as density ratios: Sugiyama, Suzuki and Kanamori 2012, doi 10.1017/CBO9781139035613.
/// </remarks>
public sealed class DensityRatioEstimator : IEstimator<DensityRatioTransformer>
{
    private const double FewRows = 0.1;
    private readonly MLContext environment;
    private readonly IDataView newRows;
    private readonly DensityRatioOptions options;

    internal DensityRatioEstimator(MLContext environment, IDataView newRows, DensityRatioOptions options)
    {
        ArgumentNullException.ThrowIfNull(newRows);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        (this.environment, this.newRows, this.options) = (environment, newRows, options);
    }

    /// <summary>Fits the classifier.</summary>
    /// <param name="input">Rows like the calibration rows, and apart from them. <c>MLContext.Log</c> gets a warning where few of them would count.</param>
    /// <exception cref="InvalidOperationException">A column is mistyped, or there are too few rows of a kind.</exception>
    public DensityRatioTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        foreach (var rows in (IDataView[])[input, newRows])
            foreach (var name in options.ColumnNames)
                ColumnCheck.Argument(rows.Schema, name);
        ColumnCheck.Hidden(input.Schema, DensityRatioTransformer.Appended(options.OutputColumnName));
        var (old, sizes) = Read(input, null, isNew: false);
        var (fresh, _) = Read(newRows, sizes, isNew: true);
        var random = new Random(options.Seed);
        random.Shuffle(old.AsSpan());
        random.Shuffle(fresh.AsSpan());
        var (oldSeen, freshSeen) = (Seen(old), Seen(fresh));
        if (oldSeen == 0 || freshSeen == 0 || oldSeen == old.Length)
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"The density ratio cannot be estimated from {old.Length} rows and {fresh.Length} new ones, of which {nameof(DensityRatioOptions.HeldOutShare)} = {options.HeldOutShare} is held out: some of each kind are needed on either side."));
        var model = FeatureModel.Fit(environment, options.Trainer, sizes, old[..oldSeen].Concat(fresh[..freshSeen]).ToArray());
        var fitted = new DensityRatioTransformer(options.ColumnNames, options.OutputColumnName, model, sizes, (double)oldSeen / freshSeen, options.LargestWeight, [.. old[oldSeen..].Select(r => r.Features)]) { TrainedOn = new TrainingRows(input, null) };
        if (!(fitted.EffectiveShare >= FewRows))
        {
            using var channel = ((IHostEnvironment)environment).Start("EstimateDensityRatio");
            channel.Warning("{0}", string.Create(CultureInfo.InvariantCulture, $"New rows differ so much that of the rows like the calibration rows only a share of {fitted.EffectiveShare:0.###} counts, by (Σw)²/Σw² of rows that the classifier has not seen. Bounds will be wide or refused: calibrate on rows that are more like the new ones."));
        }

        return fitted;
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        foreach (var name in options.ColumnNames)
            ColumnCheck.Argument(inputSchema, name);
        return SchemaShapes.Append(inputSchema, DensityRatioTransformer.Appended(options.OutputColumnName));
    }

    private sealed class Example
    {
        public float[] Features { get; set; } = [];

        public bool Label { get; set; }
    }

    private int Seen(Example[] rows) => rows.Length - (int)Math.Round(options.HeldOutShare * rows.Length);

    private (Example[] Rows, IReadOnlyList<int> Sizes) Read(IDataView view, IReadOnlyList<int>? sizes, bool isNew)
    {
        var (rows, read) = FeatureReader.ReadAll(view, options.ColumnNames, sizes);
        return ([.. rows.Select(features => new Example { Features = features, Label = isNew })], read);
    }
}
