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
            throw new ArgumentException($"{nameof(PassProbability)} + {nameof(WarningProbability)} + {nameof(FailProbability)} = {sum}; they must sum to 1.");
    }
}
