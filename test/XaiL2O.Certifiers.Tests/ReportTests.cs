using System.Text.Json;
using System.Xml.Linq;

namespace XaiL2O.Certifiers.Tests;

/// <summary>The report: well-formed, self-contained, honest counts; opened in a browser where one is installed.</summary>
internal sealed class ReportTests
{
    private static CertificateReport Report()
    {
        var random = new Random(1);
        double Value(double scale) => scale * Math.Exp(2 * random.NextDouble());
        PropertyCertifier Part(string name, double scale) => new(name, new EmpiricalDistribution(Enumerable.Range(0, 300).Select(_ => Value(scale)).ToArray()), new LabelPolicy { PassProbability = 0.9, WarningProbability = 0.05 }, Calibration.Conformal) { Cause = "noise <taken> for signal" };
        var certifier = new Certifier(
            [Part("Sparsity & co", 1), Part("Distance", 1e-3), new PropertyCertifier("Fidelity", new ValueLimits { FailAbove = 1e-2 }, null, 0)],
            new JointPolicy { Rule = JointRule.Holm },
            new Dictionary<string, Certifier> { ["a"] = new([Part("Sparsity & co", 1), Part("Distance", 1e-3), new PropertyCertifier("Fidelity", new ValueLimits { FailAbove = 1e-2 }, null, 0)], new JointPolicy { Rule = JointRule.Holm }) });
        var builder = new ReportBuilder(certifier, "Certificates <test>") { Summary = "Made of random numbers." };
        builder.Describe("Sparsity & co", "L1Norm of Estimate");
        for (var i = 0; i < 200; i++)
            builder.Add([Value(1), Value(1e-3), 1e-3], "clean", $"row {i}", "a");
        for (var i = 0; i < 40; i++)
            builder.Add([Value(8), i == 0 ? double.NaN : Value(1e-3), i % 2 == 0 ? 1e-3 : 0.5], "corrupted", $"row {200 + i}", "b");
        return builder.Build() with { Created = new DateTimeOffset(2026, 1, 2, 3, 4, 0, TimeSpan.Zero) };
    }

    [Test]
    public void Counts_are_those_of_the_rows()
    {
        var report = Report();
        Assert.That(report.Overall.Rows, Is.EqualTo(240));
        Assert.That(report.Sets["clean"].Rows, Is.EqualTo(200));
        Assert.That(report.Sets["clean"].FailRate, Is.LessThan(0.1));
        Assert.That(report.Sets["corrupted"].FailRate, Is.GreaterThan(0.5));
        Assert.That(report.Groups.Keys, Is.EquivalentTo(new[] { "a", "b" }));
        Assert.That(report.CalibrationGroups["a"], Is.EqualTo(300));
        Assert.That(report.Properties[2].Counts.Fail, Is.EqualTo(20));
        foreach (var histogram in report.Properties.SelectMany(p => p.Histograms))
            Assert.That(histogram.Shares.Sum(), Is.EqualTo(1 - ((double)histogram.NotFinite / histogram.Rows)).Within(1e-9), histogram.Set);
        Assert.That(report.WorstRows, Has.Count.EqualTo(10));
        Assert.That(report.WorstRows[0].Explanation, Is.Not.Empty);
        Assert.That(report.WorstRows.Select(r => r.Label), Is.All.EqualTo(CertificateLabel.Fail));
    }

    [Test]
    public void Characters_that_no_document_may_hold_are_shown_as_pictures()
    {
        var odd = "a\0b\u0001c\u001Fd\u007Fe\u0085f\uFFFEg\uD800h\uDC00\uD83D\uDE00";
        var report = Report() with { Title = odd, Summary = odd };
        report = report with { WorstRows = [report.WorstRows[0] with { Name = odd, Group = odd }] };
        var html = report.ToHtml();
        foreach (var c in html)
            Assert.That(c is '\n' or >= ' ' and not '\u007F' and not (>= '\u0080' and <= '\u009F') and not '\uFFFE', Is.True, $"U+{(int)c:X4}");
        Assert.That(html, Does.Contain("a\u2400b\u2401c\u241Fd\u2421e"));
        Assert.That(() => XDocument.Parse($"<p>{HtmlReport.Text(odd)}</p>"), Throws.Nothing);
    }

    [Test]
    public void Html_is_well_formed_and_refers_to_nothing_outside()
    {
        var html = Report().ToHtml();
        var document = XDocument.Parse(html.Replace("<!doctype html>", "", StringComparison.Ordinal).Replace("<meta charset=\"utf-8\">", "", StringComparison.Ordinal)
            .Replace("initial-scale=1\">", "initial-scale=1\"/>", StringComparison.Ordinal).Replace("light dark\">", "light dark\"/>", StringComparison.Ordinal));
        Assert.That(html, Does.Not.Contain("http").And.Not.Contain("<script").And.Not.Contain("url(").And.Not.Contain("@import"));
        Assert.That(html, Does.Contain("Certificates &lt;test&gt;").And.Contain("Sparsity &amp; co").And.Contain("prefers-color-scheme: dark").And.Contain("width=device-width"));
        foreach (var svg in document.Descendants("svg").Where(s => (string?)s.Attribute("role") == "img"))
            Assert.That(svg.Element("title")!.Value + svg.Element("desc")!.Value, Does.Contain("Distribution of").And.Contain("rows"));
        Assert.That(document.Descendants("svg").Count(s => (string?)s.Attribute("role") == "img"), Is.EqualTo(3));
        Assert.That(document.Descendants("h2").All(h => document.Descendants("section").Any(s => (string?)s.Attribute("aria-labelledby") == (string?)h.Attribute("id"))), Is.True);
    }

