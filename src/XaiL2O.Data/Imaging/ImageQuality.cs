using TorchSharp;
using XaiL2O.Certifiers;
using static TorchSharp.torch;

namespace XaiL2O.Data;

/// <summary>Quality of reconstructed square images against the truth; data range 1.</summary>
public static class ImageQuality
{
    private const int Window = 7;
    private const double C1 = 0.01 * 0.01;
    private const double C2 = 0.03 * 0.03;

    /// <summary>
    /// 1 − <see cref="Ssim"/> as an error, for bounds and selections: <c>BoundError(new ErrorBoundOptions { Measure = ImageQuality.OneMinusSsim, … })</c>. Images are square, with at least 7×7
    /// pixels and values in [0, 1]. It is saved with a model; whoever loads that references this assembly.
    /// </summary>
    public static ErrorMeasure OneMinusSsim { get; } = ErrorMeasure.Of(new DissimilarityFunction());

    /// <summary>Peak signal-to-noise ratio −10·log₁₀(MSE) in decibels; +∞ for equal images, NaN where a pixel is NaN.</summary>
    /// <param name="image">Shape <c>[batch, n²]</c>.</param>
    /// <param name="truth">Shape of <paramref name="image"/>.</param>
    /// <returns>One value per image.</returns>
    public static double[] Psnr(Tensor image, Tensor truth)
    {
        CheckShapes(image, truth);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        return ToArray((image.to(ScalarType.Float64) - truth.to(ScalarType.Float64)).square().mean([1]).log10() * -10);
    }

    /// <summary>
    /// Mean structural similarity (Wang et al. 2004, doi 10.1109/TIP.2003.819861) with a uniform 7×7 window, unbiased variances, K₁ = 0.01,
    /// K₂ = 0.03, averaged over the windows inside the image: the defaults of scikit-image.
    /// </summary>
    /// <param name="image">Shape <c>[batch, n²]</c>, n ≥ 7.</param>
    /// <param name="truth">Shape of <paramref name="image"/>.</param>
    /// <returns>One value per image, at most 1.</returns>
    public static double[] Ssim(Tensor image, Tensor truth)
    {
        CheckShapes(image, truth);
        var size = (long)Math.Round(Math.Sqrt(image.shape[1]));
        if (size * size != image.shape[1] || size < Window)
            throw new ArgumentException($"SSIM needs square images of at least {Window}×{Window} pixels; got {image.shape[1]} pixels.", nameof(image));
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var (x, y) = (image.to(ScalarType.Float64).view(-1, 1, size, size), truth.to(ScalarType.Float64).view(-1, 1, size, size));
        static Tensor Mean(Tensor t) => nn.functional.avg_pool2d(t, Window, 1);
        const double unbiased = Window * Window / (Window * Window - 1.0);
        var (mx, my) = (Mean(x), Mean(y));
        var vx = unbiased * (Mean(x * x) - (mx * mx));
        var vy = unbiased * (Mean(y * y) - (my * my));
        var vxy = unbiased * (Mean(x * y) - (mx * my));
        var similarity = ((2 * mx * my) + C1) * ((2 * vxy) + C2) / (((mx * mx) + (my * my) + C1) * (vx + vy + C2));
        return ToArray(similarity.flatten(1).mean([1]));
    }

    private static void CheckShapes(Tensor image, Tensor truth)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(truth);
        if (image.dim() != 2 || !image.shape.SequenceEqual(truth.shape))
            throw new ArgumentException($"Image and truth must have one shape [batch, pixels]; got [{string.Join(", ", image.shape)}] and [{string.Join(", ", truth.shape)}].", nameof(truth));
    }

    private static double[] ToArray(Tensor t) => t.cpu().contiguous().data<double>().ToArray();
}
