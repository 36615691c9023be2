using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>
/// Calibrates certificates on the rows it is fitted on; works after any model, since a property is a named column or a function of some.
/// </summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>Column appended</term><description>Type</description></listheader>
/// <item><term><c>&lt;Name&gt;.Value</c></term><description><see cref="double"/>, property value; not where it is read from a column of this name</description></item>
/// <item><term><c>&lt;Name&gt;.PValue</c></term><description><see cref="double"/>, conformal p-value; NaN where nothing was calibrated</description></item>
/// <item><term><c>&lt;Name&gt;.Label</c></term><description>text: <c>Pass</c>, <c>Warning</c> or <c>Fail</c>, each at its own level</description></item>
/// <item><term><c>PartLabels</c></term><description>vector of <see cref="int"/>, by part: 0 where it passes, 1 with a warning, 2 where it fails, and 4 more where it fails under the joint rule; its slots have the names of the parts</description></item>
/// <item><term><c>Trustworthy</c></term><description><see cref="bool"/>: no part failed under the joint rule</description></item>
/// <item><term><c>JointPValue</c></term><description><see cref="double"/>, min(1, m·min p) over the m certificates judged by calibration; NaN if there are none</description></item>
/// <item><term><c>FailedParts</c></term><description>text: names of the parts that failed jointly, separated by ", "</description></item>
/// <item><term><c>WarnedParts</c></term><description>text: names of the parts with a warning, or that failed alone but not jointly</description></item>
/// <item><term><c>Explanation</c></term><description>text: what failed, its value, the limit, how unusual it is, its usual cause; empty if all passed</description></item>
/// </list>
/// <see cref="CertifierOptions.OutputPrefix"/> stands before every name. Behind another certifier the last six columns speak for both: trustworthy is what both trust, the
/// joint p-value counts the certificates of both, and labels and texts have the parts of both. The p-values are valid when the calibration rows were held out of training and are exchangeable with the rows judged; with groups, within each.
/// </remarks>
public sealed class CertifierEstimator : IEstimator<CertifierTransformer>
{
    private readonly IHostEnvironment environment;
    private readonly CertifierOptions options;
    private volatile bool inChain;

    internal CertifierEstimator(IHostEnvironment environment, CertifierOptions options)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        (this.environment, this.options) = (environment, options.Prefixed());
    }

    /// <summary>Reads the calibration values of every property.</summary>
    /// <param name="input">Calibration rows. Where they are seen to be the rows that a model before was trained on, <c>MLContext.Log</c> gets a warning.</param>
    /// <exception cref="InvalidOperationException">A column is mistyped, or its values cannot calibrate (NaN, or too few for the level).</exception>
    public CertifierTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        ColumnCheck.Certified(input.Schema, options, calibrates: true);
        ColumnCheck.Hidden(input.Schema, CertifierTransformer.Columns(options, 1, [], 0));
        TrainingRows.Warn(environment, "Certify", input, inChain, "certifier", "good new rows will fail more often than the levels say");
        inChain = false;
        options.Reference?.Compare(environment, "Certify", input);
        // What came with the columns is kept, so that a loaded model explains itself and judges alike.
        var settled = options with { Properties = [.. options.Properties.Select(p => Settle(p, input.Schema))] };
        var data = CalibrationData.Read(input, settled);
        data.RequireRows(settled);
        return new CertifierTransformer(settled, data.Calibrate(settled), settled.GroupColumnName is { } group ? GroupReader.IsByNumber(input.Schema[group]) : null);
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        ColumnCheck.Certified(inputSchema, options);
        // A chain asks for the schema of each of its estimators before it fits them.
        inChain = true;
        return SchemaShapes.Append(inputSchema, CertifierTransformer.Columns(options, 1, [], 0));
    }

    private static CertifiedProperty Settle(CertifiedProperty property, DataViewSchema schema)
    {
        var column = schema[property.Column];
        // Whether something holds is a requirement: calibrated, it would be waived for all rows where it fails on enough calibration rows.
        var limits = property.Limits
            ?? (column.Type == BooleanDataViewType.Instance && property is { Function: null, Policy: null, CalibrateOn: CalibrationSource.Inferences } ? new ValueLimits { FailAbove = 0 } : null);
        // Values of Single columns are compared with the limit as Single has it: 0.1 is not above 0.1, and ten times 0.1 is not above 1.
        if (limits is not null && property.Columns.All(name => (schema[name].Type is VectorDataViewType vector ? vector.ItemType : schema[name].Type) == NumberDataViewType.Single))
            limits = new ValueLimits { FailAbove = InSingle(limits.FailAbove, property.Function), WarnAbove = limits.WarnAbove is { } warn ? InSingle(warn, property.Function) : null };
        return property with
        {
            Cause = property.Cause ?? property.Function?.Cause ?? ColumnNotes.CauseOf(column),
            Limits = limits,
            Sides = limits is not null ? Sides.Upper : property.Sides ?? property.Function?.Sides ?? ColumnNotes.SidesOf(column),
        };
    }

    /// <summary>The limit as Single has it; one unit in its last place more where a function sums up values that were rounded each.</summary>
    private static double InSingle(double limit, PropertyFunction? function) =>
        !float.IsFinite((float)limit) ? limit : function is null || limit == 0 ? (float)limit : float.BitIncrement((float)limit);
}
