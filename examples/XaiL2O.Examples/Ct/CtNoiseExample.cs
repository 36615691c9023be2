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
    private const int Bins = 183;

    /// <summary>The first bins beside the body's middle that see its rim.</summary>
    private static readonly long[] DeadBins = [30, 31, 32];

    public string Name => "ct-noise";

    public string Description => "CT scans with 0.5 to 3 % noise, wrong angles, a shifted centre, dead bins and few photons: a data ball of each scan's own size.";

    public string FullDescription => "All 18 test slices in place of every third, and total variation and the trained ball beside; an hour.";

    public string QuickDescription => "Two slices and three kinds of scans.";

    public void Run(ExampleContext context)
    {
        using var grad = no_grad();
        var ml = new MLContext(context.Seed);
        var slices = CtSlice.Test(ml, context.Seed);
        CtSlice[] test = context.Size switch { RunSize.Full => slices, RunSize.Quick => [slices[0], slices[9]], _ => [.. slices.Where((_, i) => i % 3 == 0)] };
        var models = new Dictionary<string, ImplicitModelTransformer> { ["fbp"] = CtMethods.Load(ml, "fbp"), ["unet"] = CtMethods.Load(ml, "unet") };
        if (context.Size == RunSize.Full)
            (models["tvw"], models["tvw_scan"], models["l2o"]) = (CtMethods.Load(ml, "tvw"), CtMethods.PerScan(CtMethods.Load(ml, "tvw")), CtMethods.Load(ml, "l2o"));
        models["l2o_scan"] = CtMethods.PerScan(CtMethods.Load(ml, "l2o"));

        var summary = new Dictionary<string, object>();
        var table = new Table().AddColumns(["Scan", .. models.Keys.Select(Heading), "Estimate", "Truths inside", "Outside", "Converged", "Iterations"]);
        foreach (var (key, name, scans) in Conditions(test, context.Size == RunSize.Quick, context.Seed))
        {
            using var scope = NewDisposeScope();
            ExampleContext.Say($"Reconstructing {test.Length} slices: {name}");
            var rows = ml.Data.LoadFromEnumerable(test.Zip(Rows(scans), (t, d) => new CtSlice { Image = t.Image, Measurements = d }).ToArray());
            var results = models.ToDictionary(m => m.Key, m => ml.Data.CreateEnumerable<Result>(m.Value.Transform(rows), reuseRowObject: false, ignoreMissingColumns: true).ToArray());
            var psnr = results.ToDictionary(r => r.Key, r => r.Value.Average(row => row.Psnr));
            var ours = results["l2o_scan"];
            var truths = models["l2o_scan"].PropertiesOf("Image", "Truth.").Transform(rows).GetColumn<double>("Truth.Fidelity.Value").ToArray();
            double Share<T>(IEnumerable<T> of, Func<T, bool> condition) => 100 * of.Average(v => condition(v) ? 1.0 : 0);
            var numbers = new (string Key, double Value, string Format)[]
            {
                ("estimate", 100 * NoiseEstimate.Of(scans, CtSlice.Geometry).mean().ToDouble(), "0.00"),
                ("truths_inside", Share(truths, v => v <= CtMethods.RadiusPerNoise), "0"),
                ("outside", Share(ours, r => !(r.Fidelity <= CtMethods.RadiusPerNoise)), "0"),
                ("converged", Share(ours, r => r.Converged), "0"),
                ("iterations", ours.Average(r => (double)r.Iterations), "0"),
            };
            table.AddRow([name, .. psnr.Values.Select(v => $"{v:0.0}"), .. numbers.Select(n => n.Value.ToString(n.Format, null))]);
            foreach (var (method, value) in psnr)
                summary[$"{key}_psnr_{method}"] = value;
            foreach (var (measure, value, _) in numbers)
                summary[$"{key}_{measure}"] = value;
        }

        AnsiConsole.Write(table);
        AnsiConsole.WriteLine("PSNR in dB. Estimate: mean noise level estimated from the scans, in %. Truths inside, Outside: true images inside the ball of their scan and the implicit model's images outside it, in %. Converged: of the implicit model's solves, in %.");
        summary["total_seconds"] = context.ElapsedSeconds;
        context.WriteSummary(summary);
    }

    private static string Heading(string key) => key switch { "fbp" => "FBP", "unet" => "U-Net", "tvw" => "TV, weighted", "tvw_scan" => "TV, per scan", "l2o" => "L2O, trained ball", _ => "L2O, per scan" };

    /// <summary>Scans of the slices, shape <c>[slices, beams]</c>.</summary>
    private static IEnumerable<(string Key, string Name, Tensor Scans)> Conditions(CtSlice[] test, bool quick, int seed)
    {
        var radon = RadonOperator.Shared(CtSlice.Geometry);
        var images = Stack(test.Select(t => t.Image));
        Tensor Noisy(double level) => new ScanSimulator(radon, level, seed).Scan(images);
        Tensor Changed(Action<Tensor> change)
        {
            var scans = Noisy(0.015).clone();
            change(scans.view(-1, CtSlice.Geometry.Angles, Bins));
            return scans;
        }

        foreach (var level in quick ? [0.005, 0.03] : (double[])[0.005, 0.01, 0.015, 0.02, 0.03])
            yield return ($"noise_{1000 * level:0}", $"{100 * level:0.0} % noise", Noisy(level));
        yield return ("turned", "all angles wrong by 1.2°", Stack(CtConditions.WithWrongAngles(test, () => 1)));
        if (quick)
            yield break;
        var random = new Random(seed);
        yield return ("angles", "angles wrong by ±1.2°", Stack(CtConditions.WithWrongAngles(test, () => random.Next(-1, 2))));
        yield return ("centre", "centre off by half a bin", Shifted(radon, images, seed));
        yield return ("missing", "an angle measures nothing", Changed(s => s.select(1, 11).zero_()));
        yield return ("dead", "three dead bins at the rim", Changed(s => s.index_fill_(2, tensor(DeadBins), 0)));
        yield return ("photons", "3 000 photons per beam", FewPhotons(radon, images, seed));
    }

    /// <summary>Between two bins lies, up to the curvature of the projection, their mean.</summary>
    private static Tensor Shifted(RadonOperator radon, Tensor images, int seed)
    {
        using var generator = new Generator((ulong)seed);
        var scans = radon.Apply(images).view(-1, CtSlice.Geometry.Angles, Bins);
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

    private static Tensor Stack(IEnumerable<float[]> rows)
    {
        var all = rows.ToArray();
        return tensor(all.SelectMany(r => r).ToArray()).view(all.Length, -1);
    }

    private static IEnumerable<float[]> Rows(Tensor rows) => rows.contiguous().data<float>().ToArray().Chunk(CtSlice.Beams);

    private sealed class Result
    {
        public float[] Image { get; set; } = [];

        public float[] Reconstruction { get; set; } = [];

        public int Iterations { get; set; }

        public bool Converged { get; set; }

        [ColumnName("Fidelity.Value")]
        public double Fidelity { get; set; }

        public double Psnr => -10 * Math.Log10(Image.Zip(Reconstruction, (a, b) => (double)(a - b) * (a - b)).Average());
    }
}
