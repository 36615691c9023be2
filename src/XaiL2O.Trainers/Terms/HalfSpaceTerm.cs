using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The constraint ⟨a, x⟩ ≤ b. Proximal: u − max(0, ⟨a, u⟩ − b)/‖a‖²·a. Property value: the distance max(0, ⟨a, x⟩ − b)/‖a‖.
/// </summary>
public sealed class HalfSpaceTerm : Term, IProximable
{
    private readonly PlaneGeometry plane;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="normal">a, shape <c>[n]</c>, not zero. Not owned.</param>
    /// <param name="offset">b.</param>
    /// <exception cref="ArgumentException">The normal is zero, not finite or not a vector.</exception>
    public HalfSpaceTerm(string name, Tensor normal, double offset)
        : this(name, new PlaneGeometry(normal, offset))
    {
    }

    /// <summary>Creates the term with a bound that comes with the row, such as a budget.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="normal">a, shape <c>[n]</c>, not zero. Not owned.</param>
    /// <param name="offset">b, an input of one number.</param>
    /// <exception cref="ArgumentException">The normal is zero, not finite or not a vector, or the input has more than one number.</exception>
    public HalfSpaceTerm(string name, Tensor normal, RowInput offset)
        : this(name, new PlaneGeometry(normal, offset))
    {
    }

    private HalfSpaceTerm(string name, PlaneGeometry plane)
        : base(name, new IdentityOperator(plane.Size)) => this.plane = plane;

    /// <inheritdoc/>
    public override string Formula => "max(0, ⟨a, x⟩ − b)/‖a‖";

    /// <inheritdoc/>
    public override string Cause => "a budget that is exceeded: an estimate made without this constraint";

    /// <inheritdoc/>
    public bool IsConstraint => true;

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data) => plane.Along(u, plane.Height(u, data).clamp_min(0));

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data) => plane.Height(x, data).clamp_min(0).squeeze(1) * plane.Norm;
}
