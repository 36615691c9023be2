using Microsoft.ML;
using Microsoft.ML.Data;
using TorchSharp;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>
/// Which of 250 sources are active, and how strongly, from 100 sensors that each hear all of them: <see cref="SparseRecovery"/> against the lasso, whose threshold is tuned,
/// and against linear estimators, on the same generated rows. Some sources are active often and most are rarely, which the training rows know.
/// </summary>
internal sealed class SparseExperiment
{
    /// <summary>Iterations of the lasso that is not solved to its end.</summary>
    public const int Budget = 300;

    private const int Sources = 250;
    private const int Sensors = 100;

    /// <summary>Standard deviation of the noise of a sensor; an active source has amplitude 1.</summary>
    private const double Noise = 0.03;

    /// <summary>Of how many calibration and test rows a quick run takes one. It trains on all: with fewer the model is not ahead of the lasso.</summary>
    private const int QuickShare = 2;

    /// <summary>Of how many test rows a quick run solves one again with the reloaded model.</summary>
    private const int QuickReloadedShare = 5;

    private static readonly FixedPointOptions Exact = new() { MaxIterations = 10_000, AndersonMemory = 10 };

    private static readonly double[] Thresholds = [0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03];

    private static readonly int[] Budgets = [3, 10, 30, 100, 300, 1000];
    private static readonly int[] QuickBudgets = [30, 300];

    private readonly Random random;
    private readonly double[] rates;
    private readonly float[,] measurement;
    private readonly Row[] tuning;
    private readonly Row[] test;
    private readonly Dictionary<int, double> tuned = [];
    private readonly int[] budgets;

    public SparseExperiment(ExampleContext context, MLContext ml)
    {
        random = new Random(context.Seed);
        budgets = context.Sized(QuickBudgets, Budgets, Budgets);
        measurement = Gaussian.UnitColumns(Sensors, Sources, random);
        // Some 13 are active at a time: the busiest in most rows, the quietest in one of a hundred.
        rates = [.. Enumerable.Range(0, Sources).Select(i => Math.Min(0.6, 3.0 / (i + 4))).OrderBy(_ => random.Next())];
        Row[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => Active(i => rates[i]))];
        var (training, validation) = (Draw(2700), Draw(300));
        var calibration = context.Thinned(Draw(1000), QuickShare);
        test = context.Thinned(Draw(1000), QuickShare);
        tuning = [.. training.Where((_, i) => i % 10 == 0)];

        ExampleContext.Say("Tuning the lasso's threshold and linear estimators on training rows");
        (Ista, IstaConverged) = (Lasso(Tune(Budget), Budget, test), Lasso(Tune(Exact.MaxIterations), Exact.MaxIterations, test));
        float[][] Of(Row[] rows, Func<Row, float[]> part) => [.. rows.Select(part)];
        Linear =
        [
            .. new[]
            {
                ("covariance", LinearEstimator.FromPrior(measurement, Of(training, r => r.Signal), PriorCovariance.Sample, Of(validation, r => r.Signal))),
                ("regression", LinearEstimator.FromPairs(Of(training, r => r.Measurements), Of(training, r => r.Signal), Of(validation, r => r.Measurements), Of(validation, r => r.Signal))),
            }.Select(l => (l.Item1, l.Item2, test.Select(r => r.With(l.Item2.Estimate(r.Measurements))).ToArray())),
        ];

        var definition = new SparseRecovery { Measurement = measurement, Seed = context.Seed };
        Model = ExampleContext.WithProgress($"Training sparse recovery on {training.Length + validation.Length} rows", progress => ml.L2O().Train(definition, new ImplicitModelTrainer.Options
        {
            Progress = progress,
            CancellationToken = context.Cancellation,
        }).Fit(ml.Data.LoadFromEnumerable((Row[])[.. training, .. validation])));
        // Solved once for all that is calibrated.
        var calibrated = ExampleContext.Solved(ml, Model, ml.Data.LoadFromEnumerable(calibration));
        var certifier = ml.L2O().Certify(new CertifiedProperty("Sparsity"), new CertifiedProperty("Fidelity"), new CertifiedProperty("Prior"), CertifiedProperty.Convergence())
            .Fit(calibrated);
        Chain = Model.Append(ml.L2O().BoundError(new ErrorBoundOptions
        {
            OutputColumnName = nameof(Row.Estimate),
            TruthColumnName = nameof(Row.Signal),
            Difficulty = new DifficultyModel(ml.Regression.Trainers.LbfgsPoissonRegression(), ["Sparsity.Value", "Fidelity.Value", "Prior.Value"]),
        }).Fit(calibrated)).Append(certifier);

