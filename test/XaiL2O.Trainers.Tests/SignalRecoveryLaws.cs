using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>Recovery by a Gaussian and a learned prior, against its objective written out in loops and a minimiser of its own.</summary>
internal sealed class SignalRecoveryLaws : TorchLaws
{
    private const int Signal = 24;
    private const int Measurements = 10;
    private const int Filters = 4;
    private const int Length = 5;
    private const double Noise = 1e-2;

    private static readonly FixedPointOptions Exact = new() { MaxIterations = 20_000, ResidualTolerance = 1e-9, AndersonMemory = 5 };

    /// <summary>Smoothed noise: signals that look alike at every place.</summary>
    private static Tensor Signals(int seed, int rows)
    {
        var white = Normal(seed, rows, 1, Signal + 4);
        return nn.functional.conv1d(white, tensor(new[] { 0.1, 0.25, 0.4, 0.25, 0.1 }).view(1, 1, 5)).squeeze(1);
    }

    private static SignalRecoveryDefinition Definition(double limit)
    {
        var A = Normal(2, Measurements, Signal);
        var definition = new SignalRecoveryDefinition { MeasurementMatrix = ToArray(A), Filters = Filters, FilterLength = Length, Noise = Noise, CurvatureLimit = limit };
        definition.Validate();
        var x = Signals(3, 60);
        return (SignalRecoveryDefinition)definition.Choose(x.mm(A.t()), x, Exact, CPU, default);
    }

    /// <summary>A model whose filters are as strong as they may be.</summary>
    private static ImplicitModel Model(SignalRecoveryDefinition definition, double strength = 10)
    {
        var model = definition.CreateModel(ScalarType.Float64);
        using var grad = no_grad();
        foreach (var (name, weight) in model.Weights)
            weight.copy_(name == "Filters" ? strength * Normal(5, weight.shape) : 0.2 * Normal(6, weight.shape));
        model.ProjectWeights();
        return model;
    }

    private static Tensor Data(SignalRecoveryDefinition definition, int rows, double perturbation = 0) =>
        Signals(7, rows).mm(tensor(definition.MeasurementMatrix).to(float64).t()) + (perturbation * Normal(8, rows, Measurements));

    /// <summary>½‖Ax − d‖²/σ² + q(x) of one row at unit scale, as a function of the white signal u, and its gradient: every sum written out.</summary>
    private sealed class Twin
    {
        private readonly double[,] B; // AC^½
        private readonly double[,] root;
        private readonly double[] w;
        private readonly double[] τ;
        private readonly double variance;

        public Twin(SignalRecoveryDefinition definition, ImplicitModel model)
        {
            var C = new double[Signal, Signal];
            for (var i = 0; i < Signal; i++)
            {
                for (var j = 0; j < Signal; j++)
                    C[i, j] = definition.Autocovariance![Math.Abs(i - j)];
            }

            var (values, vectors) = linalg.eigh(tensor(C));
            var squareRoot = (vectors * values.clamp_min(1e-5 * values.max().ToDouble()).sqrt()).mm(vectors.t());
            root = Matrix(squareRoot);
            var A = tensor(definition.MeasurementMatrix).to(float64);
            B = Matrix(A.mm(squareRoot));
            w = Values(model.Weights.Single(v => v.Name == "Filters").Weight);
            τ = [.. model.LearnedValues().Single(v => v.Name == "Sharpness").Values.Select(v => (double)v)];
            variance = Noise * A.square().sum().ToDouble() / Measurements;
        }

        public double Value(double[] u, double[] d)
        {
            var value = u.Sum(v => v * v) / 2;
            for (var i = 0; i < Measurements; i++)
            {
                var r = -d[i];
                for (var j = 0; j < Signal; j++)
                    r += B[i, j] * u[j];
                value += r * r / (2 * variance);
            }

            for (var c = 0; c < Filters; c++)
            {
                for (var i = 0; i < Signal; i++)
                    value += Sign(c) * Math.Log(Math.Cosh(τ[c] * Feature(u, c, i))) / (τ[c] * τ[c]);
            }

            return value;
        }

        public double[] Gradient(double[] u, double[] d)
        {
            var gradient = (double[])u.Clone();
            for (var i = 0; i < Measurements; i++)
            {
                var r = -d[i];
                for (var j = 0; j < Signal; j++)
                    r += B[i, j] * u[j];
                for (var j = 0; j < Signal; j++)
                    gradient[j] += B[i, j] * r / variance;
            }

            for (var c = 0; c < Filters; c++)
            {
                for (var i = 0; i < Signal; i++)
                {
                    var slope = Sign(c) * Math.Tanh(τ[c] * Feature(u, c, i)) / τ[c];
                    for (var k = 0; k < Length; k++)
                    {
                        if (i + k - (Length / 2) is >= 0 and < Signal and var j)
                            gradient[j] += w[(c * Length) + k] * slope;
                    }
                }
            }

            return gradient;
        }

