namespace XaiL2O.Examples;

/// <summary>Ways in which an image of a digit goes wrong.</summary>
internal static class DigitCorruption
{
    public static readonly IReadOnlyList<(string Set, Func<float[], Random, float[]> Apply)> Ways =
    [
        ("noise", Noise),
        ("occluded", Occlude),
        ("inverted", (pixels, _) => [.. pixels.Select(p => 16 - p)]),
        ("rotated", (pixels, _) => [.. Enumerable.Range(0, Digit.Size).Select(i => pixels[((Digit.Side - 1 - (i % Digit.Side)) * Digit.Side) + (i / Digit.Side)])]),
    ];

    /// <summary>A bad sensor: Gaussian noise of standard deviation 4 on every pixel, within 0 … 16.</summary>
    private static float[] Noise(float[] pixels, Random random) => [.. pixels.Select(p => Math.Clamp(p + (4 * Gaussian.Next(random)), 0, 16))];

    /// <summary>Half of the image is covered by full ink.</summary>
    private static float[] Occlude(float[] pixels, Random random)
    {
        var (copy, left) = ((float[])pixels.Clone(), random.Next(2) == 0);
        for (var i = 0; i < copy.Length; i++)
        {
            if (i % Digit.Side < Digit.Side / 2 == left)
                copy[i] = 16;
        }

        return copy;
    }
}
