using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// Bounds every component of a vector, such as the samples of a signal or the pixels of an image, after any model: fitted on rows whose truth is known, it appends to every row two
/// vectors, so that at most a share α of the components lies outside on average.
/// </summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>Column appended</term><description>What it holds, vectors of <see cref="double"/></description></listheader>
/// <item><term><c>&lt;Output&gt;.Lower</c></term><description>x̂ᵢ − λ·wᵢ</description></item>
/// <item><term><c>&lt;Output&gt;.Upper</c></term><description>x̂ᵢ + λ·wᵢ</description></item>
/// </list>
/// w is 1, or a column of scales, and λ follows from conformal risk control (<see cref="RiskControl"/>). The promise is one of the share: it does not say that every component is inside
/// with probability 1 − α. It needs calibration rows that no model before was fitted on, and that are exchangeable with the new ones. Where a component is NaN, so are its bounds, and
/// it counts as outside.
/// </remarks>
public sealed class ComponentBoundEstimator : IEstimator<ComponentBoundTransformer>
{
    private readonly IHostEnvironment environment;
    private readonly ComponentBoundOptions options;
    private volatile bool inChain;

    internal ComponentBoundEstimator(IHostEnvironment environment, ComponentBoundOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        (this.environment, this.options) = (environment, options);
    }

    /// <summary>Measures how far components are off, and finds the widths.</summary>
    /// <param name="input">Calibration rows with the truth. Where they are seen to be the rows that a model before was trained on, <c>MLContext.Log</c> gets a warning.</param>
    /// <exception cref="InvalidOperationException">A column is mistyped, a truth is missing, lengths differ, or there are too few rows for the risk; the message says how many are needed.</exception>
    public ComponentBoundTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        foreach (var name in Columns(options, calibrates: true))
            ColumnCheck.NumberVector(input.Schema, name);
        var size = ((VectorDataViewType)input.Schema[options.OutputColumnName].Type).Size;
        var sizes = Columns(options, calibrates: true).Select(name => (Name: name, ((VectorDataViewType)input.Schema[name].Type).Size)).Where(c => c.Size > 0).ToArray();
        if (sizes.Select(c => c.Size).Distinct().Count() > 1)
            throw new InvalidOperationException($"The columns {string.Join(", ", sizes.Select(c => $"'{c.Name}' ({c.Size} values)"))} must be vectors of one length.");
        ColumnCheck.Hidden(input.Schema, ComponentBoundTransformer.Appended(options, size));
        TrainingRows.Warn(environment, "BoundComponents", input, inChain, "component bound", "more components than promised will lie outside");
        inChain = false;
        var ratios = Ratios(input);
        try
        {
            return new ComponentBoundTransformer(options, size, RiskControl.ComponentFactor(ratios, options.Risk), ratios.Count);
        }
        catch (ArgumentException e)
        {
            throw new InvalidOperationException($"The components of '{options.OutputColumnName}' cannot be bounded on these rows. {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        foreach (var name in Columns(options, calibrates: true))
            ColumnCheck.NumberVector(inputSchema, name);
        inChain = true;
        var isFixed = inputSchema.First(c => c.Name == options.OutputColumnName).Kind == SchemaShape.Column.VectorKind.Vector;
        return SchemaShapes.Append(inputSchema, ComponentBoundTransformer.Appended(options, isFixed ? 1 : 0));
    }

    internal static IEnumerable<string> Columns(ComponentBoundOptions options, bool calibrates) =>
        ((string?[])[options.OutputColumnName, options.ScaleColumnName, calibrates ? options.TruthColumnName : null]).OfType<string>().Distinct();

    private List<double[]> Ratios(IDataView input)
    {
        using var cursor = input.GetRowCursor(Columns(options, calibrates: true).Select(name => input.Schema[name]));
        VectorReader Reader(string name) => VectorReader.Create(cursor, input.Schema[name]);
        var (inference, truths, scales) = (Reader(options.OutputColumnName), Reader(options.TruthColumnName), options.ScaleColumnName is { } name ? Reader(name) : null);
        var (ratios, missing) = (new List<double[]>(), 0);
        while (cursor.MoveNext())
        {
            Interruption.Check();
            var x = inference.Read();
            var y = truths.Read();
            var w = scales is null ? default : scales.Read();
            if (!BoundRows.AreFinite(y))
            {
                missing++;
                continue;
            }

            if (x.Length != y.Length)
                throw ColumnCheck.WrongLength(options.OutputColumnName, y.Length, x.Length);
            if (scales is not null && w.Length != y.Length)
                throw ColumnCheck.WrongLength(options.ScaleColumnName!, y.Length, w.Length);
            var row = new double[y.Length];
            for (var i = 0; i < row.Length; i++)
                row[i] = Ratio(Math.Abs(x[i] - y[i]), scales is null ? 1 : w[i]);
            ratios.Add(row);
        }

        return missing == 0 ? ratios : throw new InvalidOperationException($"{missing} of {missing + ratios.Count} rows have a truth in '{options.TruthColumnName}' with a component that is NaN or infinite, or without components; remove those rows before the bound is fitted.");
    }

    /// <summary>The factor from which on a component is inside: none is needed where its bounds are ∞, and none suffices where its error is not finite.</summary>
    private static double Ratio(double error, double scale) =>
        !double.IsFinite(error) ? double.NaN : error == 0 || !(scale >= 0 && double.IsFinite(scale)) ? 0 : error / scale;
}
