using Microsoft.ML;
using Microsoft.ML.Data;
using Spectre.Console;
using TorchSharp;
using XaiL2O.Data;
using XaiL2O.MLNet;
using XaiL2O.Trainers;
using static TorchSharp.torch;

namespace XaiL2O.Examples;

/// <summary>CT with other noise than in training and with scans that no image explains: one set of weights, with the trained data ball and with a soft one of each scan's own size.</summary>
internal sealed class CtNoiseExample : IExample
{
    /// <summary>Share of true images that may fail, of the ball, whiteness and local misfit together.</summary>
    private const double Level = 0.05;

    /// <summary>After so many the images hardly change; solves of scans that no image explains take more to end.</summary>
    private const int Iterations = 400;

    /// <summary>The largest share of dead beams of a scan that passes: more than one angle of 30.</summary>
    private const double DeadLimit = 0.05;

    /// <summary>The first bins beside the body's middle that see its rim.</summary>
    private static readonly long[] DeadBins = [30, 31, 32];

    public string Name => "ct-noise";

    public string Description => "CT scans with 0.5 to 3 % noise, wrong angles, a shifted centre, dead bins and few photons: a data ball of each scan's own size.";

    public string FullDescription => "All 18 test slices in place of every sixth, and total variation and the trained ball beside; two hours on one core.";

    public string QuickDescription => "Two slices and four kinds of scans.";

    public void Run(ExampleContext context)
    {
        using var grad = no_grad();
        var ml = new MLContext(context.Seed);
        var slices = CtSlice.Test(ml, context.Seed);
        CtSlice[] test = context.Size switch { RunSize.Full => slices, RunSize.Quick => [slices[0], slices[9]], _ => [.. slices.Where((_, i) => i % 6 == 0)] };
        var models = new Dictionary<string, ImplicitModelTransformer> { ["fbp"] = CtMethods.PerScan(CtMethods.Load(ml, "fbp")), ["unet"] = CtMethods.PerScan(CtMethods.Load(ml, "unet")) };
        if (context.Size == RunSize.Full)
            (models["tvw"], models["tvw_scan"], models["l2o"]) = (CtMethods.Load(ml, "tvw"), CtMethods.PerScan(CtMethods.Load(ml, "tvw")), CtMethods.Load(ml, "l2o", Iterations));
        models["l2o_scan"] = CtMethods.PerScan(CtMethods.Load(ml, "l2o", Iterations));

        var summary = new Dictionary<string, object>();
        var quality = new Table().AddColumns(["Scan", .. models.Keys.Select(Heading)]);
        var judged = new Table().AddColumns("Scan", "σ, %", "Dead", "Inside", "Truths", "Pass", "Conv.", "Iter.");
        var limits = Calibrate(summary, models["l2o_scan"], CtSlice.Calibration(ml, context.Seed), context.Seed);
        bool Passes(double fidelity, double whiteness, double misfit, double dead) => fidelity <= CtMethods.RadiusPerNoise && whiteness <= limits.Whiteness && misfit <= limits.LocalMisfit && dead <= DeadLimit;
        foreach (var (key, name, scans) in Conditions(test, context.Size == RunSize.Quick, context.Seed))
        {
            using var scope = NewDisposeScope();
            ExampleContext.Say($"Reconstructing {test.Length} slices: {name}");
            var rows = ml.Data.LoadFromEnumerable(test.Zip(CtConditions.Rows(scans), (t, d) => new CtSlice { Image = t.Image, Measurements = d }).ToArray());
            var results = models.ToDictionary(m => m.Key, m => ml.Data.CreateEnumerable<Result>(m.Value.Transform(rows), reuseRowObject: false, ignoreMissingColumns: true).ToArray());
            var psnr = results.ToDictionary(r => r.Key, r => r.Value.Average(row => row.Psnr));
            var ours = results["l2o_scan"];
            var truths = ml.Data.CreateEnumerable<Truth>(models["l2o_scan"].PropertiesOf("Image", "Truth.").Transform(rows), reuseRowObject: false, ignoreMissingColumns: true).ToArray();
            static double Share<T>(IEnumerable<T> of, Func<T, bool> condition) => 100 * of.Average(v => condition(v) ? 1.0 : 0);
            var numbers = new (string Key, double Value, string Format)[]
            {
                ("estimate", 100 * NoiseEstimate.Of(scans, CtSlice.Geometry, DeadBeamDetection.Of(scans, CtSlice.Geometry)).mean().ToDouble(), "0.00"),
                ("dead", 100 * ours.Average(r => r.DeadBeams), "0.0"),
                ("truths_inside", Share(truths, t => t.Fidelity <= CtMethods.RadiusPerNoise), "0"),
                ("truths_pass", Share(truths, t => Passes(t.Fidelity, t.Whiteness, t.LocalMisfit, t.DeadBeams)), "0"),
                ("pass", Share(ours, r => r.Converged && Passes(r.Fidelity, r.Whiteness, r.LocalMisfit, r.DeadBeams)), "0"),
                ("converged", Share(ours, r => r.Converged), "0"),
                ("iterations", ours.Average(r => (double)r.Iterations), "0"),
            };
            ExampleContext.Say($"Of the images: residual in units of the noise {ours.Average(r => r.Fidelity):0.00}, whiteness {ours.Average(r => r.Whiteness):0.000}, local misfit {ours.Average(r => r.LocalMisfit):0.0}");
            quality.AddRow([name, .. psnr.Values.Select(v => $"{v:0.0}")]);
            judged.AddRow([name, .. numbers.Select(n => n.Value.ToString(n.Format, null))]);
            foreach (var (method, value) in psnr)
                summary[$"{key}_psnr_{method}"] = value;
            foreach (var (measure, value, _) in numbers)
                summary[$"{key}_{measure}"] = value;
        }

        AnsiConsole.Write(quality);
        AnsiConsole.Write(judged);
        AnsiConsole.WriteLine($"PSNR in dB. Scans: with this noise; with 1.5 % and all angles wrong by 1.2°, an angle that measures nothing, each angle wrong by −1.2°, 0 or 1.2°, the centre of rotation off by half a bin, three dead bins at the rim of the body; with 3 000 photons per beam. σ: mean noise level estimated from the scans. Dead: beams found to have measured nothing, in %. Inside: true images inside the ball of their scan, in %. Truths, Pass: true images, and the implicit model's, that pass all of ball, whiteness below {limits.Whiteness:0.00}, local misfit below {limits.LocalMisfit:0.0}, at most {100 * DeadLimit:0} % dead beams and convergence, in %. Conv., Iter.: of the implicit model's solves.");
        summary["total_seconds"] = context.ElapsedSeconds;
        context.WriteSummary(summary);
    }

