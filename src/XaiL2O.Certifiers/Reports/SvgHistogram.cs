using System.Globalization;
using System.Text;

namespace XaiL2O.Certifiers;

/// <summary>
/// The distribution of a property: one lane for the calibration rows and one for each evaluated set, over one axis, with the limit as a rule
/// through all of them. Each lane is drawn to the height of its own largest bin. The numbers follow as a table.
/// </summary>
internal static class SvgHistogram
{
    private const double Width = 640;
    private const double Left = 8;
    private const double Right = 632;
    private const double TextHeight = 24;
    private const double LabelHeight = 30;
    private const double BarHeight = 44;
    private const double LaneHeight = LabelHeight + BarHeight;

    public static void Render(StringBuilder html, ReportProperty property, int index)
    {
        var bottom = Top(property) + (LaneHeight * property.Histograms.Count);
        html.Append(CultureInfo.InvariantCulture, $"<figure>\n<svg viewBox=\"0 0 {Width} {bottom + 30}\" role=\"img\" aria-labelledby=\"t{index} d{index}\">\n<title id=\"t{index}\">Distribution of {HtmlReport.Text(property.Name)}</title>\n<desc id=\"d{index}\">{HtmlReport.Text(Describe(property))}</desc>\n");
        foreach (var (histogram, lane) in property.Histograms.Select((h, i) => (h, i)))
            Lane(html, property, histogram, lane);
        Limit(html, property, property.LowerFailLimit, "fails below", 20, bottom);
        Limit(html, property, property.FailLimit, "fails above", Top(property) - 10, bottom);
        // Over the rules of the limits, which on a narrow screen would strike them through.
        foreach (var (histogram, lane) in property.Histograms.Select((h, i) => (h, i)))
            LaneText(html, property, histogram, lane);
        var edges = property.BinEdges;
        foreach (var i in (int[])[0, (edges.Count - 1) / 2, edges.Count - 1])
        {
            var anchor = i == 0 ? "start" : i == edges.Count - 1 ? "end" : "middle";
            html.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(property, edges[i]):0.#}\" y=\"{bottom + 22}\" text-anchor=\"{anchor}\">{(i == 0 && property.Logarithmic ? "≤ " : "")}{HtmlReport.Number(edges[i])}</text>\n");
        }

        html.Append(CultureInfo.InvariantCulture, $"</svg>\n<figcaption class=\"muted\">{(property.Logarithmic ? "Logarithmic" : "Linear")} axis; each lane is drawn to its own height; percentages are of rows that fail this property alone.</figcaption>\n");
        Table(html, property);
        html.Append("</figure>\n");
    }

    /// <summary>Room above the lanes for the texts of the limits.</summary>
    private static double Top(ReportProperty property) => double.IsFinite(property.LowerFailLimit) ? 30 + TextHeight : 30;

    /// <summary>A limit as a rule through all lanes; where there are two, their texts stand one above the other, so that they never overlap.</summary>
    private static void Limit(StringBuilder html, ReportProperty property, double limit, string text, double y, double bottom)
    {
        if (!double.IsFinite(limit))
            return;
        var x = X(property, limit);
        var (anchor, offset) = x > Width / 2 ? ("end", -6) : ("start", 6);
        html.Append(CultureInfo.InvariantCulture, $"<line class=\"limit\" x1=\"{x:0.#}\" y1=\"4\" x2=\"{x:0.#}\" y2=\"{bottom}\"/>\n<text class=\"strong\" x=\"{x + offset:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\">{text} {HtmlReport.Number(limit)}</text>\n");
    }

    private static void Lane(StringBuilder html, ReportProperty property, ReportHistogram histogram, int lane)
    {
        var bottom = Top(property) + (LaneHeight * (lane + 1));
        var css = histogram.IsCalibration ? "cal" : "set";
        var scale = BarHeight / Math.Max(1e-12, histogram.Shares.Max());
        for (var i = 0; i < histogram.Shares.Count; i++)
        {
            if (histogram.Shares[i] == 0)
                continue;
            var (x0, x1) = (X(property, property.BinEdges[i]), X(property, property.BinEdges[i + 1]));
            var height = Math.Max(1.5, histogram.Shares[i] * scale);
            html.Append(CultureInfo.InvariantCulture, $"<rect class=\"{css}\" x=\"{x0 + 0.5:0.#}\" y=\"{bottom - height:0.#}\" width=\"{Math.Max(1, x1 - x0 - 1):0.#}\" height=\"{height:0.#}\"/>\n");
        }

        html.Append(CultureInfo.InvariantCulture, $"<line class=\"axis\" x1=\"{Left}\" y1=\"{bottom:0.#}\" x2=\"{Right}\" y2=\"{bottom:0.#}\"/>\n");
    }

    private static void LaneText(StringBuilder html, ReportProperty property, ReportHistogram histogram, int lane)
    {
        // The label keeps clear of the limit's rule by standing on the other half.
        var (x, anchor) = X(property, property.FailLimit) < Width / 2 ? (Right, "end") : (Left, "start");
        html.Append(CultureInfo.InvariantCulture, $"<text class=\"halo\" x=\"{x}\" y=\"{Top(property) + (LaneHeight * lane) + LabelHeight - 5:0.#}\" text-anchor=\"{anchor}\">{HtmlReport.Text(Label(histogram))}</text>\n");
    }

    private static string Label(ReportHistogram histogram)
    {
        var odd = histogram.NotFinite > 0 ? $", {histogram.NotFinite} not finite" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{histogram.Set}: {histogram.Rows} rows{odd}, {100 * histogram.FailShare:0.#} % fail");
    }

    /// <summary>Bins have equal widths on the axis, logarithmic or not.</summary>
    private static double X(ReportProperty property, double value)
    {
        var (first, last) = (property.BinEdges[0], property.BinEdges[^1]);
        var at = property.Logarithmic
            ? Math.Log(Math.Max(value, first) / first) / Math.Log(last / first)
            : (value - first) / (last - first);
        return Left + (Math.Clamp(at, 0, 1) * (Right - Left));
    }

    private static string Describe(ReportProperty property)
    {
        return $"Histograms from {HtmlReport.Number(property.BinEdges[0])} to {HtmlReport.Number(property.BinEdges[^1])}. {HtmlReport.Limits(property)} {string.Join("; ", property.Histograms.Select(Label))}.";
    }

    private static void Table(StringBuilder html, ReportProperty property)
    {
        html.Append("<details><summary>The numbers</summary>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Histogram as a table\"><table>\n<thead><tr><th scope=\"col\">Up to</th>");
        foreach (var histogram in property.Histograms)
            html.Append(CultureInfo.InvariantCulture, $"<th scope=\"col\" class=\"n\">{HtmlReport.Text(histogram.Set)}</th>");
        html.Append("</tr></thead>\n<tbody>\n");
        for (var i = 0; i + 1 < property.BinEdges.Count; i++)
        {
            if (property.Histograms.All(h => h.Shares[i] == 0))
                continue;
            html.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{HtmlReport.Number(property.BinEdges[i + 1])}</th>");
            foreach (var histogram in property.Histograms)
                html.Append(CultureInfo.InvariantCulture, $"<td class=\"n\">{100 * histogram.Shares[i]:0.0} %</td>");
            html.Append("</tr>\n");
        }

        html.Append("</tbody></table></div></details>\n");
    }
}
