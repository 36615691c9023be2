using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;

namespace XaiL2O.Certifiers.Tests;

/// <summary>What reports show of bounds, selections and gaps: figures against numbers counted by hand, the document, a browser.</summary>
internal sealed class GuaranteeReportTests
{
    private static ReportBound Bound(int rows = 900, bool lower = false)
    {
        var random = new Random(2);
        return ReportBound.Of("Estimate.ErrorBound", "‖Estimate − Signal‖/‖Signal‖", Enumerable.Range(0, rows).Select(i =>
        {
            var (scale, u) = (Math.Exp(3 * random.NextDouble()), random.NextDouble());
            var (error, bound) = (scale * -Math.Log(1 - u), i == 7 ? double.PositiveInfinity : 2.3 * scale);
            return new BoundedRow(error, bound, lower ? error >= bound : error <= bound, i % 3 == 0 ? "clean & new" : "corrupted", i % 2 == 0 ? "north" : "south");
        })) with
        {
            IsLower = lower,
            Miscoverage = 0.1,
            Promise = "Of rows like the calibration rows at most 10 % break their bound, on average over calibrations.",
            Rate = new RateGivenCalibration(400, 40),
            GroupRates = new Dictionary<string, RateGivenCalibration> { ["north"] = new(200, 20), ["south"] = new(199, 20) },
        };
    }

    private static ReportSelection Selection(bool stream = false)
    {
        var random = new Random(3);
        var rows = Enumerable.Range(0, 500).Select(_ => random.NextDouble()).Select(error => (Bad: error > 0.6, P: Math.Min(1, Math.Max(0.002, (1.1 * error) - 0.6 + (0.5 * random.NextDouble()))))).ToArray();
        var selected = BenjaminiHochberg.Select([.. rows.Select(r => r.P)], 0.1);
        return ReportSelection.Of("Selected", 0.1, rows.Select((r, i) => new SelectedRow(selected[i], r.Bad, stream ? double.NaN : r.P)));
    }

    private static ReportGap Gap()
    {
        var random = new Random(4);
        return ReportGap.Of("Gap", Enumerable.Range(0, 300).Select(i => (i < 4 ? double.PositiveInfinity : i < 20 ? 0 : Math.Pow(10, (6 * random.NextDouble()) - 9), i >= 10, i % 2 == 0 ? "clean" : "corrupted")));
    }

    private static CertificateReport Report(bool certified = true)
    {
        PropertyCertifier Part(int rows) => new("Sparsity", new EmpiricalDistribution(Enumerable.Range(1, rows).Select(i => (double)i)), new LabelPolicy(), Calibration.Conformal);
        var builder = certified ? new ReportBuilder(new Certifier([Part(100)], null, new Dictionary<string, Certifier> { ["north"] = new([Part(59)]), ["south"] = new([Part(41)]) }), "Guarantees") : new ReportBuilder([], "Guarantees");
        for (var i = 0; i < 60; i++)
            builder.Add(certified ? [i] : [], "", $"row {i}", "north");
        return builder.Build() with
        {
            Created = new DateTimeOffset(2026, 1, 2, 3, 4, 0, TimeSpan.Zero),
            Bounds = [Bound(), Bound(lower: true) with { Name = "Peak.ErrorBound" }],
            Selections = [Selection(), Selection(stream: true) with { Name = "Stream.Selected" }],
            Gaps = [Gap()],
        };
    }

