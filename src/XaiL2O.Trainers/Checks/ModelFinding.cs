namespace XaiL2O.Trainers;

/// <summary>Something in the definition of a model that does not keep its promise.</summary>
/// <param name="Part">The part: a term by its name, or the model.</param>
/// <param name="Promise">Which promise.</param>
/// <param name="Message">A sentence with what was measured and what it should be.</param>
public sealed record ModelFinding(string Part, ModelPromise Promise, string Message);
