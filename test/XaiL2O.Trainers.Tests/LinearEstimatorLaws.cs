using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>The linear estimator against the same estimates computed in another way, and what must and must not change them.</summary>
internal sealed class LinearEstimatorLaws : TorchLaws
{
    private const int N = 9;
    private const int M = 5;

    /// <summary>Correlated signals about a mean.</summary>
    private static float[][] Signals(int seed, int rows, double shift = 2) => Jagged(Normal(seed, rows, N).mm(Normal(99, N, N)) + shift);

    private static float[][] Jagged(Tensor rows) => [.. rows.to(float32).contiguous().data<float>().ToArray().Chunk((int)rows.shape[1])];

    private static Tensor Stack(IEnumerable<float[]> rows)
    {
        var all = rows.ToArray();
        return tensor(all.SelectMany(r => r).ToArray()).reshape(all.Length, -1).to(float64);
    }

    private static float[][] Measure(float[,] A, float[][] signals) => Jagged(Stack(signals).mm(tensor(A).to(float64).t()));

    private static Tensor Estimates(LinearEstimator estimator, float[][] measurements) => Stack(measurements.Select(d => estimator.Estimate(d)));

    private static LinearEstimatorOptions Fixed(double ridge) => new() { Ridge = ridge };

    private static readonly Case<(Func<float[,], float[][], Tensor> Mean, Func<float[,], float[][], Tensor> Covariance, PriorCovariance Kind)>[] Priors =
    [
        new("sample", () => ((_, x) => NaiveMean(x), (_, x) => NaiveCovariance(x, NaiveMean(x)), PriorCovariance.Sample)),
        new("stationary", () => ((_, x) => NaiveMean(x).mean().expand(N), (_, x) => NaiveToeplitz(NaiveCovariance(x, NaiveMean(x).mean().expand(N))), PriorCovariance.Stationary)),
    ];

    private static Tensor NaiveMean(float[][] x) => tensor(Enumerable.Range(0, N).Select(j => x.Average(r => (double)r[j])).ToArray());

    private static Tensor NaiveCovariance(float[][] x, Tensor mean)
    {
        var (μ, C) = (Values(mean), new double[N, N]);
        for (var i = 0; i < N; i++)
            for (var j = 0; j < N; j++)
                C[i, j] = x.Average(r => (r[i] - μ[i]) * (r[j] - μ[j]));
        return tensor(C);
    }

    private static Tensor NaiveToeplitz(Tensor covariance)
    {
        var (C, T) = (Values(covariance), new double[N, N]);
        for (var i = 0; i < N; i++)
            for (var j = 0; j < N; j++)
                T[i, j] = Enumerable.Range(0, N - Math.Abs(i - j)).Average(k => C[(k * N) + k + Math.Abs(i - j)]);
        return tensor(T);
    }

    /// <summary>The most probable x given d is also the minimum of ‖Ax − d‖²/ε + ⟨x − μ, C⁻¹(x − μ)⟩.</summary>
    [TestCaseSource(nameof(Priors))]
    public void The_prior_gives_the_most_probable_signal(Case<(Func<float[,], float[][], Tensor> Mean, Func<float[,], float[][], Tensor> Covariance, PriorCovariance Kind)> prior)
    {
        var (mean, covariance, kind) = prior.Make();
        var (A, x) = (ToArray(Normal(1, M, N)), Signals(2, 400));
        var d = Measure(A, Signals(3, 6));
        var (μ, C, matrix) = (mean(A, x), covariance(A, x), tensor(A).to(float64));
        Assert.That(linalg.eigvalsh(C).min().ToDouble(), Is.Positive, "the reference needs an inverse");
        foreach (var ridge in (double[])[1e-3, 1])
        {
            var ε = ridge * matrix.mm(C).mm(matrix.t()).diagonal().mean().ToDouble();
            var H = matrix.t().mm(matrix) + (ε * linalg.inv(C));
            var expected = μ + linalg.solve(H, matrix.t().mm((Stack(d) - mv(matrix, μ)).t())).t();
            var estimator = LinearEstimator.FromPrior(A, x, kind, options: Fixed(ridge));
            Assert.That(Gap(Estimates(estimator, d), expected), Is.LessThan(1e-5));
        }
    }

