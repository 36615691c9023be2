using System.Globalization;
using System.Text;

namespace XaiL2O.Certifiers;

/// <summary>The frame of a figure with two axes: their numbers, what they show, and the same in words for those who do not see it.</summary>
internal sealed class SvgPlane(StringBuilder html, (double Low, double High, bool Logarithmic) x, (double Low, double High, bool Logarithmic) y)
{
    private const int LongestTitle = 46;
    private const double Width = 640;
    private const double Height = 464;
    private const double Left = 84;
    private const double Right = 622;
    private const double Top = 40;
    private const double Bottom = 384;

    public SvgAxis X { get; } = new(x.Low, x.High, x.Logarithmic, Left, Right);

    public SvgAxis Y { get; } = new(y.Low, y.High, y.Logarithmic, Bottom, Top);

    /// <summary>A point as a path has it.</summary>
    public string At(double x, double y) => string.Create(CultureInfo.InvariantCulture, $"{X.At(x):0.#} {Y.At(y):0.#}");

    /// <summary>Draws the frame.</summary>
    /// <param name="id">Distinct in the document.</param>
    /// <param name="title">What the figure is.</param>
    /// <param name="description">What is to be seen.</param>
    /// <param name="horizontal">What the horizontal axis shows.</param>
    /// <param name="vertical">What the vertical axis shows.</param>
    /// <param name="number">Text of a number on an axis.</param>
    public void Open(string id, string title, string description, string horizontal, string vertical, Func<double, string> number)
    {
        html.Append(CultureInfo.InvariantCulture, $"<figure class=\"plot\">\n<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-labelledby=\"t{id} d{id}\">\n<title id=\"t{id}\">{HtmlReport.Text(title)}</title>\n<desc id=\"d{id}\">{HtmlReport.Text(description)}</desc>\n");
        foreach (var tick in X.Ticks())
            html.Append(CultureInfo.InvariantCulture, $"<line class=\"axis\" x1=\"{X.At(tick):0.#}\" y1=\"{Top}\" x2=\"{X.At(tick):0.#}\" y2=\"{Bottom}\"/>\n<text x=\"{X.At(tick):0.#}\" y=\"{Bottom + 34}\" text-anchor=\"{(X.At(tick) > Right - 30 ? "end" : "middle")}\">{number(tick)}</text>\n");
        foreach (var tick in Y.Ticks())
            html.Append(CultureInfo.InvariantCulture, $"<line class=\"axis\" x1=\"{Left}\" y1=\"{Y.At(tick):0.#}\" x2=\"{Right}\" y2=\"{Y.At(tick):0.#}\"/>\n<text x=\"{Left - 8}\" y=\"{Y.At(tick) + 6:0.#}\" text-anchor=\"end\">{number(tick)}</text>\n");
        html.Append(CultureInfo.InvariantCulture, $"<path class=\"frame\" d=\"M{Left} {Top}V{Bottom}H{Right}\"/>\n<text class=\"strong\" x=\"4\" y=\"22\">↑ {HtmlReport.Text(Short(vertical))}</text>\n<text class=\"strong\" x=\"{Right}\" y=\"{Height - 8}\" text-anchor=\"end\">{HtmlReport.Text(Short(horizontal))} →</text>\n");
    }

    /// <summary>A text beside a point, on the side that has room.</summary>
    public void Label(double x, double y, string text)
    {
        var right = X.At(x) < (Left + Right) / 2;
        html.Append(CultureInfo.InvariantCulture, $"<text class=\"halo\" x=\"{X.At(x) + (right ? 12 : -12):0.#}\" y=\"{Math.Max(Top + 20, Y.At(y) - 14):0.#}\" text-anchor=\"{(right ? "start" : "end")}\">{HtmlReport.Text(text)}</text>\n");
    }

    public void Close(string caption) => html.Append(CultureInfo.InvariantCulture, $"</svg>\n<figcaption class=\"muted\">{HtmlReport.Text(caption)}</figcaption>\n</figure>\n");

    private static string Short(string title) => title.Length <= LongestTitle ? title : title[..(LongestTitle - 1)] + "…";
}
