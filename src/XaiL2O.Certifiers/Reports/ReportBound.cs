using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>A bound on errors in a report: what it promises, and how it compares with rows whose truth is known.</summary>
public sealed record ReportBound
{
    private const int MostPoints = 600;
    private const int Seed = 1;

    /// <summary>Name of the bound, for instance its column.</summary>
    public required string Name { get; init; }

    /// <summary>What is bounded, for instance <c>|Score − Label|</c>.</summary>
    public required string ActualName { get; init; }

    /// <summary>Whether it is bounded from below: a bound holds where it is not above what it bounds.</summary>
    public bool IsLower { get; init; }

    /// <summary>α: the share of rows that may break the bound; null where none is promised of rows.</summary>
    public double? Miscoverage { get; init; }

    /// <summary>What is promised, as sentences; empty for none.</summary>
    public string Promise { get; init; } = "";

    /// <summary>The distribution of the broken share over calibrations; null where it is not known.</summary>
    public RateGivenCalibration? Rate { get; init; }

    /// <summary>The same of each group that has a calibration of its own; empty without groups.</summary>
    public IReadOnlyDictionary<string, RateGivenCalibration> GroupRates { get; init; } = new Dictionary<string, RateGivenCalibration>();

    /// <summary>Of all rows whose truth is known.</summary>
    public required ReportCoverage Overall { get; init; }

    /// <summary>By set of rows; empty where rows were not divided.</summary>
    public required IReadOnlyDictionary<string, ReportCoverage> Sets { get; init; }

    /// <summary>By calibration group; empty without groups.</summary>
    public required IReadOnlyDictionary<string, ReportCoverage> Groups { get; init; }

    /// <summary>Rows for a figure: all, or of many rows some hundreds that were drawn at random, each with the same probability.</summary>
    public required IReadOnlyList<BoundedRow> Points { get; init; }

    /// <summary>One sentence: how often the bound holds, beside what was promised.</summary>
    public string Conclusion
    {
        get
        {
            var held = Overall.Held;
            if (held.Rows == 0)
                return $"The truths of these rows are not known, so {Name} was not compared with them.";
            var promised = 1 - Miscoverage;
            var compared = promised is null ? "" : string.Create(CultureInfo.InvariantCulture, $" {(held.High < promised ? "is below" : held.Low > promised ? "is above" : "contains")} the promised {100 * promised:0.##} %");
            return string.Create(CultureInfo.InvariantCulture, $"{Name} holds for {held.Count} of {held.Rows} rows, {100 * held.Share:0.0} %; the exact 95 % interval {(compared.Length == 0 ? "is " : "")}{held.Interval}{compared}.{(Overall.Unbounded > 0 ? string.Create(CultureInfo.InvariantCulture, $" {Overall.Unbounded} of the rows have no finite bound, which says nothing of them.") : "")}");
        }
    }

    /// <summary>Counts rows.</summary>
    /// <param name="name">Name of the bound.</param>
    /// <param name="actualName">What is bounded.</param>
    /// <param name="rows">Rows whose truth is known; none where no truth is.</param>
    public static ReportBound Of(string name, string actualName, IEnumerable<BoundedRow> rows)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentException.ThrowIfNullOrWhiteSpace(actualName);
        ArgumentNullException.ThrowIfNull(rows);
        BoundedRow[] all = [.. rows];
        Dictionary<string, ReportCoverage> By(Func<BoundedRow, string> key) => all.GroupBy(key).Where(g => g.Key.Length > 0).ToDictionary(g => g.Key, g => ReportCoverage.Of([.. g]));
        return new ReportBound { Name = name, ActualName = actualName, Overall = ReportCoverage.Of(all), Sets = By(r => r.Set), Groups = By(r => r.Group), Points = Drawn(all) };
    }

    /// <summary>As many rows as a figure can show, in their order; drawing from all alike keeps the share of broken bounds.</summary>
    private static BoundedRow[] Drawn(BoundedRow[] rows)
    {
        var indices = Enumerable.Range(0, rows.Length).ToArray();
        if (rows.Length > MostPoints)
            new Random(Seed).Shuffle(indices);
        return [.. indices.Take(MostPoints).Order().Select(i => rows[i])];
    }
}
