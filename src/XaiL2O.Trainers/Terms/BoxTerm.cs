using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The constraint lower ≤ xᵢ ≤ upper for every entry. Proximal: clamping. Property value: the distance d_C(x) = ‖x − P_C(x)‖₂.
/// </summary>
public sealed class BoxTerm : Term, IProximable, IBoundedLevels
{
    private readonly double lower;
    private readonly double upper;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="size">Length of x.</param>
    /// <param name="lower">Lower bound of every entry.</param>
    /// <param name="upper">Upper bound of every entry, at least <paramref name="lower"/>.</param>
    /// <exception cref="ArgumentException">The bounds are NaN or out of order.</exception>
    public BoxTerm(string name, int size, double lower, double upper)
        : base(name, new IdentityOperator(size))
    {
        if (!(lower <= upper))
            throw new ArgumentException($"A box needs lower ≤ upper; got [{lower}, {upper}].", nameof(lower));
        this.lower = lower;
        this.upper = upper;
    }

    /// <inheritdoc/>
    public override string Cause => "values outside the allowed range: a solve that did not converge, or an estimate made without this constraint";

    /// <inheritdoc/>
    public bool IsConstraint => true;

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data) => u.clamp(lower, upper);

    bool IBoundedLevels.LevelsAreBounded => double.IsFinite(lower) && double.IsFinite(upper);

    internal double Lower => lower;

    /// <summary>Σ min(lower·sᵢ, upper·sᵢ).</summary>
    Tensor IBoundedLevels.LeastProduct(Tensor direction, Tensor level, Tensor data) => (lower * direction).minimum(upper * direction).sum(1);

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data) => (x - x.clamp(lower, upper)).norm(1);
}
