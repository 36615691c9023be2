using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>
/// Conformal risk control: the smallest parameter λ at which the expected loss of a new row is at most α, for losses that sink as λ grows and lie in [0, B].
/// </summary>
/// <remarks>
/// λ̂ = inf{λ : (N·R̂(λ) + B)/(N + 1) ≤ α} gives E[loss(λ̂)] ≤ α under exchangeability of the calibration rows with the new one; Angelopoulos, Bates, Fisch, Lei and Schuster 2022, arXiv
/// 2208.02814. Losses that may rise with λ are refused: for them the promise does not hold.
/// </remarks>
public static class RiskControl
{
    private const double Slack = 1e-12;

    /// <summary>The least number of calibration rows: ⌈B/α⌉ − 1.</summary>
    /// <param name="risk">α in (0, B).</param>
    /// <param name="largestLoss">B > 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public static int RowsNeeded(double risk, double largestLoss = 1)
    {
        if (!(largestLoss > 0 && double.IsFinite(largestLoss)))
            throw new ArgumentOutOfRangeException(nameof(largestLoss), largestLoss, $"{nameof(largestLoss)} = {largestLoss} is out of range; it must be positive and finite.");
        if (!(risk > 0 && risk < largestLoss))
            throw new ArgumentOutOfRangeException(nameof(risk), risk, $"{nameof(risk)} = {risk} is out of range; it must lie in (0, {largestLoss}), below the largest loss.");
        return (int)Math.Min(int.MaxValue, Math.Max(1, Math.Ceiling((largestLoss / risk) - 1 - 1e-9)));
    }

    /// <summary>The smallest of given parameters that keeps the risk.</summary>
    /// <param name="parameters">λ, ascending.</param>
    /// <param name="rows">N.</param>
    /// <param name="loss">Loss of a row, 0 … N − 1, at a parameter: in [0, B], and no larger at a larger parameter.</param>
    /// <param name="risk">α in (0, B).</param>
    /// <param name="largestLoss">B.</param>
    /// <exception cref="ArgumentException">There are too few rows, a loss rises or is out of range, or no parameter keeps the risk; the message says which.</exception>
    public static double SmallestParameter(ReadOnlySpan<double> parameters, int rows, Func<int, double, double> loss, double risk, double largestLoss = 1)
    {
        ArgumentNullException.ThrowIfNull(loss);
        Require(rows, risk, largestLoss);
        for (var j = 1; j < parameters.Length; j++)
            if (!(parameters[j] > parameters[j - 1]))
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The parameters must ascend; {parameters[j]} follows {parameters[j - 1]}."), nameof(parameters));
        var sums = new double[parameters.Length];
        for (var i = 0; i < rows; i++)
        {
            var last = largestLoss;
            for (var j = 0; j < parameters.Length; j++)
            {
                var value = loss(i, parameters[j]);
                if (!(value >= 0 && value <= largestLoss))
                    throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The loss of row {i} is {value} at {parameters[j]}; losses lie in [0, {largestLoss}]."), nameof(loss));
                if (value > last)
                    throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The loss of row {i} rises from {last} to {value} at {parameters[j]}; only losses that never rise with the parameter can be controlled."), nameof(loss));
                sums[j] += last = value;
            }
        }

        for (var j = 0; j < parameters.Length; j++)
            if (Keeps(sums[j], rows, risk, largestLoss))
                return parameters[j];
        throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"No parameter keeps a risk of {risk}: the mean loss at the largest of {parameters.Length} is {(parameters.IsEmpty ? largestLoss : sums[^1] / rows)}. Offer larger parameters."), nameof(parameters));
    }

    /// <summary>
    /// The factor λ of intervals x̂ ± λ·w per component, so that at most a share α of the components of a row is outside on average: the loss is that share.
    /// </summary>
    /// <param name="ratios">|x − x̂|/w of the components of every row; rows may differ in length, none is empty. NaN is outside whatever λ.</param>
    /// <param name="risk">α in (0, 1).</param>
    /// <exception cref="ArgumentException">There are too few rows, or too many ratios that are no numbers.</exception>
    public static double ComponentFactor(IReadOnlyList<double[]> ratios, double risk)
    {
        ArgumentNullException.ThrowIfNull(ratios);
        Require(ratios.Count, risk, 1);
        if (ratios.Any(r => r is null || r.Length == 0))
            throw new ArgumentException("A row has no components.", nameof(ratios));
        var all = ratios.SelectMany(row => row.Select(r => (Ratio: double.IsNaN(r) ? double.PositiveInfinity : r, Share: 1.0 / row.Length))).OrderByDescending(r => r.Ratio).ToArray();
        // Outside at λ are the ratios above it: λ sinks to the last ratio above which there is room for them.
        var (outside, at) = (0.0, 0);
        while (at < all.Length)
        {
            var next = at;
            var with = outside;
            while (next < all.Length && all[next].Ratio == all[at].Ratio)
                with += all[next++].Share;
            if (!Keeps(with, ratios.Count, risk, 1))
                return double.IsFinite(all[at].Ratio) ? Math.Max(0, all[at].Ratio) : throw new ArgumentException($"{next} components are NaN or infinite, more than a risk of {risk.ToString(CultureInfo.InvariantCulture)} leaves aside.", nameof(ratios));
            (outside, at) = (with, next);
        }

        return 0;
    }

    private static bool Keeps(double sum, int rows, double risk, double largestLoss) => sum + largestLoss <= risk * (rows + 1.0) * (1 + Slack);

    private static void Require(int rows, double risk, double largestLoss)
    {
        var needed = RowsNeeded(risk, largestLoss);
        if (rows < needed)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"A risk of {risk} with losses up to {largestLoss} needs at least {needed} calibration rows, and there are {rows}. Calibrate on more rows, or raise the risk."));
    }
}
