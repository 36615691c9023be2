using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>Quotients of norms in which 0/0 is 0, and norms that are to be divided by.</summary>
internal static class Ratio
{
    /// <summary>‖d‖ of every row, shape <c>[batch, 1]</c>. The largest entry is taken out first: squares of extreme amplitudes leave the range of single precision.</summary>
    public static Tensor RowNorms(Tensor data)
    {
        var largest = data.abs().amax([1], true);
        var safe = where(largest.gt(0), largest, ones_like(largest));
        return (data / safe).norm(1, true) * safe;
    }

    /// <summary>a/b for a, b ≥ 0 of shape <c>[batch]</c>; 0 where both are 0 (nothing was asked and nothing is missing).</summary>
    public static Tensor OfNorms(Tensor a, Tensor b) => where(a.eq(0).logical_and(b.eq(0)), zeros_like(a), a / b);
}
