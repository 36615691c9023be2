namespace XaiL2O.Trainers;

/// <summary>A column that a model reads or gives.</summary>
/// <param name="Name">Its name where the user gives no other.</param>
/// <param name="Size">Length of its vectors; 0 for a single number. An input of size 1 may be a single number too.</param>
public sealed record ModelColumn(string Name, int Size)
{
    /// <summary>Whether an output is delivered in double precision, in place of single. Inputs may hold numbers of any type.</summary>
    public bool IsDouble { get; init; }

    /// <summary>Whether an output holds a text in place of numbers, for people; its <see cref="Size"/> is 0.</summary>
    public bool IsText { get; init; }

    /// <summary>What each number of an output is, one name for each; null, the default, where they have no names. ML.NET shows them as the names of slots.</summary>
    public IReadOnlyList<string>? SlotNames { get; init; }

    /// <summary>The smallest value that an input may hold; a row with a smaller one is not solved. Default −∞.</summary>
    public double Lowest { get; init; } = double.NegativeInfinity;

    /// <summary>The largest value that an input may hold; a row with a larger one is not solved. Default +∞.</summary>
    public double Highest { get; init; } = double.PositiveInfinity;

    /// <summary>Whether an input has no part in the amplitude of a row, as a mask has none: <see cref="ModelDefinition.Scale"/> does not divide it.</summary>
    public bool IsUnitless { get; init; }
}
