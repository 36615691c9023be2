using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The constraint ⟨a, x⟩ = b. Proximal: u − (⟨a, u⟩ − b)/‖a‖²·a. Property value: the distance |⟨a, x⟩ − b|/‖a‖.
/// </summary>
public sealed class HyperplaneTerm : Term, IProximable
{
    private readonly PlaneGeometry plane;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="normal">a, shape <c>[n]</c>, not zero. Not owned.</param>
    /// <param name="offset">b.</param>
    /// <exception cref="ArgumentException">The normal is zero, not finite or not a vector.</exception>
    public HyperplaneTerm(string name, Tensor normal, double offset)
        : this(name, new PlaneGeometry(normal, offset))
    {
    }

    private HyperplaneTerm(string name, PlaneGeometry plane)
        : base(name, new IdentityOperator(plane.Size)) => this.plane = plane;

    /// <inheritdoc/>
    public override string Formula => "|⟨a, x⟩ − b|/‖a‖";

    /// <inheritdoc/>
    public override string Cause => "a balance that does not hold: an estimate made without this constraint";

    /// <inheritdoc/>
    public bool IsConstraint => true;

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data) => plane.Along(u, plane.Height(u, data));

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data) => plane.Height(x, data).abs().squeeze(1) * plane.Norm;
}
