using System.Diagnostics;
using Microsoft.ML;
using Spectre.Console;
using TorchSharp;
using XaiL2O.Certifiers;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>CT reconstruction from 30 angles: the implicit model against five others on real slices, with its certificates on every image.</summary>
internal sealed class CtExample : IExample
{
    public string Name => "ct";

    public string Description => "CT from 30 angles on real slices: implicit L2O, TV (two kinds), U-Net, F-FPN and FBP, certificates on every image.";

    public string FullDescription => "Also judges images and scans that are wrong in known ways; some ten minutes more. The shipped models are the full ones.";

    public string QuickDescription => "All slices and methods, since fewer slices would allow no limits at the levels of the certificates; solves are timed with what they set up, and how well they have converged is measured on one scan in place of four.";

    public string TrainDescription => "Trains methods anew and saves them in the output folder: 'all', or names such as 'tv,l2o'. 'fair-l2o,fair-unet,fair-ffpn' train under one protocol, with patients of their own for validation and calibration. Continues from checkpoints there.";

    public void Run(ExampleContext context)
    {
        var ml = new MLContext(context.Seed);
        if (context.Train is { Length: > 0 } names)
        {
            foreach (var key in CtMethods.Trained.Where(m => names == "all" || names.Split(',').Contains(m)))
                CtMethods.Train(context, ml, key);
            foreach (var part in CtProtocol.Parts.Where(names.Split(',').Contains))
                CtProtocol.Train(context, ml, part);
            return;
        }

        ExampleContext.Say("Reading slices and simulating scans: 30 angles × 183 bins, 1.5 % noise");
        var (test, calibration) = (CtSlice.Test(ml, context.Seed), CtSlice.Calibration(ml, context.Seed));
        var models = CtMethods.All.ToDictionary(m => m.Key, m => CtMethods.Load(ml, m.Key));
        var l2o = models["l2o"];

        ExampleContext.Say($"Calibrating on the truths of {calibration.Length} slices of patients whom training did not see, and on the implicit model's inferences");
        var certificates = CtCertificates.Calibrate(ml, l2o, calibration);
        var truths = certificates.Judge(test.Select(t => new CtImage { Image = t.Image, Measurements = t.Measurements, Reconstruction = t.Image }));
        var results = CtMethods.All.ToDictionary(m => m.Key, m => Reconstruct(context, ml, m.Key, models[m.Key], certificates, test));

        var summary = new Dictionary<string, object>();
        Report(summary, models, truths, results);
        if (context.Size == RunSize.Full)
            CtConditions.Add(summary, ml, l2o, certificates, test, results["l2o"].Rows);
        CtMeasurements.Add(summary, (TotalVariationReconstruction)models["tv"].Definition, models["tv"].Model, l2o.Model, test, context.Sized(1, 4, 4));
        summary["total_seconds"] = context.ElapsedSeconds;
        var rows = results.ToDictionary(r => r.Key, r => r.Value.Rows);
        CtFigures.Reconstructions(context.PathOf("reconstructions.png"), truths, rows);
        CtFigures.Properties(context.PathOf("certificates.png"), certificates.Certifier, truths, rows);
        WriteReport(context, certificates.Certifier.Certifier, calibration.Length, [("Truth", truths), .. CtMethods.All.Select(m => (m.Name, rows[m.Key]))]);
        context.WriteSummary(summary);
    }

    private static void WriteReport(ExampleContext context, Certifier certifier, int calibrated, IEnumerable<(string Name, CtResult[] Rows)> sets)
    {
        var builder = new ReportBuilder(certifier, "CT reconstructions by six methods")
        {
            Summary = $"Properties of the implicit model on the true image and on every method's image of every test slice; calibrated on the truths of {calibrated} slices of patients whom training did not see and on the model's inferences from their scans.",
        };
        foreach (var certificate in CtCertificates.All)
            builder.Describe(certificate.Name, certificate.Description);
        foreach (var (name, rows) in sets)
            foreach (var (row, i) in rows.Select((r, i) => (r, i)))
                builder.Add([.. CtCertificates.All.Select(c => c.Value(row))], name, $"slice {i}, {name}");
        builder.Build().Save(context.PathOf("report.html"));
    }

