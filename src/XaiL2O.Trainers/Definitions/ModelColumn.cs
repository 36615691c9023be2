namespace XaiL2O.Trainers;

/// <summary>A column that a model reads or gives.</summary>
/// <param name="Name">Its name where the user gives no other.</param>
/// <param name="Size">Length of its vectors; 0 for a single number.</param>
public sealed record ModelColumn(string Name, int Size)
{
    /// <summary>Whether an output is delivered in double precision, in place of single. Inputs may hold numbers of any type.</summary>
    public bool IsDouble { get; init; }
}