    /// <summary>
    /// How far estimates are from the noise of scans of the calibration slices, and how many true images lie inside the ball that follows from them; and the limits of whiteness and local misfit, which
    /// true images exceed at 0.5 to 3 % noise as often as the level allows one of three certificates.
    /// </summary>
    private static (double Whiteness, double LocalMisfit) Calibrate(Dictionary<string, object> summary, ImplicitModelTransformer model, CtSlice[] calibration, int seed)
    {
        List<double> whiteness = [], misfits = [];
        var (undisturbed, flagged) = (0, 0);
        using var scope = NewDisposeScope();
        var radon = RadonOperator.Shared(CtSlice.Geometry);
        var images = CtConditions.Truths(calibration);
        var table = new Table().AddColumns("Noise", "Estimate/noise", "Spread", "Truths inside, %");
        foreach (var level in (double[])[0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.06])
        {
            var scans = new ScanSimulator(radon, level, seed).Scan(images);
            var estimates = NoiseEstimate.Of(scans, CtSlice.Geometry);
            var values = model.Model.Evaluate(images, model.Definition.Join([scans]));
            double[] Property(string name) => values[model.Model.Properties.ToList().FindIndex(p => p.Name == name)];
            if (level is >= 0.005 and <= 0.03)
            {
                whiteness.AddRange(Property("Whiteness"));
                misfits.AddRange(Property("LocalMisfit"));
                undisturbed += calibration.Length;
                flagged += Property("DeadBeams").Count(share => share > 0);
            }

            // In units of the estimated level.
            var inside = 100 * Property("Fidelity").Average(f => f <= CtMethods.RadiusPerNoise ? 1.0 : 0);
            var ratios = estimates / level;
            var (mean, spread) = (ratios.mean().ToDouble(), ratios.std().ToDouble());
            table.AddRow($"{100 * level:0.00} %", $"{mean:0.00}", $"{spread:0.00}", $"{inside:0}");
            var key = $"estimate_{10000 * level:0}";
            (summary[$"{key}_mean"], summary[$"{key}_spread"], summary[$"{key}_truths_inside"]) = (mean, spread, inside);
        }

        AnsiConsole.Write(table);
        AnsiConsole.WriteLine($"Noise levels estimated from scans of {calibration.Length} calibration slices: mean and standard deviation, relative to the noise. Dead beams are found in {flagged} of {undisturbed} of them with 0.5 to 3 % noise.");
        summary["undisturbed_flagged"] = 100.0 * flagged / undisturbed;
        return (Quantile(whiteness), Quantile(misfits));

        static double Quantile(List<double> values) => values.Order().ElementAt(Math.Min(values.Count, (int)Math.Ceiling((1 - (Level / 3)) * (values.Count + 1))) - 1);
    }

