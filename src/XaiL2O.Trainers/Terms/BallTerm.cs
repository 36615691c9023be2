using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The constraint ‖x − c‖₂ ≤ r. Proximal: c + (u − c)·min(1, r/‖u − c‖). Property value: the distance max(0, ‖x − c‖ − r).</summary>
public sealed class BallTerm : Term, IProximable, IBoundedLevels
{
    private readonly Tensor? centre;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="size">Length of x.</param>
    /// <param name="radius">r, positive; may be trained.</param>
    /// <param name="centre">c, shape <c>[size]</c>; 0 when null. Not owned.</param>
    /// <exception cref="ArgumentException">The centre has another length.</exception>
    public BallTerm(string name, int size, Coefficient radius, Tensor? centre = null)
        : base(name, new IdentityOperator(size))
    {
        Check.Positive(radius.Value, nameof(radius));
        if (centre is not null && (centre.dim() != 1 || centre.shape[0] != size))
            throw new ArgumentException($"The centre has shape [{string.Join(", ", centre.shape)}]; x has length {size}.", nameof(centre));
        (Radius, this.centre) = (radius, centre);
    }

    /// <summary>r.</summary>
    public Coefficient Radius { get; }

    /// <inheritdoc/>
    public override string Cause => "an estimate farther from the centre than allowed: an estimate made without this constraint";

    /// <inheritdoc/>
    public bool IsConstraint => true;

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data)
    {
        var offset = centre is null ? u : u - centre;
        // Inside the ball the factor is 1; the clamp keeps 0/0 out at the centre.
        var inside = offset * (Radius * offset.norm(1, true).clamp_min(1e-30).reciprocal()).clamp_max(1);
        return centre is null ? inside : centre + inside;
    }

    /// <summary>⟨s, c⟩ − radius·‖s‖ with the centre c.</summary>
    Tensor IBoundedLevels.LeastProduct(Tensor direction, Tensor level, Tensor data)
    {
        var inside = Radius.Value * direction.norm(1);
        return centre is null ? -inside : (direction * centre).sum(1) - inside;
    }

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data) => ((centre is null ? x : x - centre).norm(1) - Radius.Value).clamp_min(0);
}