    /// <summary>Least squares with an intercept column and a penalty on the other columns, by its normal equations.</summary>
    [Test]
    public void Regression_solves_the_normal_equations()
    {
        var x = Signals(4, 60);
        var d = Jagged(Stack(x).mm(Normal(5, N, M)) + Normal(6, 60, M) + 1);
        var D = Stack(d);
        var variance = (D - D.mean([0])).square().mean().ToDouble();
        foreach (var ridge in (double[])[0, 1e-2, 3])
        {
            var withOne = cat([D, ones(60, 1, dtype: float64)], 1);
            var penalty = diag(cat([full(M, 60 * ridge * variance, dtype: float64), zeros(1, dtype: float64)]));
            var expected = linalg.solve(withOne.t().mm(withOne) + penalty, withOne.t().mm(Stack(x)));
            var (G, b) = LinearEstimator.FromPairs(d, x, options: Fixed(ridge)).Export();
            Assert.That(Gap(tensor(G), expected.slice(0, 0, M, 1).t()), Is.LessThan(1e-8));
            Assert.That(Gap(tensor(b), expected[M]), Is.LessThan(1e-8));
        }
    }

    /// <summary>Measurements that repeat each other leave many regressions; without a ridge it is the one of least norm.</summary>
    [Test]
    public void Regression_without_a_ridge_has_minimum_norm()
    {
        var x = Signals(4, 60);
        var d = Stack(x).mm(Normal(5, N, 2));
        var repeated = Jagged(cat([d, d, d], 1));
        var D = Stack(repeated);
        var expected = linalg.pinv(D - D.mean([0]), 1e-6).mm(Stack(x) - Stack(x).mean([0])).t();
        var (G, _) = LinearEstimator.FromPairs(repeated, x, options: Fixed(0)).Export();
        Assert.That(Gap(tensor(G), expected), Is.LessThan(1e-6));
    }

    [Test]
    public void Signals_of_as_many_dimensions_as_measurements_are_recovered([Values(1, 3, M)] int dimensions)
    {
        var basis = Normal(7, dimensions, N);
        float[][] Draw(int seed, int rows) => Jagged(Normal(seed, rows, dimensions).mm(basis) + Normal(8, N));
        var (A, train, validation, test) = (ToArray(Normal(9, M, N)), Draw(10, 100), Draw(11, 30), Draw(12, 20));
        foreach (var options in (LinearEstimatorOptions[])[new(), Fixed(0)])
        {
            LinearEstimator[] estimators =
            [
                LinearEstimator.FromPrior(A, train, PriorCovariance.Sample, validation, options: options),
                LinearEstimator.FromPairs(Measure(A, train), train, Measure(A, validation), validation, options),
            ];
            foreach (var estimator in estimators)
            {
                Assert.That(Gap(Estimates(estimator, Measure(A, test)), Stack(test)), Is.LessThan(1e-4));
                Assert.That(estimator.ValidationError, Is.LessThan(1e-9));
            }
        }
    }

    /// <summary>Of many draws of a signal and its noise, no other affine map has a smaller mean squared error by more than chance.</summary>
    [Test]
    public void Prior_and_regression_agree_where_measurements_are_linear_and_noisy()
    {
        var (A, x) = (ToArray(Normal(13, M, N)), Signals(14, 40_000));
        var clean = Stack(Measure(A, x));
        const double noise = 0.3;
        var d = Jagged(clean + (noise * Normal(15, 40_000, M)));
        var relative = noise * noise / (clean - clean.mean([0])).square().mean().ToDouble();
        var (prior, _) = LinearEstimator.FromPrior(A, x, options: Fixed(relative)).Export();
        var (regression, _) = LinearEstimator.FromPairs(d, x, options: Fixed(0)).Export();
        Assert.That(Gap(tensor(prior), tensor(regression)), Is.LessThan(0.05 * tensor(prior).abs().max().ToDouble()));
    }

