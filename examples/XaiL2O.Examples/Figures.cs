using ScottPlot;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>The figures of the examples.</summary>
internal static class Figures
{
    private const int Width = 1100;
    private const int Height = 450;

    /// <summary>The first signal alone, and every other one over it, one frame each: in one frame those drawn later hide the others.</summary>
    public static void Series(string path, string title, string horizontal, IReadOnlyList<(string Name, float[] Values)> series)
    {
        var multiplot = new Multiplot();
        multiplot.AddPlots(series.Count - 1);
        for (var i = 1; i < series.Count; i++)
        {
            var plot = multiplot.GetPlot(i - 1);
            // Thick and pale below, thin and dark above: both show where they agree.
            foreach (var ((name, values), colour, width) in new[] { (series[0], Colors.C1.WithAlpha(0.45), 5f), (series[i], Colors.C0, 1.5f) })
            {
                var line = plot.Add.Signal(values.Select(v => (double)v).ToArray());
                (line.LegendText, line.Color, line.LineWidth, line.MaximumMarkerSize) = (name, colour, width, 0);
            }

            plot.Title($"{title}: {series[i].Name}", size: 14);
            plot.XLabel(horizontal);
            plot.ShowLegend(Edge.Right);
        }

        multiplot.SavePicture(path, Width, 300 * (series.Count - 1));
    }

    /// <summary>What was promised of every row against what is true, both logarithmic: points above the diagonal keep their promise.</summary>
    public static void Bounds(string path, string title, string quantity, IReadOnlyList<(string Name, (double Error, double Bound)[] Rows)> sets)
    {
        var plot = new Plot();
        double[] all = [.. sets.SelectMany(s => s.Rows).SelectMany(r => new[] { r.Error, r.Bound }).Where(v => v > 0 && double.IsFinite(v)).Select(Math.Log10)];
        foreach (var (name, rows) in sets)
        {
            var shown = rows.Where(r => r.Error > 0 && r.Bound > 0 && double.IsFinite(r.Error) && double.IsFinite(r.Bound)).ToArray();
            var points = plot.Add.ScatterPoints(shown.Select(r => Math.Log10(r.Error)).ToArray(), shown.Select(r => Math.Log10(r.Bound)).ToArray());
            (points.LegendText, points.MarkerSize) = (name, 3);
        }

        var diagonal = plot.Add.Line(all.Min(), all.Min(), all.Max(), all.Max());
        (diagonal.LineColor, diagonal.LineWidth, diagonal.LegendText) = (Colors.Black, 1, "the bound is met exactly");
        double[] ticks = [.. Enumerable.Range((int)Math.Floor(all.Min()), (int)Math.Ceiling(all.Max()) - (int)Math.Floor(all.Min()) + 1).SelectMany(e => new[] { e, e + Math.Log10(3) })];
        string[] labels = [.. ticks.Select(t => Math.Pow(10, t).ToString("0.##", System.Globalization.CultureInfo.InvariantCulture))];
        (plot.Axes.Bottom.TickGenerator, plot.Axes.Left.TickGenerator) = (new ScottPlot.TickGenerators.NumericManual(ticks, labels), new ScottPlot.TickGenerators.NumericManual(ticks, labels));
        plot.Axes.SetLimits(all.Min() - 0.05, all.Max() + 0.05, all.Min() - 0.05, all.Max() + 0.05);
        plot.Title(title, size: 14);
        plot.XLabel($"{quantity}, true");
        plot.YLabel($"{quantity}, at most");
        plot.ShowLegend(Edge.Right);
        plot.SavePicture(path, Width, 700);
    }