        public double[] SignalOf(double[] u) => [.. Enumerable.Range(0, Signal).Select(i => Enumerable.Range(0, Signal).Sum(j => root[i, j] * u[j]))];

        public double[] WhiteOf(double[] x) => Values(linalg.solve(tensor(root), tensor(x)));

        /// <summary>Gradient descent whose step is halved until the objective falls enough (Armijo), until it falls no more.</summary>
        public double[] Minimize(double[] start, double[] d)
        {
            var (u, step) = (start, 1.0);
            for (var iteration = 0; iteration < 200_000; iteration++)
            {
                var g = Gradient(u, d);
                var square = g.Sum(v => v * v);
                if (square < 1e-18)
                    break;
                var value = Value(u, d);
                double[] next;
                for (step *= 2; Value(next = [.. u.Zip(g, (a, b) => a - (step * b))], d) > value - (step * square / 2) && step > 1e-12; step /= 2)
                {
                }

                u = next;
                if (value - Value(u, d) <= 1e-14 * value)
                    break;
            }

            return u;
        }

        private static int Sign(int c) => c < Filters / 2 ? 1 : -1;

        private double Feature(double[] u, int c, int i)
        {
            var sum = 0.0;
            for (var k = 0; k < Length; k++)
            {
                if (i + k - (Length / 2) is >= 0 and < Signal and var j)
                    sum += w[(c * Length) + k] * u[j];
            }

            return sum;
        }

        private static double[,] Matrix(Tensor t)
        {
            var result = new double[t.shape[0], t.shape[1]];
            Buffer.BlockCopy(Values(t), 0, result, 0, result.Length * sizeof(double));
            return result;
        }
    }

    private static (double[][] X, double[][] D, double[] Scale) Solve(SignalRecoveryDefinition definition, ImplicitModel model, Tensor d)
    {
        var scale = model.Scale(d);
        using var splitting = model.CreateSplitting();
        var solve = model.Solve(splitting, d / scale, Exact);
        Assert.That(solve.Status, Is.All.EqualTo(SolveStatus.Converged));
        var x = splitting.Inference(solve.State, d / scale);
        return ([.. Values(x).Chunk(Signal)], [.. Values(d / scale).Chunk(Measurements)], Values(scale));
    }

    [Test]
    public void Without_filters_it_is_the_linear_estimate()
    {
        var definition = Definition(1);
        using var model = Model(definition, strength: 0);
        var d = Data(definition, 5, 0.3);
        var (X, D, _) = Solve(definition, model, d);
        var index = arange(Signal, dtype: int64);
        var C = tensor(definition.Autocovariance!).index_select(0, (index.unsqueeze(1) - index).abs().flatten()).reshape(Signal, Signal);
        var A = tensor(definition.MeasurementMatrix).to(float64);
        Assert.That(linalg.eigvalsh(C).min().ToDouble(), Is.GreaterThan(1e-5 * linalg.eigvalsh(C).max().ToDouble()), "the floor would matter");
        var variance = Noise * A.square().sum().ToDouble() / Measurements;
        var gain = C.mm(A.t()).mm(linalg.inv(A.mm(C).mm(A.t()) + (variance * eye(Measurements, dtype: float64))));
        for (var row = 0; row < 5; row++)
            Assert.That(X[row], Is.EqualTo(Values(mv(gain, tensor(D[row])))).Within(1e-7));
    }

    [Test]
    public void Convex_problems_are_solved_as_another_minimiser_solves_them()
    {
        var definition = Definition(0.95);
        using var model = Model(definition);
        var (X, D, _) = Solve(definition, model, Data(definition, 4, 0.3));
        var twin = new Twin(definition, model);
        for (var row = 0; row < 4; row++)
            Assert.That(X[row], Is.EqualTo(twin.SignalOf(twin.Minimize(new double[Signal], D[row]))).Within(1e-5));
    }

    [TestCase(0.95)]
    [TestCase(4)]
    public void A_solve_ends_where_the_gradient_of_the_objective_is_0_and_no_descent_is_left(double limit)
    {
        var definition = Definition(limit);
        using var model = Model(definition);
        var (X, D, _) = Solve(definition, model, Data(definition, 6, 0.3));
        var twin = new Twin(definition, model);
        for (var row = 0; row < 6; row++)
        {
            var u = twin.WhiteOf(X[row]);
            Assert.That(Math.Sqrt(twin.Gradient(u, D[row]).Sum(v => v * v)), Is.LessThan(1e-5));
            var start = Values(tensor(u));
            Assert.That(twin.Value(u, D[row]) - twin.Value(twin.Minimize(start, D[row]), D[row]), Is.LessThan(1e-9));
        }
    }

