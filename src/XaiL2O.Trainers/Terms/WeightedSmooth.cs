using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>c·h for a smooth h and a weight c &gt; 0, which may be trained.</summary>
internal sealed class WeightedSmooth : ISmooth
{
    /// <summary>Weights a term.</summary>
    /// <param name="term">h.</param>
    /// <param name="weight">c, positive.</param>
    public WeightedSmooth(ISmooth term, Coefficient weight)
    {
        ArgumentNullException.ThrowIfNull(term);
        Check.Positive(weight.Value, nameof(weight));
        (Term, Weight) = (term, weight);
    }

    internal ISmooth Term { get; }

    internal Coefficient Weight { get; }

    /// <inheritdoc/>
    public double LipschitzBound => Weight.Value * Term.LipschitzBound;

    /// <inheritdoc/>
    public double StrongConvexity => Weight.Value * Term.StrongConvexity;

    /// <inheritdoc/>
    public Tensor? Value(Tensor u, Tensor data) => Term.Value(u, data) is { } value ? Weight * value : null;

    /// <inheritdoc/>
    public Tensor Gradient(Tensor u, Tensor data) => Weight * Term.Gradient(u, data);
}
