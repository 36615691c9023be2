using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>The prior of measurements, its predictions and its linear estimate, against twins that leave out one measurement after the other.</summary>
internal sealed class MeasurementPriorLaws : TorchLaws
{
    private const int Signal = 9;
    private const int Measurements = 6;
    private const int Rows = 40;

    private static readonly double[] Noises = [1e-6, 1e-4, 0.3];

    private static Tensor Signals(int seed, int rows, int dimension = 4) => Normal(seed, rows, dimension).mm(Normal(1, dimension, Signal));

    private static MeasurementPrior Prior(double noise = MeasurementPrior.DefaultNoise) => MeasurementPrior.FromSignals(Matrix(2, Measurements, Signal), Signals(3, Rows), noise);

    /// <summary>G by its definition, entry by entry.</summary>
    private static double[,] Moments(double[][] d, double noise)
    {
        var G = new double[Measurements, Measurements];
        foreach (var row in d)
        {
            var size = Math.Sqrt(row.Sum(v => v * v) / Measurements);
            for (var i = 0; i < Measurements; i++)
            {
                for (var j = 0; j < Measurements; j++)
                    G[i, j] += row[i] * row[j] / (size * size * d.Length);
            }
        }

        for (var i = 0; i < Measurements; i++)
            G[i, i] += noise;
        return G;
    }

    private static double[][] ToRows(Tensor matrix) => [.. Values(matrix).Chunk((int)matrix.shape[1])];

    [TestCaseSource(nameof(Noises))]
    public void Errors_are_those_of_solves_without_each_measurement(double noise)
    {
        var A = Matrix(2, Measurements, Signal);
        using var prior = Prior(noise);
        var G = tensor(Moments(ToRows(A.Apply(Signals(3, Rows))), noise));
        // Rows like the training rows, and others.
        var d = cat([A.Apply(Signals(4, 5)), Normal(5, 5, Measurements)], 0);
        var expected = d.clone();
        for (var i = 0; i < Measurements; i++)
        {
            var others = tensor(Enumerable.Range(0, Measurements).Where(j => j != i).Select(j => (long)j).ToArray());
            var weights = linalg.solve(G.index_select(0, others).index_select(1, others), G[i].index_select(0, others));
            var variance = G[i, i] - Dot(weights.unsqueeze(0), G[i].index_select(0, others).unsqueeze(0));
            var y = d / d.norm(1, true) * Math.Sqrt(Measurements);
            expected[.., i] = (y[.., i] - mv(y.index_select(1, others), weights)) / variance.sqrt();
        }

        Assert.That(Gap(prior.StandardizedErrors(d) / expected, ones_like(expected)), Is.LessThan(1e-6));
        var fourth = Values(expected.pow(4).mean([1])).Select(v => Math.Pow(v, 0.25));
        Assert.That(Values(new PredictionTerm("Prediction", prior).PropertyValue(zeros(10, Signal, dtype: float64), d)), Is.EqualTo(fourth).Within(1e-6).Percent);
    }

    [TestCaseSource(nameof(Noises))]
    public void Estimate_has_the_least_weighted_error_of_all_linear_ones(double noise)
    {
        var (A, x) = (Matrix(2, Measurements, Signal), Signals(3, Rows));
        using var prior = Prior(noise);
        var d = A.Apply(x);
        // Its objective is Σ ‖x − Bd‖²·m/‖d‖² + Nε‖B‖², which no other matrix makes smaller.
        double Objective(Tensor B) => (((x - d.mm(B.t())).square().sum(1) * Measurements / d.square().sum(1)).sum() + (Rows * noise * B.square().sum())).ToDouble();
        var gain = tensor(prior.Export().Gain);
        for (var seed = 0; seed < 10; seed++)
        {
            foreach (var step in (double[])[-1e-2, -1e-5, 1e-5, 1e-2])
                Assert.That(Objective(gain + (step * Normal(seed, Signal, Measurements))), Is.GreaterThan(Objective(gain)));
        }

        Assert.That(Gap(prior.Estimate(d), d.mm(gain.t())), Is.LessThan(1e-12));
        var estimate = Normal(7, Rows, Signal);
        var expected = Values((estimate - d.mm(gain.t())).norm(1) / estimate.norm(1));
        Assert.That(Values(new AgreementTerm("Agreement", prior).PropertyValue(estimate, d)), Is.EqualTo(expected).Within(1e-12));
    }

