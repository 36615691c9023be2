using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The problem of a splitting block by block, min Σ fᵢ(Kᵢx) s.t. Ex = d, so that <see cref="AffineDouglasRachford"/> can solve it, and the way back:
/// the state of the splitting at a solution.
/// </summary>
/// <param name="Terms">fᵢ with their operators.</param>
/// <param name="Equality">Ex = d; none when null.</param>
/// <param name="ToState">The state of the splitting that belongs to x and, per term in order, the point Kᵢx and the subgradient there; those of the equality come last.</param>
internal sealed record BlockProblem(IReadOnlyList<IProximable> Terms, FidelityTerm? Equality, Func<Tensor, IReadOnlyList<BlockPoint>, SplittingState> ToState)
{
    /// <summary>The terms of a stack, or the term itself.</summary>
    public static IEnumerable<IProximable> Parts(IProximable? term) => term switch
    {
        null => [],
        StackedTerm stack => stack.Blocks.SelectMany(b => Parts(b.Term)),
        _ => [term],
    };

    /// <summary>The term that compares with the measurements, also under a weight; null of other terms.</summary>
    public static IDataTerm? Measured(IProximable term) => term as IDataTerm ?? (term is WeightedProximable weighted ? Measured(weighted.Term) : null);

    /// <summary>A smooth function as proximable terms; null where a part has no proximal operator.</summary>
    public static IReadOnlyList<IProximable>? Parts(ISmooth smooth)
    {
        switch (smooth)
        {
            case SmoothSum sum:
                var parts = sum.Parts.Select(Parts).ToArray();
                return parts.Any(p => p is null) ? null : [.. parts.SelectMany(p => p!)];
            case WeightedSmooth { Term: IProximable inner } weighted:
                return [new WeightedProximable(inner, weighted.Weight)];
            case IProximable proximable:
                return [proximable];
            default:
                return null;
        }
    }
}

/// <summary>A term at a solution.</summary>
/// <param name="Point">Kᵢx, shape <c>[batch, Kᵢ.OutputSize]</c>.</param>
/// <param name="Subgradient">sᵢ ∈ ∂fᵢ there, of the same shape.</param>
internal readonly record struct BlockPoint(Tensor Point, Tensor Subgradient);
