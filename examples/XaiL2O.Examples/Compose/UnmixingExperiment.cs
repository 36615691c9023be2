using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>Shares of materials in generated spectra: <see cref="Unmixing"/> against nonnegative least squares and linear regression.</summary>
internal sealed class UnmixingExperiment
{
    private const int Bands = 60;
    private const int Materials = 6;

    /// <summary>Of how many rows a quick run takes one.</summary>
    private const int QuickShare = 3;

    private readonly Random random;
    private readonly double[] noise;

    public UnmixingExperiment(ExampleContext context, MLContext ml)
    {
        random = new Random(context.Seed);
        // The materials on site differ a little from those of the library, and some bands are noisier than others.
        var library = Spectra(Materials);
        var site = Vary(library, 0.03);
        noise = [.. Enumerable.Range(0, Bands).Select(_ => 0.004 * Math.Exp(1.2 * Gaussian.Next(random)))];
        Row[] Known(int count) => context.Thinned(Draw(count, site, 1, 4), QuickShare);
        var (training, calibration, test) = (Known(4000), Known(1000), Known(1000));

        var definition = new Unmixing { Library = library, Seed = context.Seed };
        Model = ExampleContext.WithProgress($"Training unmixing on {training.Length} spectra", progress => ml.L2O().Train(definition, new ImplicitModelTrainer.Options
        {
            Training = definition.Training with { Epochs = context.Sized(3, definition.Training.Epochs, definition.Training.Epochs) },
            Progress = progress,
            CancellationToken = context.Cancellation,
        }).Fit(ml.Data.LoadFromEnumerable(training)));
        // Solved once for all that is calibrated.
        var calibrated = ExampleContext.Solved(ml, Model, ml.Data.LoadFromEnumerable(calibration));
        var certifier = ml.L2O().Certify(
                new CertifiedProperty("Simplex", Tolerance: 1e-6),
                new CertifiedProperty("Fidelity"),
                new CertifiedProperty("Confidence"),
                CertifiedProperty.Convergence())
            .Fit(calibrated);
        Chain = Model.Append(ml.L2O().BoundError(new ErrorBoundOptions { OutputColumnName = nameof(Row.Estimate), TruthColumnName = nameof(Row.Shares), Measure = ErrorMeasure.Largest })
            .Fit(calibrated)).Append(certifier);

        // A material that is not in the library, and mixtures of more materials than training and calibration have.
        var unknown = Spectra(1);
        Row[] others =
        [
            .. Draw(100, site, 1, 4).Select(r => r.With("unknown material", d => Enumerable.Range(0, Bands).Select(b => (0.8f * d[b]) + (0.2f * unknown[b, 0])))),
            .. Draw(100, site, 6, 6, even: true).Select(r => r.With("even mixture", d => d)),
        ];
        Row[] judged = [.. test, .. others];
        ReloadedView = ml.Data.LoadFromEnumerable(context.Thinned(judged, QuickShare));
        JudgedView = ExampleContext.Solved(ml, Chain, ml.Data.LoadFromEnumerable(judged));
        Judged = [.. ml.Data.CreateEnumerable<Row>(JudgedView, reuseRowObject: false)];
        Learned = [.. Judged.Where(r => r.Set == Row.Clean)];
        var view = ml.Data.LoadFromEnumerable(test);
        Untrained = [.. ml.Data.CreateEnumerable<Row>(ml.L2O().Train(new Unmixing { Library = library, Learned = false }).Fit(view).Transform(view), reuseRowObject: false, ignoreMissingColumns: true)];
        (Nonnegative, NonnegativeOnSite) = (Nnls(library), Nnls(site));
        // A tenth of the training rows chooses the ridge.
        var held = training.Length / 10;
        float[][] Measured(Row[] rows) => [.. rows.Select(r => r.Measurements)];
        float[][] Shares(Row[] rows) => [.. rows.Select(r => r.Shares)];
        var regression = LinearEstimator.FromPairs(Measured(training[held..]), Shares(training[held..]), Measured(training[..held]), Shares(training[..held]));
        Linear = [.. test.Select(r => new Row { Shares = r.Shares, Estimate = regression.Estimate(r.Measurements) })];

        Row[] Nnls(float[,] spectra)
        {
            var solver = new NonnegativeLeastSquares(spectra);
            return [.. test.Select(r => new Row { Shares = r.Shares, Estimate = solver.Solve(r.Measurements) })];
        }
    }