    [Test]
    public void Amplitude_and_sign_change_no_value([Values(-1, 1e-30, 1e-3, 1e30)] double factor)
    {
        using var prior = Prior();
        var (d, x) = (Normal(5, 7, Measurements), Normal(6, 7, Signal));
        foreach (var term in (Term[])[new PredictionTerm("Prediction", prior), new AgreementTerm("Agreement", prior)])
            Assert.That(Values(term.PropertyValue(factor * x, factor * d)), Is.EqualTo(Values(term.PropertyValue(x, d))).Within(1e-9).Percent, term.Name);
        // Neither does that of the training rows.
        using var other = MeasurementPrior.FromSignals(Matrix(2, Measurements, Signal), factor * Signals(3, Rows));
        Assert.That(Gap(other.StandardizedErrors(d), prior.StandardizedErrors(d)), Is.LessThan(1e-6));
    }

    [Test]
    public void All_zero_and_invalid_measurements_have_no_value()
    {
        using var prior = Prior();
        var d = Normal(5, 3, Measurements);
        d[0] = 0;
        d[1, 2] = double.NaN;
        Term[] terms = [new PredictionTerm("Prediction", prior), new AgreementTerm("Agreement", prior), new L1Term("Sparsity", new IdentityOperator(Signal), relativeToData: true)];
        foreach (var x in (Tensor[])[zeros(3, Signal, dtype: float64), Normal(6, 3, Signal)])
        {
            foreach (var term in terms)
            {
                var values = Values(term.PropertyValue(x, d));
                Assert.That(values[0], Is.NaN.Or.EqualTo(double.PositiveInfinity), term.Name);
                Assert.That(values[1], Is.NaN, term.Name);
                Assert.That(values[2], Is.Not.NaN, term.Name);
            }
        }
    }

    [Test]
    public void A_wrong_measurement_has_the_largest_error_and_makes_the_value_large()
    {
        // Signals from 4 dimensions: any 4 measurements tell the other 2.
        var A = Matrix(2, Measurements, Signal);
        using var prior = Prior(1e-8);
        var term = new PredictionTerm("Prediction", prior);
        var d = A.Apply(Signals(4, 30));
        var x = zeros(30, Signal, dtype: float64);
        var usual = term.PropertyValue(x, d).max().ToDouble();
        for (var i = 0; i < Measurements; i++)
        {
            var wrong = d.clone();
            wrong[.., i] *= 1.5;
            Assert.That(term.PropertyValue(x, wrong).median().ToDouble(), Is.GreaterThan(10 * usual));
            // Two measurements too many: where the wrong one is not the largest, it is close.
            var errors = prior.StandardizedErrors(wrong).abs();
            Assert.That((errors[.., i] / errors.amax([1])).min().ToDouble(), Is.GreaterThan(0.5));
        }
    }

    [Test]
    public void Exported_arrays_give_the_same_bits_and_batches_the_same_values()
    {
        using var prior = Prior();
        var (precision, gain) = prior.Export();
        using var other = new MeasurementPrior(precision, gain);
        var d = Normal(5, 50, Measurements);
        Assert.Multiple(() =>
        {
            Assert.That(Values(other.StandardizedErrors(d)), Is.EqualTo(Values(prior.StandardizedErrors(d))));
            Assert.That(Values(other.Estimate(d)), Is.EqualTo(Values(prior.Estimate(d))));
            Assert.That(Gap(cat([prior.StandardizedErrors(d[..3]), prior.StandardizedErrors(d[3..])], 0), prior.StandardizedErrors(d)), Is.LessThan(1e-9));
            Assert.That((other.MeasurementCount, other.SignalLength), Is.EqualTo((Measurements, Signal)));
        });
    }

    [Test]
    public void Unusable_training_rows_are_left_out()
    {
        var (d, x) = (Normal(5, 8, Measurements), Normal(6, 8, Signal));
        using var expected = MeasurementPrior.FromPairs(d[4..], x[4..]);
        d[0] = 0;
        d[1, 0] = double.NaN;
        d[2, 0] = double.PositiveInfinity;
        x[3, 0] = double.NaN;
        using var prior = MeasurementPrior.FromPairs(d, x);
        Assert.That(prior.Export().Precision, Is.EqualTo(expected.Export().Precision));
        Assert.That(prior.Export().Gain, Is.EqualTo(expected.Export().Gain));
        Assert.That(() => MeasurementPrior.FromPairs(d[..4], x[..4]), Throws.ArgumentException.With.Message.Contains("No row"));
    }

    [Test]
    public void Wrong_arguments_are_named()
    {
        var (d, x) = (Normal(5, 8, Measurements), Normal(6, 8, Signal));
        Assert.Multiple(() =>
        {
            Assert.That(() => MeasurementPrior.FromPairs(d, x, 0), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("noise"));
            Assert.That(() => MeasurementPrior.FromPairs(d, x[..3]), Throws.ArgumentException.With.Message.Contains("[3, 9]"));
            Assert.That(() => new MeasurementPrior(new double[3, 2], new double[4, 2]), Throws.ArgumentException.With.Message.Contains("3×2"));
            Assert.That(() => new MeasurementPrior(new double[2, 2], new double[4, 2]), Throws.ArgumentException.With.Message.Contains("positive"));
            Assert.That(() => Learned(ToArray(Normal(7, 2, 4)), ToArray(eye(4)), Prior()).CreateModel(), Throws.ArgumentException.With.Message.Contains("2×4"));
        });
    }

