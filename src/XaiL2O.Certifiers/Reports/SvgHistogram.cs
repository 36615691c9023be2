using System.Globalization;
using System.Text;

namespace XaiL2O.Certifiers;

/// <summary>
/// The distribution of a property: calibration rows as bars, evaluated sets as outlines told apart by colour and dashes, the limit as a
/// rule. Each set is drawn to the height of its own largest bin. The numbers follow as a table.
/// </summary>
internal static class SvgHistogram
{
    private const double Width = 640;
    private const double Height = 230;
    private const double Left = 8;
    private const double Right = 632;
    private const double Top = 26;
    private const double Bottom = 196;
    private const int Styles = 5;

    public static void Render(StringBuilder html, ReportProperty property, int index)
    {
        var title = $"Distribution of {property.Name}";
        html.Append(CultureInfo.InvariantCulture, $"<figure>\n<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-labelledby=\"t{index} d{index}\">\n<title id=\"t{index}\">{HtmlReport.Text(title)}</title>\n<desc id=\"d{index}\">{HtmlReport.Text(Describe(property))}</desc>\n");
        var edges = property.BinEdges;
        var set = 0;
        foreach (var histogram in property.Histograms)
        {
            if (IsCalibration(property, histogram))
                Bars(html, property, histogram);
            else
                Outline(html, property, histogram, set++);
        }

        html.Append(CultureInfo.InvariantCulture, $"<line class=\"axis\" x1=\"{Left}\" y1=\"{Bottom}\" x2=\"{Right}\" y2=\"{Bottom}\"/>\n");
        foreach (var i in (int[])[0, (edges.Count - 1) / 2, edges.Count - 1])
        {
            var anchor = i == 0 ? "start" : i == edges.Count - 1 ? "end" : "middle";
            html.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(property, edges[i]):0.#}\" y=\"{Bottom + 20}\" text-anchor=\"{anchor}\">{HtmlReport.Number(edges[i])}</text>\n");
        }

        if (double.IsFinite(property.FailLimit))
        {
            var x = X(property, property.FailLimit);
            var (anchor, offset) = x > Width / 2 ? ("end", -5) : ("start", 5);
            html.Append(CultureInfo.InvariantCulture, $"<line class=\"limit\" x1=\"{x:0.#}\" y1=\"8\" x2=\"{x:0.#}\" y2=\"{Bottom}\"/>\n<text x=\"{x + offset:0.#}\" y=\"19\" text-anchor=\"{anchor}\">fails above {HtmlReport.Number(property.FailLimit)}</text>\n");
        }

        html.Append("</svg>\n<figcaption>\n<ul class=\"legend\">\n");
        set = 0;
        foreach (var histogram in property.Histograms)
        {
            var swatch = IsCalibration(property, histogram)
                ? "<rect class=\"cal\" width=\"32\" height=\"12\"/>"
                : string.Create(CultureInfo.InvariantCulture, $"<line class=\"set k{set++ % Styles}\" x1=\"0\" y1=\"6\" x2=\"32\" y2=\"6\"/>");
            html.Append(CultureInfo.InvariantCulture, $"<li><svg viewBox=\"0 0 32 12\" aria-hidden=\"true\">{swatch}</svg> {HtmlReport.Text(histogram.Set)} ({histogram.Rows} rows{(histogram.NotFinite > 0 ? $", {histogram.NotFinite} not finite" : "")})</li>\n");
        }

        html.Append(CultureInfo.InvariantCulture, $"</ul>\n<p class=\"muted\">{(property.Logarithmic ? "Logarithmic" : "Linear")} axis; each set is drawn to its own height.</p>\n</figcaption>\n");
        Table(html, property);
        html.Append("</figure>\n");
    }

    private static bool IsCalibration(ReportProperty property, ReportHistogram histogram) =>
        property.CalibrationRows > 0 && ReferenceEquals(histogram, property.Histograms[0]);

    private static void Bars(StringBuilder html, ReportProperty property, ReportHistogram histogram)
    {
        var scale = (Bottom - Top) / Math.Max(1e-12, histogram.Shares.Max());
        for (var i = 0; i < histogram.Shares.Count; i++)
        {
            if (histogram.Shares[i] == 0)
                continue;
            var (x0, x1) = (X(property, property.BinEdges[i]), X(property, property.BinEdges[i + 1]));
            var height = histogram.Shares[i] * scale;
            html.Append(CultureInfo.InvariantCulture, $"<rect class=\"cal\" x=\"{x0 + 0.5:0.#}\" y=\"{Bottom - height:0.#}\" width=\"{Math.Max(1, x1 - x0 - 1):0.#}\" height=\"{height:0.#}\"/>\n");
        }
    }

    private static void Outline(StringBuilder html, ReportProperty property, ReportHistogram histogram, int set)
    {
        var scale = (Bottom - Top) / Math.Max(1e-12, histogram.Shares.Max());
        var path = new StringBuilder();
        path.Append(CultureInfo.InvariantCulture, $"M{Left:0.#} {Bottom:0.#}");
        for (var i = 0; i < histogram.Shares.Count; i++)
            path.Append(CultureInfo.InvariantCulture, $"V{Bottom - (histogram.Shares[i] * scale):0.#}H{X(property, property.BinEdges[i + 1]):0.#}");
        path.Append(CultureInfo.InvariantCulture, $"V{Bottom:0.#}");
        html.Append(CultureInfo.InvariantCulture, $"<path class=\"set k{set % Styles}\" d=\"{path}\"/>\n");
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
        var limit = double.IsFinite(property.FailLimit) ? $" Values above {HtmlReport.Number(property.FailLimit)} fail." : "";
        var above = string.Join(", ", property.Histograms.Select(h => $"{h.Set}: {h.Rows} rows"));
        return $"Histogram from {HtmlReport.Number(property.BinEdges[0])} to {HtmlReport.Number(property.BinEdges[^1])}.{limit} {above}. {property.Counts.Fail} of {property.Counts.Rows} evaluated rows fail this property alone.";
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
