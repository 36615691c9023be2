namespace XaiL2O.MLNet;

/// <summary>
/// Decides what is tried next. A tuner has no state: what it proposes follows from its settings and the trials that have ended, so that an
/// interrupted experiment goes on as if it had not been interrupted.
/// </summary>
public abstract record Tuner
{
    /// <summary>The next trial.</summary>
    /// <param name="space">The options.</param>
    /// <param name="ended">All trials that have ended, by number; failed ones included.</param>
    /// <param name="order">Which of two trials is better.</param>
    /// <returns>Null where there is nothing left to try.</returns>
    public abstract TrialProposal? Next(OptionSpace space, IReadOnlyList<TrialOutcome> ended, TrialOrder order);

    /// <summary>A random number generator that is the same in every process for the same seed and number.</summary>
    /// <param name="seed">Seed of the tuner.</param>
    /// <param name="number">Which of its generators, at least 0.</param>
    protected static Random RandomOf(int seed, int number)
    {
        // splitmix64 (Steele, Lea and Flood 2014): neighbouring seeds and numbers give unrelated generators.
        var z = ((ulong)(uint)seed << 32) + (uint)number + 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return new Random((int)((z ^ (z >> 31)) & int.MaxValue));
    }

    /// <summary>Throws unless the settings are in their ranges.</summary>
    internal virtual void Validate()
    {
    }
}
