using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>Settings of a <see cref="RiskMonitor"/>.</summary>
public sealed record RiskMonitorOptions
{
    /// <summary>1 − δ in (0, 1): where nothing is worse than tolerated, no alarm ever comes with this probability. Default 0.95.</summary>
    public double Confidence { get; init; } = 0.95;

    /// <summary>How much larger than that of the reference the risk may be, in [0, 1). Default 0.05.</summary>
    public double Tolerance { get; init; } = 0.05;

    /// <summary>Throws unless the options are in range.</summary>
    /// <exception cref="ArgumentException">The message names the option and its value.</exception>
    public void Validate()
    {
        if (!(Confidence > 0 && Confidence < 1))
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{nameof(Confidence)} = {Confidence} is out of range; it must lie in (0, 1)."));
        if (!(Tolerance >= 0 && Tolerance < 1))
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{nameof(Tolerance)} = {Tolerance} is out of range; it must lie in [0, 1)."));
    }
}
