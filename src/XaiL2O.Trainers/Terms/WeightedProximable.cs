using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>c·f for a proximable f and a weight c &gt; 0, which may be trained: prox_{step·(cf)} = prox_{(step·c)f}.</summary>
internal sealed class WeightedProximable : IProximable, IBoundedLevels
{
    /// <summary>Weights a term; a constraint stays as it is.</summary>
    /// <param name="term">f.</param>
    /// <param name="weight">c, positive.</param>
    public WeightedProximable(IProximable term, Coefficient weight)
    {
        ArgumentNullException.ThrowIfNull(term);
        Check.Positive(weight.Value, nameof(weight));
        (Term, Weight) = (term, weight);
    }

    internal IProximable Term { get; }

    internal Coefficient Weight { get; }

    /// <inheritdoc/>
    public LinearOperator Operator => Term.Operator;

    /// <inheritdoc/>
    public bool IsConstraint => Term.IsConstraint;

    /// <inheritdoc/>
    public double StrongConvexity => Weight.Value * Term.StrongConvexity;

    /// <inheritdoc/>
    public Tensor? Value(Tensor u, Tensor data) => Term.Value(u, data) is { } value ? Weight * value : null;

    bool IBoundedLevels.LevelsAreBounded => SolutionBound.IsBounded(Term);

    Tensor IBoundedLevels.LeastProduct(Tensor direction, Tensor level, Tensor data) => ((IBoundedLevels)Term).LeastProduct(direction, level / Weight.Value, data);

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data) => Term.Proximal(u, step.Times(Weight), data);
}
