namespace XaiL2O.Certifiers;

/// <summary>A scale from values to a coordinate of a figure.</summary>
/// <param name="Low">Value at the start.</param>
/// <param name="High">Value at the end, above it.</param>
/// <param name="Logarithmic">Whether equal factors are equal distances; both values are then positive.</param>
/// <param name="Start">Coordinate of the start.</param>
/// <param name="End">Coordinate of the end.</param>
internal sealed record SvgAxis(double Low, double High, bool Logarithmic, double Start, double End)
{
    private const int MostTicks = 6;

    /// <summary>Where a value is drawn; what is beyond the axis, at its end.</summary>
    public double At(double value)
    {
        var at = Logarithmic ? Math.Log(Math.Max(value, Low) / Low) / Math.Log(High / Low) : (value - Low) / (High - Low);
        return Start + (Math.Clamp(at, 0, 1) * (End - Start));
    }

    /// <summary>Round values within the axis: multiples of 1, 2 or 5 times a power of ten; on a logarithmic axis powers of ten, and on a short one numbers between.</summary>
    public IReadOnlyList<double> Ticks()
    {
        if (!Logarithmic)
        {
            var power = Math.Pow(10, Math.Floor(Math.Log10((High - Low) / MostTicks)));
            var step = ((double[])[1, 2, 5, 10]).Select(m => m * power).First(s => (High - Low) / s <= MostTicks);
            var (first, last) = (Math.Ceiling((Low / step) - 1e-9), Math.Floor((High / step) + 1e-9));
            return [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step)];
        }

        var (from, to) = ((int)Math.Floor(Math.Log10(Low)), (int)Math.Ceiling(Math.Log10(High)));
        // On a short axis numbers between the powers of ten stand, too.
        int[] mantissas = High / Low < 30 ? [1, 2, 5] : High / Low < 1000 ? [1, 3] : [1];
        double[] round = [.. Enumerable.Range(from, to - from + 1).SelectMany(k => mantissas.Select(m => m * Math.Pow(10, k))).Where(v => v >= Low && v <= High)];
        var every = (round.Length + MostTicks - 1) / MostTicks;
        return [.. round.Where((_, i) => i % Math.Max(1, every) == 0)];
    }
}
