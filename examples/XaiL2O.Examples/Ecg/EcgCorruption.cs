namespace XaiL2O.Examples;

/// <summary>A way in which compressed ECG measurements go wrong, from mild to severe.</summary>
/// <param name="Name">Name in tables.</param>
/// <param name="Key">Name in <c>summary.json</c>.</param>
/// <param name="Corrupt">Makes damaged measurements of a window from the clean ones.</param>
/// <param name="Severe">Whether the damage is hard to miss; the drift monitor is shown such kinds alone.</param>
internal sealed record EcgCorruption(string Name, string Key, Func<float[], Random, float[]> Corrupt, bool Severe = false)
{
    /// <summary>All kinds.</summary>
    public static readonly IReadOnlyList<EcgCorruption> All =
    [
        new("10 measurements × 1.2", "gain_1p2", (d, random) => Scale(d, 10, 1.2f, random)),
        new("10 measurements × 1.5", "gain_1p5", (d, random) => Scale(d, 10, 1.5f, random)),
        new("10 measurements × 2", "gain_2", (d, random) => Scale(d, 10, 2, random)),
        new("1 measurement zero", "zero_1", (d, random) => Scale(d, 1, 0, random)),
        new("10 measurements zero", "zero_10", (d, random) => Scale(d, 10, 0, random)),
        new("noise at 30 dB", "noise_30_db", (d, random) => AddNoise(d, 30, random)),
        new("noise at 20 dB", "noise_20_db", (d, random) => AddNoise(d, 20, random)),
        new("noise at 10 dB", "noise_10_db", (d, random) => AddNoise(d, 10, random)),
        new("dropped block", "dropped_block", DropBlock, true),
        new("spikes", "spikes", AddSpikes, true),
        new("replaced by noise", "noise", ReplaceByNoise, true),
        new("all zero", "dead", (d, _) => new float[d.Length]),
    ];

    /// <summary>Damages a seeded random choice of windows, for every kind another one.</summary>
    /// <param name="windows">Clean windows.</param>
    /// <param name="count">Windows of each kind.</param>
    /// <param name="random">Source of all draws.</param>
    public static EcgWindow[] Apply(IReadOnlyList<EcgWindow> windows, int count, Random random) =>
    [
        .. All.SelectMany(kind => windows.OrderBy(_ => random.Next()).Take(count).Select(window => new EcgWindow
        {
            Record = window.Record,
            Signal = window.Signal,
            Corruption = kind.Name,
            Measurements = kind.Corrupt(window.Measurements, random),
        })),
    ];

    /// <summary>A wrong gain: some measurements are multiplied by a factor; with 0 they are missing.</summary>
    private static float[] Scale(float[] d, int count, float factor, Random random)
    {
        var copy = (float[])d.Clone();
        foreach (var index in Choose(d.Length, count, random))
            copy[index] *= factor;
        return copy;
    }

    /// <summary>Gaussian noise on all measurements, at a ratio of the signal's energy to its own.</summary>
    public static float[] AddNoise(float[] d, double decibels, Random random)
    {
        var noise = NoiseLike(d, random);
        var factor = (float)Math.Pow(10, -decibels / 20);
        return [.. d.Zip(noise, (v, e) => v + (factor * e))];
    }

    /// <summary>A transmission gap: 20 consecutive measurements arrive as zeros.</summary>
    private static float[] DropBlock(float[] d, Random random)
    {
        var copy = (float[])d.Clone();
        Array.Clear(copy, random.Next(d.Length - 20), 20);
        return copy;
    }

    /// <summary>Bit errors: five measurements are off by about four times the root mean square of all.</summary>
    private static float[] AddSpikes(float[] d, Random random)
    {
        var copy = (float[])d.Clone();
        var size = 4 * MatrixMath.Norm(d) / Math.Sqrt(d.Length);
        foreach (var index in Choose(d.Length, 5, random))
            copy[index] += (float)(size * (random.Next(2) == 0 ? -1 : 1));
        return copy;
    }

    /// <summary>A loose electrode: measurements of noise with the energy of the signal's.</summary>
    private static float[] ReplaceByNoise(float[] d, Random random) => NoiseLike(d, random);

    /// <summary>Gaussian noise with the energy of the measurements.</summary>
    private static float[] NoiseLike(float[] d, Random random)
    {
        var noise = d.Select(_ => Gaussian.Next(random)).ToArray();
        var factor = (float)(MatrixMath.Norm(d) / MatrixMath.Norm(noise));
        return [.. noise.Select(v => v * factor)];
    }

    private static IEnumerable<int> Choose(int length, int count, Random random) => Enumerable.Range(0, length).OrderBy(_ => random.Next()).Take(count);
}
