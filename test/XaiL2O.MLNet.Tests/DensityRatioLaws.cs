using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Examples;

namespace XaiL2O.MLNet.Tests;

/// <summary>Weights of a classifier: against the true density ratio, with a bound on rows from elsewhere, refusals, reload in a fresh process.</summary>
internal sealed class DensityRatioLaws
{
    private static readonly MLContext Ml = new(1);

    private sealed class Row
    {
        [VectorType(1)]
        public float[] Input { get; set; } = [];

        public float Label { get; set; }

        public float Score { get; set; }
    }

    /// <summary>Inputs have density e^{cx}, up to a factor, so that the logarithm of the ratio is linear; errors grow with the input.</summary>
    private static IDataView Draw(int seed, int count, double tilt = 0)
    {
        var random = new Random(seed);
        double Input() => tilt == 0 ? random.NextDouble() : Math.Log(1 + (random.NextDouble() * (Math.Exp(tilt) - 1))) / tilt;
        return Ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(_ =>
        {
            var x = Input();
            return new Row { Input = [(float)x], Label = (float)((0.1 + (x * x)) * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())) };
        }).ToArray());
    }

    private const double Tilt = 3;

    private static DensityRatioOptions Options => new(Ml.BinaryClassification.Trainers.LbfgsLogisticRegression(l2Regularization: 1e-3f), ["Input"]);

    private static DensityRatioTransformer Fitted(int seed = 1) => Ml.L2O().EstimateDensityRatio(Draw(seed, 1500, Tilt), Options).Fit(Draw(seed + 1000, 1500));

    private static double Density(double x) => Tilt * Math.Exp(Tilt * x) / (Math.Exp(Tilt) - 1);

    [Test]
    public void Weights_are_the_density_ratio_and_reload_in_a_fresh_process()
    {
        var weights = Fitted();
        var rows = weights.Transform(Draw(5, 500));
        // Four standard errors of the logistic regression's line at its ends: 0.21 of the slope at a distance of 0.5, 0.055 of the mean.
        foreach (var (x, w) in rows.GetColumn<float[]>("Input").Zip(rows.GetColumn<double>("Weight")))
            Assert.That(Math.Log(w), Is.EqualTo(Math.Log(Density(x[0]))).Within(0.48), $"at {x[0]}");
        // (∫w)²/∫w² under uniform inputs.
        var share = 2 * Math.Pow(Math.Exp(Tilt) - 1, 2) / Tilt / (Math.Exp(2 * Tilt) - 1);
        Assert.That(weights.EffectiveShare, Is.EqualTo(share).Within(0.15));
        using var folder = new TemporaryFolder();
        Assert.That(ChainReload.Compare(Ml, weights, Draw(6, 30), folder.PathOf("model.zip")).Differing, Is.Zero);
    }

    [Test]
    public void A_bound_with_weights_holds_elsewhere_where_one_without_does_not()
    {
        var (plain, weighted) = (0.0, 0.0);
        const int repetitions = 20;
        for (var r = 0; r < repetitions; r++)
        {
            var weights = Fitted(r);
            var (calibration, test) = (weights.Transform(Draw(2000 + r, 300)), weights.Transform(Draw(3000 + r, 300, Tilt)));
            double Missed(string? column)
            {
                var view = Ml.L2O().BoundError(new ErrorBoundOptions { WeightColumnName = column }).Fit(calibration).Transform(test);
                return view.GetColumn<float>("Label").Zip(view.GetColumn<double>("Score.ErrorBound"), (y, b) => Math.Abs(y) > b ? 1.0 : 0).Average() / repetitions;
            }

            plain += Missed(null);
            weighted += Missed("Weight");
        }

        TestContext.Out.WriteLine($"missed without weights {plain:0.000}, with {weighted:0.000}");
        // The standard error of a mean over 20 calibrations of 300 rows is below 1 %.
        Assert.That(plain, Is.GreaterThan(0.15));
        Assert.That(weighted, Is.LessThan(0.13));
    }

    [Test]
    public void Large_weights_are_clipped_and_too_few_rows_that_count_are_refused()
    {
        var far = Ml.Data.LoadFromEnumerable(Enumerable.Range(0, 500).Select(_ => new Row { Input = [0.999f] }).ToArray());
        var messages = new List<string>();
        var ml = new MLContext(1);
        ml.Log += (_, e) => messages.Add(e.Message);
        var weights = ml.L2O().EstimateDensityRatio(far, Options with { LargestWeight = 50 }).Fit(Draw(1, 500));
        Assert.That(weights.Transform(far).GetColumn<double>("Weight"), Is.All.LessThanOrEqualTo(50));
        Assert.That(() => ml.L2O().BoundError(new ErrorBoundOptions { WeightColumnName = "Weight", Level = new ConformalLevel { Miscoverage = 0.02 } }).Fit(weights.Transform(Draw(2, 100))), Throws.InvalidOperationException.With.Message.Contains("effective sample size"));
        Assert.That(weights.EffectiveShare >= 0.1 || messages.Any(m => m.Contains("New rows differ so much", StringComparison.Ordinal)));
    }

    [Test]
    public void Calibration_rows_that_the_classifier_was_fitted_on_are_seen()
    {
        var messages = new List<string>();
        var ml = new MLContext(1);
        ml.Log += (_, e) => messages.Add(e.Message);
        var rows = Draw(1, 300);
        var weights = ml.L2O().EstimateDensityRatio(Draw(2, 300, Tilt), Options).Fit(rows);
        ml.L2O().BoundError(new ErrorBoundOptions { WeightColumnName = "Weight" }).Fit(weights.Transform(Draw(3, 300)));
        Assert.That(messages.Where(m => m.Contains("was trained on", StringComparison.Ordinal)), Is.Empty);
        ml.L2O().BoundError(new ErrorBoundOptions { WeightColumnName = "Weight" }).Fit(weights.Transform(rows));
        Assert.That(messages.Where(m => m.Contains("the model of the column 'Weight' was trained on", StringComparison.Ordinal)), Is.Not.Empty);
    }

    [Test]
    public void What_cannot_be_told_apart_is_refused_by_name()
    {
        Assert.That(() => Ml.L2O().EstimateDensityRatio(Ml.Data.FilterRowsByColumn(Draw(1, 3), "Score", 1, 2), Options).Fit(Draw(2, 100)), Throws.InvalidOperationException.With.Message.Contains("100 rows and 0 new ones"));
        Assert.That(() => Ml.L2O().EstimateDensityRatio(Draw(1, 50), Options with { Trainer = Ml.Regression.Trainers.LbfgsPoissonRegression() }).Fit(Draw(2, 100)), Throws.Exception);
        Assert.That(() => Ml.L2O().EstimateDensityRatio(Draw(1, 50), Options with { ColumnNames = ["Nothing"] }).Fit(Draw(2, 100)), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("no column 'Nothing'"));
    }
}