    [Test]
    public void The_interval_of_a_share_is_that_of_Clopper_and_Pearson()
    {
        Assert.That(new ReportShare(0, 10).High, Is.EqualTo(1 - Math.Pow(0.025, 0.1)).Within(1e-12));
        Assert.That(new ReportShare(10, 10).Low, Is.EqualTo(Math.Pow(0.025, 0.1)).Within(1e-12));
        Assert.That((new ReportShare(0, 10).Low, new ReportShare(10, 10).High), Is.EqualTo((0.0, 1.0)));
        // P(at least 9 of 10) at the lower end, P(at most 9 of 10) at the upper.
        var (low, high) = (new ReportShare(9, 10).Low, new ReportShare(9, 10).High);
        Assert.That((10 * Math.Pow(low, 9) * (1 - low)) + Math.Pow(low, 10), Is.EqualTo(0.025).Within(1e-12));
        Assert.That(1 - Math.Pow(high, 10), Is.EqualTo(0.025).Within(1e-12));
        // Published: 1 of 10 has [0.0025, 0.4450].
        Assert.That((new ReportShare(1, 10).Low, new ReportShare(1, 10).High), Is.EqualTo((0.0025, 0.4450)).Within(5e-5));
        Assert.That((new ReportShare(0, 0).Share, new ReportShare(0, 0).Low, new ReportShare(0, 0).High), Is.EqualTo((double.NaN, 0.0, 1.0)));
        Assert.That(() => new ReportShare(3, 2), Throws.InstanceOf<ArgumentOutOfRangeException>());
        foreach (var count in (int[])[3, 250, 500, 611, 999])
        {
            var (share, mirror) = (new ReportShare(count, 1000), new ReportShare(1000 - count, 1000));
            Assert.That((share.Low, share.High), Is.EqualTo((1 - mirror.High, 1 - mirror.Low)).Within(1e-12));
        }
    }

    [Test]
    public void Coverage_is_counted_over_all_sets_and_groups()
    {
        var bound = ReportBound.Of("B", "e",
        [
            new(1, 2, true, "a", "x"), new(3, 2, false, "a", "y"), new(5, double.PositiveInfinity, true, "b", "x"), new(double.NaN, double.NaN, false, "b", "y"), new(2, 4, true, "b", "x"),
        ]) with { Miscoverage = 0.1 };
        Assert.That((bound.Overall.Held.Count, bound.Overall.Held.Rows, bound.Overall.Unbounded), Is.EqualTo((3, 5, 2)));
        Assert.That((bound.Overall.MedianBound, bound.Overall.MedianActual), Is.EqualTo((4.0, 2.5)), "a row without a bound is not one with a small bound");
        Assert.That(bound.Sets.ToDictionary(s => s.Key, s => (s.Value.Held.Count, s.Value.Held.Rows)), Is.EqualTo(new Dictionary<string, (int, int)> { ["a"] = (1, 2), ["b"] = (2, 3) }));
        Assert.That(bound.Groups.ToDictionary(s => s.Key, s => (s.Value.Held.Count, s.Value.Held.Rows)), Is.EqualTo(new Dictionary<string, (int, int)> { ["x"] = (3, 3), ["y"] = (0, 2) }));
        Assert.That(bound.Points, Has.Count.EqualTo(5));
        Assert.That(bound.Conclusion, Is.EqualTo("B holds for 3 of 5 rows, 60.0 %; the exact 95 % interval 14.7 to 94.7 % contains the promised 90 %. 2 of the rows have no finite bound, which says nothing of them."));
        Assert.That((bound with { Miscoverage = 0.01 }).Conclusion, Does.Contain("is below the promised 99 %."));
        Assert.That((bound with { Miscoverage = 0.9 }).Conclusion, Does.Contain("is above the promised 10 %."));
        Assert.That((bound with { Miscoverage = null }).Conclusion, Does.Contain("the exact 95 % interval is 14.7 to 94.7 %."));
        Assert.That(ReportBound.Of("B", "e", []).Conclusion, Does.Contain("not known"));
    }

    [Test]
    public void Of_many_rows_a_fair_part_is_drawn()
    {
        var rows = Enumerable.Range(0, 20_000).Select(i => new BoundedRow(i, i % 5 == 0 ? -1 : 1e6, i % 5 != 0)).ToArray();
        var points = ReportBound.Of("B", "e", rows).Points;
        Assert.That(points, Has.Count.EqualTo(600));
        Assert.That(points, Is.Ordered.By(nameof(BoundedRow.Actual)).And.Unique);
        Assert.That(points.All(p => rows[(int)p.Actual] == p), Is.True);
        // A fifth of 600 and three standard deviations.
        Assert.That(points.Count(p => !p.Holds), Is.EqualTo(120).Within(30));
    }

