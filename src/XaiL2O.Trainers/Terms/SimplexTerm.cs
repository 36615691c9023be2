using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The constraint x ≥ 0, Σxᵢ = s: shares of a whole, probabilities. Proximal: the exact projection by sorting (Held, Wolfe and Crowder 1974,
/// doi 10.1007/BF01580223; Duchi et al. 2008, doi 10.1145/1390156.1390191). Property value: the distance to the simplex.
/// </summary>
/// <remarks>
/// With u sorted, u₁ ≥ u₂ ≥ …, and θ_k = (u₁ + … + u_k − s)/k, the projection is max(u − θ_ρ, 0) for the largest ρ with u_ρ &gt; θ_ρ. θ_ρ is also
/// the largest of all θ_k, which spares the search for ρ and stays differentiable.
/// </remarks>
public sealed class SimplexTerm : Term, IProximable, IBoundedLevels
{
    private readonly double total;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="size">Length of x.</param>
    /// <param name="total">s, the sum of the entries, positive.</param>
    public SimplexTerm(string name, int size, double total = 1)
        : base(name, new IdentityOperator(size))
    {
        Check.Positive(total);
        this.total = total;
    }

    /// <inheritdoc/>
    public override string Cause => "shares that are negative or do not sum to the whole: an estimate made without this constraint";

    /// <inheritdoc/>
    public bool IsConstraint => true;

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(u);
        // Centred first: a large common part would cost the digits of the sum.
        var centred = u - u.amax([1], true);
        var sorted = centred.sort(1, descending: true).Values;
        var k = arange(1, u.shape[1] + 1, dtype: u.dtype, device: u.device);
        var θ = ((sorted.cumsum(1) - total) / k).amax([1], true);
        return (centred - θ).clamp_min(0);
    }

    /// <summary>The whole at the smallest entry of s.</summary>
    Tensor IBoundedLevels.LeastProduct(Tensor direction, Tensor level, Tensor data) => total * direction.amin([1]);

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data) => (x - Proximal(x, 1, data)).norm(1);
}