        // Sensors that are off, a spike in one of them, and rows with far more active sources than 100 sensors can tell apart.
        Row[] judged =
        [
            .. test,
            .. test.Where((_, i) => i % 10 == 0).Select((r, i) => r.Damaged(i % 2 == 0 ? "sensors off" : "spike", random)),
            .. Enumerable.Range(0, 50).Select(_ => Active(_ => 0.3, "too many active")),
        ];
        ReloadedView = ml.Data.LoadFromEnumerable(context.Thinned(judged, QuickReloadedShare));
        JudgedView = ExampleContext.Solved(ml, Chain, ml.Data.LoadFromEnumerable(judged));
        Judged = [.. ml.Data.CreateEnumerable<Row>(JudgedView, reuseRowObject: false)];
        Learned = [.. Judged.Where(r => r.Set == Row.Clean)];
    }

    public ImplicitModelTransformer Model { get; }

    public TransformerChain<CertifierTransformer> Chain { get; }

    /// <summary>The test rows that a reloaded model solves again.</summary>
    public IDataView ReloadedView { get; }

    public IDataView JudgedView { get; }

    public Row[] Judged { get; }

    public Row[] Learned { get; }

    public Row[] Ista { get; }

    public Row[] IstaConverged { get; }

    /// <summary>The threshold of the lasso that is solved to its end.</summary>
    public double LassoThreshold => Tune(Exact.MaxIterations);

    /// <summary>Linear estimators with their estimates of the test rows.</summary>
    public (string Kind, LinearEstimator Estimator, Row[] Rows)[] Linear { get; }

    /// <summary>The one with the smaller error on the validation rows.</summary>
    public (string Kind, LinearEstimator Estimator, Row[] Rows) BestLinear => Linear.MinBy(l => l.Estimator.ValidationError);

    /// <summary>10·log₁₀(Σ‖x̂ − x‖²/Σ‖x‖²) over rows, in dB.</summary>
    public static double Nmse(Row[] rows) => 10 * Math.Log10(rows.Sum(Error) / rows.Sum(r => Math.Pow(MatrixMath.Norm(r.Signal), 2)));

    /// <summary>NMSE of the learned model less that of other estimates of the same rows, in dB, with its 95 % interval (bootstrap over rows).</summary>
    public (double Difference, double Low, double High) Against(Row[] others)
    {
        var resample = new Random(1);
        var pairs = Learned.Zip(others, (l, o) => (Learned: Error(l), Other: Error(o))).ToArray();
        double Ratio(IEnumerable<(double Learned, double Other)> rows)
        {
            var (learned, other) = rows.Aggregate((0.0, 0.0), (sum, r) => (sum.Item1 + r.Learned, sum.Item2 + r.Other));
            return 10 * Math.Log10(learned / other);
        }

        var draws = Enumerable.Range(0, 2000).Select(_ => Ratio(pairs.Select(_ => pairs[resample.Next(pairs.Length)]))).Order().ToArray();
        return (Ratio(pairs), draws[50], draws[1949]);
    }

    /// <summary>Error by iteration budget, on the test rows: the learned model, and the lasso with its threshold tuned for each budget on training rows.</summary>
    public (int Budget, double Learned, double Ista)[] ByBudget()
    {
        using var model = Model.Definition.CreateModel(torch.ScalarType.Float32);
        model.ImportWeights(Model.Weights);
        return [.. budgets.Select(budget => (budget, Nmse(Infer(model, budget, test)), Nmse(Lasso(Tune(budget), budget, test))))];
    }

    private static double Error(Row row) => MatrixMath.SquaredDistance(row.Estimate, row.Signal);

    private static Row[] Infer(ImplicitModel model, int iterations, Row[] rows)
    {
        using var data = torch.tensor(rows.SelectMany(r => r.Measurements).ToArray()).reshape(rows.Length, -1);
        var x = model.Infer(data, iterations == Exact.MaxIterations ? Exact : new FixedPointOptions { MaxIterations = iterations, ResidualTolerance = 1e-9 }).Inference;
        return [.. rows.Zip(x, (r, e) => r.With(e))];
    }

    /// <summary>
    /// The threshold of the smallest error on training rows. The error falls with the threshold and then rises, so the search walks down the thresholds, from that of the most similar budget.
    /// </summary>
    private double Tune(int iterations)
    {
        if (tuned.TryGetValue(iterations, out var known))
            return known;
        var at = tuned.Count == 0 ? Thresholds.Length / 2 : Array.IndexOf(Thresholds, tuned.MinBy(t => Math.Abs(Math.Log((double)t.Key / iterations))).Value);
        var errors = new Dictionary<int, double>();
        double ErrorAt(int index)
        {
            if (index < 0 || index >= Thresholds.Length)
                return double.PositiveInfinity;
            if (!errors.TryGetValue(index, out var error))
                errors[index] = error = Nmse(Lasso(Thresholds[index], iterations, tuning));
            return error;
        }

        while (Math.Min(ErrorAt(at - 1), ErrorAt(at + 1)) < ErrorAt(at))
            at += ErrorAt(at - 1) < ErrorAt(at + 1) ? -1 : 1;
        return tuned[iterations] = Thresholds[at];
    }

    /// <summary>The definition without its learned part: the lasso, whose iteration is ISTA.</summary>
    private Row[] Lasso(double threshold, int iterations, Row[] rows)
    {
        using var model = new SparseRecovery { Measurement = measurement, Threshold = threshold, Learned = false }.CreateModel();
        return Infer(model, iterations, rows);
    }

    private Row Active(Func<int, double> rate, string set = Row.Clean)
    {
        var x = new float[Sources];
        for (var i = 0; i < Sources; i++)
        {
            if (random.NextDouble() < rate(i))
                x[i] = (float)Gaussian.Next(random);
        }

        var d = MatrixMath.Multiply(measurement, x);
        for (var i = 0; i < d.Length; i++)
            d[i] += (float)(Noise * Gaussian.Next(random));
        return new Row { Set = set, Signal = x, Measurements = d };
    }

    internal sealed class Row
    {
        public const string Clean = "clean";

        public string Set { get; set; } = Clean;

        [VectorType(Sources)]
        public float[] Signal { get; set; } = [];

        [VectorType(Sensors)]
        public float[] Measurements { get; set; } = [];

        [VectorType(Sources)]
        public float[] Estimate { get; set; } = new float[Sources];

        /// <summary>‖x̂ − x‖ is at most this, in nine of ten rows.</summary>
        [ColumnName("Estimate.ErrorBound")]
        public double ErrorBound { get; set; }

        public bool WithinBound => Math.Sqrt(MatrixMath.SquaredDistance(Estimate, Signal)) <= ErrorBound;

        public int Iterations { get; set; }

        public bool Converged { get; set; }

        public bool Trustworthy { get; set; }

        public string FailedParts { get; set; } = "";

        public Row With(float[] estimate) => new() { Set = Set, Signal = Signal, Measurements = Measurements, Estimate = estimate };

        public Row Damaged(string how, Random random)
        {
            var d = (float[])Measurements.Clone();
            if (how == "spike")
                d[random.Next(d.Length)] += 3 * (float)MatrixMath.Norm(d);
            else
                Array.Clear(d, random.Next(d.Length - 30), 30);
            return new Row { Set = how, Signal = Signal, Measurements = d };
        }
    }
}
