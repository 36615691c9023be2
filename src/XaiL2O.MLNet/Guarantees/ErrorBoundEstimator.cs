using Microsoft.ML;
using Microsoft.ML.Runtime;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>
/// Bounds how wrong inferences are, after any model: fitted on rows whose truth is known, it appends to every row a bound that its error exceeds with probability at most α.
/// </summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>Column appended</term><description>What it holds, <see cref="double"/></description></listheader>
/// <item><term><c>&lt;Output&gt;.ErrorBound</c></term><description>the error is at most this; a peak signal-to-noise ratio at least. ∞ where nothing can be promised, and −∞ of a ratio. Limits and ranks of a ratio take small values for bad: certify it by a function of your own, or select by it with <see cref="SelectionOptions.LargeIsGood"/></description></item>
/// <item><term><c>&lt;Output&gt;.Lower</c></term><description>of numbers with absolute errors, and from two quantile columns: the truth is at least this; not if it is bounded from above only</description></item>
/// <item><term><c>&lt;Output&gt;.Upper</c></term><description>the truth is at most this; not if it is bounded from below only</description></item>
/// </list>
/// From two quantile columns, and where a number is bounded on one side, there is no <c>ErrorBound</c>. The promise needs calibration rows that no model before was fitted on, and that are
/// exchangeable with the new ones: see <see cref="ConformalInterval"/>. It is one over rows; to keep it for rows of a kind, name its column (<see cref="ErrorBoundOptions.GroupColumnName"/>).
/// Where the inference is NaN, so are its bounds.
/// </remarks>
public sealed class ErrorBoundEstimator : IEstimator<ErrorBoundTransformer>
{
    private readonly MLContext environment;
    private readonly ErrorBoundOptions options;
    private volatile bool inChain;

    internal ErrorBoundEstimator(MLContext environment, ErrorBoundOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        (this.environment, this.options) = (environment, options);
    }

    /// <summary>Measures the errors of rows, and takes their quantile.</summary>
    /// <param name="input">Calibration rows with the truth. Where they are seen to be the rows that a model before was trained on, <c>MLContext.Log</c> gets a warning.</param>
    /// <exception cref="InvalidOperationException">A column is mistyped, a truth is missing, or there are too few rows for the level; the message says how many are needed.</exception>
    public ErrorBoundTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        BoundColumns.Check(input.Schema, options, calibrates: true);
        var isNumber = BoundColumns.IsNumber(input.Schema, options);
        ColumnCheck.Hidden(input.Schema, BoundColumns.Appended(options, isNumber));
        TrainingRows.Warn(environment, "BoundError", input, inChain, "error bound", "bounds will be too small");
        inChain = false;
        options.Reference?.Compare(environment, "BoundError", input);
        var (scores, difficulty) = BoundRows.Read(environment, input, options, isNumber);
        return new ErrorBoundTransformer(options, isNumber, scores, difficulty, options.GroupColumnName is { } group ? GroupReader.IsByNumber(input.Schema[group]) : null)
        {
            // A quantile is no model, a difficulty is one.
            TrainedOn = difficulty is null ? null : new TrainingRows(input, null),
        };
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        var isNumber = BoundColumns.Check(inputSchema, options);
        inChain = true;
        return SchemaShapes.Append(inputSchema, BoundColumns.Appended(options, isNumber));
    }
}