    [Test]
    public void The_curve_is_what_the_procedure_releases_at_each_rate()
    {
        // p₍ₖ₎·m/k: 0.1, 0.1, 0.1, 0.25, 0.4 and, tied, 0.75 and 0.64…: at 10 % three rows, at 25 % four, at 40 % five, then all with the next that fits.
        double[] p = [0.01, 0.02, 0.03, 0.1, 0.2, 0.45, 0.45, 0.9, 0.9, 1];
        bool?[] bad = [false, false, true, false, null, true, true, true, false, true];
        var selection = ReportSelection.Of("S", 0.12, p.Select((value, i) => new SelectedRow(i < 3, bad[i], value)).Reverse());
        (int, double) At(double rate) => selection.Curve.Where(r => r.Rate == rate).Select(r => ((int)Math.Round(10 * r.Released), r.BadShare)).Single();
        Assert.That(At(0.09), Is.EqualTo((0, double.NaN)));
        Assert.That(At(0.12), Is.EqualTo((3, 1 / 3.0)), "the chosen rate is one of the curve's");
        Assert.That(At(0.25), Is.EqualTo((4, 0.25)));
        Assert.That(At(0.4), Is.EqualTo((5, 0.25)), "the row without a truth is released, and counts neither way");
        Assert.That(At(0.6), Is.EqualTo((5, 0.25)));
        Assert.That(At(0.65), Is.EqualTo((7, 0.5)), "rows with the same p-value are released together");
        Assert.That(At(1), Is.EqualTo((10, 5 / 9.0)));
        Assert.That(selection.Curve.Select(r => r.Rate), Is.Ordered.And.Unique);
        foreach (var point in selection.Curve.Where(r => r.Rate < 1))
            Assert.That(point.Released, Is.EqualTo(BenjaminiHochberg.Select(p, point.Rate).Count(chosen => chosen) / 10.0), $"{point.Rate}");
        Assert.That((selection.Released.Count, selection.BadReleased.Count, selection.BadReleased.Rows, selection.Bad.Count, selection.Bad.Rows), Is.EqualTo((3, 1, 3, 5, 9)));
        Assert.That(selection.Conclusion, Is.EqualTo("At a false discovery rate of 12 %, 3 of 10 rows are released, 30.0 %; 1 of 3 are bad, 33.3 %, with the exact 95 % interval 0.8 to 90.6 %. Of all rows, 55.6 % are bad."));
        Assert.That(() => ReportSelection.Of("S", 1.2, []), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void A_stream_has_the_point_of_its_rate_and_truths_may_be_unknown()
    {
        var stream = ReportSelection.Of("S", 0.1, [new(true, false), new(true, true), new(false, true), new(false, null)]);
        Assert.That(stream.IsStream, Is.True);
        Assert.That(stream.Curve, Is.EqualTo(new[] { new ReportRelease(0.1, 0.5, 0.5) }));
        var unknown = ReportSelection.Of("S", 0.1, [new(true, null, 0.01)]);
        Assert.That(unknown.Conclusion, Does.EndWith("the truths of these rows are not known."));
        var empty = ReportSelection.Of("S", 0.1, []);
        var report = Report() with { Selections = [unknown, empty, ReportSelection.Of("S", 0.1, [new(false, true, 1)])], Bounds = [ReportBound.Of("B", "e", []), ReportBound.Of("B", "e", [new(1, double.PositiveInfinity, true)])], Gaps = [ReportGap.Of("Gap", []), ReportGap.Of("Gap", [(0, true, "")])] };
        Assert.That(() => Parsed(report.ToHtml()), Throws.Nothing);
        Assert.That(() => report.ToJson(), Throws.Nothing);
    }

    [Test]
    public void Gaps_are_counted_with_infinite_ones_apart()
    {
        var gap = ReportGap.Of("Gap", [(0, true, ""), (1e-9, true, ""), (1e-5, true, ""), (1e-3, false, ""), (double.PositiveInfinity, false, ""), (double.NaN, false, "")]);
        Assert.That((gap.Rows, gap.Infinite, gap.Converged, gap.Median, gap.LargestConverged, gap.Logarithmic), Is.EqualTo((6, 1, 3, (1e-5 + 1e-3) / 2, 1e-5, true)), "a row that was not solved is not one with a small gap");
        Assert.That((gap.Unsolved, gap.Conclusion), Is.EqualTo((1, "Half of 6 rows have a gap of at most 5.05e-4; the largest of the 3 rows that converged is 1e-5, and 1 gaps are infinite. 1 rows were not solved.")));
        Assert.That((gap.BinEdges[0], gap.BinEdges[^1]), Is.EqualTo((1e-9, 1e-3)));
        var histogram = gap.Histograms.Single();
        Assert.That((histogram.Rows, histogram.NotFinite, histogram.Shares.Sum()), Is.EqualTo((6, 2, 4 / 6.0)).Within(1e-12));
        Assert.That(histogram.Shares[0], Is.EqualTo(2 / 6.0).Within(1e-12), "0 and the smallest");
    }

    [Test]
    public void What_levels_are_worth_is_stated_for_each_group()
    {
        var report = Report();
        Assert.That(report.Properties[0].GroupFalseFailRates, Is.EqualTo(new Dictionary<string, RateGivenCalibration> { ["north"] = new(59, 3), ["south"] = new(41, 2) }));
        var html = report.ToHtml();
        foreach (var rate in report.Properties[0].GroupFalseFailRates.Values.Concat(report.Bounds[0].GroupRates.Values).Append(report.Properties[0].FalseFailRate!).Append(report.Bounds[0].Rate!))
            Assert.That(html, Does.Contain(HtmlReport.Text(rate.ToString())));
    }

    [Test]
    public void Html_is_well_formed_has_all_numbers_and_no_culture()
    {
        var invariant = Report().ToHtml();
        // The name of a culture is not known everywhere; its signs are.
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (culture.NumberFormat.NumberDecimalSeparator, culture.NumberFormat.NegativeSign) = (",", "−");
        CultureInfo.CurrentCulture = culture;
        var report = Report();
        var html = report.ToHtml();
        Assert.That(html, Is.EqualTo(invariant));
        var document = Parsed(html);
        Assert.That(html, Does.Not.Contain("http").And.Not.Contain("<script").And.Not.Contain("url("));
        var ids = document.Descendants().Attributes("id").Select(a => a.Value).ToArray();
        Assert.That(ids, Is.Unique);
        Assert.That(document.Descendants().Attributes("aria-labelledby").SelectMany(a => a.Value.Split(' ')), Is.SubsetOf(ids));
        foreach (var svg in document.Descendants("svg"))
            Assert.That(svg.Element("title")!.Value.Length * svg.Element("desc")!.Value.Length, Is.Positive);
        var text = document.Root!.Value;
        foreach (var sentence in report.Bounds.Select(b => b.Conclusion).Concat(report.Selections.Select(s => s.Conclusion)).Concat(report.Gaps.Select(g => g.Conclusion)).Append(report.Bounds[0].Promise))
            Assert.That(text, Does.Contain(sentence));
        foreach (var coverage in report.Bounds.SelectMany(b => b.Sets.Values.Concat(b.Groups.Values).Append(b.Overall)))
        {
            var cells = document.Descendants("tr").Select(row => row.Elements("td").Select(cell => cell.Value).ToArray()).ToArray();
            string[] expected = [$"{coverage.Held.Rows}", $"{coverage.Held.Count}", HtmlReport.Percent(coverage.Held.Share), coverage.Held.Interval, HtmlReport.Number(coverage.MedianBound), HtmlReport.Number(coverage.MedianActual), $"{coverage.Unbounded}"];
            Assert.That(cells.Any(row => row.SequenceEqual(expected)), Is.True, coverage.ToString());
        }

        foreach (var release in report.Selections[0].Curve)
            Assert.That(text, Does.Contain(HtmlReport.Percent(release.BadShare)));
        // One dot or cross for each row with finite values.
        var points = document.Descendants("path").Where(p => (string?)p.Attribute("class") is "dots" or "crosses").Select(p => ((string)p.Attribute("d")!).Count(c => c == 'M')).ToArray();
        Assert.That(points[0] + points[1], Is.EqualTo(report.Bounds[0].Points.Count(p => double.IsFinite(p.Bound))));
        Assert.That(points[1], Is.EqualTo(report.Bounds[0].Points.Count(p => !p.Holds)));
    }

    [Test]
    public void A_point_is_drawn_beyond_the_diagonal_where_its_bound_is_broken()
    {
        foreach (var html in (string[])[(Report() with { Bounds = [Bound()] }).ToHtml(), (Report() with { Bounds = [Bound(lower: true)] }).ToHtml()])
        {
            var isLower = html.Contains("Crosses above the diagonal", StringComparison.Ordinal);
            (double X, double Y)[] Points(string css) => [.. ((string)Parsed(html).Descendants("path").First(p => (string?)p.Attribute("class") == css).Attribute("d")!).Split(['M', 'L'], StringSplitOptions.RemoveEmptyEntries)
                .Select(part => part.Split(['h', 'm'])[0].Split(' ').Select(n => double.Parse(n, CultureInfo.InvariantCulture)).ToArray()).Select(xy => (xy[0], xy[1]))];
            var ends = Points("limit");
            double Below((double X, double Y) p) => p.Y - (ends[0].Y + ((p.X - ends[0].X) * (ends[1].Y - ends[0].Y) / (ends[1].X - ends[0].X)));
            // Coordinates are rounded to a tenth.
            Assert.That(Points("crosses").Select(p => isLower ? -Below(p) : Below(p)), Is.All.GreaterThan(-0.2));
            Assert.That(Points("dots").Select(p => isLower ? Below(p) : -Below(p)), Is.All.GreaterThan(-0.2));
        }
    }

    [Test]
    public void Axes_have_a_few_round_numbers([Values] bool logarithmic)
    {
        var random = new Random(5);
        for (var i = 0; i < 300; i++)
        {
            var low = logarithmic ? Math.Pow(10, (20 * random.NextDouble()) - 12) : 100 * (random.NextDouble() - 0.5);
            var high = logarithmic ? low * Math.Pow(10, 0.8 + (10 * random.NextDouble())) : low + Math.Pow(10, (8 * random.NextDouble()) - 4);
            var axis = new SvgAxis(low, high, logarithmic, 10, 20);
            var ticks = axis.Ticks();
            Assert.That(ticks, Has.Count.InRange(2, 7).And.Ordered.And.Unique, $"{low} {high}");
            Assert.That(ticks, Is.All.InRange(low - (1e-9 * Math.Abs(low)), high + (1e-9 * Math.Abs(high))));
            Assert.That(ticks.Select(axis.At), Is.Ordered.And.Unique);
            Assert.That((axis.At(low), axis.At(high), axis.At(low - 1), axis.At(double.PositiveInfinity)), Is.EqualTo((10.0, 20.0, 10.0, 20.0)).Within(1e-9));
        }
    }

    [Test]
    public void A_report_needs_no_certificates()
    {
        var report = Report(certified: false);
        var html = report.ToHtml();
        Assert.That(html, Does.Not.Contain("Verdicts").And.Not.Contain("Worst rows").And.Not.Contain("Model parts").And.Contain("Estimate.ErrorBound"));
        Assert.That(report.Conclusion, Does.Contain(report.Bounds[0].Conclusion).And.Contain(report.Selections[0].Conclusion).And.Contain(report.Gaps[0].Conclusion));
        Assert.That(() => Parsed(html), Throws.Nothing);
    }

    [Test]
    public void Json_holds_the_same_numbers()
    {
        using var json = JsonDocument.Parse(Report().ToJson());
        var (bound, selection, gap) = (json.RootElement.GetProperty("Bounds")[0], json.RootElement.GetProperty("Selections")[0], json.RootElement.GetProperty("Gaps")[0]);
        Assert.That(bound.GetProperty("Overall").GetProperty("Held").GetProperty("High").GetDouble(), Is.EqualTo(Bound().Overall.Held.High));
        Assert.That(bound.GetProperty("GroupRates").GetProperty("north").GetProperty("Exceedances").GetInt32(), Is.EqualTo(20));
        Assert.That(selection.GetProperty("Curve").GetArrayLength(), Is.EqualTo(Selection().Curve.Count));
        Assert.That(gap.GetProperty("Infinite").GetInt32(), Is.EqualTo(4));
    }

    [TestCase("desktop", 1200, false)]
    [TestCase("dark", 1200, true)]
    [TestCase("phone", 390, false)]
    [TestCase("phone-dark", 390, true)]
    public void A_browser_shows_it(string name, int width, bool dark) => Browser.Show(Report().ToHtml(), $"guarantee-report-{name}", width, dark);

    private static XDocument Parsed(string html) => XDocument.Parse(html.Replace("<!doctype html>", "", StringComparison.Ordinal).Replace("<meta charset=\"utf-8\">", "", StringComparison.Ordinal)
        .Replace("initial-scale=1\">", "initial-scale=1\"/>", StringComparison.Ordinal).Replace("light dark\">", "light dark\"/>", StringComparison.Ordinal));
}
