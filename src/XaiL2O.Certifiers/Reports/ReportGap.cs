namespace XaiL2O.Certifiers;

/// <summary>How far solves may be from their optimum, in a report.</summary>
public sealed record ReportGap
{
    /// <summary>Name of the gap, for instance its column.</summary>
    public required string Name { get; init; }

    /// <summary>Rows.</summary>
    public required int Rows { get; init; }

    /// <summary>Rows whose gap is infinite: nothing bounds how far they are from the optimum.</summary>
    public required int Infinite { get; init; }

    /// <summary>Rows that were not solved, whose gap is NaN; they count as infinite in the median.</summary>
    public required int Unsolved { get; init; }

    /// <summary>Rows whose solve converged.</summary>
    public required int Converged { get; init; }

    /// <summary>Median of all gaps; NaN without rows.</summary>
    public required double Median { get; init; }

    /// <summary>Largest gap of the rows that converged; NaN where none did.</summary>
    public required double LargestConverged { get; init; }

    /// <summary>Bounds of the histograms' bins, equal on a logarithmic scale unless all gaps are 0, one more than bins; gaps at or below the first bound are in the first bin.</summary>
    public required IReadOnlyList<double> BinEdges { get; init; }

    /// <summary>Whether the bins are logarithmic.</summary>
    public required bool Logarithmic { get; init; }

    /// <summary>Shares of rows per bin, for each set.</summary>
    public required IReadOnlyList<ReportHistogram> Histograms { get; init; }

    /// <summary>One sentence: how large gaps are.</summary>
    public string Conclusion => Rows == 0 ? "There are no rows." : $"Half of {Rows} rows have a gap of at most {HtmlReport.Number(Median)}; the largest of the {Converged} rows that converged is {HtmlReport.Number(LargestConverged)}, and {Infinite} gaps are infinite.{(Unsolved > 0 ? $" {Unsolved} rows were not solved." : "")}";

    /// <summary>Counts rows.</summary>
    /// <param name="name">Name of the gap.</param>
    /// <param name="rows">Gap of each row, whether its solve converged, and the set that it is counted in, empty for none.</param>
    public static ReportGap Of(string name, IEnumerable<(double Gap, bool Converged, string Set)> rows)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(rows);
        (double Gap, bool Converged, string Set)[] all = [.. rows];
        double[] converged = [.. all.Where(r => r.Converged).Select(r => r.Gap)];
        var (edges, logarithmic) = HistogramBins.Edges([.. all.Select(r => r.Gap)], logarithmic: true);
        return new ReportGap
        {
            Name = name,
            Rows = all.Length,
            Infinite = all.Count(r => double.IsInfinity(r.Gap)),
            Unsolved = all.Count(r => double.IsNaN(r.Gap)),
            Converged = converged.Length,
            Median = ReportCoverage.Median(all.Select(r => double.IsNaN(r.Gap) ? double.PositiveInfinity : r.Gap)),
            LargestConverged = converged.DefaultIfEmpty(double.NaN).Max(),
            BinEdges = edges,
            Logarithmic = logarithmic,
            Histograms = [.. all.GroupBy(r => r.Set).Select(g => HistogramBins.Of(g.Key.Length == 0 ? HistogramBins.NoSet : g.Key, [.. g.Select(r => r.Gap)], double.NaN, edges))],
        };
    }
}
