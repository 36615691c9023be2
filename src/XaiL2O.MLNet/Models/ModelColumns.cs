using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>The columns of a definition under the names that the user gave them.</summary>
internal sealed class ModelColumns
{
    /// <summary>What messages call the maker of these columns.</summary>
    public const string Maker = "model";

    /// <param name="definition">The definition.</param>
    /// <param name="names">Names that replace those of the definition.</param>
    /// <param name="prefix">Before the name of every appended column.</param>
    /// <exception cref="ArgumentException">A name is blank, of no column of the definition, or two appended columns would be named alike.</exception>
    public ModelColumns(ModelDefinition definition, IReadOnlyDictionary<string, string> names, string prefix)
    {
        ArgumentNullException.ThrowIfNull(names, nameof(ImplicitModelTrainer.Options.ColumnNames));
        ArgumentNullException.ThrowIfNull(prefix, nameof(ImplicitModelTrainer.Options.OutputPrefix));
        string[] known = [.. definition.Inputs.Select(c => c.Name), definition.Target.Name, .. definition.Outputs.Select(c => c.Name)];
        foreach (var (from, to) in names)
        {
            if (!known.Contains(from))
                throw new ArgumentException($"{nameof(ImplicitModelTrainer.Options.ColumnNames)} renames '{from}', which is no column of {definition.GetType().Name}. Its columns are: {string.Join(", ", known)}.");
            ArgumentException.ThrowIfNullOrWhiteSpace(to, $"{nameof(ImplicitModelTrainer.Options.ColumnNames)}[{from}]");
        }

        ModelColumn Named(ModelColumn column) => names.TryGetValue(column.Name, out var name) ? column with { Name = name } : column;
        // A copy: the caller may go on to change theirs.
        (Definition, Prefix, Names) = (definition, prefix, new Dictionary<string, string>(names));
        Inputs = [.. definition.Inputs.Select(Named)];
        Target = Named(definition.Target);
        Outputs = [.. definition.Outputs.Select(Named).Select(c => c with { Name = prefix + c.Name })];
        if (Outputs.FirstOrDefault(c => c.SlotNames is { } slots && (slots.Count != c.Size || slots.Contains(null!))) is { } wrong)
            throw new ArgumentException($"The output '{wrong.Name}' of {definition.GetType().Name} has {wrong.Size} numbers and {wrong.SlotNames!.Count} {nameof(ModelColumn.SlotNames)}; give every number a name, or none.");
    }

    public ModelDefinition Definition { get; }

    public IReadOnlyDictionary<string, string> Names { get; }

    public string Prefix { get; }

    /// <summary>Columns read of every row.</summary>
    public IReadOnlyList<ModelColumn> Inputs { get; }

    /// <summary>The column that training compares with.</summary>
    public ModelColumn Target { get; }

    /// <summary>Columns appended with the inference.</summary>
    public IReadOnlyList<ModelColumn> Outputs { get; }

    /// <summary>The columns of property values.</summary>
    public static IReadOnlyList<OutputColumn> ValuesOf(IEnumerable<Term> properties, string prefix) =>
        [.. properties.Select(p => new OutputColumn(prefix + p.Name + ".Value", NumberDataViewType.Double) { Cause = p.Cause, Formula = p.Formula, Sides = p.Sides, Maker = Maker })];

    /// <summary>All appended columns: the inference, property values, the report of the solve.</summary>
    /// <param name="properties">What the model reports of an inference.</param>
    public IReadOnlyList<OutputColumn> Appended(IEnumerable<Term> properties)
    {
        const string unsolved = "a solve that stopped at its iteration limit, or could not begin: a row unlike those of training, one that holds what the model does not take, or too few iterations";
        OutputColumn[] columns =
        [
            .. Outputs.Select(c => new OutputColumn(c.Name, TypeOf(c)) { SlotNames = c.SlotNames ?? [], Maker = Maker }),
            .. ValuesOf(properties, Prefix),
            new(Prefix + "Iterations", NumberDataViewType.Int32) { Maker = Maker },
            new(Prefix + "Residual", NumberDataViewType.Double) { Maker = Maker, Cause = unsolved },
            new(Prefix + "Gap", NumberDataViewType.Double) { Maker = Maker, Cause = unsolved, Formula = "the most by which the objective exceeds its minimum, relative to it; ∞ where a constraint is missed" },
            new(Prefix + "SolutionDistance", NumberDataViewType.Double) { Maker = Maker, Cause = unsolved, Formula = "the most that ‖x − x*‖ can be, where the objective is strongly convex and x* solves the problem whose constraints are moved by what x violates; ∞ elsewhere, and where a constraint is missed" },
            new(Prefix + "Converged", BooleanDataViewType.Instance) { Maker = Maker, Cause = unsolved, Formula = "0 where the solve converged, else 1" },
        ];
        ColumnCheck.Outputs(columns);
        return columns;
    }

    private static DataViewType TypeOf(ModelColumn column)
    {
        if (column.IsText)
            return TextDataViewType.Instance;
        var item = column.IsDouble ? NumberDataViewType.Double : NumberDataViewType.Single;
        return column.Size == 0 ? item : new VectorDataViewType(item, column.Size);
    }
}
