using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>Settings of a <see cref="StreamSelection"/>.</summary>
public sealed record StreamOptions
{
    internal const int LongestWindow = 10_000_000;

    /// <summary>q in (0, 1): at most this share of the selected rows is bad, on average. Default 0.1.</summary>
    public double FalseDiscoveryRate { get; init; } = 0.1;

    /// <summary>
    /// Rows after which the stream starts anew, in [1, 10⁷]; the promise then holds for each window, at any time within it. Default 1000. Evidence of N calibration rows is limited,
    /// while the level of a row sinks: without windows every stream ends up selecting nothing.
    /// </summary>
    public int Window { get; init; } = 1000;

    /// <summary>The share of rows that are expected to be selected, in (0, 1]: e-values are made large enough for them. A wrong one costs rows, never the promise. Default 0.5.</summary>
    public double ExpectedShare { get; init; } = 0.5;

    /// <summary>Throws unless the options are in range.</summary>
    /// <exception cref="ArgumentException">The message names the option and its value.</exception>
    public void Validate()
    {
        if (!(FalseDiscoveryRate > 0 && FalseDiscoveryRate < 1))
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{nameof(FalseDiscoveryRate)} = {FalseDiscoveryRate} is out of range; it must lie in (0, 1)."));
        if (Window is < 1 or > LongestWindow)
            throw new ArgumentException($"{nameof(Window)} = {Window} is out of range; it must lie in [1, {LongestWindow}].");
        if (!(ExpectedShare > 0 && ExpectedShare <= 1))
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{nameof(ExpectedShare)} = {ExpectedShare} is out of range; it must lie in (0, 1]."));
    }
}
