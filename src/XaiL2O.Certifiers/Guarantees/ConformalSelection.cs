using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace XaiL2O.Certifiers;

/// <summary>
/// Conformal p-values of the hypothesis that a row is bad, from calibration rows of which it is known which are: small where a row is better than nearly all bad ones. With
/// <see cref="BenjaminiHochberg"/> they select rows of which at most a share q is bad on average.
/// </summary>
/// <remarks>
/// p = (1 + #{i : bad, Gᵢ ≥ G})/(N + 1) with a goodness G that is larger for better rows, and N counts all calibration rows. P(bad and p ≤ t) ≤ t under exchangeability of the
/// calibration rows with the new one; Jin and Candès 2023, arXiv 2210.01408. Whether rows are released well depends on G, the promise does not.
/// </remarks>
public sealed class ConformalSelection
{
    private readonly double[] badGoodness; // ascending

    /// <summary>Takes calibration rows.</summary>
    /// <param name="goodness">G of each; NaN counts as worse than all numbers.</param>
    /// <param name="bad">Whether each is bad.</param>
    /// <exception cref="ArgumentException">The lengths differ, or there are no rows.</exception>
    public ConformalSelection(ReadOnlySpan<double> goodness, ReadOnlySpan<bool> bad)
    {
        if (goodness.IsEmpty || goodness.Length != bad.Length)
            throw new ArgumentException($"As many values of goodness as of bad are needed, and at least one; got {goodness.Length} and {bad.Length}.", nameof(bad));
        var values = new List<double>();
        for (var i = 0; i < goodness.Length; i++)
            if (bad[i])
                values.Add(double.IsNaN(goodness[i]) ? double.NegativeInfinity : goodness[i]);
        (badGoodness, Rows) = ([.. values.Order()], goodness.Length);
    }

    /// <summary>Takes what was saved of calibration rows.</summary>
    /// <param name="badGoodness">G of the bad ones, no NaN.</param>
    /// <param name="rows">N, at least 1.</param>
    internal ConformalSelection(double[] badGoodness, int rows)
    {
        if (rows < 1 || badGoodness.Length > rows || Array.Exists(badGoodness, double.IsNaN))
            throw new ArgumentException($"A selection of {rows} calibration rows has {badGoodness.Length} bad ones, or NaN among them.", nameof(rows));
        (this.badGoodness, Rows) = ([.. badGoodness.Order()], rows);
    }

    /// <summary>N, all calibration rows.</summary>
    public int Rows { get; }

    /// <summary>Calibration rows that are bad.</summary>
    public int BadRows => badGoodness.Length;

    /// <summary>Goodness of the bad calibration rows, ascending.</summary>
    internal ReadOnlySpan<double> BadGoodness => badGoodness;

    /// <summary>Tells calibrations apart, for states that go on with the same one.</summary>
    internal string Fingerprint => $"{Rows} {Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(BadGoodness)))[..16]}";

    /// <summary>The least number of calibration rows with which a level can release anything: ⌈1/q⌉ − 1.</summary>
    /// <param name="level">q in (0, 1).</param>
    public static int RowsNeeded(double level)
    {
        CheckLevel(level);
        return new ConformalLevel { Miscoverage = level }.RowsNeeded;
    }

    /// <summary>Throws unless there are rows enough for a level.</summary>
    /// <param name="level">q in (0, 1).</param>
    /// <exception cref="ArgumentException">There are too few; the message says how many are needed.</exception>
    public void Require(double level)
    {
        if (RowsNeeded(level) is var needed && Rows < needed)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"A false discovery rate of {level} needs at least {needed} calibration rows, and there are {Rows}: no conformal p-value of N rows is below 1/(N + 1). Calibrate on at least {needed} rows, or raise the rate."));
    }

    /// <summary>The p-value of a row; 1 where its goodness is NaN.</summary>
    /// <param name="goodness">G of the row.</param>
    public double PValue(double goodness) => CountPlusOne(goodness) / (Rows + 1.0);

    /// <summary>
    /// An e-value of the same hypothesis: (N + 1)/b where p ≤ b/(N + 1), and else 0. Its mean over bad rows is at most 1, whatever other rows are, so that a stream may use it beside
    /// others of the same calibration.
    /// </summary>
    /// <param name="goodness">G of the row.</param>
    /// <param name="rank">b from 1 to N, chosen without looking at these rows: the smaller, the larger the e-value, and the rarer.</param>
    public double EValue(double goodness, int rank)
    {
        if (rank < 1 || rank > Rows)
            throw new ArgumentOutOfRangeException(nameof(rank), rank, $"{nameof(rank)} = {rank} is out of range; it must lie in [1, {Rows}].");
        return CountPlusOne(goodness) <= rank ? (Rows + 1.0) / rank : 0;
    }

    internal static void CheckLevel(double level)
    {
        if (!(level > 0 && level < 1))
            throw new ArgumentOutOfRangeException(nameof(level), level, $"A false discovery rate of {level.ToString(CultureInfo.InvariantCulture)} is out of range; it must lie in (0, 1).");
    }

    private long CountPlusOne(double goodness)
    {
        if (double.IsNaN(goodness))
            return Rows + 1L;
        var (low, high) = (0, badGoodness.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = badGoodness[middle] >= goodness ? (low, middle) : (middle + 1, high);
        }

        return 1L + badGoodness.Length - low;
    }
}