    private static (CtResult[] Rows, double Milliseconds) Reconstruct(ExampleContext context, MLContext ml, string key, ImplicitModelTransformer model, CtCertificates certificates, CtSlice[] test)
    {
        ExampleContext.Say($"Reconstructing {test.Length} slices: {CtMethods.All.First(m => m.Key == key).Name}");
        // The first slice alone sets up what the others share.
        if (context.Size != RunSize.Quick)
            _ = model.Transform(ml.Data.LoadFromEnumerable(test[..1])).Preview();
        var view = model.Transform(ml.Data.LoadFromEnumerable(test));
        var clock = Stopwatch.StartNew();
        var images = ml.Data.CreateEnumerable<CtResult>(view, reuseRowObject: false, ignoreMissingColumns: true).ToArray();
        var milliseconds = clock.Elapsed.TotalMilliseconds / test.Length;
        return (certificates.Judge(test.Zip(images, (t, r) => new CtImage { Image = t.Image, Measurements = t.Measurements, Reconstruction = r.Reconstruction, Iterations = r.Iterations, Converged = r.Converged })), milliseconds);
    }

    private static void Report(
        Dictionary<string, object> summary,
        Dictionary<string, ImplicitModelTransformer> models,
        CtResult[] truths,
        Dictionary<string, (CtResult[] Rows, double Milliseconds)> results)
    {
        var quality = new Table().AddColumns("Method", "PSNR", "SSIM", "Weights", "ms");
        var judged = new Table().AddColumns(["Method", .. CtCertificates.All.Select(c => c.Heading), "Passed"]);
        void Judge(string key, string name, CtResult[] rows)
        {
            var (failed, trustworthy) = CtCertificates.Shares(rows);
            foreach (var (certificate, share) in CtCertificates.All.Zip(failed))
                summary[$"{certificate.Key}_fail_{key}"] = share;
            summary[$"trustworthy_{key}"] = trustworthy;
            judged.AddRow([name, .. failed.Append(trustworthy).Select(share => $"{share:0}")]);
        }

        Judge("truth", "Truth", truths);
        foreach (var (key, name) in CtMethods.All)
        {
            var (rows, milliseconds) = results[key];
            Judge(key, name, rows);
            var (psnr, ssim) = (rows.Average(r => r.Psnr), rows.Average(r => r.Ssim));
            quality.AddRow(name, $"{psnr:0.00}", $"{ssim:0.000}", $"{models[key].WeightCount}", $"{milliseconds:0}");
            foreach (var (measure, value) in new (string, object)[]
            {
                ("psnr", psnr), ("ssim", ssim), ("weights", models[key].WeightCount), ("ms_per_image", milliseconds), ("converged", 100 * rows.Average(r => r.Converged ? 1.0 : 0)),
            })
            {
                summary[$"{measure}_{key}"] = value;
            }
        }

        var ours = results["l2o"].Rows;
        (summary["bound_coverage_l2o"], summary["bound_psnr_l2o"], summary["psnr_median_l2o"]) = (ours.Average(r => r.Psnr >= r.PsnrBound ? 1.0 : 0), ours[0].PsnrBound, DictionaryExample.Median(ours.Select(r => r.Psnr)));
        summary["iterations_l2o"] = results["l2o"].Rows.Average(r => (double)r.Iterations);
        AnsiConsole.Write(quality);
        AnsiConsole.Write(judged);
        AnsiConsole.MarkupLineInterpolated($"Promised against true: nine of ten images of the implicit model have a PSNR of at least {ours[0].PsnrBound:0.0} dB, where slices are like the calibration slices; of the test slices, of other patients, {ours.Average(r => r.Psnr >= r.PsnrBound ? 1.0 : 0):P0} do.");
        AnsiConsole.WriteLine("Box to Conv.: images in % whose certificate fails, of the box, the measurements, the regulariser, the residual's whiteness, local misfit and convergence. Passed: images in % on which none fails. ms: per image.");
    }
}
