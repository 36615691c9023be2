using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>A sum of smooth terms of the same variable: gradients and Lipschitz constants add up. An empty sum is 0.</summary>
internal sealed class SmoothSum : ISmooth
{
    private readonly ISmooth[] parts;

    /// <summary>Joins the terms.</summary>
    /// <param name="parts">The terms; none makes the function 0.</param>
    public SmoothSum(params ISmooth[] parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        this.parts = [.. parts];
    }

    internal IReadOnlyList<ISmooth> Parts => parts;

    /// <inheritdoc/>
    public double LipschitzBound => parts.Sum(p => p.LipschitzBound);

    /// <inheritdoc/>
    public double StrongConvexity => parts.Sum(p => p.StrongConvexity);

    /// <inheritdoc/>
    public Tensor Gradient(Tensor u, Tensor data) =>
        parts.Length == 0 ? zeros_like(u) : parts.Select(p => p.Gradient(u, data)).Aggregate((a, b) => a + b);

    /// <inheritdoc/>
    public Tensor? Value(Tensor u, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(u);
        Tensor? sum = zeros(u.shape[0], dtype: u.dtype, device: u.device);
        foreach (var part in parts)
            sum = part.Value(u, data) is { } value && sum is not null ? sum + value : null;
        return sum;
    }
}
