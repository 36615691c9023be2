namespace XaiL2O.Certifiers;

/// <summary>Settings of the joint verdict.</summary>
public sealed record JointPolicy
{
    /// <summary>Rule. Default <see cref="JointRule.AllPass"/>, as in the source.</summary>
    public JointRule Rule { get; init; } = JointRule.AllPass;

    /// <summary>Share of good rows that may fail altogether, in (0, 1); used by Bonferroni and Holm. Default 0.05.</summary>
    public double FamilyLevel { get; init; } = 0.05;

    /// <summary>Throws unless the options are in range.</summary>
    /// <exception cref="ArgumentException">The message names the option and its value.</exception>
    public void Validate()
    {
        if (!Enum.IsDefined(Rule))
            throw new ArgumentException($"{nameof(Rule)} = {Rule} is not a {nameof(JointRule)}.");
        if (!(FamilyLevel > 0 && FamilyLevel < 1))
            throw new ArgumentException($"{nameof(FamilyLevel)} = {FamilyLevel} is out of range; it must lie in (0, 1).");
    }
}
