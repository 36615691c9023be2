namespace XaiL2O.Certifiers;

/// <summary>Settings of a <see cref="DriftMonitor"/>.</summary>
public sealed record DriftOptions
{
    /// <summary>δ in (0, 1): the probability of ever raising an alarm while nothing changes is at most δ. Default 0.01.</summary>
    public double FalseAlarmBound { get; init; } = 0.01;

    /// <summary>Share of a martingale's capital that is spread anew at every row, in [0, 1]; see <see cref="PowerMartingale"/>. Default 0.001.</summary>
    public double Share { get; init; } = 0.001;

    /// <summary>Seed of the draws that break ties.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Throws unless the options are in range.</summary>
    /// <exception cref="ArgumentException">The message names the option and its value.</exception>
    public void Validate()
    {
        if (!(FalseAlarmBound > 0 && FalseAlarmBound < 1))
            throw new ArgumentException($"{nameof(FalseAlarmBound)} = {FalseAlarmBound} is out of range; it must lie in (0, 1).");
        if (!(Share >= 0 && Share <= 1))
            throw new ArgumentException($"{nameof(Share)} = {Share} is out of range; it must lie in [0, 1].");
    }
}