    [Test]
    public void The_ridge_of_least_validation_error_is_taken()
    {
        var (A, x, validation) = (ToArray(Normal(16, M, N)), Signals(17, 8), Signals(18, 50));
        var noisy = Jagged(Stack(Measure(A, validation)) + (2 * Normal(19, 50, M)));
        var grid = new LinearEstimatorOptions { SmallestRidge = 1e-6, LargestRidge = 10, RidgesPerDecade = 1 };
        var tuned = LinearEstimator.FromPrior(A, x, PriorCovariance.Sample, validation, noisy, grid);
        var errors = Enumerable.Range(-6, 8).Select(k => Math.Pow(10, k))
            .ToDictionary(r => r, r => (Estimates(LinearEstimator.FromPrior(A, x, options: Fixed(r)), noisy) - Stack(validation)).square().mean().ToDouble());
        var best = errors.MinBy(e => e.Value);
        Assert.That(best.Key, Is.InRange(1e-5, 2), "a case that decides nothing");
        Assert.That(tuned.Ridge, Is.EqualTo(best.Key).Within(1e-6).Percent);
        Assert.That(tuned.ValidationError, Is.EqualTo(best.Value).Within(1e-3).Percent);
        Assert.That(LinearEstimator.FromPrior(A, x, options: Fixed(1)).ValidationError, Is.Null);
    }

    /// <summary>Turning the measurements changes nothing, and turning the signals turns the estimates.</summary>
    [Test]
    public void Orthonormal_changes_of_basis_are_followed()
    {
        var (A, x, d) = (Normal(20, M, N), Signals(21, 30), Normal(22, 4, M));
        var (U, V) = (linalg.qr(Normal(23, M, M)).Q, linalg.qr(Normal(24, N, N)).Q);
        var estimates = Estimates(LinearEstimator.FromPrior(ToArray(A), x, options: Fixed(0.1)), Jagged(d));
        var turned = LinearEstimator.FromPrior(ToArray(U.mm(A).mm(V.t())), Jagged(Stack(x).mm(V.t())), options: Fixed(0.1));
        Assert.That(Gap(Estimates(turned, Jagged(d.mm(U.t()))), estimates.mm(V.t())), Is.LessThan(1e-4));
    }

    [Test]
    public void Units_change_nothing([Values(1e-12, 1e12)] double unit, [Values] PriorCovariance kind)
    {
        var (A, x, v) = (ToArray(Normal(25, M, N)), Signals(26, 30), Signals(27, 10));
        var scaled = (float[][] rows) => Jagged(Stack(rows) * unit);
        var (plain, other) = (LinearEstimator.FromPrior(A, x, kind, v), LinearEstimator.FromPrior(A, scaled(x), kind, scaled(v)));
        Assert.That(other.Ridge, Is.EqualTo(plain.Ridge));
        Assert.That(Gap(Estimates(other, scaled(Measure(A, v))) / unit, Estimates(plain, Measure(A, v))), Is.LessThan(1e-4));
    }

    /// <summary>Every window of a long sequence is as likely as the next, so the estimate of a window read backwards is the estimate read backwards.</summary>
    [Test]
    public void A_stationary_prior_does_not_know_where_a_window_begins_or_its_direction()
    {
        var (A, x) = (Normal(28, M, N), Signals(29, 3));
        var d = Jagged(Normal(30, 4, M));
        var forwards = Estimates(LinearEstimator.FromPrior(ToArray(A), x, PriorCovariance.Stationary, options: Fixed(0.1)), d);
        var backwards = Estimates(LinearEstimator.FromPrior(ToArray(A.flip(1)), x, PriorCovariance.Stationary, options: Fixed(0.1)), d);
        Assert.That(Gap(backwards, forwards.flip(1)), Is.LessThan(1e-5));
    }

    /// <summary>Two equal entries at the ends make the average along diagonals indefinite: 1 at distance n − 1 beside 2/n at distance 0.</summary>
    [Test]
    public void A_stationary_covariance_has_no_negative_variance()
    {
        float[][] x = [[1, 0, 0, 0, 0, 0, 0, 0, 1], [-1, 0, 0, 0, 0, 0, 0, 0, -1]];
        var identity = ToArray(eye(N, dtype: float64));
        var (G, b) = LinearEstimator.FromPrior(identity, x, PriorCovariance.Stationary, options: Fixed(0.5)).Export();
        // With A = I the gain is C(C + εI)⁻¹, whose eigenvalues lie in [0, 1) for every covariance C.
        var eigenvalues = linalg.eigvalsh(tensor(G));
        Assert.That(eigenvalues.min().ToDouble(), Is.GreaterThan(-1e-9));
        Assert.That(eigenvalues.max().ToDouble(), Is.LessThan(1));
        Assert.That(tensor(b).abs().max().ToDouble(), Is.LessThan(1e-12));
    }

