namespace XaiL2O.Examples;

/// <summary>
/// The mean of paired differences with its 95 % percentile bootstrap interval (Efron 1979, doi 10.1214/aos/1176344552): rows are drawn
/// with replacement 10 000 times. It says what other test rows of the same kind might have shown, not what another training might.
/// </summary>
internal readonly record struct PairedBootstrap(double Mean, double Low, double High)
{
    private const int Draws = 10_000;

    public static PairedBootstrap Of(IReadOnlyList<double> differences, int seed)
    {
        var random = new Random(seed);
        var means = new double[Draws];
        for (var draw = 0; draw < Draws; draw++)
        {
            var sum = 0.0;
            for (var i = 0; i < differences.Count; i++)
                sum += differences[random.Next(differences.Count)];
            means[draw] = sum / differences.Count;
        }

        Array.Sort(means);
        return new(differences.Average(), means[(int)(0.025 * Draws)], means[(int)(0.975 * Draws) - 1]);
    }

    public override string ToString() => $"{Mean:+0.000;−0.000} [{Low:+0.000;−0.000}, {High:+0.000;−0.000}]";
}
