namespace XaiL2O.Certifiers;

/// <summary>The probabilities p_p + p_w + p_f = 1 of rule (12): how the range of usual values is divided into labels.</summary>
public sealed record LabelPolicy
{
    /// <summary>p_p, in [0, 1]. Default 0.95.</summary>
    public double PassProbability { get; init; } = 0.95;

    /// <summary>p_w, in [0, 1]. Default 0.</summary>
    public double WarningProbability { get; init; }

    /// <summary>p_f, in [0, 1]: the share of good rows that may fail. Default 0.05.</summary>
    public double FailProbability { get; init; } = 0.05;

    /// <summary>
    /// 1 − δ in (0, 1): the levels hold for this very set of calibration rows with this probability, if rows are drawn independently; also that of a joint rule, which shares δ among the
    /// properties. Null, the default: they hold on average over calibrations. Needs <see cref="Calibration.Conformal"/> and more calibration rows, 59 in place of 19 for 5 % at 0.95.
    /// </summary>
    /// <remarks>
    /// Given N calibration rows a share Beta(k, N + 1 − k) of good rows has a p-value of at most k/(N + 1), so k is the largest with P(Bin(N, p_f) &lt; k) ≤ δ (Vovk 2012, doi
    /// 10.1007/s10994-013-5355-6); two-sided k is even, half of it for each side. p-values stay as they are.
    /// </remarks>
    public double? Confidence { get; init; }

    /// <summary>Throws unless every probability is in [0, 1] and they sum to 1.</summary>
    /// <exception cref="ArgumentException">The message names the option and its value.</exception>
    public void Validate()
    {
        foreach (var (name, value) in new[] { (nameof(PassProbability), PassProbability), (nameof(WarningProbability), WarningProbability), (nameof(FailProbability), FailProbability) })
        {
            if (!(value >= 0 && value <= 1))
                throw new ArgumentException($"{name} = {value} is out of range; it must lie in [0, 1].");
        }

        var sum = PassProbability + WarningProbability + FailProbability;
        if (Math.Abs(sum - 1) > 1e-9)
            throw new ArgumentException(FormattableString.Invariant($"{nameof(PassProbability)} + {nameof(WarningProbability)} + {nameof(FailProbability)} = {sum}; they must sum to 1."));
        if (Confidence is { } confidence && !(confidence > 0 && confidence < 1))
            throw new ArgumentException(FormattableString.Invariant($"{nameof(Confidence)} = {confidence} is out of range; it must lie in (0, 1), or be null for the average over calibrations."));
    }
}
