using ScottPlot;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>Trades drawn on their network: tokens above, CFMMs below, arrows as wide as the value they move.</summary>
internal static class TradeFigure
{
    public static void Save(string path, CfmmNetwork network, CfmmTrades trades, double[] prices, IReadOnlyList<int> rows)
    {
        var multiplot = new Multiplot();
        multiplot.AddPlots(rows.Count);
        for (var i = 0; i < rows.Count; i++)
            Draw(multiplot.GetPlot(i), network, trades, prices, rows[i]);
        multiplot.Layout = new ScottPlot.MultiplotLayouts.Grid(rows: 1, columns: rows.Count);
        multiplot.SavePicture(path, 750 * rows.Count, 560);
    }

    private static void Draw(Plot plot, CfmmNetwork network, CfmmTrades trades, double[] prices, int row)
    {
        var (n, tokens, m) = (network.ReserveCount, network.Tokens.Count, network.Cfmms.Count);
        Coordinates Token(int t) => new((t + 1.0) / (tokens + 1), 1);
        Coordinates Pool(int j) => new((j + 1.0) / (m + 1), 0);
        var values = Enumerable.Range(0, n).Select(i => prices[(row * tokens) + network.TokenOf(i)] * (trades.Receive[(row * n) + i] - trades.Tender[(row * n) + i])).ToArray();
        var largest = values.Max(Math.Abs);
        var labels = new List<(string Text, Coordinates Place)>();
        for (var j = 0; j < m; j++)
        {
            for (var i = network.Offset(j); i < network.Offset(j + 1); i++)
            {
                var (token, pool) = (Token(network.TokenOf(i)), Pool(j));
                var line = plot.Add.Line(token, pool);
                (line.LineColor, line.LineWidth, line.LinePattern) = (Colors.Gray.WithAlpha(0.4), 1, LinePattern.Dotted);
                if (Math.Abs(values[i]) <= 1e-6 * largest)
                    continue;
                var received = values[i] > 0;
                // Arrows end short of the circles.
                var (from, to) = received ? (pool, token) : (token, pool);
                Coordinates Between(double t) => new(from.X + (t * (to.X - from.X)), from.Y + (t * (to.Y - from.Y)));
                var arrow = plot.Add.Arrow(Between(0.1), Between(0.9));
                var width = (float)(2 + (16 * Math.Sqrt(Math.Abs(values[i]) / largest)));
                (arrow.ArrowWidth, arrow.ArrowheadWidth, arrow.ArrowheadLength, arrow.ArrowheadAxisLength) = (width, width + 10, width + 10, width + 10);
                (arrow.ArrowFillColor, arrow.ArrowLineWidth) = (received ? Colors.SeaGreen : Colors.OrangeRed, 0);
                // Near the CFMM, where the arrows of others are far, and at different heights, so that neighbours do not collide.
                var height = 0.17 + (0.07 * (i - network.Offset(j)));
                labels.Add(($"{Math.Abs(values[i]):0.00}", Between(received ? height : 1 - height)));
            }
        }

        foreach (var (text, place) in labels)
        {
            var label = plot.Add.Text(text, place);
            (label.LabelFontSize, label.LabelBackgroundColor, label.LabelAlignment) = (12, Colors.White.WithAlpha(0.85), Alignment.MiddleCenter);
        }

        for (var t = 0; t < tokens; t++)
            Node(plot, Token(t), $"token {network.Tokens[t]}", Colors.SteelBlue, above: true);
        for (var j = 0; j < m; j++)
            Node(plot, Pool(j), network.Cfmms[j].Name, Colors.DimGray, above: false);
        plot.Title($"Test row {row}: utility {values.Sum():0.00} (green: received, red: tendered, in value)", size: 15);
        plot.Axes.SetLimits(0, 1, -0.2, 1.2);
        plot.HideGrid();
        plot.Layout.Frameless();
        plot.Axes.Title.IsVisible = true;
    }

    private static void Node(Plot plot, Coordinates place, string name, Color color, bool above)
    {
        plot.Add.Marker(place, MarkerShape.FilledCircle, 34, color);
        var text = plot.Add.Text(name, new Coordinates(place.X, place.Y + (above ? 0.11 : -0.11)));
        (text.LabelFontSize, text.LabelBold, text.LabelAlignment) = (14, true, Alignment.MiddleCenter);
    }
}
