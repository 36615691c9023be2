using System.Globalization;
using System.Text;

namespace XaiL2O.Certifiers;

/// <summary>The sections of bounds, selections and gaps in a report.</summary>
internal static class GuaranteeHtml
{
    public static void Bound(StringBuilder html, ReportBound bound, string id)
    {
        Open(html, bound.Name, id, bound.Conclusion);
        if (bound.Promise.Length > 0)
            html.Append(CultureInfo.InvariantCulture, $"<p>{HtmlReport.Text(bound.Promise)}</p>\n");
        if (bound.Rate is { } rate)
            html.Append(CultureInfo.InvariantCulture, $"<p>Some rows like the calibration rows break their bound. {HtmlReport.Text(rate.ToString())}</p>\n");
        Rates(html, bound.GroupRates);
        if (bound.Overall.Held.Rows > 0)
        {
            Scatter(html, bound, id);
            Coverage(html, "Set", bound.Sets, bound);
            Coverage(html, "Group", bound.Groups, bound);
        }

        html.Append("</section>\n");
    }

    public static void Selection(StringBuilder html, ReportSelection selection, string id)
    {
        Open(html, selection.Name, id, selection.Conclusion);
        html.Append("<p>The rate is promised on average over batches or windows of a stream: one of them may release more bad rows, another fewer. The interval takes rows as independent.</p>\n");
        if (selection.Bad.Rows > 0 && selection.Released.Rows > 0)
            Curve(html, selection, id);
        html.Append("</section>\n");
    }

    public static void Gap(StringBuilder html, ReportGap gap, string id)
    {
        Open(html, gap.Name, id, gap.Conclusion);
        html.Append("<p>By at most this share the objective of a solve exceeds its minimum. An infinite gap says nothing of a row: a constraint is missed, or nothing bounds the solutions. Where a part of the objective is a learned network whose value is not known, or nothing is minimised, this is the residual of the conditions of optimality and bounds nothing.</p>\n");
        if (gap.Rows > 0)
            SvgHistogram.Render(html, new HistogramFigure(gap.Name, gap.BinEdges, gap.Logarithmic, gap.Histograms), id);
        html.Append("</section>\n");
    }

    /// <summary>A statement for each group that has a calibration of its own.</summary>
    public static void Rates(StringBuilder html, IReadOnlyDictionary<string, RateGivenCalibration> rates)
    {
        if (rates.Count == 0)
            return;
        html.Append("<p>Within each group that has a calibration of its own:</p>\n<dl>\n");
        foreach (var (group, rate) in rates)
            html.Append(CultureInfo.InvariantCulture, $"<dt>{HtmlReport.Text(group.Length == 0 ? "rows without a group" : group)}</dt><dd>{HtmlReport.Text(rate.ToString())}</dd>\n");
        html.Append("</dl>\n");
    }

    private static void Open(StringBuilder html, string name, string id, string conclusion) =>
        html.Append(CultureInfo.InvariantCulture, $"<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{HtmlReport.Text(name)}</h2>\n<p class=\"conclusion\">{HtmlReport.Text(conclusion)}</p>\n");

    private static void Scatter(StringBuilder html, ReportBound bound, string id)
    {
        BoundedRow[] drawn = [.. bound.Points.Where(p => double.IsFinite(p.Actual) && double.IsFinite(p.Bound))];
        if (drawn.Length == 0)
            return;
        var scale = HistogramBins.Scale(drawn.SelectMany(p => (double[])[p.Actual, p.Bound]));
        // Errors start at 0, and so does the axis.
        var range = scale.Logarithmic ? scale : scale with { Low = Math.Min(0, scale.Low) };
        var plane = new SvgPlane(html, range, range);
        var broken = drawn.Count(p => !p.Holds);
        var side = bound.IsLower ? "above" : "below";
        plane.Open(id + "s", $"{bound.Name} against {bound.ActualName}", $"{drawn.Length} rows, {broken} of them {side} the diagonal, where the bound is broken. {bound.Conclusion}", bound.ActualName, bound.Name, HtmlReport.Number);
        html.Append(CultureInfo.InvariantCulture, $"<path class=\"limit\" d=\"M{plane.At(range.Low, range.Low)}L{plane.At(range.High, range.High)}\"/>\n");
        html.Append(CultureInfo.InvariantCulture, $"<path class=\"dots\" d=\"{string.Concat(drawn.Where(p => p.Holds).Select(p => $"M{plane.At(p.Actual, p.Bound)}h0"))}\"/>\n");
        html.Append(CultureInfo.InvariantCulture, $"<path class=\"crosses\" d=\"{string.Concat(drawn.Where(p => !p.Holds).Select(p => $"M{plane.At(p.Actual, p.Bound)}m-4 -4l8 8m0 -8l-8 8"))}\"/>\n");
        var left = bound.Points.Count - drawn.Length;
        plane.Close($"{(bound.Points.Count < bound.Overall.Held.Rows ? string.Create(CultureInfo.InvariantCulture, $"{bound.Points.Count} of {bound.Overall.Held.Rows} rows, drawn at random") : string.Create(CultureInfo.InvariantCulture, $"{bound.Points.Count} rows"))}{(left > 0 ? string.Create(CultureInfo.InvariantCulture, $", {left} of them without a finite value and not shown") : "")}. Crosses {side} the diagonal break their bound, dots hold it. {(range.Logarithmic ? "Logarithmic axes; smaller values stand at their start." : "Linear axes.")}");
    }

