using Microsoft.ML;
using Spectre.Console;
using TorchSharp;
using XaiL2O.Data;
using XaiL2O.MLNet;
using XaiL2O.Trainers;
using static TorchSharp.torch;

namespace XaiL2O.Examples;

/// <summary>What the certificates say of images and scans that are wrong in known ways, and how large a local change must be for them to see it.</summary>
internal static class CtConditions
{
    /// <summary>Finer angles than the scan's, from which wrong ones are taken: five to each, 1.2° apart.</summary>
    private const int Finer = 5;

    private static readonly int[] Radii = [2, 4, 8];
    private static readonly float[] Heights = [0.01f, 0.02f, 0.05f, 0.1f, 0.2f];

    public static void Add(Dictionary<string, object> summary, MLContext ml, ImplicitModelTransformer model, CtCertificates certificates, CtSlice[] test, CtResult[] inferences)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        CtImage Finished(int slice, float[] image) => new() { Image = test[slice].Image, Measurements = test[slice].Measurements, Reconstruction = image };
        CtResult[] Images(Func<int, float[]> image) => certificates.Judge(test.Select((_, i) => Finished(i, image(i))));
        CtResult[] Solved(string name, float[][] scans)
        {
            ExampleContext.Say($"Reconstructing {test.Length} slices: {name}");
            var rows = test.Zip(scans, (t, d) => new CtSlice { Image = t.Image, Measurements = d });
            var solved = ml.Data.CreateEnumerable<CtResult>(model.Transform(ml.Data.LoadFromEnumerable(rows)), reuseRowObject: false, ignoreMissingColumns: true);
            return certificates.Judge(solved.Zip(rows, (r, t) => new CtImage { Image = t.Image, Measurements = t.Measurements, Reconstruction = r.Reconstruction, Iterations = r.Iterations, Converged = r.Converged }).ToArray());
        }

