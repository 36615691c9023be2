using XaiL2O.MLNet;

namespace XaiL2O.Examples;

/// <summary>The figures of the CT example.</summary>
internal static class CtFigures
{
    /// <summary>Side of the enlarged square.</summary>
    private const int Zoom = 40;

    /// <summary>One slice by every method, with an enlarged region below.</summary>
    public static void Reconstructions(string path, CtResult[] truths, Dictionary<string, CtResult[]> results)
    {
        // A typical slice: the one of median PSNR by the implicit model.
        var l2o = results["l2o"];
        var shown = Enumerable.Range(0, l2o.Length).OrderBy(i => l2o[i].Psnr).ElementAt(l2o.Length / 2);
        var truth = l2o[shown].Image;
        var (top, left) = MostDetailed(truth);
        // Captions of three lines each, so that all panels are alike.
        var panels = new List<(string Title, string Caption, float[] Pixels)> { ("Truth", $" \n{Verdict(truths[shown])}", truth) };
        foreach (var (key, name) in CtMethods.All)
        {
            var row = results[key][shown];
            panels.Add((name, $"PSNR {row.Psnr:0.00} dB, SSIM {row.Ssim:0.000}\n{Verdict(row)}", row.Reconstruction));
        }

        static string Verdict(CtResult row)
        {
            var failed = row.FailedParts.Split(", ", StringSplitOptions.RemoveEmptyEntries);
            return failed.Length == 0 ? "passes every certificate\n " : $"FAILS {string.Join(", ", failed[..Math.Min(3, failed.Length)])}\n{string.Join(", ", failed[Math.Min(3, failed.Length)..])} ";
        }

        Figures.Images(path, panels, CtSlice.ImageSize, (top, left, Zoom), (0, 0.55));
    }

    /// <summary>Distributions of the properties over calibration slices and every method's test images.</summary>
    public static void Properties(string path, CertifierTransformer certifier, CtResult[] truths, Dictionary<string, CtResult[]> results)
    {
        var properties = certifier.Certifier.Properties;
        (string Title, int Index)[] shown =
        [
            ("Fidelity ‖Ax−d‖/‖d‖, weighted", 1),
            ("Regulariser ‖Kx−R(Kx)‖", 2),
            ("Whiteness: autocorrelation of the residual", 3),
            ("Local misfit in standard deviations", 4),
        ];
        Figures.Distributions(path, [.. shown.Select(p => (p.Title, properties[p.Index].FailThreshold, Sets(CtCertificates.All[p.Index].Value)))]);

        // A residual without positive correlation has no logarithm; it is drawn far below what noise has by chance.
        (string, double[])[] Sets(Func<CtResult, double> value) =>
            [.. CtMethods.All.Select(m => (m.Name, results[m.Key])).Prepend(("truth", truths)).Select(s => (s.Item1, s.Item2.Select(r => Math.Max(value(r), 1e-3)).ToArray()))];
    }

    /// <summary>The square of largest variation near the middle: vessels and airways rather than the outline.</summary>
    private static (int Top, int Left) MostDetailed(float[] image)
    {
        var (size, best, place) = (CtSlice.ImageSize, -1.0, (Top: 0, Left: 0));
        for (var top = size / 5; top <= (size * 4 / 5) - Zoom; top += 4)
        {
            for (var left = size / 5; left <= (size * 4 / 5) - Zoom; left += 4)
            {
                var variation = 0.0;
                for (var row = top; row < top + Zoom; row++)
                    for (var column = left + 1; column < left + Zoom; column++)
                        variation += Math.Abs(image[(row * size) + column] - image[(row * size) + column - 1]);
                if (variation > best)
                    (best, place) = (variation, (top, left));
            }
        }

        return place;
    }
}