    [Test]
    public void The_conclusion_counts_fails_against_what_chance_gives()
    {
        static CertificateReport Of(double[] values, JointPolicy joint)
        {
            PropertyCertifier Part(string name) => new(name, new EmpiricalDistribution(Enumerable.Range(0, 199).Select(i => (double)i)), new LabelPolicy(), Calibration.Conformal);
            var builder = new ReportBuilder(new Certifier([Part("First"), Part("Second"), new PropertyCertifier("Given", new ValueLimits { FailAbove = 1 }, null, 0)], joint), "Test");
            foreach (var value in values)
                builder.Add([value, 0, 0], "", "");
            return builder.Build();
        }

        double[] like = [.. Enumerable.Range(0, 200).Select(i => (double)i)];
        var (all, holm) = (Of(like, new JointPolicy()), Of(like, new JointPolicy { Rule = JointRule.Holm, FamilyLevel = 0.02 }));
        Assert.That(all.NominalFailShare, Is.EqualTo(2 * new LabelPolicy().FailProbability), "two calibrated parts; a given limit has no share");
        Assert.That(holm.NominalFailShare, Is.EqualTo(0.02));
        Assert.That(all.Conclusion, Does.Contain($"{all.Overall.Fail} of 200 rows fail").And.Contain("at most 20 ").And.Contain("so these rows are like them"));
        Assert.That(Of([.. like.Select(v => v + 150)], new JointPolicy()).Conclusion, Does.Contain("are not like them").And.Contain("First"));
        Assert.That(Of([], new JointPolicy()).Conclusion, Is.EqualTo("No rows were evaluated."));
        Assert.That(all.ToHtml(), Does.Contain(HtmlReport.Text(all.Conclusion)));
    }

    [Test]
    public void Accuracy_is_that_of_rows_with_a_known_error_by_what_certificates_say()
    {
        var builder = new ReportBuilder(new Certifier([new PropertyCertifier("Given", new ValueLimits { FailAbove = 1 }, null, 0)], new JointPolicy()), "Test") { ErrorName = "error in mm" };
        Assert.That(() => builder.AddError(1), Throws.InvalidOperationException);
        foreach (var (value, set, error) in new[] { (0.0, "a", 1.0), (0, "a", 3), (2, "a", 20), (2, "b", 40) })
        {
            builder.Add([value], set, "");
            builder.AddError(error);
        }

        builder.Add([0], "b", "of unknown truth");
        var report = builder.Build();
        Assert.That(report.Accuracy["a"], Is.EqualTo(new ReportAccuracy(3, 8, 2, 20)));
        Assert.That(report.Accuracy["b"], Is.EqualTo(new ReportAccuracy(1, 40, double.NaN, 40)));
        Assert.That(report.Accuracy[""], Is.EqualTo(new ReportAccuracy(4, 16, 2, 30)));
        Assert.That(report.ToHtml(), Does.Contain("mean error in mm").And.Contain("Rows that fail"));
        Assert.That(Report().ToHtml(), Does.Not.Contain("Accuracy"), "no truth is known");
    }

    [Test]
    public void On_a_narrow_screen_every_number_stands_beside_its_heading()
    {
        var html = Report().ToHtml();
        foreach (var table in html.Split("<table").Skip(1).Select(t => t[..t.IndexOf("</table>", StringComparison.Ordinal)]).Where(t => !t.Contains("Up to", StringComparison.Ordinal)))
        {
            Assert.That(table, Does.StartWith(" class=\"cards\""));
            Assert.That(table.Split("<td").Skip(1).Select(cell => cell.Contains("data-label=", StringComparison.Ordinal)), Is.All.True);
        }
    }

    /// <summary>On a narrow screen the texts of the lanes reach across the rules.</summary>
    [Test]
    public void No_rule_of_a_limit_is_drawn_over_a_text()
    {
        foreach (var svg in Report().ToHtml().Split("<svg").Skip(1).Select(s => s[..s.IndexOf("</svg>", StringComparison.Ordinal)]))
            Assert.That(svg.LastIndexOf("class=\"limit\"", StringComparison.Ordinal), Is.GreaterThan(0).And.LessThan(svg.IndexOf("class=\"halo\"", StringComparison.Ordinal)));
    }

