namespace XaiL2O.MLNet;

/// <summary>
/// Successive halving (Jamieson and Talwalkar, <i>Non-stochastic best arm identification and hyperparameter optimization</i>, AISTATS 2016): many
/// options are tried with little effort, the best share 1/η of them with η times the effort, and so on up to full effort; then a new bracket
/// starts. With several values of <see cref="Rungs"/> run apart it is Hyperband (arXiv 1603.06560).
/// </summary>
/// <remarks>
/// A bracket has η^(r−1) options at effort η^(1−r) for r rungs: 9 at 1/9, 3 at 1/3, 1 at 1 for η = 3, r = 3. Where the space has defaults they are
/// the first trial, at full effort. A failed trial is never promoted. The pipeline turns <see cref="Trial.Resource"/> into epochs, rows or trees;
/// one that ignores it makes a random search that tries the best ones again.
/// </remarks>
/// <param name="Seed">Seed of the draws.</param>
/// <param name="Rungs">r, at least 2 and at most 10. Default 3.</param>
/// <param name="ReductionFactor">η, at least 2 and at most 10. Default 3.</param>
public sealed record SuccessiveHalving(int Seed = 1, int Rungs = 3, int ReductionFactor = 3) : Tuner
{
    /// <inheritdoc/>
    public override TrialProposal? Next(OptionSpace space, IReadOnlyList<TrialOutcome> ended, TrialOrder order)
    {
        ArgumentNullException.ThrowIfNull(space);
        ArgumentNullException.ThrowIfNull(ended);
        ArgumentNullException.ThrowIfNull(order);
        var at = 0;
        if (space.HasDefaults)
        {
            if (ended.Count == 0)
                return new TrialProposal(space.Defaults());
            at = 1;
        }

        // Walks through the brackets as they were run. Every lap but the last takes up at least one trial, so the walk ends.
        while (true)
        {
            var size = (int)Math.Pow(ReductionFactor, Rungs - 1);
            // Numbered by position, so that every bracket draws anew.
            if (ended.Count - at < size)
                return new TrialProposal(space.Sample(RandomOf(Seed, ended.Count)), Effort(0));
            var rung = ended.Skip(at).Take(size);
            at += size;
            for (var level = 1; level < Rungs; level++)
            {
                TrialOutcome[] promoted = [.. rung.Where(t => t.Status == TrialStatus.Succeeded).Order(order).Take(size /= ReductionFactor)];
                if (ended.Count - at < promoted.Length)
                    return new TrialProposal(promoted[ended.Count - at].Options, Effort(level));
                rung = ended.Skip(at).Take(promoted.Length);
                at += promoted.Length;
            }
        }
    }

    internal override void Validate()
    {
        if (Rungs is < 2 or > 10)
            throw new ArgumentOutOfRangeException(nameof(Rungs), Rungs, $"{nameof(Rungs)} = {Rungs} is out of range; it must lie in [2, 10].");
        if (ReductionFactor is < 2 or > 10)
            throw new ArgumentOutOfRangeException(nameof(ReductionFactor), ReductionFactor, $"{nameof(ReductionFactor)} = {ReductionFactor} is out of range; it must lie in [2, 10].");
    }

    private double Effort(int level) => Math.Pow(ReductionFactor, level + 1 - Rungs);
}
