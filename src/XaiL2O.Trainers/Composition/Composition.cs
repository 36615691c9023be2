namespace XaiL2O.Trainers;

/// <summary>What a recipe comes to for one set of weights.</summary>
/// <param name="Terms">Terms of the objective.</param>
/// <param name="Properties">The terms and the measures reported beside them.</param>
/// <param name="CreateSplitting">Makes the iteration, with the bounds that its steps need.</param>
internal sealed record Composition(IReadOnlyList<Term> Terms, IReadOnlyList<Term> Properties, Func<Splitting> CreateSplitting);
