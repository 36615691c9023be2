using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>Operators one above the other, S = [S₁; S₂; …]: their outputs are concatenated.</summary>
public sealed class StackedOperator : LinearOperator
{
    private readonly LinearOperator[] blocks;
    private readonly long[] sizes;

    /// <summary>Stacks operators; they are not owned and not disposed.</summary>
    /// <param name="blocks">At least one operator; all take vectors of the same length.</param>
    /// <exception cref="ArgumentException">No operator, or input lengths that differ.</exception>
    public StackedOperator(params LinearOperator[] blocks)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        if (blocks.Length == 0)
            throw new ArgumentException("Stacking needs at least one operator.", nameof(blocks));
        if (blocks.FirstOrDefault(b => b.InputSize != blocks[0].InputSize) is { } odd)
            throw new ArgumentException($"Stacked operators take the same input; {blocks[0].InputSize} and {odd.InputSize} differ.", nameof(blocks));
        this.blocks = [.. blocks];
        sizes = [.. blocks.Select(b => (long)b.OutputSize)];
    }

    /// <inheritdoc/>
    public override int InputSize => blocks[0].InputSize;

    /// <inheritdoc/>
    public override int OutputSize => blocks.Sum(b => b.OutputSize);

    /// <summary>‖S‖² ≤ Σᵢ‖Sᵢ‖².</summary>
    public override double NormBound => Math.Sqrt(blocks.Sum(b => b.NormBound * b.NormBound));

    /// <summary>‖Sx‖² = Σᵢ‖Sᵢx‖².</summary>
    public override double LowerNormBound => Math.Sqrt(blocks.Sum(b => b.LowerNormBound * b.LowerNormBound));

    /// <inheritdoc/>
    public override Tensor Apply(Tensor x) => cat([.. blocks.Select(b => b.Apply(x))], 1);

    /// <inheritdoc/>
    public override Tensor ApplyAdjoint(Tensor y)
    {
        var parts = y.split(sizes, 1);
        return blocks.Select((b, i) => b.ApplyAdjoint(parts[i])).Aggregate((a, b) => a + b);
    }
}
