using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>
/// Watches losses of rows whose truths come later, for instance whether a bound was broken or a released row was bad: an alarm says that the risk is larger than that of the reference by
/// more than a tolerance, and where it is not, none ever comes with probability 1 − δ, however often one looks. Not for use from several threads.
/// </summary>
/// <remarks>
/// The alarm comes where a lower bound of the risk so far that holds at all times together exceeds an upper bound of the reference's risk by the tolerance, each with δ/2 (Podkopaev and Ramdas
/// 2022, arXiv 2110.06177); both are empirical-Bernstein bounds (Waudby-Smith and Ramdas 2024, arXiv 2010.15899, theorem 2). Assumes that reference losses are independent of each other; new ones
/// may depend on those before, as long as the risk of each, given those before, is tolerated. The bound is of the mean of these risks, in which early rows weigh more: after a long time
/// without a change one shows late. To see changes soon, start a monitor anew from time to time, with a δ that is shared among them.
/// </remarks>
public sealed class RiskMonitor
{
    private MeanBound bound;

    /// <summary>Starts with losses of a reference, for instance of rows on which the guarantee was checked.</summary>
    /// <param name="referenceLosses">In [0, 1]; NaN counts as 1.</param>
    /// <param name="options">Settings; the defaults when null.</param>
    public RiskMonitor(ReadOnlySpan<double> referenceLosses, RiskMonitorOptions? options = null)
        : this(options ?? new RiskMonitorOptions(), double.NaN)
    {
        var reference = default(MeanBound);
        foreach (var loss in referenceLosses)
            reference = reference.With(Checked(loss), HalfDelta, referenceLosses.Length);
        Limit = reference.Upper(HalfDelta) + Options.Tolerance;
    }

    private RiskMonitor(RiskMonitorOptions options, double limit)
    {
        options.Validate();
        (Options, Limit) = (options, limit);
    }

    /// <summary>Settings.</summary>
    public RiskMonitorOptions Options { get; }

    /// <summary>The upper bound of the reference's risk and the tolerance; the alarm comes above it. Where it is 1 or more, as without reference losses, none can come.</summary>
    public double Limit { get; private init; }

    /// <summary>Rows observed.</summary>
    public long Count => bound.Count;

    /// <summary>Mean loss of the rows observed; NaN before the first.</summary>
    public double MeanLoss => bound.Count == 0 ? double.NaN : bound.Sum / bound.Count;

    /// <summary>The risk so far is at least this.</summary>
    public double LowerBound => bound.Lower(HalfDelta);

    /// <summary>The row at which the alarm came, from 1 on; 0 while there is none. An alarm stays.</summary>
    public long AlarmAt { get; private set; }

    private double HalfDelta => (1 - Options.Confidence) / 2;

    /// <summary>Takes up the loss of the next row.</summary>
    /// <param name="loss">In [0, 1], for instance 1 where a bound was broken; NaN counts as 1.</param>
    /// <returns>Whether there is an alarm, at this row or before.</returns>
    public bool Observe(double loss)
    {
        bound = bound.With(Checked(loss), HalfDelta);
        if (AlarmAt == 0 && LowerBound > Limit)
            AlarmAt = Count;
        return AlarmAt > 0;
    }

    /// <summary>Writes the state as JSON with a checksum; <see cref="FileReplacement.Write"/> makes a file of it.</summary>
    /// <param name="stream">Stays open.</param>
    [RequiresUnreferencedCode(Trimming.Json), RequiresDynamicCode(Trimming.Json)]
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Write(Sealed.ToJson(new State(Options, Limit, AlarmAt, bound)));
    }

    /// <summary>Goes on from a saved state.</summary>
    /// <param name="stream">What <see cref="Save"/> wrote and nothing behind it.</param>
    /// <exception cref="InvalidDataException">The state is damaged.</exception>
    [RequiresUnreferencedCode(Trimming.Json), RequiresDynamicCode(Trimming.Json)]
    public static RiskMonitor Load(Stream stream)
    {
        var state = SavedState.Read<State>(stream, "The state of the risk monitor", s => s.Options.Validate());
        if (!(state.Limit >= 0 && state.Limit <= 2) || state.AlarmAt < 0 || state.AlarmAt > state.Bound.Count || !state.Bound.IsPossible)
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"The state of the risk monitor has the limit {state.Limit} and an alarm at {state.AlarmAt} of {state.Bound.Count} rows. No losses leave such a state."));
        return new RiskMonitor(state.Options, state.Limit) { bound = state.Bound, AlarmAt = state.AlarmAt };
    }

    private static double Checked(double loss) => double.IsNaN(loss) ? 1 : loss is >= 0 and <= 1
        ? loss
        : throw new ArgumentOutOfRangeException(nameof(loss), loss, string.Create(CultureInfo.InvariantCulture, $"A loss is {loss}; losses lie in [0, 1]."));

    private sealed record State(RiskMonitorOptions Options, double Limit, long AlarmAt, MeanBound Bound);
}
