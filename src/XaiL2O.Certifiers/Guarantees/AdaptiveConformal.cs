using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>
/// Adaptive conformal inference, for rows in order of time whose truths come later: the level rises after rows that kept their bound and sinks after those that broke it, so that
/// the long-run share of broken bounds is α whatever the rows do. Not for use from several threads.
/// </summary>
/// <remarks>
/// α_{t+1} = α_t + γ(α − err_t), and the bound of row t is the conformal quantile of the scores at hand at level α_t: ∞ where α_t is too small for them, −∞, which every row breaks,
/// where α_t ≥ 1. For every sequence of rows, chosen by an adversary or not, |mean err − α| ≤ (max(α, 1 − α) + γ)/(γT) after T rows, if each truth comes before the
/// next bound is asked for (Gibbs and Candès 2021, arXiv 2106.00170, proposition 4.1). Where up to L more bounds are asked for before a truth comes, the level can run on for as many rows, and γ counts
/// L + 1 times. Nothing is promised of a single row, which a sudden change may catch out.
/// </remarks>
public sealed class AdaptiveConformal
{
    private const double Slack = 1e-9;
    private readonly AdaptiveOptions options;
    private long misses;

    /// <summary>Starts at level α.</summary>
    /// <param name="options">Settings; the defaults when null.</param>
    public AdaptiveConformal(AdaptiveOptions? options = null)
    {
        this.options = options ?? new AdaptiveOptions();
        this.options.Validate();
        Level = this.options.Miscoverage;
    }

    /// <summary>Settings.</summary>
    public AdaptiveOptions Options => options;

    /// <summary>α_t, the level of the next row; below 0 and above 1 too.</summary>
    public double Level { get; private set; }

    /// <summary>Rows whose truths came.</summary>
    public long Count { get; private set; }

    /// <summary>The share of rows that broke their bound; NaN before the first.</summary>
    public double Rate => Count == 0 ? double.NaN : (double)misses / Count;

    /// <summary>What <see cref="Rate"/> may differ from α, whatever the rows: (max(α, 1 − α) + (L + 1)γ)/(γT).</summary>
    /// <param name="outstanding">L, the most bounds that were asked for after a row's own before its truth came; 0 where each truth comes before the next bound.</param>
    public double RateDeviation(int outstanding = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(outstanding);
        return (Math.Max(options.Miscoverage, 1 - options.Miscoverage) + ((outstanding + 1.0) * options.StepSize)) / (options.StepSize * Count);
    }

    /// <summary>The bound of the next row's score.</summary>
    /// <param name="scores">Scores at hand, of any rows before; NaN counts as larger than all numbers.</param>
    public double Quantile(ReadOnlySpan<double> scores)
    {
        if (Level >= 1)
            return double.NegativeInfinity;
        var exceedances = Level <= 0 ? 0 : (int)Math.Floor((Level * (scores.Length + 1.0)) + Slack);
        return exceedances == 0 ? double.PositiveInfinity : exceedances > scores.Length ? double.NegativeInfinity : ConformalQuantile.Sorted(scores)[^exceedances];
    }

    /// <summary>Takes up whether a row's truth broke its bound.</summary>
    /// <param name="missed">Whether it did.</param>
    public void Observe(bool missed)
    {
        (Count, misses) = (Count + 1, misses + (missed ? 1 : 0));
        // From the counts and not by steps, whose rounding would pile up.
        Level = options.Miscoverage + (options.StepSize * ((Count * options.Miscoverage) - misses));
    }

    /// <summary>Writes the state as JSON with a checksum; <see cref="FileReplacement.Write"/> makes a file of it.</summary>
    /// <param name="stream">Stays open.</param>
    [RequiresUnreferencedCode(Trimming.Json), RequiresDynamicCode(Trimming.Json)]
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Write(Sealed.ToJson(new State(options, Count, misses)));
    }

    /// <summary>Goes on from a saved state.</summary>
    /// <param name="stream">What <see cref="Save"/> wrote and nothing behind it.</param>
    /// <exception cref="InvalidDataException">The state is damaged.</exception>
    [RequiresUnreferencedCode(Trimming.Json), RequiresDynamicCode(Trimming.Json)]
    public static AdaptiveConformal Load(Stream stream)
    {
        var state = SavedState.Read<State>(stream, "The state of adaptive conformal inference", s => s.Options.Validate());
        if (state.Count < 0 || state.Misses < 0 || state.Misses > state.Count)
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"The state of adaptive conformal inference counts {state.Misses} misses in {state.Count} rows. No stream leaves such a state."));
        var loaded = new AdaptiveConformal(state.Options) { Count = state.Count, misses = state.Misses };
        loaded.Level = state.Options.Miscoverage + (state.Options.StepSize * ((state.Count * state.Options.Miscoverage) - state.Misses));
        return loaded;
    }

    private sealed record State(AdaptiveOptions Options, long Count, long Misses);
}
