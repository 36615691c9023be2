using TorchSharp;
using XaiL2O.Trainers.Tests;
using static TorchSharp.torch;

namespace XaiL2O.Data.Tests;

/// <summary>PSNR and SSIM against their published formulas where they have closed forms.</summary>
internal sealed class ImageQualityLaws : TorchLaws
{
    private const double C1 = 0.0001;
    private const double C2 = 0.0009;

    private static readonly Case<(Tensor Image, Tensor Truth, double Psnr, double Ssim)>[] Cases =
    [
        new("equal", () => (Ramp(), Ramp(), double.PositiveInfinity, 1)),
        // A constant offset c: MSE = c²; means differ, variances and covariance agree.
        new("constants 0.5 and 0.6", () => (Constant(0.5), Constant(0.6), 20, ((2 * 0.5 * 0.6) + C1) / (0.25 + 0.36 + C1))),
        new("constants 0 and 1", () => (Constant(0), Constant(1), 0, C1 / (1 + C1))),
        // Checkerboards of opposite sign: equal means up to the odd pixel, covariance −1 times the variance.
        new("a checkerboard and its negative", () => (Board(0.1), Board(-0.1), -10 * Math.Log10(0.04), Opposite(0.1))),
    ];

    private static Tensor Constant(double value) => full(1, 256, value, dtype: float64);

    private static Tensor Ramp() => arange(256, dtype: float64).reshape(1, 256) / 256;

    private static Tensor Board(double amplitude)
    {
        var sign = ((arange(16).view(-1, 1) + arange(16).view(1, -1)) % 2 * 2) - 1;
        return (0.5 + (amplitude * sign.to(float64))).reshape(1, 256);
    }

    /// <summary>A 7×7 window has 25 of one sign and 24 of the other: mean ±a/49 around ½, unbiased variance a²(1 − 1/49²)·49/48.</summary>
    private static double Opposite(double a)
    {
        var (m1, m2, v) = (0.5 + (a / 49), 0.5 - (a / 49), a * a * (1 - (1 / 2401.0)) * 49 / 48);
        return ((2 * m1 * m2) + C1) * ((-2 * v) + C2) / (((m1 * m1) + (m2 * m2) + C1) * ((2 * v) + C2));
    }

    [TestCaseSource(nameof(Cases))]
    public void Closed_forms(Case<(Tensor Image, Tensor Truth, double Psnr, double Ssim)> quality)
    {
        var (image, truth, psnr, ssim) = quality.Make();
        Assert.That(ImageQuality.Psnr(image, truth)[0], Is.EqualTo(psnr).Within(1e-9));
        Assert.That(ImageQuality.Ssim(image, truth)[0], Is.EqualTo(ssim).Within(1e-9));
        Assert.That(ImageQuality.Ssim(truth, image)[0], Is.EqualTo(ssim).Within(1e-9));
    }

    [Test]
    public void Ssim_agrees_with_a_direct_sum()
    {
        var (a, b) = (Normal(1, 1, 100).sigmoid(), Normal(2, 1, 100).sigmoid());
        var (x, y) = (Values(a), Values(b));
        var sum = 0.0;
        for (var top = 0; top <= 3; top++)
        {
            for (var left = 0; left <= 3; left++)
            {
                var window = Enumerable.Range(0, 49).Select(k => ((top + (k / 7)) * 10) + left + (k % 7)).ToArray();
                var (mx, my) = (window.Average(i => x[i]), window.Average(i => y[i]));
                var vx = window.Sum(i => (x[i] - mx) * (x[i] - mx)) / 48;
                var vy = window.Sum(i => (y[i] - my) * (y[i] - my)) / 48;
                var vxy = window.Sum(i => (x[i] - mx) * (y[i] - my)) / 48;
                sum += ((2 * mx * my) + C1) * ((2 * vxy) + C2) / (((mx * mx) + (my * my) + C1) * (vx + vy + C2));
            }
        }

        Assert.That(ImageQuality.Ssim(a, b)[0], Is.EqualTo(sum / 16).Within(1e-10));
    }

    [Test]
    public void Rows_are_judged_alone_and_bad_shapes_refused()
    {
        var (a, b) = (Normal(1, 5, 100), Normal(2, 5, 100));
        Assert.That(ImageQuality.Psnr(a, b)[3], Is.EqualTo(ImageQuality.Psnr(a.slice(0, 3, 4, 1), b.slice(0, 3, 4, 1))[0]).Within(1e-12));
        Assert.That(() => ImageQuality.Psnr(a, zeros(5, 99)), Throws.ArgumentException.With.Message.Contains("[5, 99]"));
        Assert.That(() => ImageQuality.Ssim(zeros(2, 36), zeros(2, 36)), Throws.ArgumentException.With.Message.Contains("7×7"));
        a[2, 5] = double.NaN;
        Assert.That(ImageQuality.Psnr(a, b)[2], Is.NaN);
    }
}