    [Test]
    public void Limits_by_calibration_are_stated_as_shares_that_fail()
    {
        var html = Report().ToHtml();
        Assert.That(html, Does.Contain("Conformal: 5&#160;% fail, 5&#160;% warning").And.Contain("the stated share of rows like the calibration rows"));
        Assert.That(html, Does.Contain("Value: L1Norm of Estimate; small is good."));
        Assert.That(new ReportBuilder(new Certifier([new PropertyCertifier("L", new ValueLimits { FailAbove = 1 }, null, 0)]), "Given").Build().ToHtml(), Does.Not.Contain("stated share"));
    }

    [Test]
    public void Json_holds_the_same_report()
    {
        using var json = JsonDocument.Parse(Report().ToJson());
        Assert.That(json.RootElement.GetProperty("Overall").GetProperty("Rows").GetInt32(), Is.EqualTo(240));
        Assert.That(json.RootElement.GetProperty("WorstRows")[0].GetProperty("Label").GetString(), Is.EqualTo("Fail"));
    }

    [Test]
    public void A_report_without_rows_or_groups_renders()
    {
        var report = new ReportBuilder(new Certifier([new PropertyCertifier("L", new ValueLimits { FailAbove = 1 }, null, 0)]), "Empty").Build();
        Assert.That(report.ToHtml(), Does.Contain("Every row passed"));
        Assert.That(report.ToJson(), Does.Contain("NaN"));
    }

    [Test]
    public void Both_limits_are_drawn_and_the_side_that_failed_is_named([Values(CalibrationSource.Inferences, CalibrationSource.Both)] CalibrationSource source)
    {
        var values = new EmpiricalDistribution(Enumerable.Range(1, 200).Select(i => i / 10.0));
        var certifier = new Certifier([new PropertyCertifier("Energy", values, new LabelPolicy(), Calibration.Conformal, 0, Sides.TwoSided, source, source == CalibrationSource.Both ? values : null)]);
        var builder = new ReportBuilder(certifier, "Sides");
        foreach (var (value, i) in new[] { 0.0, 0.01, 3, 7, 11, 100, double.NaN }.Select((v, i) => (v, i)))
            builder.Add([value], "rows", $"row {i}");
        var report = builder.Build();
        var energy = report.Properties[0];
        Assert.That((energy.Counts.Fail, energy.FailedBelow), Is.EqualTo((4, 2)));
        Assert.That((energy.LowerFailLimit, energy.FailLimit), Is.EqualTo((0.5, 19.6)).Within(1e-9));
        Assert.That(energy.Histograms[0].FailShare, Is.EqualTo(0.04).Within(1e-9));
        var html = report.ToHtml();
        Assert.That(html, Does.Contain("Fails below 0.5 and above 19.6.").And.Contain("Of 4 rows that fail, 2 are unusually small.").And.Contain(">fails below 0.5<").And.Contain(">fails above 19.6<"));
        Assert.That(html, Does.Contain("unusually small: below the calibrated limit 0.5"));
        Assert.That(html.Contains("on truths and inferences", StringComparison.Ordinal), Is.EqualTo(source == CalibrationSource.Both));
        Assert.That(energy.Histograms.Count(h => h.IsCalibration), Is.EqualTo(source == CalibrationSource.Both ? 2 : 1));
        Assert.That(report.ToJson(), Does.Contain("\"FailedBelow\": 2"));
    }

    /// <summary>A dead input fails because it has no value; that it is not unusually small is no explanation.</summary>
    [Test]
    public void Values_that_are_no_numbers_are_counted_with_their_own_cause()
    {
        var certifier = new Certifier([new PropertyCertifier("Energy", new EmpiricalDistribution(Enumerable.Range(1, 200).Select(i => i / 10.0)), new LabelPolicy(), Calibration.Conformal, 0, Sides.TwoSided) { Cause = "noise taken for signal" }]);
        CertificateReport Of(params double[] values)
        {
            var builder = new ReportBuilder(certifier, "Sides");
            foreach (var value in values)
                builder.Add([value], "rows", "row");
            return builder.Build();
        }

        var dead = Of([.. Enumerable.Repeat(double.NaN, 300)]);
        Assert.That((dead.Properties[0].Counts.Fail, dead.Properties[0].FailedBelow, dead.Properties[0].FailedNotFinite), Is.EqualTo((300, 0, 300)));
        Assert.That(dead.ToHtml(), Does.Contain("In 300 of 300 rows that fail the value is not a number, or infinite; usual cause: an input that is missing").And.Not.Contain("noise taken for signal"));
        Assert.That(Of(0, 100, double.PositiveInfinity).ToHtml(), Does.Contain("In 1 of 3 rows").And.Contain("Usual cause of the others: noise taken for signal."));
        Assert.That(Of(0, 100).ToHtml(), Does.Not.Contain("not a number").And.Contain("Usual cause of a failure: noise taken for signal."));
    }

    [TestCase("desktop", 1200, false)]
    [TestCase("dark", 1200, true)]
    [TestCase("phone", 390, false)]
    public void A_browser_shows_it(string name, int width, bool dark) => Browser.Show(Report().ToHtml(), $"certificate-report-{name}", width, dark);
}
