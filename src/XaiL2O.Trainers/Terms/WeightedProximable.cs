using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>c·f for a proximable f and a weight c &gt; 0, which may be trained: prox_{step·(cf)} = prox_{(step·c)f}.</summary>
public sealed class WeightedProximable : IProximable
{
    private readonly IProximable term;
    private readonly Coefficient weight;

    /// <summary>Weights a term; a constraint stays as it is.</summary>
    /// <param name="term">f.</param>
    /// <param name="weight">c, positive.</param>
    public WeightedProximable(IProximable term, Coefficient weight)
    {
        ArgumentNullException.ThrowIfNull(term);
        Check.Positive(weight.Value, nameof(weight));
        (this.term, this.weight) = (term, weight);
    }

    /// <inheritdoc/>
    public LinearOperator Operator => term.Operator;

    /// <inheritdoc/>
    public bool IsConstraint => term.IsConstraint;

    /// <inheritdoc/>
    public Tensor? Value(Tensor u, Tensor data) => term.Value(u, data) is { } value ? weight * value : null;

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data) => term.Proximal(u, step.Times(weight), data);
}
