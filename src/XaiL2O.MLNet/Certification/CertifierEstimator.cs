using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>
/// Calibrates certificates on the rows it is fitted on; works after any model, since a property is a named column.
/// </summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>Column appended</term><description>Type</description></listheader>
/// <item><term><c>&lt;Name&gt;.PValue</c></term><description><see cref="double"/>, conformal p-value</description></item>
/// <item><term><c>&lt;Name&gt;.Label</c></term><description>text: <c>Pass</c>, <c>Warning</c> or <c>Fail</c></description></item>
/// <item><term><c>Trustworthy</c></term><description><see cref="bool"/>: no certificate failed</description></item>
/// <item><term><c>FailedParts</c></term><description>text: names of the failed certificates, separated by ", "</description></item>
/// </list>
/// The p-values are valid when the calibration rows were held out of training and are exchangeable with the rows judged.
/// </remarks>
public sealed class CertifierEstimator : IEstimator<CertifierTransformer>
{
    private readonly CertifierOptions options;

    internal CertifierEstimator(IHostEnvironment environment, CertifierOptions options)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        this.options = options;
    }

    /// <summary>Reads the calibration values of every property.</summary>
    /// <param name="input">Calibration rows.</param>
    /// <exception cref="InvalidOperationException">A column is mistyped, or its values cannot calibrate (NaN, or too few for the level).</exception>
    public CertifierTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        foreach (var property in options.Properties)
            ColumnCheck.Property(input.Schema, property.Column);
        var columns = options.Properties.Select(p => input.Schema[p.Column]).ToArray();
        var values = columns.Select(_ => new List<double>()).ToArray();
        using (var cursor = input.GetRowCursor(columns.DistinctBy(c => c.Index)))
        {
            var getters = columns.Select(c => PropertyGetter.Create(cursor, c)).ToArray();
            while (cursor.MoveNext())
            {
                for (var i = 0; i < getters.Length; i++)
                    values[i].Add(getters[i]());
            }
        }

        var properties = options.Properties.Select((property, i) =>
        {
            try
            {
                return new PropertyCertifier(property.Name, new EmpiricalDistribution(values[i]), options.Policy, options.Calibration, property.Tolerance);
            }
            catch (ArgumentException e)
            {
                throw new InvalidOperationException($"The property '{property.Name}' (column '{property.Column}') cannot be calibrated on these rows. {e.Message}", e);
            }
        });
        return new CertifierTransformer(options, new Certifier(properties));
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        foreach (var property in options.Properties)
            ColumnCheck.Property(inputSchema, property.Column);
        return SchemaShapes.Append(inputSchema, CertifierTransformer.Columns(options));
    }
}