    [Test]
    public void Every_step_without_acceleration_lowers_the_objective()
    {
        var definition = Definition(4);
        using var model = Model(definition);
        var d = Data(definition, 6, 1);
        var scaled = d / model.Scale(d);
        var twin = new Twin(definition, model);
        using var splitting = model.CreateSplitting();
        var rows = Values(scaled).Chunk(Measurements).ToArray();
        var state = splitting.Initialize(scaled);
        double[] Objectives() => [.. Values(splitting.Inference(state, scaled)).Chunk(Signal).Select((x, row) => twin.Value(twin.WhiteOf(x), rows[row]))];
        var before = Objectives();
        for (var step = 0; step < 50; step++)
        {
            state = splitting.Step(state, scaled);
            var after = Objectives();
            for (var row = 0; row < 6; row++)
                Assert.That(after[row], Is.LessThanOrEqualTo(before[row] + 1e-9));
            before = after;
        }
    }

    [TestCase(0.95)]
    [TestCase(4)]
    public void Filters_bend_the_prior_no_more_than_the_limit(double limit)
    {
        using var model = Model(Definition(limit));
        var w = Values(model.Weights.Single(v => v.Name == "Filters").Weight);
        // The matrix of the filters of each half on a signal long enough to see every frequency.
        const int points = 400;
        for (var half = 0; half < 2; half++)
        {
            var moments = zeros(points, points, dtype: float64);
            for (var c = half * Filters / 2; c < (half + 1) * Filters / 2; c++)
            {
                var T = new double[points, points];
                for (var i = 0; i < points; i++)
                {
                    for (var k = 0; k < Length; k++)
                    {
                        if (i + k - (Length / 2) is >= 0 and < points and var j)
                            T[i, j] = w[(c * Length) + k];
                    }
                }

                moments += tensor(T).t().mm(tensor(T));
            }

            Assert.That(linalg.eigvalsh(moments).max().ToDouble(), Is.LessThanOrEqualTo(limit * (1 + 1e-6)).And.GreaterThan(0.9 * limit));
        }
    }

    [TestCase(1e-12)]
    [TestCase(-1)]
    [TestCase(1e12)]
    public void Multiples_of_a_row_have_multiples_of_its_estimate_and_the_same_properties(double factor)
    {
        var definition = Definition(4);
        using var model = Model(definition);
        var d = Data(definition, 4, 0.3);
        var (one, other) = (model.Infer(d, Exact), model.Infer(factor * d, Exact));
        for (var row = 0; row < 4; row++)
        {
            Assert.That(other.Inference[row].Select(v => v / factor), Is.EqualTo(one.Inference[row].Select(v => (double)v)).Within(1e-4));
            for (var property = 0; property < one.PropertyValues.Length; property++)
                Assert.That(other.PropertyValues[property][row], Is.EqualTo(one.PropertyValues[property][row]).Within(1e-4));
        }
    }

    [Test]
    public void A_dead_row_has_no_property_values()
    {
        var definition = Definition(4);
        using var model = Model(definition);
        var inference = model.Infer(zeros(1, Measurements, dtype: float64), Exact);
        var names = model.Properties.Select(p => p.Name).ToList();
        Assert.That(names, Is.EqualTo(new[] { "Fidelity", "Prior", "Prediction", "Agreement" }));
        foreach (var name in names.Skip(1))
            Assert.That(inference.PropertyValues[names.IndexOf(name)][0], Is.NaN);
    }

    [Test]
    public void Options_out_of_range_are_named()
    {
        var good = Definition(4);
        void Refused(Action change, string name) => Assert.That(() => change(), Throws.InstanceOf<ArgumentException>().With.Message.Contains(name));
        SignalRecoveryDefinition With(int filters = 4, int length = 5, double noise = 1, double limit = 1) =>
            new() { MeasurementMatrix = good.MeasurementMatrix, Filters = filters, FilterLength = length, Noise = noise, CurvatureLimit = limit };
        foreach (var filters in new[] { 0, 3, int.MaxValue })
            Refused(() => With(filters: filters).Validate(), "Filters");
        foreach (var length in new[] { 0, 4, int.MaxValue })
            Refused(() => With(length: length).Validate(), "FilterLength");
        foreach (var noise in new[] { 0, double.NaN, double.PositiveInfinity })
        {
            Refused(() => With(noise: noise).Validate(), "Noise");
            Refused(() => With(limit: noise).Validate(), "CurvatureLimit");
        }

        Refused(() => new SignalRecoveryDefinition { MeasurementMatrix = new float[3, 3] }.Validate(), "MeasurementMatrix");
    }
}