    [Test]
    public void Constant_signals_are_their_own_estimate([Values] PriorCovariance kind)
    {
        float[][] constant = [.. Enumerable.Repeat(Enumerable.Repeat(3f, N).ToArray(), 4)];
        var estimator = LinearEstimator.FromPrior(ToArray(Normal(31, M, N)), constant, kind, constant);
        Assert.That(estimator.Estimate([1, 2, 3, 4, 5]), Is.All.EqualTo(3).Within(1e-6));
    }

    [Test]
    public void Mistakes_are_refused_by_name()
    {
        var (A, x) = (ToArray(Normal(32, M, N)), Signals(33, 5));
        var d = Measure(A, x);
        static void Refused(Func<object> make, params string[] words)
        {
            foreach (var word in words)
                Assert.That(make, Throws.InstanceOf<ArgumentException>().With.Message.Contains(word));
        }

        Refused(() => LinearEstimator.FromPrior(A, x), "no validation signals", "Ridge");
        Refused(() => LinearEstimator.FromPairs(d, x), "no validation signals");
        Refused(() => LinearEstimator.FromPairs(d, x, d, null, Fixed(1)), "both measurements and signals");
        Refused(() => LinearEstimator.FromPairs(d, x[..3], options: Fixed(1)), "5 vectors of measurements and 3 signals");
        Refused(() => LinearEstimator.FromPrior(A, x[..1], options: Fixed(1)), "1 rows in signals", "at least 2");
        Refused(() => LinearEstimator.FromPrior(A, d, options: Fixed(1)), "Row 0 of signals has length 5", "9");
        Refused(() => LinearEstimator.FromPrior(A, x, PriorCovariance.Sample, x, d[..2]), "2 vectors of measurements and 5 signals");
        Refused(() => LinearEstimator.FromPrior(A, x, PriorCovariance.Sample, null, d, Fixed(1)), "Validation measurements need their signals");
        Refused(() => LinearEstimator.FromPrior(A, [.. x, [.. x[0][..8], float.NaN]], options: Fixed(1)), "Row 5 of signals", "NaN");
        Refused(() => LinearEstimator.FromPrior(new float[0, N], x, options: Fixed(1)), "measurement matrix");
        Refused(() => LinearEstimator.FromPrior(A, x, (PriorCovariance)7, options: Fixed(1)), "covariance = 7");
        Refused(() => LinearEstimator.FromPrior(A, x, options: Fixed(-1)), "Ridge = -1", "at least 0");
        Refused(() => LinearEstimator.FromPrior(A, x, options: Fixed(double.NaN)), "Ridge");
        Refused(() => LinearEstimator.FromPairs(d, x, d, x, new() { SmallestRidge = 0 }), "SmallestRidge = 0", "positive");
        Refused(() => LinearEstimator.FromPairs(d, x, d, x, new() { LargestRidge = 1e-20 }), "LargestRidge = 1E-20", "at least 1E-14");
        Refused(() => LinearEstimator.FromPairs(d, x, d, x, new() { RidgesPerDecade = 0 }), "RidgesPerDecade = 0");
        Refused(() => LinearEstimator.FromPrior(A, x, options: Fixed(1)).Estimate(new float[4]), "4 measurements", "takes 5");
    }

    [Test]
    public void Measurements_that_are_not_finite_give_no_number()
    {
        var estimator = LinearEstimator.FromPrior(ToArray(Normal(34, M, N)), Signals(35, 20), options: Fixed(0.1));
        Assert.That(estimator.Estimate([1, float.NaN, 1, 1, 1]), Is.All.NaN);
        Assert.That(estimator.Estimate([1, float.PositiveInfinity, 1, 1, 1]).Any(float.IsFinite), Is.False);
    }
}
