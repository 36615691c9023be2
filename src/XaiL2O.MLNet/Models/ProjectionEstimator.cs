using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// Projects a column onto constraints: makes a <see cref="DecisionDefinition"/> for vectors of the column's length, which where the constraints do not fix it only the data tell. See there for the columns.
/// </summary>
/// <seealso cref="L2OCatalog.ProjectOnto"/>
public sealed class ProjectionEstimator : IEstimator<ImplicitModelTransformer>
{
    /// <summary>A length that stands for any, where only kinds of columns are asked for.</summary>
    private const int AnySize = 2;

    private readonly IHostEnvironment environment;
    private readonly VectorConstraint[] constraints;
    private readonly string input;
    private readonly string output;
    private readonly RowNumbers? weights;
    private readonly string prefix;
    private readonly int? size;

    internal ProjectionEstimator(IHostEnvironment environment, IReadOnlyList<VectorConstraint> constraints, string inputColumnName, string outputColumnName, RowNumbers? weights, string outputPrefix)
    {
        ArgumentNullException.ThrowIfNull(constraints);
        ArgumentException.ThrowIfNullOrWhiteSpace(inputColumnName);
        ArgumentException.ThrowIfNullOrWhiteSpace(outputColumnName);
        ArgumentNullException.ThrowIfNull(outputPrefix);
        for (var i = 0; i < constraints.Count; i++)
            ArgumentNullException.ThrowIfNull(constraints[i], $"{nameof(constraints)}[{i}]");
        (this.environment, this.constraints, input, output, this.weights, prefix) = (environment, [.. constraints], inputColumnName, outputColumnName, weights, outputPrefix);
        size = constraints.Select(c => c.Size).FirstOrDefault(s => s is not null) ?? (weights?.Values is { Length: > 1 } values ? values.Length : null);
        // Faults of the constraints show here.
        _ = Trainer(size ?? AnySize);
    }

    /// <summary>Looks at the schema; no row is read.</summary>
    /// <param name="input">Has the projected column and those of the constraints.</param>
    /// <exception cref="InvalidOperationException">A column has another type or length than expected, or the length of the projected column is not known.</exception>
    public ImplicitModelTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Trainer(size ?? SizeIn(input.Schema)).Fit(input);
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => Trainer(size ?? AnySize).GetOutputSchema(inputSchema);

    private int SizeIn(DataViewSchema schema)
    {
        ColumnCheck.NumberVector(schema, input);
        var vector = (VectorDataViewType)schema[input].Type;
        return vector.IsKnownSize ? vector.Size : throw new InvalidOperationException($"The column '{input}' has vectors of unknown length, and no constraint says how long they are.");
    }

    private ImplicitModelTrainer Trainer(int length) => new(
        environment,
        new DecisionDefinition { Size = length, Constraints = constraints, Point = input, Weights = weights },
        new ImplicitModelTrainer.Options { OutputPrefix = prefix, ColumnNames = new Dictionary<string, string> { ["Decision"] = output } });
}
