using XaiL2O.Certifiers;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Sparsity of a transformed signal, ‖Kx‖₁. Proximal: the soft threshold η_θ(u) = sign(u)·max(|u| − θ, 0) (7).
/// Property value: ‖Kx‖₁, or ‖Kx‖₁/‖d‖₂ when relative to the data.
/// </summary>
public sealed class L1Term : Term, IProximable, IEntrywise, IBoundedLevels
{
    private readonly bool relativeToData;
    private readonly RowInput? data;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="transform">K.</param>
    /// <param name="relativeToData">
    /// Whether the property value is divided by ‖d‖₂. A positively homogeneous model, N(c·d) = c·N(d), needs this where amplitude
    /// differs between sources: otherwise the certificate measures amplitude. With d = 0 the value is NaN if Kx = 0 and +∞ otherwise; both fail
    /// every certificate: a dead input must not look like a perfect one.
    /// </param>
    /// <param name="data">The input that counts as d there; all of d when null.</param>
    public L1Term(string name, LinearOperator transform, bool relativeToData = false, RowInput? data = null)
        : base(name, transform) => (this.relativeToData, this.data) = (relativeToData, data);

    /// <summary>Both: a norm or energy near 0 is that of an empty row.</summary>
    public override Sides Sides => Sides.TwoSided;

    /// <inheritdoc/>
    public override string Formula => relativeToData ? $"‖{Transformed}‖₁/‖d‖" : $"‖{Transformed}‖₁";

    /// <inheritdoc/>
    public override string Cause => Transformed switch
    {
        "x" => "a signal with more or larger entries than the model expects: damaged measurements, or a source unlike those of the training data",
        "Dx" => Jumps,
        _ => "a signal that the transform does not make sparse: damaged measurements, or a source unlike those of the training data",
    };

    /// <summary>What makes differences of neighbours large.</summary>
    internal const string Jumps = "a signal with more or larger jumps between neighbours than the model expects: noise, damaged measurements, or a source unlike those of the training data";

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data) => step.Learned is { } θ
        ? u - u.minimum(θ).maximum(-θ)
        : u - u.clamp(-step.Value, step.Value);

    /// <inheritdoc/>
    public Tensor? Value(Tensor u, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(u);
        return u.abs().sum(1);
    }

    /// <summary>−‖s‖_∞·level.</summary>
    Tensor IBoundedLevels.LeastProduct(Tensor direction, Tensor level, Tensor data) => -direction.abs().amax([1]) * level;

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data)
    {
        var norm = Operator.Apply(x).abs().sum(1);
        return relativeToData ? norm / (this.data?.Of(data) ?? data).norm(1) : norm;
    }
}
