using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>Settings of an <see cref="ExchangeabilityTest"/>.</summary>
public sealed record ExchangeabilityOptions
{
    /// <summary>p-values up to this, in (0, 1), are taken for a difference: the share of false warnings. Default 0.01.</summary>
    public double Significance { get; init; } = 0.01;

    /// <summary>Permutations that the statistic is compared with, in [1, 10⁶], enough for the significance. Default 999.</summary>
    public int Permutations { get; init; } = 999;

    /// <summary>Rows of either set that are compared, in [2, 10⁶], drawn where there are more. Default 2000.</summary>
    public int MostRows { get; init; } = 2000;

    /// <summary>Seed of draws and permutations.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Throws unless the options are in range.</summary>
    /// <exception cref="ArgumentException">The message names the option and its value.</exception>
    public void Validate()
    {
        if (!(Significance > 0 && Significance < 1))
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{nameof(Significance)} = {Significance} is out of range; it must lie in (0, 1)."));
        if (Permutations is < 1 or > 1_000_000 || (Permutations + 1) * Significance < 1 - 1e-9)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{nameof(Permutations)} = {Permutations} is out of range; it must lie in [1, 10⁶], and be at least 1/{nameof(Significance)} − 1 with {nameof(Significance)} = {Significance}, so that a p-value can be as small."));
        if (MostRows is < 2 or > 1_000_000)
            throw new ArgumentException($"{nameof(MostRows)} = {MostRows} is out of range; it must lie in [2, 10⁶].");
    }
}
