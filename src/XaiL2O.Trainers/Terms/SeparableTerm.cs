using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>A sum of terms of consecutive blocks of the variable, f(u) = Σ fₖ(uₖ); its proximal is taken block by block.</summary>
internal sealed class SeparableTerm : IProximable
{
    private readonly IProximable[] blocks;

    /// <summary>Joins the blocks.</summary>
    /// <param name="blocks">At least one; each takes as many entries as its operator has outputs.</param>
    /// <exception cref="ArgumentException">There are no blocks.</exception>
    public SeparableTerm(params IProximable[] blocks)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        if (blocks.Length == 0)
            throw new ArgumentException("A separable term needs at least one block.", nameof(blocks));
        this.blocks = [.. blocks];
        Operator = new IdentityOperator(blocks.Sum(b => b.Operator.OutputSize));
    }

    /// <inheritdoc/>
    public LinearOperator Operator { get; }

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data)
    {
        var parts = u.split([.. blocks.Select(b => (long)b.Operator.OutputSize)], 1);
        return cat([.. blocks.Select((b, k) => b.Proximal(parts[k], step, data))], 1);
    }
}
