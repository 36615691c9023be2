using XaiL2O.Certifiers;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Sparsity of groups of a transformed signal, Σ_g ‖(Kx)_g‖₂ (Yuan and Lin 2006, doi 10.1111/j.1467-9868.2005.00532.x). Proximal: every group is
/// shortened, u_g·max(0, 1 − step/‖u_g‖). Property value: Σ_g ‖(Kx)_g‖₂.
/// </summary>
public sealed class GroupL1Term : Term, IProximable, IStepPerRow, IBoundedLevels
{
    private readonly int groupSize;
    private readonly bool interleaved;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="transform">K, whose outputs divide evenly into groups.</param>
    /// <param name="groupSize">Entries of a group, at least 1.</param>
    /// <param name="interleaved">
    /// Whether entries i, i + G, i + 2G, … of G groups belong together, as in a stack of operators; else consecutive ones do.
    /// </param>
    /// <exception cref="ArgumentException">The outputs do not divide evenly.</exception>
    public GroupL1Term(string name, LinearOperator transform, int groupSize, bool interleaved = false)
        : base(name, transform)
    {
        Check.AtLeast(groupSize, 1);
        if (transform.OutputSize % groupSize != 0)
            throw new ArgumentException($"The transform gives {transform.OutputSize} values, which do not divide into groups of {groupSize}.", nameof(groupSize));
        (this.groupSize, this.interleaved) = (groupSize, interleaved);
    }

    /// <summary>Both: a norm or energy near 0 is that of an empty row.</summary>
    public override Sides Sides => Sides.TwoSided;

    /// <inheritdoc/>
    public override string Formula => $"Σ‖({Transformed})_g‖₂ over groups g";

    /// <inheritdoc/>
    public override string Cause => Transformed == "Dx" ? L1Term.Jumps : "a signal with more active groups than those of the training data";

    private int Within => interleaved ? 1 : 2;

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(u);
        var groups = Groups(u);
        var norms = groups.norm(Within, true).clamp_min(1e-30);
        // A step per row, [batch, 1], has one dimension less than the groups.
        var share = step.Learned is { } steps && steps.dim() == 2 ? norms.reciprocal() * steps.unsqueeze(2) : step * norms.reciprocal();
        return (groups * (1 - share).clamp_min(0)).reshape(u.shape);
    }

    /// <inheritdoc/>
    public Tensor? Value(Tensor u, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(u);
        return Groups(u).norm(Within).sum(1);
    }

    /// <summary>−level times the largest ‖s‖ of a group.</summary>
    Tensor IBoundedLevels.LeastProduct(Tensor direction, Tensor level, Tensor data) => -Groups(direction).norm(Within).amax([1]) * level;

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data) => Groups(Operator.Apply(x)).norm(Within).sum(1);

    private Tensor Groups(Tensor u) => interleaved ? u.view(u.shape[0], groupSize, -1) : u.view(u.shape[0], -1, groupSize);
}
