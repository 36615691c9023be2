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
    /// <summary>Prefix of the columns with the implicit model's property values of a method's images.</summary>
    private const string Judged = "Judged.";

    public string Name => "ct";

    public string Description => "CT from 30 angles on real slices: implicit L2O, TV (two kinds), U-Net, F-FPN and FBP, certificates on every image.";

    public string FullDescription => "No difference: the shipped models are the full ones.";

    public string TrainDescription => "Trains methods anew and saves them in the output folder: 'all', or names such as 'tv,l2o'. Continues from checkpoints there.";

    public void Run(ExampleContext context)
    {
        var ml = new MLContext(context.Seed);
        if (context.Train is { Length: > 0 } names)
        {
            foreach (var key in CtMethods.Trained.Where(m => names == "all" || names.Split(',').Contains(m)))
                CtMethods.Train(context, ml, key);
            return;
        }

        ExampleContext.Say("Reading slices and simulating scans: 30 angles × 183 bins, 1.5 % noise");
        var (test, calibration) = (CtSlice.Test(ml, context.Seed), CtSlice.Calibration(ml, context.Seed));
        var models = CtMethods.All.ToDictionary(m => m.Key, m => CtMethods.Load(ml, m.Key));
        var l2o = models["l2o"];

        ExampleContext.Say($"Calibrating on the implicit model's inferences of {calibration.Length} training slices whose patients training did not see");
        var certifier = Calibrate(ml, l2o, calibration);
        var results = CtMethods.All.ToDictionary(m => m.Key, m => Reconstruct(ml, m.Key, models[m.Key], l2o, certifier, test));

        var summary = new Dictionary<string, object>();
        Report(summary, models, results);
        CtMeasurements.Add(summary, (TotalVariationModel)models["tv"].Model, (ImplicitReconstructionModel)l2o.Model, test);
        summary["total_seconds"] = context.ElapsedSeconds;
        CtFigures.Reconstructions(context.PathOf("reconstructions.png"), results.ToDictionary(r => r.Key, r => r.Value.Rows));
        CtFigures.Properties(context.PathOf("certificates.png"), certifier, results.ToDictionary(r => r.Key, r => r.Value.Rows));
        WriteReport(context, certifier.Certifier, calibration.Length, results);
        context.WriteSummary(summary);
    }

    private static void WriteReport(ExampleContext context, Certifier certifier, int calibrated, Dictionary<string, (CtResult[] Rows, double Milliseconds)> results)
    {
        var builder = new ReportBuilder(certifier, "CT reconstructions by six methods")
        {
            Summary = $"Properties of the implicit model on every method's image of every test slice; calibrated on its inferences of {calibrated} slices whose patients training did not see.",
        };
        builder.Describe("Box", "distance of the image to [0, 1]ⁿ");
        builder.Describe("Fidelity", "‖Ax − d‖/‖d‖ of the image, weighted for noise proportional to d");
        builder.Describe("Regularizer", "proximal residual of the trained regulariser");
        foreach (var (key, name) in CtMethods.All)
            foreach (var (row, i) in results[key].Rows.Select((r, i) => (r, i)))
                builder.Add([row.Box, row.Fidelity, row.Regularizer], name, $"slice {i}, {name}");
        builder.Build().Save(context.PathOf("report.html"));
    }

    private static CertifierTransformer Calibrate(MLContext ml, CtReconstructionTransformer l2o, CtSlice[] calibration)
    {
        // What the model promises counts as kept: a box, and a ball of radius δ‖d‖, both up to the tolerance of the solve.
        var radius = ((ImplicitReconstructionModel)l2o.Model).Radius.Value;
        var rows = l2o.PropertiesOf("Reconstruction", Judged).Transform(l2o.Transform(ml.Data.LoadFromEnumerable(calibration)));
        return ml.L2O().Certify(
            new CertifiedProperty("Box", Judged + "Box.Value", Tolerance: 1e-4),
            new CertifiedProperty("Fidelity", Judged + "Fidelity.Value", Tolerance: 1.02 * radius),
            new CertifiedProperty("Regularizer", Judged + "Regularizer.Value")).Fit(ml.Data.Cache(rows));
    }

    private static (CtResult[] Rows, double Milliseconds) Reconstruct(
        MLContext ml,
        string key,
        CtReconstructionTransformer model,
        CtReconstructionTransformer l2o,
        CertifierTransformer certifier,
        CtSlice[] test)
    {
        ExampleContext.Say($"Reconstructing {test.Length} slices: {CtMethods.All.First(m => m.Key == key).Name}");
        // The first slice alone sets up what the others share.
        _ = model.Transform(ml.Data.LoadFromEnumerable(test[..1])).Preview();
        var view = model.Transform(ml.Data.LoadFromEnumerable(test));
        var clock = Stopwatch.StartNew();
        var images = ml.Data.CreateEnumerable<CtResult>(view, reuseRowObject: false, ignoreMissingColumns: true).ToArray();
        var milliseconds = clock.Elapsed.TotalMilliseconds / test.Length;
        // The images are columns like any other now: judging them does not reconstruct again.
        var finished = ml.Data.LoadFromEnumerable(test.Zip(images, (t, r) => new CtImage { Image = t.Image, Measurements = t.Measurements, Reconstruction = r.Reconstruction, Iterations = r.Iterations, Converged = r.Converged }));
        var judged = certifier.Transform(l2o.PropertiesOf("Reconstruction", Judged).Transform(ml.L2O().ImageQuality(CtSlice.ImageSize).Transform(finished)));
        return ([.. ml.Data.CreateEnumerable<CtResult>(judged, reuseRowObject: false)], milliseconds);
    }

    private static void Report(
        Dictionary<string, object> summary,
        Dictionary<string, CtReconstructionTransformer> models,
        Dictionary<string, (CtResult[] Rows, double Milliseconds)> results)
    {
        var table = new Table().AddColumns("Method", "PSNR", "SSIM", "Box", "Fid.", "Reg.", "Conv.", "Weights", "ms");
        foreach (var column in table.Columns)
            column.NoWrap();
        foreach (var (key, name) in CtMethods.All)
        {
            var (rows, milliseconds) = results[key];
            double Share(Func<CtResult, bool> condition) => rows.Average(r => condition(r) ? 1.0 : 0);
            var (box, fidelity, regularizer) = (Share(r => CtResult.Failed(r.BoxLabel)), Share(r => CtResult.Failed(r.FidelityLabel)), Share(r => CtResult.Failed(r.RegularizerLabel)));
            var (psnr, ssim, converged) = (rows.Average(r => r.Psnr), rows.Average(r => r.Ssim), Share(r => r.Converged));
            var implicitMethod = key is "tv" or "tvw" or "ffpn" or "l2o";
            table.AddRow(name, $"{psnr:0.00}", $"{ssim:0.000}", $"{100 * box:0}", $"{100 * fidelity:0}", $"{100 * regularizer:0}", implicitMethod ? $"{100 * converged:0}" : "–", $"{models[key].WeightCount}", $"{milliseconds:0}");
            foreach (var (measure, value) in new (string, object)[]
            {
                ("psnr", psnr), ("ssim", ssim), ("box_fail", 100 * box), ("fidelity_fail", 100 * fidelity), ("regularizer_fail", 100 * regularizer),
                ("weights", models[key].WeightCount), ("ms_per_image", milliseconds), ("converged", 100 * converged),
            })
            {
                summary[$"{measure}_{key}"] = value;
            }
        }

        summary["iterations_l2o"] = results["l2o"].Rows.Average(r => (double)r.Iterations);
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine("Box, Fid., Reg.: images in % whose certificate of the box, the measurements and the regulariser fails. Conv.: converged solves in %. ms: per image.");
    }

    private sealed class CtImage
    {
        [Microsoft.ML.Data.VectorType(CtSlice.Pixels)]
        public float[] Image { get; set; } = [];

        [Microsoft.ML.Data.VectorType(CtSlice.Beams)]
        public float[] Measurements { get; set; } = [];

        [Microsoft.ML.Data.VectorType(CtSlice.Pixels)]
        public float[] Reconstruction { get; set; } = [];

        public int Iterations { get; set; }

        public bool Converged { get; set; }
    }
}
