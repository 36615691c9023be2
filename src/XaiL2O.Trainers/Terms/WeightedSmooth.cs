using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>c·h for a smooth h and a weight c &gt; 0, which may be trained.</summary>
public sealed class WeightedSmooth : ISmooth
{
    private readonly ISmooth term;
    private readonly Coefficient weight;

    /// <summary>Weights a term.</summary>
    /// <param name="term">h.</param>
    /// <param name="weight">c, positive.</param>
    public WeightedSmooth(ISmooth term, Coefficient weight)
    {
        ArgumentNullException.ThrowIfNull(term);
        Check.Positive(weight.Value, nameof(weight));
        (this.term, this.weight) = (term, weight);
    }

    /// <inheritdoc/>
    public double LipschitzBound => weight.Value * term.LipschitzBound;

    /// <inheritdoc/>
    public Tensor? Value(Tensor u, Tensor data) => term.Value(u, data) is { } value ? weight * value : null;

    /// <inheritdoc/>
    public Tensor Gradient(Tensor u, Tensor data) => weight * term.Gradient(u, data);
}