        var random = new Random(1);
        float[][] Noisy(double noise) => Rows(new ScanSimulator(RadonOperator.Shared(CtSlice.Geometry), noise, seed: 1).Scan(Truths(test)));
        (string Key, string Name, CtResult[] Rows)[] conditions =
        [
            ("blank", "blank image", Images(_ => new float[CtSlice.Pixels])),
            ("constant", "constant image", Images(i => [.. Enumerable.Repeat(test[i].Image.Average(), CtSlice.Pixels)])),
            ("other", "inference, other slice", Images(i => inferences[(i + 1) % test.Length].Reconstruction)),
            ("blurred_half", "inference, blurred ½", Images(i => Blurred(inferences[i].Reconstruction, 0.5))),
            ("blurred", "inference, blurred 1", Images(i => Blurred(inferences[i].Reconstruction, 1))),
            ("less_noise", "scan, 0.5 % noise", Solved("0.5 % noise", Noisy(0.005))),
            ("more_noise", "scan, 3 % noise", Solved("3 % noise", Noisy(0.03))),
            ("turned", "scan, all angles +1.2°", Solved("all angles wrong by 1.2°", Rows(WithWrongAngles(test, () => 1)))),
            ("angles", "scan, angles ±1.2°", Solved("each angle wrong by −1.2°, 0 or 1.2°", Rows(WithWrongAngles(test, () => random.Next(-1, 2))))),
        ];
        Report(summary, conditions);
        ReportChanges(summary, Images, inferences);
    }

    private static void Report(Dictionary<string, object> summary, (string Key, string Name, CtResult[] Rows)[] conditions)
    {
        var table = new Table().AddColumns(["Image or scan", "PSNR", .. CtCertificates.All.Select(c => c.Heading), "Passed"]);
        foreach (var (key, name, rows) in conditions)
        {
            var (failed, trustworthy) = CtCertificates.Shares(rows);
            var psnr = rows.Average(r => r.Psnr);
            table.AddRow([name, $"{psnr:0.0}", .. failed.Append(trustworthy).Select(share => $"{share:0}")]);
            summary[$"{key}_psnr"] = psnr;
            summary[$"{key}_trustworthy"] = trustworthy;
            foreach (var (certificate, share) in CtCertificates.All.Zip(failed))
                summary[$"{key}_{certificate.Key}_fail"] = share;
        }

        AnsiConsole.Write(table);
        AnsiConsole.WriteLine("Images in % whose certificate fails, and on which none fails. Blurred: Gaussian with this standard deviation in pixels. Angles ±1.2°: each is wrong by −1.2°, 0 or 1.2°.");
    }

    /// <summary>Discs added to inferences, and discs of them filled with the mean of their rim.</summary>
    private static void ReportChanges(Dictionary<string, object> summary, Func<Func<int, float[]>, CtResult[]> judge, CtResult[] inferences)
    {
        var table = new Table().AddColumns(["Radius in pixels", .. Heights.Select(h => $"+{h}"), "erased"]);
        foreach (var radius in Radii)
        {
            var cells = new List<string> { $"{radius}" };
            foreach (var height in Heights)
            {
                cells.Add(Seen($"disc_{radius}_{height}".Replace('.', 'p'), i => Changed(inferences[i].Reconstruction, i, radius, height)));
            }

            cells.Add(Seen($"erased_{radius}", i => Changed(inferences[i].Reconstruction, i, radius, null)));
            table.AddRow([.. cells]);
        }

        AnsiConsole.Write(table);
        AnsiConsole.WriteLine("Implicit L2O's images with a disc in the body changed: images in % on which a certificate fails. Erased: filled with the mean of its rim.");

        string Seen(string key, Func<int, float[]> image)
        {
            var failed = 100 - CtCertificates.Shares(judge(image)).Trustworthy;
            summary[$"{key}_seen"] = failed;
            return $"{failed:0}";
        }
    }

    /// <summary>A disc at a random place of the body, raised by a height or, without one, filled with the mean of its rim.</summary>
    private static float[] Changed(float[] image, int slice, int radius, float? height)
    {
        var random = new Random(slice);
        var (row, column) = (random.Next(40, 88), random.Next(30, 98));
        var pixels = Enumerable.Range(0, CtSlice.Pixels).ToLookup(i =>
        {
            var square = Math.Pow((i / CtSlice.ImageSize) - row, 2) + Math.Pow((i % CtSlice.ImageSize) - column, 2);
            return square <= radius * radius ? 0 : square <= (radius + 1.5) * (radius + 1.5) ? 1 : 2;
        });
        var changed = (float[])image.Clone();
        var rim = pixels[1].Average(i => image[i]);
        foreach (var i in pixels[0])
            changed[i] = height is { } h ? Math.Min(1, image[i] + h) : rim;
        return changed;
    }

    private static float[] Blurred(float[] image, double deviation)
    {
        using var scope = NewDisposeScope();
        var reach = (int)Math.Ceiling(4 * deviation);
        var weights = Enumerable.Range(-reach, (2 * reach) + 1).Select(i => (float)Math.Exp(-i * i / (2 * deviation * deviation))).ToArray();
        var kernel = tensor(weights) / weights.Sum();
        var padded = nn.functional.pad(tensor(image).view(1, 1, CtSlice.ImageSize, CtSlice.ImageSize), [reach, reach, reach, reach], PaddingModes.Reflect);
        return [.. nn.functional.conv2d(nn.functional.conv2d(padded, kernel.view(1, 1, -1, 1)), kernel.view(1, 1, 1, -1)).contiguous().data<float>()];
    }

    /// <summary>Scans whose angles are not those that models assume.</summary>
    /// <param name="test">Slices.</param>
    /// <param name="steps">By how many steps of 1.2° an angle is wrong: −2 to 2, asked for each.</param>
    /// <returns>Shape <c>[slices, beams]</c>.</returns>
    public static Tensor WithWrongAngles(CtSlice[] test, Func<int> steps)
    {
        var geometry = CtSlice.Geometry;
        var fine = RadonOperator.Shared(geometry with { Angles = Finer * geometry.Angles });
        // Each operator has its own unit of length.
        var unit = RadonOperator.Shared(geometry).LengthUnit / fine.LengthUnit;
        var scans = unit * new ScanSimulator(fine, 0.015, seed: 1).Scan(Truths(test)).view(test.Length, Finer * geometry.Angles, geometry.Bins);
        return stack([.. Enumerable.Range(0, test.Length).Select(i =>
            scans[i].index_select(0, tensor(Enumerable.Range(0, geometry.Angles).Select(k => (long)((Finer * k) + (Finer / 2) + steps())).ToArray())).flatten())]);
    }

    /// <summary>The true images, shape <c>[slices, pixels]</c>.</summary>
    public static Tensor Truths(CtSlice[] test) => tensor(test.SelectMany(t => t.Image).ToArray()).view(test.Length, -1);

    public static float[][] Rows(Tensor rows) => [.. Enumerable.Range(0, (int)rows.shape[0]).Select(i => rows[i].contiguous().data<float>().ToArray())];
}
