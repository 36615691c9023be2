using System.Globalization;
using System.Net;
using System.Text;

namespace XaiL2O.Certifiers;

/// <summary>Renders a report as one HTML document without scripts, fonts or anything else from elsewhere.</summary>
internal static class HtmlReport
{
    public static string Render(CertificateReport report)
    {
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture, $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>{Text(report.Title)}</title>
            <style>
            {ReportStyle.Css}
            </style>
            </head>
            <body>
            <header>
            <h1>{Text(report.Title)}</h1>
            {(report.Summary.Length == 0 ? "" : $"<p>{Text(report.Summary)}</p>")}
            <p class="muted">{report.Created.UtcDateTime:yyyy-MM-dd HH:mm} UTC. {report.Overall.Rows} evaluated rows, {report.Properties.Count} certified {(report.Properties.Count == 1 ? "property" : "properties")}.</p>
            <p class="conclusion">{Text(report.Conclusion)}</p>
            </header>
            <main>

            """);
        if (report.Properties.Count > 0)
            Verdicts(html, report);
        else
            AccuracyTable(html, report);
        foreach (var (bound, i) in report.Bounds.Select((b, i) => (b, i)))
            GuaranteeHtml.Bound(html, bound, $"b{i}");
        foreach (var (selection, i) in report.Selections.Select((s, i) => (s, i)))
            GuaranteeHtml.Selection(html, selection, $"s{i}");
        foreach (var (gap, i) in report.Gaps.Select((g, i) => (g, i)))
            GuaranteeHtml.Gap(html, gap, $"g{i}");
        if (report.Properties.Count > 0)
        {
            Parts(html, report);
            foreach (var (property, i) in report.Properties.Select((p, i) => (p, i)))
                Property(html, property, i);
            Worst(html, report);
        }

        html.Append("</main>\n</body>\n</html>\n");
        return html.ToString();
    }

    /// <summary>A text as HTML shows it; characters that no document may hold, such as NUL, become the pictures of them.</summary>
    public static string Text(string text) => WebUtility.HtmlEncode(string.Create(text.Length, text, static (span, text) =>
    {
        for (var i = 0; i < span.Length; i++)
        {
            span[i] = text[i] switch
            {
                '\t' or '\n' or '\r' => text[i],
                < ' ' => (char)('\u2400' + text[i]),
                '\u007F' => '\u2421',
                (>= '\u0080' and <= '\u009F') or '\uFFFE' or '\uFFFF' => '\uFFFD',
                _ => text[i],
            };
        }
    }));

    public static string Number(double value) => double.IsNaN(value) ? "–" : double.IsInfinity(value) ? value > 0 ? "∞" : "−∞" : Explanations.Number(value);

    public static string Percent(double share) => double.IsNaN(share) ? "–" : string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.0}\u00a0%");

    private static void Verdicts(StringBuilder html, CertificateReport report)
    {
        var overall = report.Overall;
        html.Append("<section aria-labelledby=\"verdicts\">\n<h2 id=\"verdicts\">Verdicts</h2>\n<div class=\"tiles\">\n");
        foreach (var (label, count, css) in new[] { ("passed", overall.Pass, "pass"), ("with a warning", overall.Warning, "warn"), ("failed", overall.Fail, "fail") })
            html.Append(CultureInfo.InvariantCulture, $"<div class=\"tile {css}\"><b>{count}</b> {label}<span class=\"muted\">{Percent(overall.Rows == 0 ? double.NaN : (double)count / overall.Rows)}</span></div>\n");
        html.Append(CultureInfo.InvariantCulture, $"</div>\n<p>{Text(Rule(report))}</p>\n");
        CountTable(html, "set", report.Sets);
        CountTable(html, "calibration group", report.Groups);
        AccuracyTable(html, report);
        html.Append("</section>\n");
    }

    private static string Rule(CertificateReport report)
    {
        static string Of(JointPolicy joint) => joint.Rule == JointRule.AllPass
            ? "no certificate fails at its own level"
            : string.Create(CultureInfo.InvariantCulture, $"no certificate fails jointly: {joint.Rule} at family level {joint.FamilyLevel:0.####}, valid however the certificates depend on each other");
        return report.EarlierJoint.Count == 0
            ? $"A row is trustworthy if {Of(report.Joint)}."
            : $"A row is trustworthy if all {report.EarlierJoint.Count + 1} certifiers of the chain say so. {string.Join(" ", report.EarlierJoint.Append(report.Joint).Select((joint, i) => $"Number {i + 1}: {Of(joint)}."))}";
    }

    private static void CountTable(StringBuilder html, string what, IReadOnlyDictionary<string, ReportCounts> counts)
    {
        if (counts.Count == 0)
            return;
        html.Append(CultureInfo.InvariantCulture, $"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Verdicts by {what}\"><table class=\"cards\">\n<caption>Joint verdicts by {what}</caption>\n<thead><tr><th scope=\"col\">{char.ToUpperInvariant(what[0])}{what[1..]}</th><th scope=\"col\" class=\"n\">Rows</th><th scope=\"col\" class=\"n\">Pass</th><th scope=\"col\" class=\"n\">Warning</th><th scope=\"col\" class=\"n\">Fail</th><th scope=\"col\">Share that fails</th></tr></thead>\n<tbody>\n");
        foreach (var (name, c) in counts)
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{Text(name)}</th><td class=\"n\" data-label=\"Rows\">{c.Rows}</td><td class=\"n\" data-label=\"Pass\">{c.Pass}</td><td class=\"n\" data-label=\"Warning\">{c.Warning}</td><td class=\"n\" data-label=\"Fail\">{c.Fail}</td><td class=\"share\" data-label=\"Share that fails\"><span class=\"bar\" aria-hidden=\"true\"><span style=\"width:{100 * c.FailRate:0.#}%\"></span></span> {Percent(c.FailRate)}</td></tr>\n");
        }

        html.Append("</tbody></table></div>\n");
    }

    private static void AccuracyTable(StringBuilder html, CertificateReport report)
    {
        if (report.Accuracy.Count == 0)
            return;
        html.Append(CultureInfo.InvariantCulture, $"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Accuracy\"><table class=\"cards\">\n<caption>Accuracy where the truth is known: mean {Text(report.ErrorName)}</caption>\n<thead><tr><th scope=\"col\">Set</th><th scope=\"col\" class=\"n\">Rows</th><th scope=\"col\" class=\"n\">All</th>{(report.Properties.Count == 0 ? "" : "<th scope=\"col\" class=\"n\">Rows that pass</th><th scope=\"col\" class=\"n\">Rows that fail</th>")}</tr></thead>\n<tbody>\n");
        foreach (var (name, a) in report.Accuracy)
            html.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{Text(name.Length == 0 ? "all rows" : name)}</th><td class=\"n\" data-label=\"Rows\">{a.Rows}</td><td class=\"n\" data-label=\"All\">{Number(a.All)}</td>{(report.Properties.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"<td class=\"n\" data-label=\"Rows that pass\">{Number(a.Trusted)}</td><td class=\"n\" data-label=\"Rows that fail\">{Number(a.Failed)}</td>"))}</tr>\n");
        html.Append("</tbody></table></div>\n");
        if (report.Properties.Count > 0)
            html.Append("<p>A certificate says that a row is like the calibration rows, not that its error is small: a model that does not work passes too.</p>\n");
    }

    private static void Parts(StringBuilder html, CertificateReport report)
    {
        html.Append("<section aria-labelledby=\"parts\">\n<h2 id=\"parts\">Model parts and calibration</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Parts and calibration\"><table class=\"cards\">\n<thead><tr><th scope=\"col\">Part</th><th scope=\"col\">Computed from</th><th scope=\"col\">Limit by</th><th scope=\"col\" class=\"n\">Calibration rows</th><th scope=\"col\" class=\"n\">Fails below</th><th scope=\"col\" class=\"n\">Fails above</th><th scope=\"col\" class=\"n\">Failed alone</th></tr></thead>\n<tbody>\n");
        foreach (var p in report.Properties)
        {
            var by = p.Policy is { } policy
                ? string.Create(CultureInfo.InvariantCulture, $"{p.Calibration}: {100 * policy.FailProbability:0.##}\u00a0% fail{(policy.WarningProbability > 0 ? $", {100 * policy.WarningProbability:0.##}\u00a0% warning" : "")}{(policy.Confidence is { } confidence ? string.Create(CultureInfo.InvariantCulture, $", for {100 * confidence:0.##}\u00a0% of calibrations") : "")}")
                : "given limit";
            by += p.Policy is null || p.Source == CalibrationSource.Inferences ? "" : p.Source == CalibrationSource.Truths ? "; on truths" : "; on truths and inferences";
            var rows = p.CalibrationRows == 0 ? "–" : p.CalibrationRows.ToString(CultureInfo.InvariantCulture) + (p.RankError > 0 ? string.Create(CultureInfo.InvariantCulture, $" (sketch, rank error {p.RankError:0.####})") : "");
            html.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{Text(p.Name)}</th><td data-label=\"Computed from\">{Text(p.Description)}</td><td data-label=\"Limit by\">{Text(by)}</td><td class=\"n\" data-label=\"Calibration rows\">{rows}</td><td class=\"n\" data-label=\"Fails below\">{(double.IsFinite(p.LowerFailLimit) ? Number(p.LowerFailLimit) : "–")}</td><td class=\"n\" data-label=\"Fails above\">{Number(p.FailLimit)}</td><td class=\"n\" data-label=\"Failed alone\">{Percent(p.Counts.FailRate)}</td></tr>\n");
        }

        html.Append("</tbody></table></div>\n<p>");
        if (report.Properties.Any(p => p.Policy is not null))
            html.Append("A limit by calibration is one that the stated share of rows like the calibration rows exceeds. ");
        html.Append("A part fails alone where it is beyond its own limit, whatever the other parts say. ");
        html.Append(report.Joint.Rule == JointRule.AllPass ? "Under this rule every such row is counted as failed in the verdicts above.</p>\n" : "The verdicts above are joint: a part that fails alone need not fail a row.</p>\n");
        if (report.CalibrationGroups.Count > 0)
        {
            var groups = string.Join(", ", report.CalibrationGroups.Select(g => $"{g.Key} ({g.Value} rows)"));
            html.Append(CultureInfo.InvariantCulture, $"<p>Calibrated apart by group: {Text(groups)}. Rows of other groups {(report.Fallback == GroupFallback.Pooled ? "are judged against all calibration rows together" : "fail, because nothing vouches for them")}. Limits and rates of properties are those of all calibration rows together.</p>\n");
        }

        html.Append("</section>\n");
    }

    private static void Property(StringBuilder html, ReportProperty property, int index)
    {
        html.Append(CultureInfo.InvariantCulture, $"<section aria-labelledby=\"p{index}\">\n<h2 id=\"p{index}\">{Text(property.Name)}</h2>\n");
        var sentences = new List<string>();
        if (property.Description.Length > 0)
            sentences.Add($"Value: {property.Description}; {(property.Sides == Sides.TwoSided ? "large and small values are unusual" : "small is good")}.");
        sentences.Add(Limits(property));
        if (property.FalseFailRate is { } rate)
            sentences.Add($"{Explanations.SomeFailToo} {rate}");
        if (property.Sides == Sides.TwoSided && property.Counts.Fail > 0)
            sentences.Add(string.Create(CultureInfo.InvariantCulture, $"Of {property.Counts.Fail} rows that fail, {property.FailedBelow} are unusually small."));
        var (failed, odd) = (property.Counts.Fail, property.FailedNotFinite);
        if (odd > 0)
            sentences.Add(string.Create(CultureInfo.InvariantCulture, $"In {odd} of {failed} rows that fail the value is not a number, or infinite; usual cause: {Explanations.CauseOfNoNumber}."));
        if (property.Cause.Length > 0 && (odd == 0 || failed > odd))
            sentences.Add($"Usual cause of {(odd == 0 ? "a failure" : "the others")}: {property.Cause.TrimEnd('.')}.");
        html.Append(CultureInfo.InvariantCulture, $"<p>{Text(string.Join(" ", sentences))}</p>\n");
        GuaranteeHtml.Rates(html, property.GroupFalseFailRates);
        SvgHistogram.Render(html, new HistogramFigure(property), index.ToString(CultureInfo.InvariantCulture));
        html.Append("</section>\n");
    }

    /// <summary>"Fails below 2.", "Fails below 2 and above 9.", and so on.</summary>
    public static string Limits(ReportProperty property) => Explanations.Limits(property.LowerFailLimit, property.FailLimit);

    private static void Worst(StringBuilder html, CertificateReport report)
    {
        html.Append("<section aria-labelledby=\"worst\">\n<h2 id=\"worst\">Worst rows</h2>\n");
        if (report.WorstRows.Count == 0)
        {
            html.Append("<p>Every row passed.</p>\n</section>\n");
            return;
        }

        html.Append("<ol class=\"rows\">\n");
        foreach (var row in report.WorstRows)
        {
            var css = row.Label == CertificateLabel.Fail ? "fail" : "warn";
            string[] about = [.. new[] { row.Set, row.Group.Length > 0 ? $"group {row.Group}" : "", double.IsNaN(row.JointPValue) ? "" : $"joint p = {Number(row.JointPValue)}" }.Where(t => t.Length > 0)];
            html.Append(CultureInfo.InvariantCulture, $"<li class=\"{css}\"><b>{Text(row.Name)}</b> <span class=\"label {css}\">{row.Label}</span> <span class=\"muted\">{Text(string.Join(", ", about))}</span><p>{Text(row.Explanation)}</p></li>\n");
        }

        html.Append("</ol>\n</section>\n");
    }
}
