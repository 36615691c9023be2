using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>Shares of materials in generated spectra: <see cref="Unmixing"/> against nonnegative least squares.</summary>
internal static class UnmixingExperiment
{
    public const int Bands = 60;
    public const int Materials = 6;

    public static Row[] Run(ExampleContext context, MLContext ml, IDictionary<string, object> summary)
    {
        var random = new Random(context.Seed);
        // The materials on site differ a little from those of the library, and some bands are noisier than others.
        var library = Spectra(random);
        var site = Vary(library, 0.03, random);
        var noise = Enumerable.Range(0, Bands).Select(_ => 0.004 * Math.Exp(1.2 * Gaussian.Next(random))).ToArray();
        var (training, test) = (Draw(4000, site, noise, random), Draw(1000, site, noise, random));

        var model = ExampleContext.WithProgress("Training unmixing", progress => ml.L2O().Train(new Unmixing { Library = library, Seed = context.Seed }, new ComposedModelTrainer.Options
        {
            Progress = progress,
            CancellationToken = context.Cancellation,
            Solver = new FixedPointOptions { MaxIterations = 20_000, ResidualTolerance = 1e-7 },
        }).Fit(ml.Data.LoadFromEnumerable(training)));
        Row[] Read(ITransformer t) => [.. ml.Data.CreateEnumerable<Row>(t.Transform(ml.Data.LoadFromEnumerable(test)), reuseRowObject: false)];
        var rows = Read(model);
        var untrained = Read(ml.L2O().Train(new Unmixing { Library = library, Learned = false }, new ComposedModelTrainer.Options { Solver = new FixedPointOptions { MaxIterations = 50_000, ResidualTolerance = 1e-7 } }).Fit(ml.Data.LoadFromEnumerable(test)));
        float[][] Nnls(float[,] E)
        {
            var solver = new NonnegativeLeastSquares(E);
            return [.. test.Select(r => solver.Solve(r.Measurements))];
        }

        double Rmse(IEnumerable<float[]> x) => Math.Sqrt(x.Zip(test, (a, r) => MatrixMath.SquaredDistance(a, r.Signal)).Sum() / (test.Length * (double)Materials));
        summary["unmix_rmse"] = Rmse(rows.Select(r => r.Estimate));
        summary["unmix_rmse_untrained"] = Rmse(untrained.Select(r => r.Estimate));
        summary["unmix_rmse_nnls"] = Rmse(Nnls(library));
        summary["unmix_rmse_nnls_true_spectra"] = Rmse(Nnls(site));
        summary["constraint_max_violation"] = rows.Max(r => Math.Max(Math.Abs(r.Estimate.Sum(v => (double)v) - 1), -Math.Min(0, r.Estimate.Min())));
        summary["unmix_converged"] = rows.Average(r => r.Converged ? 1.0 : 0);
        summary["unmix_iterations"] = rows.Average(r => r.Iterations);
        return rows;
    }

    private static float[,] Spectra(Random random)
    {
        var spectra = new float[Bands, Materials];
        for (var k = 0; k < Materials; k++)
        {
            var bumps = Enumerable.Range(0, 4).Select(_ => (At: random.NextDouble(), Width: 0.05 + (0.15 * random.NextDouble()), Height: random.NextDouble())).ToArray();
            for (var b = 0; b < Bands; b++)
                spectra[b, k] = (float)(0.2 + bumps.Sum(p => p.Height * Math.Exp(-0.5 * Math.Pow(((double)b / Bands - p.At) / p.Width, 2))));
        }

        return spectra;
    }

    private static float[,] Vary(float[,] spectra, double deviation, Random random)
    {
        var varied = (float[,])spectra.Clone();
        for (var k = 0; k < Materials; k++)
        {
            var (phase, amplitude) = (random.NextDouble() * 2 * Math.PI, deviation * Math.Sqrt(2));
            for (var b = 0; b < Bands; b++)
                varied[b, k] *= (float)(1 + (amplitude * Math.Sin(phase + (4 * Math.PI * b / Bands))));
        }

        return varied;
    }

    private static Row[] Draw(int count, float[,] spectra, double[] noise, Random random) =>
    [
        .. Enumerable.Range(0, count).Select(_ =>
        {
            // One to four materials, shares uniform on their simplex.
            var present = Enumerable.Range(0, Materials).OrderBy(_ => random.Next()).Take(1 + random.Next(4)).ToArray();
            var parts = present.Select(_ => -Math.Log(1 - random.NextDouble())).ToArray();
            var shares = new float[Materials];
            for (var i = 0; i < present.Length; i++)
                shares[present[i]] = (float)(parts[i] / parts.Sum());
            var d = MatrixMath.Multiply(spectra, shares);
            for (var b = 0; b < Bands; b++)
                d[b] += (float)(noise[b] * Gaussian.Next(random));
            return new Row { Signal = shares, Measurements = d };
        }),
    ];

    internal sealed class Row
    {
        [VectorType(Materials)]
        public float[] Signal { get; set; } = [];

        [VectorType(Bands)]
        public float[] Measurements { get; set; } = [];

        [VectorType(Materials)]
        public float[] Estimate { get; set; } = new float[Materials];

        public int Iterations { get; set; }

        public bool Converged { get; set; }
    }
}
