using XaiL2O.Certifiers;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Smallness of a transformed signal, h(x) = ½‖Kx‖². Gradient: KᵀKx; proximal in p = Kx: u/(1 + step). Property value: ½‖Kx‖².
/// </summary>
/// <param name="name">Property name.</param>
/// <param name="transform">K.</param>
public sealed class SquaredL2Term(string name, LinearOperator transform) : Term(name, transform), ISmooth, IProximable, IStepPerRow, IBoundedLevels
{
    /// <summary>Both: a norm or energy near 0 is that of an empty row.</summary>
    public override Sides Sides => Sides.TwoSided;

    /// <inheritdoc/>
    public override string Formula => $"½‖{Transformed}‖²";

    /// <inheritdoc/>
    public override string Cause => "a signal that is larger, after the transform, than those of the training data";

    /// <inheritdoc/>
    public double LipschitzBound => Operator.NormBound * Operator.NormBound;

    double ISmooth.StrongConvexity => Math.Pow(Operator.LowerNormBound, 2);

    double IProximable.StrongConvexity => 1;

    /// <inheritdoc/>
    public Tensor Gradient(Tensor u, Tensor data) => Operator.ApplyAdjoint(Operator.Apply(u));

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data) => step.DividePlusOne(u);

    /// <summary>½‖Kx‖².</summary>
    Tensor? ISmooth.Value(Tensor u, Tensor data) => HalfSquare(Operator.Apply(u));

    /// <summary>½‖p‖² of p = Kx.</summary>
    Tensor? IProximable.Value(Tensor u, Tensor data) => HalfSquare(u);

    /// <summary>−‖s‖·√(2·level).</summary>
    Tensor IBoundedLevels.LeastProduct(Tensor direction, Tensor level, Tensor data) => -direction.norm(1) * (2 * level).sqrt();

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data) => HalfSquare(Operator.Apply(x));

    private static Tensor HalfSquare(Tensor p) => p.square().sum(1) / 2;
}
