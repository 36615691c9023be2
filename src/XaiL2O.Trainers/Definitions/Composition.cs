using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>What a definition comes to for one set of weights.</summary>
/// <param name="Terms">Terms of the objective.</param>
/// <param name="Properties">The terms and the measures reported beside them.</param>
/// <param name="Learned">Trained tensors by name, as the terms see them: of a positive number itself, not the logarithm that is trained.</param>
/// <param name="CreateSplitting">Makes the iteration, with the bounds that its steps need.</param>
internal sealed record Composition(IReadOnlyList<Term> Terms, IReadOnlyList<Term> Properties, IReadOnlyDictionary<string, Tensor> Learned, Func<Splitting> CreateSplitting);
