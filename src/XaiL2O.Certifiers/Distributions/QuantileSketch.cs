using System.Runtime.InteropServices;

namespace XaiL2O.Certifiers;

/// <summary>
/// Summarises a stream of values in memory that hardly grows with it (Greenwald and Khanna, <i>Space-efficient online computation of
/// quantile summaries</i>, SIGMOD 2001, doi 10.1145/375663.375670). The error is certain, not probable. Not for use from several threads.
/// </summary>
/// <remarks>
/// A tuple (v, g, Δ) of the summary says that at least Σg and at most Σg + Δ values are at or below v. The invariant g + Δ ≤ εN bounds what
/// a count can miss. Values are taken up in sorted batches, which changes neither the invariant nor the bound.
/// </remarks>
public sealed class QuantileSketch
{
    private readonly List<double> pending = [];
    private readonly int capacity;
    private List<Tuple> summary = [];
    private int count;

    /// <summary>Starts an empty sketch.</summary>
    /// <param name="rankError">ε in (0, 1): counts are short by at most εN.</param>
    /// <exception cref="ArgumentOutOfRangeException">ε is out of range.</exception>
    public QuantileSketch(double rankError)
    {
        if (!(rankError > 0 && rankError < 1))
            throw new ArgumentOutOfRangeException(nameof(rankError), rankError, $"A sketch's rank error lies in (0, 1); got {rankError}.");
        RankError = rankError;
        capacity = (int)Math.Clamp(2 / rankError, 64, 65_536);
    }

    private readonly record struct Tuple(double Value, int Gap, int Slack);

    /// <summary>ε.</summary>
    public double RankError { get; }

    /// <summary>Values seen.</summary>
    public int Count => count + pending.Count;

    /// <summary>Tuples and waiting values held now.</summary>
    public int Kept => summary.Count + pending.Count;

    /// <summary>Takes a value up.</summary>
    /// <param name="value">A finite number.</param>
    /// <exception cref="ArgumentException">NaN or ∞.</exception>
    public void Add(double value)
    {
        if (!double.IsFinite(value))
            throw new ArgumentException($"A calibration value is {value}; remove rows with NaN or infinite values before calibrating.", nameof(value));
        pending.Add(value);
        if (pending.Count >= capacity)
            Merge();
    }

    /// <summary>The distribution of the values seen so far.</summary>
    /// <exception cref="InvalidOperationException">No value was seen.</exception>
    public SketchedDistribution ToDistribution()
    {
        Merge();
        if (count == 0)
            throw new InvalidOperationException("Calibration needs at least one value; the sketch has seen none.");
        var ranks = new int[summary.Count];
        var rank = 0;
        for (var i = 0; i < ranks.Length; i++)
            ranks[i] = rank += summary[i].Gap;
        return new SketchedDistribution(summary.Select(t => t.Value), ranks, RankError);
    }

    private void Merge()
    {
        if (pending.Count == 0)
            return;
        pending.Sort();
        var merged = new List<Tuple>(summary.Count + pending.Count);
        var next = 0;
        foreach (var value in pending)
        {
            while (next < summary.Count && summary[next].Value <= value)
                merged.Add(summary[next++]);
            // A new extreme has an exact rank; elsewhere the rank is known as well as that of the tuple above.
            var slack = next == 0 || next == summary.Count ? 0 : summary[next].Gap + summary[next].Slack - 1;
            merged.Add(new Tuple(value, 1, slack));
        }

        merged.AddRange(CollectionsMarshal.AsSpan(summary)[next..]);
        count += pending.Count;
        pending.Clear();
        summary = Compress(merged);
    }

    /// <summary>Drops each tuple that the one above can stand for within the invariant; the smallest and the largest value stay.</summary>
    private List<Tuple> Compress(List<Tuple> tuples)
    {
        var room = (int)Math.Floor(RankError * count);
        var kept = new List<Tuple>();
        var above = tuples[^1];
        for (var i = tuples.Count - 2; i >= 0; i--)
        {
            if (i > 0 && tuples[i].Gap + above.Gap + above.Slack <= room)
            {
                above = above with { Gap = above.Gap + tuples[i].Gap };
                continue;
            }

            kept.Add(above);
            above = tuples[i];
        }

        kept.Add(above);
        kept.Reverse();
        return kept;
    }
}
