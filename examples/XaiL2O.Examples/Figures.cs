using ScottPlot;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>The figures of the examples.</summary>
internal static class Figures
{
    private const int Width = 1100;
    private const int Height = 450;

    /// <summary>Several sampled signals in one frame.</summary>
    public static void Series(string path, string title, string horizontal, IEnumerable<(string Name, float[] Values)> series)
    {
        var plot = new Plot();
        LinePattern[] patterns = [LinePattern.Solid, LinePattern.Dotted, LinePattern.Dashed];
        var i = 0;
        foreach (var (name, values) in series)
        {
            var line = plot.Add.Signal(values.Select(v => (double)v).ToArray());
            line.LegendText = name;
            line.LineWidth = 1.5f;
            // Dashes keep a series visible that lies under one drawn later.
            line.LinePattern = patterns[i++ % patterns.Length];
        }

        plot.Title(title);
        plot.XLabel(horizontal);
        plot.ShowLegend(Alignment.UpperRight);
        plot.SavePicture(path, Width, Height);
    }

    /// <summary>Several frames of signals, one above the other.</summary>
    public static void Panels(string path, IReadOnlyList<(string Title, (string Name, float[] Values)[] Series)> panels)
    {
        var multiplot = new Multiplot();
        multiplot.AddPlots(panels.Count);
        for (var i = 0; i < panels.Count; i++)
        {
            var plot = multiplot.GetPlot(i);
            foreach (var (name, values) in panels[i].Series)
            {
                var line = plot.Add.Signal(values.Select(v => (double)v).ToArray(), period: 1 / 360.0);
                line.LegendText = name;
                line.LineWidth = 1.5f;
            }

            plot.Title(panels[i].Title, size: 14);
            plot.XLabel("seconds");
            plot.YLabel("mV");
            plot.ShowLegend(Alignment.UpperRight);
        }

        multiplot.Layout = new ScottPlot.MultiplotLayouts.Grid(rows: (panels.Count + 1) / 2, columns: 2);
        multiplot.SavePicture(path, 1500, 380 * ((panels.Count + 1) / 2));
    }

    /// <summary>Coefficients of transformed signals, one frame each.</summary>
    public static void Stems(string path, string title, IReadOnlyList<(string Name, float[] Values)> series)
    {
        var multiplot = new Multiplot();
        multiplot.AddPlots(series.Count);
        for (var i = 0; i < series.Count; i++)
        {
            var plot = multiplot.GetPlot(i);
            var bars = plot.Add.Bars(series[i].Values.Select(v => (double)v).ToArray());
            foreach (var bar in bars.Bars)
                bar.LineWidth = 0;
            plot.Title($"{title}: {series[i].Name}, ‖Kx‖₁ = {series[i].Values.Sum(v => Math.Abs((double)v)):0.00}", size: 14);
            plot.XLabel("coefficient");
        }

        multiplot.SavePicture(path, Width, 320 * series.Count);
    }

    /// <summary>Training and validation loss by epoch; validation alone where the two measure different things.</summary>
    public static void Losses(string path, TrainingResult training, string title = "Mean squared error", bool logarithmic = true)
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
        plot.Title(title);
        plot.XLabel("epoch");
        plot.YLabel(logarithmic ? "log₁₀ MSE" : "loss");
        plot.ShowLegend(Alignment.UpperRight);
        plot.SavePicture(path, 800, Figures.Height);
    }

    /// <summary>Distributions of a property over several sets of rows, with the calibrated limit where that is a number.</summary>
    public static void Distributions(string path, IReadOnlyList<(string Title, double Limit, (string Name, double[] Values)[] Sets)> properties, string horizontal = "log₁₀ of the property value", Alignment legend = Alignment.UpperRight)
    {
        var multiplot = new Multiplot();
        multiplot.AddPlots(properties.Count);
        for (var i = 0; i < properties.Count; i++)
        {
            var plot = multiplot.GetPlot(i);
            var (title, limit, sets) = properties[i];
            var finite = sets.SelectMany(s => s.Values).Append(limit).Where(v => double.IsFinite(v) && v > 0).ToArray();
            var (low, high) = (Math.Log10(finite.Min()), Math.Log10(finite.Max()));
            const int bins = 40;
            foreach (var (name, values) in sets)
            {
                var counts = new double[bins];
                foreach (var value in values.Where(v => double.IsFinite(v) && v > 0))
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
                rule.LegendText = $"fails above {limit:0.###}";
            }

            plot.Title(title, size: 14);
            plot.XLabel(horizontal);
            plot.YLabel("share of rows");
            plot.ShowLegend(legend);
        }

        multiplot.SavePicture(path, Width, 380 * properties.Count);
    }

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
