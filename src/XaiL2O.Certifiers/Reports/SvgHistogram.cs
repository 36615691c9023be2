using System.Globalization;
using System.Text;

namespace XaiL2O.Certifiers;

/// <summary>
/// The distribution of a property or a gap: one lane for the calibration rows and one for each evaluated set, over one axis, with limits as rules
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

    public static void Render(StringBuilder html, HistogramFigure figure, string id)
    {
        var bottom = Top(figure) + (LaneHeight * figure.Histograms.Count);
        html.Append(CultureInfo.InvariantCulture, $"<figure>\n<svg viewBox=\"0 0 {Width} {bottom + 30}\" role=\"img\" aria-labelledby=\"t{id} d{id}\">\n<title id=\"t{id}\">Distribution of {HtmlReport.Text(figure.Name)}</title>\n<desc id=\"d{id}\">{HtmlReport.Text(Describe(figure))}</desc>\n");
        foreach (var (histogram, lane) in figure.Histograms.Select((h, i) => (h, i)))
            Lane(html, figure, histogram, lane);
        Limit(html, figure, figure.Lower, "fails below", 20, bottom);
        Limit(html, figure, figure.Upper, "fails above", Top(figure) - 10, bottom);
        // Over the rules of the limits, which on a narrow screen would strike them through.
        foreach (var (histogram, lane) in figure.Histograms.Select((h, i) => (h, i)))
            LaneText(html, figure, histogram, lane);
        var edges = figure.Edges;
        foreach (var i in (int[])[0, (edges.Count - 1) / 2, edges.Count - 1])
        {
            var anchor = i == 0 ? "start" : i == edges.Count - 1 ? "end" : "middle";
            html.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(figure, edges[i]):0.#}\" y=\"{bottom + 22}\" text-anchor=\"{anchor}\">{(i == 0 && figure.Logarithmic ? "≤ " : "")}{HtmlReport.Number(edges[i])}</text>\n");
        }

        html.Append(CultureInfo.InvariantCulture, $"</svg>\n<figcaption class=\"muted\">{(figure.Logarithmic ? "Logarithmic" : "Linear")} axis; each lane is drawn to its own height{(figure.Limits.Length == 0 ? "" : "; percentages are of rows that fail this property alone")}.</figcaption>\n");
        Table(html, figure);
        html.Append("</figure>\n");
    }

    /// <summary>Room above the lanes for the texts of the limits.</summary>
    private static double Top(HistogramFigure figure) => double.IsFinite(figure.Lower) ? 30 + TextHeight : 30;

    /// <summary>A limit as a rule through all lanes; where there are two, their texts stand one above the other, so that they never overlap.</summary>
    private static void Limit(StringBuilder html, HistogramFigure figure, double limit, string text, double y, double bottom)
    {
        if (!double.IsFinite(limit))
            return;
        var x = X(figure, limit);
        var (anchor, offset) = x > Width / 2 ? ("end", -6) : ("start", 6);
        html.Append(CultureInfo.InvariantCulture, $"<line class=\"limit\" x1=\"{x:0.#}\" y1=\"4\" x2=\"{x:0.#}\" y2=\"{bottom}\"/>\n<text class=\"strong\" x=\"{x + offset:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\">{text} {HtmlReport.Number(limit)}</text>\n");
    }

    private static void Lane(StringBuilder html, HistogramFigure figure, ReportHistogram histogram, int lane)
    {
        var bottom = Top(figure) + (LaneHeight * (lane + 1));
        var css = histogram.IsCalibration ? "cal" : "set";
        var scale = BarHeight / Math.Max(1e-12, histogram.Shares.Max());
        for (var i = 0; i < histogram.Shares.Count; i++)
        {
            if (histogram.Shares[i] == 0)
                continue;
            var (x0, x1) = (X(figure, figure.Edges[i]), X(figure, figure.Edges[i + 1]));
            var height = Math.Max(1.5, histogram.Shares[i] * scale);
            html.Append(CultureInfo.InvariantCulture, $"<rect class=\"{css}\" x=\"{x0 + 0.5:0.#}\" y=\"{bottom - height:0.#}\" width=\"{Math.Max(1, x1 - x0 - 1):0.#}\" height=\"{height:0.#}\"/>\n");
        }

        html.Append(CultureInfo.InvariantCulture, $"<line class=\"axis\" x1=\"{Left}\" y1=\"{bottom:0.#}\" x2=\"{Right}\" y2=\"{bottom:0.#}\"/>\n");
    }

    private static void LaneText(StringBuilder html, HistogramFigure figure, ReportHistogram histogram, int lane)
    {
        // The label keeps clear of the limit's rule by standing on the other half.
        var (x, anchor) = X(figure, figure.Upper) < Width / 2 ? (Right, "end") : (Left, "start");
        html.Append(CultureInfo.InvariantCulture, $"<text class=\"halo\" x=\"{x}\" y=\"{Top(figure) + (LaneHeight * lane) + LabelHeight - 5:0.#}\" text-anchor=\"{anchor}\">{HtmlReport.Text(Label(histogram))}</text>\n");
    }

    private static string Label(ReportHistogram histogram)
    {
        var odd = histogram.NotFinite > 0 ? $", {histogram.NotFinite} not finite" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{histogram.Set}: {histogram.Rows} rows{odd}{(double.IsNaN(histogram.FailShare) ? "" : string.Create(CultureInfo.InvariantCulture, $", {100 * histogram.FailShare:0.#} % fail"))}");
    }

    /// <summary>Bins have equal widths on the axis, logarithmic or not.</summary>
    private static double X(HistogramFigure figure, double value) => new SvgAxis(figure.Edges[0], figure.Edges[^1], figure.Logarithmic, Left, Right).At(value);

    private static string Describe(HistogramFigure figure)
    {
        return $"Histograms from {HtmlReport.Number(figure.Edges[0])} to {HtmlReport.Number(figure.Edges[^1])}.{figure.Limits} {string.Join("; ", figure.Histograms.Select(Label))}.";
    }

    private static void Table(StringBuilder html, HistogramFigure figure)
    {
        html.Append("<details><summary>The numbers</summary>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Histogram as a table\"><table>\n<thead><tr><th scope=\"col\">Up to</th>");
        foreach (var histogram in figure.Histograms)
            html.Append(CultureInfo.InvariantCulture, $"<th scope=\"col\" class=\"n\">{HtmlReport.Text(histogram.Set)}</th>");
        html.Append("</tr></thead>\n<tbody>\n");
        for (var i = 0; i + 1 < figure.Edges.Count; i++)
        {
            if (figure.Histograms.All(h => h.Shares[i] == 0))
                continue;
            html.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{HtmlReport.Number(figure.Edges[i + 1])}</th>");
            foreach (var histogram in figure.Histograms)
                html.Append(CultureInfo.InvariantCulture, $"<td class=\"n\">{100 * histogram.Shares[i]:0.0} %</td>");
            html.Append("</tr>\n");
        }

        html.Append("</tbody></table></div></details>\n");
    }
}
