namespace XaiL2O.MLNet;

/// <summary>
/// Draws every trial's options independently (Bergstra and Bengio, <i>Random search for hyper-parameter optimization</i>, JMLR 13, 2012); the
/// first trial is made with the defaults where the space has them.
/// </summary>
/// <param name="Seed">Seed of the draws.</param>
public sealed record RandomSearch(int Seed = 1) : Tuner
{
    /// <summary>Draws after which a space of choices counts as exhausted.</summary>
    private const int Draws = 200;

    /// <inheritdoc/>
    public override TrialProposal? Next(OptionSpace space, IReadOnlyList<TrialOutcome> ended, TrialOrder order)
    {
        ArgumentNullException.ThrowIfNull(space);
        ArgumentNullException.ThrowIfNull(ended);
        if (ended.Count == 0 && space.HasDefaults)
            return new TrialProposal(space.Defaults());
        // Trying the same options twice tells nothing.
        var known = ended.Select(t => t.Options).ToHashSet();
        var random = RandomOf(Seed, ended.Count);
        for (var draw = 0; draw < Draws; draw++)
        {
            var options = space.Sample(random);
            if (!known.Contains(options))
                return new TrialProposal(options);
        }

        return null;
    }
}
