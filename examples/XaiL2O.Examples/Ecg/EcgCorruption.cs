namespace XaiL2O.Examples;

/// <summary>Ways in which compressed ECG measurements go wrong.</summary>
internal static class EcgCorruption
{
    /// <summary>Corrupts a seeded random tenth of the windows, each way as often as the others.</summary>
    public static EcgWindow[] Apply(IReadOnlyList<EcgWindow> windows, Random random)
    {
        (string Name, Func<float[], Random, float[]> Corrupt)[] ways = [("dropped block", DropBlock), ("spikes", AddSpikes), ("noise", ReplaceByNoise)];
        var chosen = Enumerable.Range(0, windows.Count).OrderBy(_ => random.Next()).Take(windows.Count / 10).ToArray();
        var result = windows.ToArray();
        for (var i = 0; i < chosen.Length; i++)
        {
            var (name, corrupt) = ways[i % ways.Length];
            var window = windows[chosen[i]];
            result[chosen[i]] = new EcgWindow { Record = window.Record, Signal = window.Signal, Corruption = name, Measurements = corrupt(window.Measurements, random) };
        }

        return result;
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
        foreach (var index in Enumerable.Range(0, d.Length).OrderBy(_ => random.Next()).Take(5))
            copy[index] += (float)(size * (random.Next(2) == 0 ? -1 : 1));
        return copy;
    }

    /// <summary>A loose electrode: measurements of noise with the energy of the signal's.</summary>
    private static float[] ReplaceByNoise(float[] d, Random random)
    {
        var noise = d.Select(_ => Gaussian.Next(random)).ToArray();
        var factor = (float)(MatrixMath.Norm(d) / MatrixMath.Norm(noise));
        return [.. noise.Select(v => v * factor)];
    }
}
