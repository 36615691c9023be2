using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Agreement with measurements, the constraint ‖Ax − d‖ ≤ δ‖d‖; with δ = 0 the equality Ax = d.
/// Proximal: projection onto the ball around d. Property value: ‖Ax − d‖/‖d‖.
/// </summary>
public sealed class FidelityTerm : Term, IProximable
{
    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="measurement">A; its output is compared with the data.</param>
    /// <param name="radius">δ ≥ 0, relative to ‖d‖; may be trained.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="radius"/> is negative or not finite.</exception>
    public FidelityTerm(string name, LinearOperator measurement, Coefficient radius = default)
        : base(name, measurement)
    {
        if (!(radius.Value >= 0 && double.IsFinite(radius.Value)))
            throw new ArgumentOutOfRangeException(nameof(radius), radius.Value, "The radius of the data ball is a finite number, at least 0.");
        Radius = radius;
    }

    /// <summary>δ, the radius of the ball relative to ‖d‖.</summary>
    public Coefficient Radius { get; }

    /// <inheritdoc/>
    public override string Cause => "an estimate that does not explain its measurements: a damaged or missing measurement, more noise than the model allows, or a solve that did not converge";

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data)
    {
        if (Radius.Value == 0)
            return data;
        var offset = u - data;
        var allowed = Radius * data.norm(1, true);
        var distance = offset.norm(1, true);
        // Inside the ball the factor is 1; the clamp keeps 0/0 out where u = d.
        var factor = (allowed / distance.clamp_min(1e-30)).clamp_max(1);
        return data + (offset * factor);
    }

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data) => Ratio.OfNorms((Operator.Apply(x) - data).norm(1), data.norm(1));
}
