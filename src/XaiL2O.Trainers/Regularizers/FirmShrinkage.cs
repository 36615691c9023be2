using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// φ(t) = clip_θ(t) − μ·clip_{θ/μ}(t), with θ &gt; 0 and 0 ≤ μ &lt; 1: t − φ(t) is firm thresholding, the proximal operator of the minimax concave
/// penalty up to scale (Zhang 2010, doi 10.1214/09-AOS729); with μ = 0 soft thresholding, that of ‖·‖₁.
/// </summary>
internal static class FirmShrinkage
{
    /// <summary>θ = exp(rate·weight): an optimiser whose steps have the size of the learning rate moves θ by percents.</summary>
    private const double LogarithmicRate = 4;

    /// <summary>Logit of μ relative to its limit: half of it.</summary>
    private const double InitialConcavity = 0;

    /// <summary>Values of the weights that stand for so many thresholds θ.</summary>
    public static Tensor ThresholdWeights(int count, double threshold) => full(count, Math.Log(threshold) / LogarithmicRate, dtype: ScalarType.Float32);

    /// <summary>Value of the weight that stands for μ at the start of training.</summary>
    public static Tensor ConcavityStart() => full(1, InitialConcavity, dtype: ScalarType.Float32);

    /// <summary>log θ per channel, shape <c>[1, channels, 1, 1]</c>.</summary>
    public static Tensor LogThreshold(Tensor weight) => (LogarithmicRate * weight).view(1, -1, 1, 1);

    /// <summary>μ; null without a weight for it.</summary>
    public static Tensor? Concavity(Tensor? weight, double limit) => weight is null ? null : limit * weight.sigmoid();

    /// <summary>φ.</summary>
    /// <param name="features">t.</param>
    /// <param name="logThreshold">log θ, of a shape that broadcasts.</param>
    /// <param name="concavity">μ; 0 when null.</param>
    public static Tensor Apply(Tensor features, Tensor logThreshold, Tensor? concavity)
    {
        // clip_θ(t) = θ·clip₁(t/θ) and μ·clip_{θ/μ}(t) = θ·clip₁(μt/θ).
        var θ = logThreshold.exp();
        var scaled = features / θ;
        var clipped = scaled.clamp(-1, 1);
        if (concavity is not null)
            clipped = clipped - (concavity * scaled).clamp(-1, 1);
        return θ * clipped;
    }
}