    private static void Coverage(StringBuilder html, string what, IReadOnlyDictionary<string, ReportCoverage> coverages, ReportBound bound)
    {
        if (coverages.Count == 0)
            return;
        html.Append(CultureInfo.InvariantCulture, $"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Coverage by {what}\"><table class=\"cards\">\n<caption>Rows whose bound holds, of {HtmlReport.Text(bound.ActualName)}; intervals are exact 95 % intervals of independent rows</caption>\n<thead><tr><th scope=\"col\">{what}</th><th scope=\"col\" class=\"n\">Rows</th><th scope=\"col\" class=\"n\">Hold</th><th scope=\"col\" class=\"n\">Coverage</th><th scope=\"col\" class=\"n\">Interval</th><th scope=\"col\" class=\"n\">Median bound</th><th scope=\"col\" class=\"n\">Median actual</th><th scope=\"col\" class=\"n\">No finite bound</th></tr></thead>\n<tbody>\n");
        foreach (var (name, c) in coverages.Append(new("all rows", bound.Overall)))
            html.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{HtmlReport.Text(name)}</th><td class=\"n\" data-label=\"Rows\">{c.Held.Rows}</td><td class=\"n\" data-label=\"Hold\">{c.Held.Count}</td><td class=\"n\" data-label=\"Coverage\">{HtmlReport.Percent(c.Held.Share)}</td><td class=\"n\" data-label=\"Interval\">{c.Held.Interval}</td><td class=\"n\" data-label=\"Median bound\">{HtmlReport.Number(c.MedianBound)}</td><td class=\"n\" data-label=\"Median actual\">{HtmlReport.Number(c.MedianActual)}</td><td class=\"n\" data-label=\"No finite bound\">{c.Unbounded}</td></tr>\n");
        html.Append("</tbody></table></div>\n");
    }

    private static void Curve(StringBuilder html, ReportSelection selection, string id)
    {
        static string Share(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.##} %");
        var chosen = selection.Curve.First(r => r.Rate == selection.FalseDiscoveryRate);
        ReportRelease[] known = [.. selection.Curve.Where(r => !double.IsNaN(r.BadShare))];
        var top = Math.Min(1, 1.3 * known.Select(r => r.BadShare).Append(selection.FalseDiscoveryRate).Append(selection.Bad.Share).Max());
        var plane = new SvgPlane(html, (0, 1, false), (0, top, false));
        plane.Open(id + "c", $"{selection.Name}: released share against bad share", $"{selection.Conclusion} {(selection.IsStream ? "" : string.Join("; ", known.Select(r => string.Create(CultureInfo.InvariantCulture, $"rate {Share(r.Rate)}: {100 * r.Released:0.0} % released, {100 * r.BadShare:0.0} % of them bad"))) + ".")}", "share of rows that is released", "share of bad rows among them", Share);
        static string Path(SvgPlane plane, IEnumerable<(double X, double Y)> points) => string.Concat(points.Select((p, i) => $"{(i == 0 ? "M" : "L")}{plane.At(p.X, p.Y)}"));
        html.Append(CultureInfo.InvariantCulture, $"<path class=\"promise\" d=\"{Path(plane, selection.Curve.Where(r => r.Rate <= top && r.Released > 0).Select(r => (r.Released, r.Rate)))}\"/>\n");
        html.Append(CultureInfo.InvariantCulture, $"<path class=\"curve\" d=\"{Path(plane, known.Select(r => (r.Released, r.BadShare)))}\"/>\n");
        html.Append(CultureInfo.InvariantCulture, $"<path class=\"dots\" d=\"M{plane.At(1, selection.Bad.Share)}h0\"/>\n");
        // Where all rows are released, the chosen rate says the same of them.
        var apart = double.IsNaN(chosen.BadShare) || chosen.Released < 0.9 || Math.Abs(chosen.BadShare - selection.Bad.Share) > 0.1 * top;
        if (apart)
            plane.Label(1, selection.Bad.Share, $"all rows: {Share(Math.Round(selection.Bad.Share, 3))} bad");
        if (!double.IsNaN(chosen.BadShare))
        {
            html.Append(CultureInfo.InvariantCulture, $"<path class=\"mark\" d=\"M{plane.At(chosen.Released, chosen.BadShare)}h0\"/>\n");
            plane.Label(chosen.Released, chosen.BadShare, $"rate {Share(chosen.Rate)}: {Share(Math.Round(chosen.BadShare, 3))} bad");
        }

        plane.Close(selection.IsStream
            ? "The large dot is the rate of the stream. At another rate its rows would be decided on one by one again."
            : "The line is what rates from 1 % to 100 % would release of this batch, the large dot the chosen one; dashed is the rate that each of them promises, if it was chosen before the truths were known.");
        if (selection.IsStream)
            return;
        html.Append("<details><summary>The numbers</summary>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Rates as a table\"><table class=\"cards\">\n<thead><tr><th scope=\"col\">Rate</th><th scope=\"col\" class=\"n\">Released</th><th scope=\"col\" class=\"n\">Bad among them</th></tr></thead>\n<tbody>\n");
        foreach (var r in selection.Curve)
            html.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{Share(r.Rate)}</th><td class=\"n\" data-label=\"Released\">{HtmlReport.Percent(r.Released)}</td><td class=\"n\" data-label=\"Bad among them\">{HtmlReport.Percent(r.BadShare)}</td></tr>\n");
        html.Append("</tbody></table></div></details>\n");
    }
}