    /// <summary>Several frames of signals, one above the other.</summary>
    public static void Panels(string path, IReadOnlyList<(string Title, (string Name, float[] Values)[] Series)> panels)
    {
        var multiplot = new Multiplot();
        multiplot.AddPlots(panels.Count);
        for (var i = 0; i < panels.Count; i++)
        {
            var plot = multiplot.GetPlot(i);
            // Those named first are drawn last, over the others, except the truth, which is below all.
            var series = panels[i].Series;
            foreach (var k in (int[])[0, .. Enumerable.Range(1, series.Length - 1).Reverse()])
            {
                var (name, values) = series[k];
                var line = plot.Add.Signal(values.Select(v => (double)v).ToArray(), period: 1 / 360.0);
                line.Color = plot.Add.Palette.GetColor(k);
                line.LegendText = name;
                line.LineWidth = 1.5f;
                // The truth, thick and pale, shows below the estimates.
                if (k == 0)
                    (line.LineWidth, line.Color) = (5, line.Color.WithAlpha(0.4));
            }

            // The numbers in one line, the verdict in the next.
            plot.Title(panels[i].Title.Replace("; ", "\n", StringComparison.Ordinal), size: 14);
            plot.XLabel("seconds");
            plot.YLabel("mV");
            plot.ShowLegend(Edge.Right);
        }

        multiplot.Layout = new ScottPlot.MultiplotLayouts.Grid(rows: (panels.Count + 1) / 2, columns: 2);
        multiplot.SavePicture(path, 1500, 380 * ((panels.Count + 1) / 2));
    }

    /// <summary>Vectors, one frame each.</summary>
    /// <param name="path">The picture.</param>
    /// <param name="title">Before the name of each.</param>
    /// <param name="series">The vectors.</param>
    /// <param name="entry">What an entry is.</param>
    public static void Stems(string path, string title, IReadOnlyList<(string Name, float[] Values)> series, string entry)
    {
        var multiplot = new Multiplot();
        multiplot.AddPlots(series.Count);
        for (var i = 0; i < series.Count; i++)
        {
            var plot = multiplot.GetPlot(i);
            var bars = plot.Add.Bars(series[i].Values.Select(v => (double)v).ToArray());
            foreach (var bar in bars.Bars)
                bar.LineWidth = 0;
            plot.Title($"{title}: {series[i].Name}", size: 14);
            plot.XLabel(entry);
        }

        multiplot.SavePicture(path, Width, 320 * series.Count);
    }

    /// <summary>Training and validation loss by epoch; validation alone where the two measure different things.</summary>
    public static void Losses(string path, TrainingResult training, string loss = "mean squared error", bool logarithmic = true)
    {
        if (training.Epochs.Count == 0)
            return;
        var plot = new Plot();
        double[] epochs = [.. training.Epochs.Select(e => (double)e.Epoch)];
        double Height(double loss) => logarithmic ? Math.Log10(loss) : loss;
        if (logarithmic)
            plot.Add.Scatter(epochs, training.Epochs.Select(e => Height(e.TrainingLoss)).ToArray()).LegendText = "training";
        if (training.Epochs.All(e => e.ValidationLoss is not null))
            plot.Add.Scatter(epochs, training.Epochs.Select(e => Height(e.ValidationLoss!.Value)).ToArray()).LegendText = "validation";
        plot.Title("Loss of training, by epoch");
        plot.XLabel("epoch");
        plot.YLabel(loss);
        // Whole epochs alone.
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic { IntegerTicksOnly = true };
        if (logarithmic)
            plot.Axes.Left.TickGenerator = Powers();
        plot.ShowLegend(Edge.Right);
        plot.SavePicture(path, 800, Figures.Height);
    }

