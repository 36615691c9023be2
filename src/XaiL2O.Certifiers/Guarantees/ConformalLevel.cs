using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>
/// What a conformal bound promises: at most a share <see cref="Miscoverage"/> of rows breaks it. Without a <see cref="Confidence"/> the share is an average over calibrations;
/// with one, this very calibration keeps it with that probability.
/// </summary>
/// <remarks>
/// Under exchangeability of the N calibration rows with the new one, the k largest of N + 1 scores hold the new one with probability at most k/(N + 1), so k = ⌊α(N + 1)⌋
/// (Vovk, Gammerman and Shafer 2005; Lei et al. 2018, doi 10.1080/01621459.2017.1307116). Given the calibration rows the share is at most Beta(k, N + 1 − k), drawn independently
/// from one distribution (Vovk 2012, doi 10.1007/s10994-013-5355-6), so the largest k with P(Bin(N, α) &lt; k) ≤ δ holds with probability 1 − δ. Ties make either only safer.
/// </remarks>
public sealed record ConformalLevel
{
    // α(N + 1) is whole where the user means it to be, as 0.1 · 30 is.
    private const double Slack = 1e-9;

    /// <summary>α in (0, 1). Default 0.1.</summary>
    public double Miscoverage { get; init; } = 0.1;

    /// <summary>1 − δ in (0, 1), or null, the default, for the average over calibrations.</summary>
    public double? Confidence { get; init; }

    /// <summary>The least number of calibration rows that supports the level: ⌈1/α⌉ − 1, or ⌈ln δ/ln(1 − α)⌉ with a confidence.</summary>
    public int RowsNeeded
    {
        get
        {
            var rows = Math.Ceiling((Confidence is { } c ? double.LogP1(-c) / double.LogP1(-Miscoverage) : (1 / Miscoverage) - 1) - Slack);
            return rows < int.MaxValue ? Math.Max(1, (int)rows) : int.MaxValue;
        }
    }

    /// <summary>k: the bound is the k-th largest of the calibration scores; 0 where there are too few.</summary>
    /// <param name="rows">N, at least 0.</param>
    public int Exceedances(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        return Confidence is { } c
            ? Math.Min(rows, BinomialTail.CountWithin((1 - c) * (1 + Slack), rows, Miscoverage))
            : Math.Min(rows, (int)Math.Floor((Miscoverage * (rows + 1.0)) + Slack));
    }

    /// <summary>The share of rows that break the bound, given the calibration rows.</summary>
    /// <param name="rows">N, enough for the level.</param>
    /// <exception cref="ArgumentException">There are too few.</exception>
    public RateGivenCalibration RateGiven(int rows)
    {
        Require(rows);
        return new RateGivenCalibration(rows, Exceedances(rows));
    }

    /// <summary>The level of one of two tails.</summary>
    internal ConformalLevel Half() => this with { Miscoverage = Miscoverage / 2, Confidence = (1 + Confidence) / 2 };

    /// <summary>Throws unless there are enough rows.</summary>
    /// <param name="rows">N.</param>
    /// <param name="of">Of what, for the message: empty, or words that begin with a space.</param>
    /// <exception cref="ArgumentException">There are too few; the message says how many are needed.</exception>
    internal void Require(int rows, string of = "")
    {
        Validate();
        if (rows >= RowsNeeded && Exceedances(rows) > 0)
            return;
        var confidence = Confidence is { } c ? FormattableString.Invariant($" with confidence {c}") : "";
        throw new ArgumentException(string.Create(
            CultureInfo.InvariantCulture,
            $"A miscoverage of {Miscoverage}{confidence} needs at least {RowsNeeded} calibration rows{of}, and there are {rows}: of so few, not even the largest is exceeded rarely enough. Calibrate on at least {RowsNeeded} rows, or raise {nameof(Miscoverage)}."));
    }

    /// <summary>Throws unless the options are in range.</summary>
    /// <exception cref="ArgumentException">The message names the option and its value.</exception>
    public void Validate()
    {
        if (!(Miscoverage > 0 && Miscoverage < 1))
            throw new ArgumentException(FormattableString.Invariant($"{nameof(Miscoverage)} = {Miscoverage} is out of range; it must lie in (0, 1)."));
        if (Confidence is { } confidence && !(confidence > 0 && confidence < 1))
            throw new ArgumentException(FormattableString.Invariant($"{nameof(Confidence)} = {confidence} is out of range; it must lie in (0, 1)."));
    }
}