    public ImplicitModelTransformer Model { get; }

    public TransformerChain<CertifierTransformer> Chain { get; }

    /// <summary>The test rows that a reloaded model solves again.</summary>
    public IDataView ReloadedView { get; }

    public IDataView JudgedView { get; }

    public Row[] Judged { get; }

    public Row[] Learned { get; }

    public Row[] Untrained { get; }

    /// <summary>Nonnegative least squares with the library.</summary>
    public Row[] Nonnegative { get; }

    /// <summary>Linear regression of shares on spectra, of the training rows.</summary>
    public Row[] Linear { get; }

    /// <summary>Nonnegative least squares with the spectra on site, which nobody knows.</summary>
    public Row[] NonnegativeOnSite { get; }

    public static double Rmse(Row[] rows) => Math.Sqrt(rows.Sum(r => MatrixMath.SquaredDistance(r.Estimate, r.Shares)) / (rows.Length * (double)Materials));

    /// <summary>The largest |Σx − 1| or −x of any row.</summary>
    public static double Violation(Row[] rows) => rows.Max(r => Math.Max(Math.Abs(r.Estimate.Sum(v => (double)v) - 1), -(double)r.Estimate.Min()));

    private float[,] Spectra(int count)
    {
        var spectra = new float[Bands, count];
        for (var k = 0; k < count; k++)
        {
            var bumps = Enumerable.Range(0, 4).Select(_ => (At: random.NextDouble(), Width: 0.03 + (0.07 * random.NextDouble()), Height: random.NextDouble())).ToArray();
            for (var b = 0; b < Bands; b++)
                spectra[b, k] = (float)(0.1 + bumps.Sum(p => p.Height * Math.Exp(-0.5 * Math.Pow((((double)b / Bands) - p.At) / p.Width, 2))));
        }

        return spectra;
    }

    private float[,] Vary(float[,] spectra, double deviation)
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

    /// <summary>Mixtures of a few materials, with shares uniform on their simplex or nearly even.</summary>
    private Row[] Draw(int count, float[,] spectra, int fewest, int most, bool even = false)
    {
        var rows = new Row[count];
        for (var i = 0; i < count; i++)
        {
            var present = Enumerable.Range(0, Materials).OrderBy(_ => random.Next()).Take(random.Next(fewest, most + 1)).ToArray();
            var parts = present.Select(_ => even ? 1 + (0.1 * random.NextDouble()) : -Math.Log(1 - random.NextDouble())).ToArray();
            var shares = new float[Materials];
            for (var k = 0; k < present.Length; k++)
                shares[present[k]] = (float)(parts[k] / parts.Sum());
            var d = MatrixMath.Multiply(spectra, shares);
            for (var b = 0; b < Bands; b++)
                d[b] += (float)(noise[b] * Gaussian.Next(random));
            rows[i] = new Row { Shares = shares, Measurements = d };
        }

        return rows;
    }

    internal sealed class Row
    {
        public const string Clean = "known materials";

        public string Set { get; set; } = Clean;

        [VectorType(Materials)]
        public float[] Shares { get; set; } = [];

        [VectorType(Bands)]
        public float[] Measurements { get; set; } = [];

        [VectorType(Materials)]
        public float[] Estimate { get; set; } = new float[Materials];

        [ColumnName("Fidelity.Value")]
        public double Fidelity { get; set; }

        [ColumnName("Confidence.Value")]
        public double Confidence { get; set; }

        /// <summary>No share is off by more than this, in nine of ten rows.</summary>
        [ColumnName("Estimate.ErrorBound")]
        public double ErrorBound { get; set; }

        public bool WithinBound => Estimate.Zip(Shares, (e, s) => Math.Abs((double)e - s)).Max() <= ErrorBound;

        public bool Converged { get; set; }

        public bool Trustworthy { get; set; }

        public string FailedParts { get; set; } = "";

        public Row With(string set, Func<float[], IEnumerable<float>> change) => new() { Set = set, Shares = Shares, Measurements = [.. change(Measurements)] };
    }
}
