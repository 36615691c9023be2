using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// How far shares are from a clear decision, s − maxᵢ xᵢ for x on the simplex of total s: 0 where one entry has everything. A measure for reports and
/// certificates; no algorithm can use it (see <see cref="ModelBuilder.Report"/>).
/// </summary>
/// <param name="name">Property name.</param>
/// <param name="size">Length of x.</param>
/// <param name="total">s.</param>
public sealed class ConfidenceTerm(string name, int size, double total = 1) : Term(name, new IdentityOperator(size))
{
    /// <inheritdoc/>
    public override string Formula => "s − max xᵢ, for shares of the whole s";

    /// <inheritdoc/>
    public override string Cause => "several parts with similar shares: nothing stands out";

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(x);
        return (total - x.amax([1])).clamp_min(0);
    }
}
