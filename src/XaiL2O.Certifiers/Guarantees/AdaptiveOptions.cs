using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>Settings of <see cref="AdaptiveConformal"/>.</summary>
public sealed record AdaptiveOptions
{
    /// <summary>α in (0, 1): the long-run share of rows that break their bound. Default 0.1.</summary>
    public double Miscoverage { get; init; } = 0.1;

    /// <summary>γ > 0, at most 1: how far a row moves the level. Large ones follow changes sooner and let bounds vary more. Default 0.04.</summary>
    public double StepSize { get; init; } = 0.04;

    /// <summary>Throws unless the options are in range.</summary>
    /// <exception cref="ArgumentException">The message names the option and its value.</exception>
    public void Validate()
    {
        if (!(Miscoverage > 0 && Miscoverage < 1))
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{nameof(Miscoverage)} = {Miscoverage} is out of range; it must lie in (0, 1)."));
        if (!(StepSize > 0 && StepSize <= 1))
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{nameof(StepSize)} = {StepSize} is out of range; it must lie in (0, 1]."));
    }
}