    private static string Heading(string key) => key switch { "fbp" => "FBP", "unet" => "U-Net", "tvw" => "TV, weighted", "tvw_scan" => "TV, per scan", "l2o" => "L2O, trained ball", _ => "L2O, per scan" };

    /// <summary>Scans of the slices, shape <c>[slices, beams]</c>.</summary>
    private static IEnumerable<(string Key, string Name, Tensor Scans)> Conditions(CtSlice[] test, bool quick, int seed)
    {
        var radon = RadonOperator.Shared(CtSlice.Geometry);
        var images = CtConditions.Truths(test);
        Tensor Noisy(double level) => new ScanSimulator(radon, level, seed).Scan(images);
        Tensor Changed(Action<Tensor> change)
        {
            var scans = Noisy(0.015).clone();
            change(scans.view(-1, CtSlice.Geometry.Angles, CtSlice.Geometry.Bins));
            return scans;
        }

        foreach (var level in quick ? [0.005, 0.03] : (double[])[0.005, 0.01, 0.015, 0.02, 0.03])
            yield return ($"noise_{1000 * level:0}", $"{100 * level:0.0} %", Noisy(level));
        yield return ("turned", "angles +1.2°", CtConditions.WithWrongAngles(test, () => 1));
        yield return ("missing", "lost angle", Changed(s => s.select(1, 11).zero_()));
        if (quick)
            yield break;
        var random = new Random(seed);
        yield return ("angles", "angles ±1.2°", CtConditions.WithWrongAngles(test, () => random.Next(-1, 2)));
        yield return ("centre", "centre +½ bin", Shifted(radon, images, seed));
        yield return ("dead", "3 dead bins", Changed(s => s.index_fill_(2, tensor(DeadBins), 0)));
        yield return ("photons", "few photons", FewPhotons(radon, images, seed));
    }

    /// <summary>Between two bins lies, up to the curvature of the projection, their mean.</summary>
    private static Tensor Shifted(RadonOperator radon, Tensor images, int seed)
    {
        using var generator = new Generator((ulong)seed);
        var scans = radon.Apply(images).view(-1, CtSlice.Geometry.Angles, CtSlice.Geometry.Bins);
        var shifted = ((scans + scans.roll(1, 2)) / 2).flatten(1);
        return shifted * (1 + (0.015 * randn(shifted.shape, dtype: ScalarType.Float32, generator: generator)));
    }

    /// <summary>Counts of photons, of which e⁻⁴ pass the thickest beam.</summary>
    private static Tensor FewPhotons(RadonOperator radon, Tensor images, int seed)
    {
        const double photons = 3000;
        using var generator = new Generator((ulong)seed);
        var scans = radon.Apply(images);
        var unit = scans.max() / 4;
        return -(poisson(photons * (-scans / unit).exp(), generator).clamp_min(1) / photons).log() * unit;
    }

    private sealed class Truth
    {
        [ColumnName("Truth.Fidelity.Value")]
        public double Fidelity { get; set; }

        [ColumnName("Truth.Whiteness.Value")]
        public double Whiteness { get; set; }

        [ColumnName("Truth.LocalMisfit.Value")]
        public double LocalMisfit { get; set; }

        [ColumnName("Truth.DeadBeams.Value")]
        public double DeadBeams { get; set; }
    }

    private sealed class Result
    {
        public float[] Image { get; set; } = [];

        public float[] Reconstruction { get; set; } = [];

        public int Iterations { get; set; }

        public bool Converged { get; set; }

        [ColumnName("Fidelity.Value")]
        public double Fidelity { get; set; }

        [ColumnName("Whiteness.Value")]
        public double Whiteness { get; set; }

        [ColumnName("LocalMisfit.Value")]
        public double LocalMisfit { get; set; }

        [ColumnName("DeadBeams.Value")]
        public double DeadBeams { get; set; }

        public double Psnr => -10 * Math.Log10(Image.Zip(Reconstruction, (a, b) => (double)(a - b) * (a - b)).Average());
    }
}
