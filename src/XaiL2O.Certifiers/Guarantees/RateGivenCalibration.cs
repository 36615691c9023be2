using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>
/// The distribution, over calibrations, of the share of rows that fail though they are like the calibration rows: Beta(k, N + 1 − k) where scores have no ties, and no larger with
/// ties. It says what a nominal level is worth for the calibration rows at hand.
/// </summary>
/// <param name="Rows">N, at least 1.</param>
/// <param name="Exceedances">k: a row fails where its score exceeds the k-th largest of the calibration rows; from 1 to N.</param>
/// <remarks>
/// Assumes that calibration rows and new rows are drawn independently from one distribution. Vovk 2012, doi 10.1007/s10994-013-5355-6; Bates et al. 2023, arXiv 2104.08279.
/// </remarks>
public sealed record RateGivenCalibration(int Rows, int Exceedances)
{
    private const int Halvings = 60;

    /// <summary>k/(N + 1).</summary>
    public double Mean => Exceedances / (Rows + 1.0);

    /// <summary>The share of calibrations whose rate is above a level: P(Bin(N, x) &lt; k).</summary>
    /// <param name="rate">x in [0, 1].</param>
    public double ProbabilityAbove(double rate) => rate <= 0 ? 1 : rate >= 1 ? 0 : BinomialTail.AtMost(Exceedances - 1, Rows, rate);

    /// <summary>The rate that a share of calibrations stays below.</summary>
    /// <param name="share">In (0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is not in (0, 1).</exception>
    public double Quantile(double share)
    {
        if (!(share > 0 && share < 1))
            throw new ArgumentOutOfRangeException(nameof(share), share, $"{nameof(share)} = {share} is out of range; it must lie in (0, 1).");
        var (low, high) = (0.0, 1.0);
        for (var i = 0; i < Halvings; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = ProbabilityAbove(middle) > 1 - share ? (middle, high) : (low, middle);
        }

        return high;
    }

    /// <summary>A sentence for reports.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"With {Rows} calibration rows the rate is Beta({Exceedances}, {Rows + 1 - Exceedances}) over calibrations: {100 * Mean:0.0#} % on average, and below {100 * Quantile(0.95):0.0#} % for 95 % of them.");
}
