using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Terms with operators of their own as one term of the stacked operator, f₁(S₁x) + f₂(S₂x) + … of [S₁; S₂; …]x. Its proximal operator is
/// theirs, block by block. For splittings that take one term where a model has several.
/// </summary>
internal sealed class StackedTerm : IProximable
{
    private readonly IProximable[] terms;
    private readonly long[] sizes;

    /// <summary>Stacks terms; none is owned.</summary>
    /// <param name="terms">At least one; all take x of the same length.</param>
    /// <exception cref="ArgumentException">No term, or lengths that differ.</exception>
    public StackedTerm(params IProximable[] terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        this.terms = [.. terms];
        Operator = new StackedOperator([.. terms.Select(t => t.Operator)]);
        sizes = [.. terms.Select(t => (long)t.Operator.OutputSize)];
    }

    /// <inheritdoc/>
    public LinearOperator Operator { get; }

    /// <summary>The terms, each with where its block begins and how long it is.</summary>
    internal IEnumerable<(IProximable Term, long From, long Length)> Blocks
    {
        get
        {
            var from = 0L;
            for (var i = 0; i < terms.Length; from += sizes[i++])
                yield return (terms[i], from, sizes[i]);
        }
    }

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(u);
        var blocks = u.split(sizes, 1);
        return cat([.. terms.Select((t, i) => t.Proximal(blocks[i], step, data))], 1);
    }
}
