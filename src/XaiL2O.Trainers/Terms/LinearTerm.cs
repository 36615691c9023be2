using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// A linear function whose coefficients come with the row, h(x) = ⟨c, x⟩: costs, or prices with the other sign. Gradient: c. Property value: the excess max(0, ⟨c, x⟩), so that a profit
/// is no violation.
/// </summary>
public sealed class LinearTerm : Term, ISmooth
{
    private readonly RowInput costs;
    private readonly double sign;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="costs">c, an input with a number for each entry of x.</param>
    /// <param name="maximize">Whether ⟨c, x⟩ is a gain, which is maximised; the term is −⟨c, x⟩ then. Default false.</param>
    public LinearTerm(string name, RowInput costs, bool maximize = false)
        : base(name, new IdentityOperator(Check.Given(costs).Size)) => (this.costs, sign) = (costs, maximize ? -1 : 1);

    /// <inheritdoc/>
    public override string Formula => sign < 0 ? "max(0, −⟨c, x⟩)" : "max(0, ⟨c, x⟩)";

    /// <inheritdoc/>
    public override string Cause => "a decision that loses: constraints that leave nothing better, or an estimate made without this term";

    /// <summary>0: the gradient does not depend on x.</summary>
    public double LipschitzBound => 0;

    /// <inheritdoc/>
    public Tensor Gradient(Tensor u, Tensor data) => sign * costs.Of(data);

    /// <inheritdoc/>
    public Tensor? Value(Tensor u, Tensor data) => sign * (u * costs.Of(data)).sum(1);

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data) => (sign * (x * costs.Of(data)).sum(1)).clamp_min(0);
}
