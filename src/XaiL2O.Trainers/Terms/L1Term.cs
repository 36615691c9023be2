using TorchSharp;
using XaiL2O.Certifiers;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Sparsity of a transformed signal, ‖w ⊙ Kx‖₁; w = 1 unless weights are given. Proximal: the soft threshold η_θ(u) = sign(u)·max(|u| − θ, 0) (7) with θ = step·w.
/// Property value: ‖w ⊙ Kx‖₁, or that over ‖d‖₂ when relative to the data.
/// </summary>
public sealed class L1Term : Term, IProximable, IEntrywise, IBoundedLevels
{
    private readonly bool relativeToData;
    private readonly RowInput? data;
    private readonly RowInput? mask;
    private readonly Tensor? weights;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="transform">K.</param>
    /// <param name="relativeToData">
    /// Whether the property value is divided by ‖d‖₂. A positively homogeneous model, N(c·d) = c·N(d), needs this where amplitude
    /// differs between sources: otherwise the certificate measures amplitude. With d = 0 the value is NaN if Kx = 0 and +∞ otherwise; both fail
    /// every certificate: a dead input must not look like a perfect one.
    /// </param>
    /// <param name="data">The input that counts as d there; all of d when null.</param>
    /// <param name="weights">w, positive, one per entry of Kx, shape <c>[K.OutputSize]</c>: small where entries are often not zero. All 1 when null. Not owned.</param>
    /// <param name="mask">The m of a <see cref="LeastSquaresTerm"/> with one: the value is then relative to ‖m ⊙ d‖₂, so that what was not measured has no influence. None when null.</param>
    /// <exception cref="ArgumentException">There are more or fewer weights than entries, or a weight is not positive; or d and the mask have different lengths.</exception>
    public L1Term(string name, LinearOperator transform, bool relativeToData = false, RowInput? data = null, Tensor? weights = null, RowInput? mask = null)
        : base(name, transform)
    {
        if (mask is not null && data is null)
            throw new ArgumentException($"The term '{name}' has a mask and no data that it masks; give both.", nameof(mask));
        mask?.CheckSize(data!.Size, $"the input '{data.Name}'", nameof(mask));
        (this.relativeToData, this.data, this.weights, this.mask) = (relativeToData, data, weights, mask);
        if (weights is null)
            return;
        if (weights.dim() != 1 || weights.shape[0] != transform.OutputSize)
            throw new ArgumentException($"The operator gives {transform.OutputSize} entries and there are [{string.Join(", ", weights.shape)}] weights.", nameof(weights));
        using var scope = NewDisposeScope();
        if (!weights.detach().gt(0).logical_and(weights.detach().isfinite()).all().ToBoolean())
            throw new ArgumentException($"A weight of the term '{name}' is not a positive number.", nameof(weights));
    }

    /// <summary>Both: a norm or energy near 0 is that of an empty row.</summary>
    public override Sides Sides => Sides.TwoSided;

    /// <inheritdoc/>
    public override string Formula => (weights is null ? $"‖{Transformed}‖₁" : $"‖w ⊙ {Transformed}‖₁") + (!relativeToData ? "" : mask is null ? "/‖d‖" : "/‖m ⊙ d‖");

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
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data) => (weights is null ? step.Learned : step * weights) is { } θ
        ? u - u.minimum(θ).maximum(-θ)
        : u - u.clamp(-step.Value, step.Value);

    /// <inheritdoc/>
    public Tensor? Value(Tensor u, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(u);
        return Norm(u);
    }

    /// <summary>−‖s/w‖_∞·level.</summary>
    Tensor IBoundedLevels.LeastProduct(Tensor direction, Tensor level, Tensor data) => -(weights is null ? direction : direction / weights).abs().amax([1]) * level;

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data)
    {
        var (norm, measured) = (Norm(Operator.Apply(x)), this.data?.Of(data) ?? data);
        return relativeToData ? norm / (mask is null ? measured : mask.Of(data) * measured).norm(1) : norm;
    }

    private Tensor Norm(Tensor u) => (weights is null ? u : weights * u).abs().sum(1);
}
