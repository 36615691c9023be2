using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>What a definition comes to for one set of weights.</summary>
/// <param name="Terms">Terms of the objective.</param>
/// <param name="Properties">The terms and the measures reported beside them.</param>
/// <param name="Shown">What is shown of weights in the place of what is trained, by the names of the weights, with the names under which it is shown.</param>
/// <param name="Losses">What is added to the definition's loss, from inferences and data.</param>
/// <param name="CreateSplitting">Makes the iteration, with the bounds that its steps need.</param>
internal sealed record Composition(
    IReadOnlyList<Term> Terms,
    IReadOnlyList<Term> Properties,
    IReadOnlyDictionary<string, (string Name, Func<Tensor> Value)> Shown,
    IReadOnlyList<Func<Tensor, Tensor, Tensor>> Losses,
    Func<Splitting> CreateSplitting);