    /// <summary>Distributions of a property over several sets of rows, with the calibrated limit where that is a number.</summary>
    public static void Distributions(string path, IReadOnlyList<(string Title, double Limit, (string Name, double[] Values)[] Sets)> properties, string horizontal = "property value")
    {
        var multiplot = new Multiplot();
        multiplot.AddPlots(properties.Count);
        for (var i = 0; i < properties.Count; i++)
        {
            var plot = multiplot.GetPlot(i);
            var (title, limit, sets) = properties[i];
            var finite = sets.SelectMany(s => s.Values).Append(limit).Where(v => double.IsFinite(v) && v > 0).DefaultIfEmpty(1).ToArray();
            var (low, high) = (Math.Log10(finite.Min()), Math.Log10(finite.Max()));
            if (high - low < 0.1)
                (low, high) = (low - 0.5, high + 0.5);
            var zeros = 0;
            const int bins = 40;
            foreach (var (name, values) in sets)
            {
                var counts = new double[bins];
                // A value of 0 has no logarithm; it counts in the first bin, which says so.
                zeros += values.Count(v => v <= 0);
                foreach (var value in values.Where(double.IsFinite).Select(v => Math.Max(v, Math.Pow(10, low))))
                    counts[Math.Clamp((int)((Math.Log10(value) - low) / Math.Max(high - low, 1e-9) * bins), 0, bins - 1)]++;
                var centres = Enumerable.Range(0, bins).Select(b => low + ((b + 0.5) * (high - low) / bins)).ToArray();
                var line = plot.Add.Scatter(centres, counts.Select(c => c / Math.Max(1, values.Length)).ToArray());
                line.LegendText = name;
                line.MarkerSize = 0;
                line.LineWidth = 2;
            }

            if (double.IsFinite(limit) && limit > 0)
            {
                var rule = plot.Add.VerticalLine(Math.Log10(limit));
                rule.LinePattern = LinePattern.Dashed;
                rule.LineColor = Colors.Black;
                rule.LegendText = FormattableString.Invariant($"fails above {limit:G3}");
            }

            plot.Title(title, size: 14);
            plot.XLabel(!sets.Any(s => s.Values.Any(v => double.IsFinite(v) && v > 0)) ? $"{horizontal}: all are 0" : zeros > 0 ? $"{horizontal}; the first bin holds {zeros} {(zeros == 1 ? "zero" : "zeros")}" : horizontal);
            plot.Axes.Bottom.TickGenerator = Powers();
            plot.YLabel("share of rows");
            plot.ShowLegend(Edge.Right);
        }

        multiplot.SavePicture(path, Width, 380 * properties.Count);
    }

    /// <summary>Ticks of an axis of logarithms, labelled with the numbers themselves.</summary>
    private static ScottPlot.TickGenerators.NumericAutomatic Powers() => new()
    {
        LabelFormatter = exponent => Math.Pow(10, exponent).ToString("G3", System.Globalization.CultureInfo.InvariantCulture),
        MinorTickGenerator = new ScottPlot.TickGenerators.LogMinorTickGenerator(),
    };

    /// <summary>Grey images side by side, each with a title and a caption, and an enlarged square of each below.</summary>
    public static void Images(string path, IReadOnlyList<(string Title, string Caption, float[] Pixels)> panels, int size, (int Top, int Left, int Size) zoom, (double Low, double High) window)
    {
        var multiplot = new Multiplot();
        multiplot.AddPlots(2 * panels.Count);
        for (var i = 0; i < panels.Count; i++)
        {
            var (title, caption, pixels) = panels[i];
            var whole = Grey(multiplot.GetPlot(i), pixels, size, (0, 0, size), window);
            whole.Title(title, size: 20);
            var frame = whole.Add.Rectangle(zoom.Left, zoom.Left + zoom.Size, size - zoom.Top - zoom.Size, size - zoom.Top);
            (frame.FillColor, frame.LineColor, frame.LineWidth) = (Colors.Transparent, Colors.Orange, 2);
            var part = Grey(multiplot.GetPlot(panels.Count + i), pixels, size, zoom, window);
            part.XLabel(caption, size: 13);
        }

        multiplot.Layout = new ScottPlot.MultiplotLayouts.Grid(rows: 2, columns: panels.Count);
        multiplot.SavePicture(path, 330 * panels.Count, 740);

        static Plot Grey(Plot plot, float[] pixels, int size, (int Top, int Left, int Size) part, (double Low, double High) window)
        {
            var values = new double[part.Size, part.Size];
            for (var row = 0; row < part.Size; row++)
                for (var column = 0; column < part.Size; column++)
                    values[row, column] = pixels[((part.Top + row) * size) + part.Left + column];
            var map = plot.Add.Heatmap(values);
            map.Colormap = new ScottPlot.Colormaps.Grayscale();
            map.ManualRange = new ScottPlot.Range(window.Low, window.High);
            map.Extent = new CoordinateRect(0, part.Size, 0, part.Size);
            plot.Axes.SetLimits(0, part.Size, 0, part.Size);
            plot.Axes.SquareUnits();
            plot.HideGrid();
            foreach (var axis in plot.Axes.GetAxes())
            {
                axis.TickLabelStyle.IsVisible = false;
                axis.MajorTickStyle.Length = 0;
                axis.MinorTickStyle.Length = 0;
            }

            return plot;
        }
    }
}
