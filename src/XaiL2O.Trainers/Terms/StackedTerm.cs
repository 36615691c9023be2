using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// A sum of terms with operators of their own, Σ fₖ(Kₖx), as one term of [K₁; K₂; …]x; its proximal is taken block by block. So a splitting
/// that takes one transformed term takes several.
/// </summary>
public sealed class StackedTerm : IProximable
{
    private readonly IProximable[] parts;

    /// <summary>Stacks the terms.</summary>
    /// <param name="parts">At least one; their operators take vectors of the same length.</param>
    /// <exception cref="ArgumentException">There are no terms, or the lengths differ.</exception>
    public StackedTerm(params IProximable[] parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        Operator = new StackedOperator([.. parts.Select(p => p.Operator)]);
        this.parts = [.. parts];
    }

    /// <inheritdoc/>
    public LinearOperator Operator { get; }

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(u);
        var blocks = u.split([.. parts.Select(p => (long)p.Operator.OutputSize)], 1);
        return cat([.. parts.Select((p, k) => p.Proximal(blocks[k], step, data))], 1);
    }
}
