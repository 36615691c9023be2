using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The constraint lower ≤ xᵢ ≤ upper for every entry. Proximal: clamping. Property value: the distance d_C(x) = ‖x − P_C(x)‖₂.
/// </summary>
public sealed class BoxTerm : Term, IProximable, IBoundedLevels
{
    private readonly double lower;
    private readonly double upper;
    private readonly RowInput? capacity; // the upper bounds of the row's entries

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

    /// <summary>Creates the term with upper bounds that come with the row, such as capacities.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="lower">Lower bound of every entry, finite.</param>
    /// <param name="capacity">Upper bounds, one per entry of x: an input whose <see cref="ModelColumn.Lowest"/> is at least <paramref name="lower"/>.</param>
    /// <exception cref="ArgumentException">The input may hold values below the lower bound.</exception>
    public BoxTerm(string name, double lower, RowInput capacity)
        : this(name, Check.Given(capacity).Size, lower, double.PositiveInfinity)
    {
        capacity.CheckLimits(lower, double.PositiveInfinity, nameof(capacity));
        this.capacity = capacity;
    }

    /// <inheritdoc/>
    public override string Formula => capacity is not null ? FormattableString.Invariant($"distance of x to {lower:G4} ≤ xᵢ ≤ cᵢ") : FormattableString.Invariant($"distance of x to [{lower:G4}, {upper:G4}]ⁿ");

    /// <inheritdoc/>
    public override string Cause => "values outside the allowed range: a solve that did not converge, or an estimate made without this constraint";

    /// <inheritdoc/>
    public bool IsConstraint => true;

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data) => capacity is null ? u.clamp(lower, upper) : u.clamp_min(lower).minimum(capacity.Of(data));

    bool IBoundedLevels.LevelsAreBounded => double.IsFinite(lower) && (double.IsFinite(upper) || capacity is not null);

    internal double Lower => lower;

    /// <summary>Σ min(lower·sᵢ, upper·sᵢ).</summary>
    Tensor IBoundedLevels.LeastProduct(Tensor direction, Tensor level, Tensor data) => (lower * direction).minimum(capacity is null ? upper * direction : capacity.Of(data) * direction).sum(1);

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data) => (x - Proximal(x, 1, data)).norm(1);
}
