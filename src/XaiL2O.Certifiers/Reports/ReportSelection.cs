using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>A selection of rows in a report: what is released at its rate, and what would be at others.</summary>
public sealed record ReportSelection
{
    /// <summary>Percent that a curve is computed at.</summary>
    private static readonly int[] Percents = [.. Enumerable.Range(1, 20), .. Enumerable.Range(5, 16).Select(i => 5 * i)];

    /// <summary>Name of the selection, for instance its column.</summary>
    public required string Name { get; init; }

    /// <summary>q: at most this share of the released rows is bad, on average over batches.</summary>
    public required double FalseDiscoveryRate { get; init; }

    /// <summary>Whether rows were decided on one by one, so that nothing is known of other rates.</summary>
    public required bool IsStream { get; init; }

    /// <summary>Released rows among all.</summary>
    public required ReportShare Released { get; init; }

    /// <summary>Bad rows among all whose truth is known.</summary>
    public required ReportShare Bad { get; init; }

    /// <summary>Bad rows among the released whose truth is known.</summary>
    public required ReportShare BadReleased { get; init; }

    /// <summary>What other rates would release of the same batch, by rate, with the chosen one among them; that one alone of a stream.</summary>
    public required IReadOnlyList<ReportRelease> Curve { get; init; }

    /// <summary>One sentence: how much is released, and how much of it is bad.</summary>
    public string Conclusion
    {
        get
        {
            var released = string.Create(CultureInfo.InvariantCulture, $"At a false discovery rate of {100 * FalseDiscoveryRate:0.##} %, {Released.Count} of {Released.Rows} rows are released, {100 * (Released.Rows == 0 ? 0 : Released.Share):0.0} %");
            if (Bad.Rows == 0)
                return $"{released}; the truths of these rows are not known.";
            var bad = BadReleased.Rows == 0 ? "none of them has a known truth" : string.Create(CultureInfo.InvariantCulture, $"{BadReleased.Count} of {BadReleased.Rows} are bad, {100 * BadReleased.Share:0.0} %, with the exact 95 % interval {BadReleased.Interval}");
            return string.Create(CultureInfo.InvariantCulture, $"{released}; {bad}. Of all rows, {100 * Bad.Share:0.0} % are bad.");
        }
    }

    /// <summary>Counts rows.</summary>
    /// <param name="name">Name of the selection.</param>
    /// <param name="falseDiscoveryRate">q in (0, 1).</param>
    /// <param name="rows">All rows of the batch or the stream.</param>
    public static ReportSelection Of(string name, double falseDiscoveryRate, IEnumerable<SelectedRow> rows)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ConformalSelection.CheckLevel(falseDiscoveryRate);
        ArgumentNullException.ThrowIfNull(rows);
        SelectedRow[] all = [.. rows.OrderBy(r => r.PValue)];
        var stream = all.Any(r => double.IsNaN(r.PValue));
        static ReportShare BadOf(IEnumerable<SelectedRow> some)
        {
            bool[] known = [.. some.Where(r => r.Bad is not null).Select(r => r.Bad!.Value)];
            return new ReportShare(known.Count(bad => bad), known.Length);
        }

        var (released, bad) = (all.Count(r => r.Selected), BadOf(all.Where(r => r.Selected)));
        return new ReportSelection
        {
            Name = name,
            FalseDiscoveryRate = falseDiscoveryRate,
            IsStream = stream,
            Released = new ReportShare(released, all.Length),
            Bad = BadOf(all),
            BadReleased = bad,
            Curve = stream || all.Length == 0 ? [new ReportRelease(falseDiscoveryRate, all.Length == 0 ? 0 : (double)released / all.Length, bad.Share)] : Releases(all, falseDiscoveryRate),
        };
    }

    /// <summary>Whatever the rate, rows are released by p-value: those up to some place of the order.</summary>
    private static ReportRelease[] Releases(SelectedRow[] ordered, double chosen)
    {
        var (known, bad) = (new int[ordered.Length + 1], new int[ordered.Length + 1]);
        for (var i = 0; i < ordered.Length; i++)
            (known[i + 1], bad[i + 1]) = (known[i] + (ordered[i].Bad is null ? 0 : 1), bad[i] + (ordered[i].Bad == true ? 1 : 0));
        var p = ordered.Select(r => r.PValue).ToArray();
        return
        [
            .. Percents.Select(percent => percent / 100.0).Append(chosen).Distinct().Order().Select(rate =>
            {
                var count = BenjaminiHochberg.Count(p, rate);
                return new ReportRelease(rate, (double)count / p.Length, known[count] == 0 ? double.NaN : (double)bad[count] / known[count]);
            }),
        ];
    }
}
