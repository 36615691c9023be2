using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>Quotients of norms in which 0/0 is 0.</summary>
internal static class Ratio
{
    /// <summary>a/b for a, b ≥ 0 of shape <c>[batch]</c>; 0 where both are 0 (nothing was asked and nothing is missing).</summary>
    public static Tensor OfNorms(Tensor a, Tensor b) => where(a.eq(0).logical_and(b.eq(0)), zeros_like(a), a / b);
}