    /// <summary>A definition that has learned a prior.</summary>
    private static DictionaryDefinition Learned(float[,] A, float[,] K, MeasurementPrior prior)
    {
        var definition = new DictionaryDefinition { MeasurementMatrix = A, InitialTransform = K };
        var (precision, gain) = prior.Export();
        typeof(DictionaryDefinition).GetProperty(nameof(DictionaryDefinition.PriorPrecision))!.SetValue(definition, precision);
        typeof(DictionaryDefinition).GetProperty(nameof(DictionaryDefinition.PriorGain))!.SetValue(definition, gain);
        return definition;
    }

    [Test]
    public void A_dictionary_model_reports_the_properties_of_its_prior()
    {
        using var prior = Prior();
        using var model = Learned(ToArray(Normal(2, Measurements, Signal)), ToArray(eye(Signal)), prior).CreateModel(ScalarType.Float64);
        var d = Normal(5, 4, Measurements);
        d[3] = 0;
        var inference = model.Infer(d, new FixedPointOptions());
        var x = tensor(inference.Inference.SelectMany(row => row).ToArray()).reshape(4, Signal);
        Assert.Multiple(() =>
        {
            Assert.That(model.Terms.Select(t => t.Name), Is.EqualTo(new[] { "Sparsity", "Fidelity" }));
            Assert.That(model.Properties.Select(t => t.Name), Is.EqualTo(new[] { "Sparsity", "Fidelity", "Prediction", "Agreement" }));
            Assert.That(inference.PropertyValues[2][..3], Is.EqualTo(Values(model.Properties[2].PropertyValue(x, d))[..3]));
            Assert.That(inference.PropertyValues[3][..3], Is.EqualTo(Values(model.Properties[3].PropertyValue(x, d))[..3]).Within(1e-4).Percent);
            Assert.That(new[] { 0, 2, 3 }.Select(k => inference.PropertyValues[k][3]), Has.All.NaN, "a dead input");
        });
    }

    /// <summary>R² of each measurement by a regression on the others, from the definition of G.</summary>
    [TestCaseSource(nameof(Noises))]
    public void The_explained_share_is_that_of_regressions_on_the_other_measurements(double noise)
    {
        using var prior = Prior(noise);
        var G = tensor(Moments(ToRows(Matrix(2, Measurements, Signal).Apply(Signals(3, Rows))), noise));
        var shares = Enumerable.Range(0, Measurements).Select(i =>
        {
            var others = tensor(Enumerable.Range(0, Measurements).Where(j => j != i).Select(j => (long)j).ToArray());
            var (R, c) = (G.index_select(0, others).index_select(1, others), G.index_select(0, others)[.., i]);
            return (dot(c, linalg.solve(R, c)) / G[i, i]).ToDouble();
        });
        Assert.That(prior.ExplainedShare, Is.EqualTo(shares.Average()).Within(1e-9));
    }

    /// <summary>
    /// What the property can see is what measurements say of each other: a missing measurement among those of a few-dimensional signal, and none at all among those of
    /// white ones. Shares of rows that fail at 5 %.
    /// </summary>
    [TestCase(4, 0.99, 0.95, 1.0)]
    [TestCase(32, 0, 0, 0.1)]
    public void Predictions_see_a_missing_measurement_where_measurements_explain_each_other(int dimension, double leastExplained, double leastSeen, double mostSeen)
    {
        const int m = 16, n = 32;
        var basis = dimension == n ? eye(n, dtype: float64) : Normal(21, dimension, n);
        Tensor Data(int seed, int rows) => Normal(seed, rows, dimension).mm(basis).mm(linalg.qr(Normal(22, n, m)).Q);
        var training = Data(23, 2000);
        using var prior = MeasurementPrior.FromPairs(training, training);
        var term = new PredictionTerm("Prediction", prior);
        double[] Of(Tensor d) => Values(term.PropertyValue(d, d));
        var limit = Of(Data(24, 1000)).Order().ElementAt(950);
        var missing = Data(25, 1000);
        missing[.., 3] = 0;
        var seen = Of(missing).Average(v => v > limit ? 1.0 : 0);
        TestContext.Out.WriteLine($"explained {prior.ExplainedShare:P1}, seen {seen:P1}");
        Assert.That(prior.ExplainedShare, leastExplained > 0 ? Is.GreaterThan(leastExplained) : Is.LessThan(0.05));
        Assert.That(seen, Is.InRange(leastSeen, mostSeen));
    }
}
