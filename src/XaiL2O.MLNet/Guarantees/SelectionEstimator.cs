using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// Selects the rows that may be released, after any model: fitted on rows of which it is known which are bad, it says of each new row whether it is selected, so that at most a share q
/// of the selected ones is bad, on average.
/// </summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>Column appended</term><description>Type</description></listheader>
/// <item><term><c>Selected</c></term><description><see cref="bool"/></description></item>
/// <item><term><c>Selected.PValue</c></term><description><see cref="double"/>, of a batch: conformal p-value of the hypothesis that the row is bad</description></item>
/// <item><term><c>Selected.EValue</c></term><description><see cref="double"/>, of a stream: conformal e-value of the same hypothesis</description></item>
/// </list>
/// The share is a mean over batches, or windows of a stream, in which those that release nothing count as 0; of everything that many small batches release together, more can be bad. Give whole batches, of
/// some hundred rows and more, and a rank that tells bad rows from good ones. A batch is all rows of a view, whose p-values are read before the first row is decided on; a row alone cannot be, so a prediction engine refuses it. A stream decides on rows in
/// their order, starts anew with each cursor, and is not shuffled; <see cref="StreamSelection"/> serves rows that come one by one. Calibration rows must be exchangeable with the new
/// ones, and no model before may have been fitted on them, the difficulty of a bound included: that would look better judged on them than on new rows. Sources: <see cref="ConformalSelection"/>, <see cref="BenjaminiHochberg"/>, <see cref="StreamSelection"/>.
/// </remarks>
public sealed class SelectionEstimator : IEstimator<SelectionTransformer>
{
    private readonly IHostEnvironment environment;
    private readonly SelectionOptions options;
    private volatile bool inChain;

    internal SelectionEstimator(IHostEnvironment environment, SelectionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        (this.environment, this.options) = (environment, options);
    }

    /// <summary>Reads which rows are bad and how good they look.</summary>
    /// <param name="input">Calibration rows. Where they are seen to be the rows that a model before was trained on, <c>MLContext.Log</c> gets a warning.</param>
    /// <exception cref="InvalidOperationException">A column is mistyped, a truth is missing, or there are too few rows for the rate; the message says how many are needed.</exception>
    public SelectionTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        ColumnCheck.Property(input.Schema, options.RankColumnName);
        TrainingRows.Warn(environment, "SelectTrustworthy", input, inChain, "selection", "more of the selected rows will be bad than promised");
        inChain = false;
        SelectionTruth.Check(options, name => ColumnCheck.Boolean(input.Schema, name), name => ColumnCheck.Group(input.Schema, name), name => ColumnCheck.Argument(input.Schema, name));
        var (goodness, isBad, missing) = (new List<double>(), new List<bool>(), 0);
        using (var cursor = input.GetRowCursor(options.Judged.Append(options.RankColumnName).Distinct().Select(name => input.Schema[name])))
        {
            var rank = PropertyGetter.Scalar(cursor, input.Schema[options.RankColumnName]);
            var judge = SelectionTruth.Judge(options, cursor);
            while (cursor.MoveNext())
            {
                Interruption.Check();
                var verdict = judge();
                missing += verdict is null ? 1 : 0;
                goodness.Add(options.LargeIsGood ? rank() : -rank());
                isBad.Add(verdict ?? true);
            }
        }

        if (missing > 0)
            throw new InvalidOperationException($"{missing} of {goodness.Count} rows have no truth in '{options.TruthColumnName}': it is NaN, infinite or empty; remove those rows before the selection is fitted.");
        try
        {
            return new SelectionTransformer(options, new ConformalSelection([.. goodness], [.. isBad]));
        }
        catch (ArgumentException e)
        {
            throw new InvalidOperationException($"The rows cannot be selected by '{options.RankColumnName}'. {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        ColumnCheck.Property(inputSchema, options.RankColumnName);
        SelectionTruth.Check(options, name => ColumnCheck.Boolean(inputSchema, name), name => ColumnCheck.Group(inputSchema, name), name => ColumnCheck.Argument(inputSchema, name));
        inChain = true;
        return SchemaShapes.Append(inputSchema, SelectionTransformer.Columns(options));
    }
}
