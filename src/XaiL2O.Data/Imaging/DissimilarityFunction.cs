using TorchSharp;
using XaiL2O.Certifiers;

namespace XaiL2O.Data;

/// <summary>1 − SSIM of two square images, see <see cref="ImageQuality.Ssim"/>; at least 0, NaN where a pixel is.</summary>
internal sealed class DissimilarityFunction : PropertyFunction
{
    /// <summary>Begins with the name of the assembly, by which a process that loads a model finds it.</summary>
    public const string Kind = "XaiL2O.Data.StructuralDissimilarity";

    public override int Arity => 2;

    public override string Cause => "an image whose structure is not that of the truth: blur, streaks or detail that is made up";

    public override FunctionDescription Describe() => new(Kind);

    public override double Evaluate(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        if (first.Length != second.Length)
            throw new ArgumentException($"Image and truth have {first.Length} and {second.Length} pixels; they must have as many.", nameof(second));
        using var scope = torch.NewDisposeScope();
        static torch.Tensor Image(ReadOnlySpan<double> pixels) => torch.tensor(pixels.ToArray()).view(1, pixels.Length);
        // Rounding may leave equal images a little more than alike.
        return Math.Max(0, 1 - ImageQuality.Ssim(Image(first), Image(second))[0]);
    }
}
