using TorchSharp;
using XaiL2O.Data;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>Networks, exact trades, the SIMD solver and its tensor twin.</summary>
internal sealed class CfmmLaws : TorchLaws
{
    private static readonly CfmmNetwork Network = CfmmSimulation.Network;
    private static readonly double[] Prices = [.. CfmmSimulation.Prices];
    private static readonly FixedPointOptions Options = new() { MaxIterations = 5000, ResidualTolerance = 1e-11, CheckEvery = 20 };

    private static double[] Reserves(int rows, int seed = 1) => CfmmSimulation.Reserves(rows, new Random(seed));

    /// <summary>Risk matrices WᵀW of random W with entries up to a size.</summary>
    private static double[][] Risk(CfmmNetwork network, double size, int seed = 3)
    {
        var random = new Random(seed);
        return [.. network.Cfmms.Select(c =>
        {
            var n = c.Tokens.Count;
            var W = Enumerable.Range(0, n * n).Select(_ => size * ((2 * random.NextDouble()) - 1)).ToArray();
            return Enumerable.Range(0, n * n).Select(ab => Enumerable.Range(0, n).Sum(k => W[(k * n) + (ab / n)] * W[(k * n) + (ab % n)])).ToArray();
        })];
    }

    private static double Worst(CfmmNetwork network, double[] a, double[] b, double[] reserves) =>
        Enumerable.Range(0, a.Length).Max(i => Math.Abs(a[i] - b[i]) / reserves[i]);

    private static readonly Case<(string Message, Action Make)>[] Refusals =
    [
        new("no CFMM", () => ("at least one CFMM", () => _ = new CfmmNetwork(["a", "b"], []))),
        new("unknown token", () => ("'c', which is not a token", () => _ = new CfmmNetwork(["a", "b"], [Pool() with { Tokens = ["a", "c"] }]))),
        new("token that nobody holds", () => ("No CFMM holds the token 'c'", () => _ = new CfmmNetwork(["a", "b", "c"], [Pool()]))),
        new("token twice", () => ("'a' is listed twice", () => _ = new CfmmNetwork(["a", "a", "b"], [Pool()]))),
        new("token twice in a CFMM", () => ("lists the token 'a' twice", () => _ = new CfmmNetwork(["a", "b"], [Pool() with { Tokens = ["a", "a"] }]))),
        new("one token", () => ("at least 2", () => _ = new CfmmNetwork(["a"], [Pool() with { Tokens = ["a"], Weights = [1] }]))),
        new("weights missing", () => ("1 weights for 2 tokens", () => _ = new CfmmNetwork(["a", "b"], [Pool() with { Weights = [1] }]))),
        new("weight 0", () => ("weight 0 for 'b'", () => _ = new CfmmNetwork(["a", "b"], [Pool() with { Weights = [1, 0] }]))),
        new("fee factor 0", () => ("fee factor 0", () => _ = new CfmmNetwork(["a", "b"], [Pool() with { FeeFactor = 0 }]))),
        new("fee factor 1.01", () => ("(0, 1]", () => _ = new CfmmNetwork(["a", "b"], [Pool() with { FeeFactor = 1.01 }]))),
        new("no such rule", () => ("rule 7", () => _ = new CfmmNetwork(["a", "b"], [Pool() with { Rule = (ExchangeRule)7 }]))),
        new("reserves that do not fit", () => ("rows of 11 values", () => AnalyticTrade.Solve(Network, new double[12], Prices))),
        new("prices that do not fit", () => ("Prices are 3 values", () => AnalyticTrade.Solve(Network, new double[11], [1, 2]))),
        new("negative margin", () => ("Margin = -1", () => AnalyticTrade.Solve(Network, new double[11], Prices, CfmmMargins.Uniform(Network, -1, 0)))),
        new("kept 2", () => ("Kept = 2", () => AnalyticTrade.Solve(Network, new double[11], Prices, CfmmMargins.Uniform(Network, 0, 2)))),
        new("fee margin 1", () => ("FeeMargin = 1", () => AnalyticTrade.Solve(Network, new double[11], Prices, CfmmMargins.Uniform(Network, 0, 0, 1)))),
        new("fee margins missing", () => ("got 1 fee margins", () => AnalyticTrade.Solve(Network, new double[11], Prices, CfmmMargins.Uniform(Network, 0, 0) with { FeeMargin = [0.1] }))),
        new("fee margins in a model", () => ("FeeMargin", () => new CfmmTradeModel(Network, new CfmmTradeOptions { InitialMargins = CfmmMargins.Uniform(Network, 0, 0, 0.1) }))),
        new("true reserves that do not fit", () => ("11 observed reserves and 22 true ones", () => FeeRule.Tune(Network, new double[11], Prices, new double[22]))),
        new("smoothing 0", () => ("Smoothing = 0", () => new CfmmTradeModel(Network, new CfmmTradeOptions { Smoothing = 0 }))),
        new("initial risk 0", () => ("InitialRisk = 0", () => new CfmmTradeModel(Network, new CfmmTradeOptions { InitialRisk = 0 }))),
    ];

    private static Cfmm Pool() => new("pool", ["a", "b"], [1, 1], 0.997, ExchangeRule.Geometric);

    [TestCaseSource(nameof(Refusals))]
    public void Refusals_name_the_cause(Case<(string Message, Action Make)> refusals)
    {
        var (message, make) = refusals.Make();
        Assert.That(() => make(), Throws.InstanceOf<ArgumentException>().With.Message.Contains(message));
    }

    [Test]
    public void Networks_survive_their_file()
    {
        var path = Path.GetTempFileName();
        Network.Save(path);
        Assert.That(CfmmNetwork.Load(path).ToJson(), Is.EqualTo(Network.ToJson()));
        var bytes = File.ReadAllBytes(path);
        for (var bit = 0; bit < 8 * bytes.Length; bit++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(path, damaged);
            Assert.That(() => CfmmNetwork.Load(path), Throws.InstanceOf<InvalidDataException>().With.Message.Contains(path), $"bit {bit}");
        }

        // As a person writes it: no checksum, perhaps a byte order mark.
        File.WriteAllText(path, Network.ToJson(), System.Text.Encoding.UTF8);
        Assert.That(CfmmNetwork.Load(path).ToJson(), Is.EqualTo(Network.ToJson()));
        foreach (var bad in (string[])["null", "{}", "[]", "", Network.ToJson().Replace("\"Weights\"", "\"Weihts\"", StringComparison.Ordinal), Network.ToJson().Replace("\"Rule\": \"Geometric\"", "\"Rule\": null", StringComparison.Ordinal)])
        {
            File.WriteAllText(path, bad);
            Assert.That(() => CfmmNetwork.Load(path), Throws.InstanceOf<InvalidDataException>().With.Message.Contains(path), bad);
        }

        File.WriteAllText(path, "{ \"Tokens\": [\"a\"], \"Cfmms\": [] }");
        Assert.That(() => CfmmNetwork.Load(path), Throws.InstanceOf<InvalidDataException>().With.Message.Contains(path).And.Message.Contains("at least one CFMM"));
        File.WriteAllText(path, "not json");
        Assert.That(() => CfmmNetwork.Load(path), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("does not hold a CFMM network"));
        File.Delete(path);
    }

    [TestCase(ExchangeRule.Geometric, 0.0, 0.0, true)]
    [TestCase(ExchangeRule.Geometric, 10.0, 9.0, true)]
    [TestCase(ExchangeRule.Geometric, 10.0, 9.1, false)]
    [TestCase(ExchangeRule.Geometric, -1.0, 0.0, false)]
    [TestCase(ExchangeRule.Geometric, 1e9, 100.1, false)]
    [TestCase(ExchangeRule.Arithmetic, 10.0, 9.96, true)]
    [TestCase(ExchangeRule.Arithmetic, 10.0, 9.98, false)]
    [TestCase(ExchangeRule.Arithmetic, 101.0, 100.1, false)]
    [TestCase(ExchangeRule.Geometric, double.NaN, 0.0, false)]
    public void Acceptance_follows_the_rule(ExchangeRule rule, double tender, double receive, bool accepted) =>
        Assert.That(CfmmExecution.Accepts(Pool() with { Rule = rule }, [100, 100], [tender, 0], [0, receive]), Is.EqualTo(accepted));

    /// <summary>For x₁ → y₂ in a constant product pool the optimum has r₁ + γx = √(γp₂r₁r₂/p₁).</summary>
    [Test]
    public void Analytic_trade_is_the_closed_form_of_a_constant_product_pool()
    {
        var network = new CfmmNetwork(["a", "b"], [Pool()]);
        var trades = AnalyticTrade.Solve(network, [100, 150], [1, 1]);
        var after = Math.Sqrt(0.997 * 100 * 150);
        Assert.That(trades.Tender, Is.EqualTo(new[] { (after - 100) / 0.997, 0 }).Within(1e-10));
        Assert.That(trades.Receive, Is.EqualTo(new[] { 0, 150 - (100 * 150 / after) }).Within(1e-10));
        var still = AnalyticTrade.Solve(network, [100, 100.1], [1, 1]);
        Assert.That(still.Tender.Concat(still.Receive), Has.All.Zero, "within the fee no trade pays");
    }

    [TestCase(0, 0, 0)]
    [TestCase(1e-3, 0.01, 0)]
    [TestCase(0, 0.3, 0)]
    [TestCase(0, 0, 0.01)]
    [TestCase(1e-4, 0.05, 0.003)]
    public void No_feasible_trade_beats_the_analytic_one(double margin, double kept, double fee)
    {
        var random = new Random(5);
        var reserves = Reserves(20);
        var best = AnalyticTrade.Solve(Network, reserves, Prices, CfmmMargins.Uniform(Network, margin, kept, fee));
        for (var trial = 0; trial < 4_000; trial++)
        {
            var row = trial % 20;
            var j = random.Next(5);
            var (cfmm, range) = (Network.Cfmms[j], Network.Offset(j)..Network.Offset(j + 1));
            var (d, x0, y0) = (reserves[(row * 11)..((row + 1) * 11)][range], best.Tender[(row * 11)..((row + 1) * 11)][range], best.Receive[(row * 11)..((row + 1) * 11)][range]);
            var size = Math.Pow(10, -random.Next(1, 6));
            var x = x0.Select((v, i) => Math.Max(0, v + (size * d[i] * ((2 * random.NextDouble()) - 1)))).ToArray();
            var y = y0.Select((v, i) => Math.Clamp(v + (size * d[i] * ((2 * random.NextDouble()) - 1)), 0, (1 - kept) * d[i])).ToArray();
            var change = d.Select((r, i) => ((cfmm.FeeFactor * (1 - fee) * x[i]) - y[i]) / r).ToArray();
            var geometric = cfmm.Rule == ExchangeRule.Geometric;
            var (gain, weight) = (0.0, 0.0);
            for (var i = 0; i < d.Length; i++)
            {
                gain += cfmm.Weights[i] * (geometric ? Math.Log(1 + change[i]) : change[i] * d[i]);
                weight += cfmm.Weights[i] * (geometric ? 1 : d[i]);
            }

            if (gain < weight * (geometric ? Math.Log(1 + margin) : margin) || change.Any(v => v < kept - 1))
                continue;
            double Utility(double[] tender, double[] receive) => tender.Select((v, i) => Prices[Network.TokenOf(range.Start.Value + i)] * (receive[i] - v)).Sum();
            Assert.That(Utility(x, y), Is.LessThanOrEqualTo(Utility(x0, y0) + 1e-9));
        }
    }

    [TestCase(0, 0)]
    [TestCase(5e-4, 2e-3)]
    public void Solver_without_risk_gives_the_analytic_trade(double margin, double kept)
    {
        var reserves = Reserves(300);
        var margins = CfmmMargins.Uniform(Network, margin, kept);
        var exact = AnalyticTrade.Solve(Network, reserves, Prices, margins);
        var solved = new CfmmTradeSolver(Network, margins, Risk(Network, 0)).Solve(reserves, Prices, Options);
        Assert.That(solved.Status, Has.All.EqualTo(SolveStatus.Converged));
        Assert.That(Worst(Network, solved.Tender, exact.Tender, reserves), Is.LessThan(1e-9));
        Assert.That(Worst(Network, solved.Receive, exact.Receive, reserves), Is.LessThan(1e-9));
        var (a, b) = (MarginRule.ExecutedUtility(Network, solved, Prices, reserves).Utility, MarginRule.ExecutedUtility(Network, exact, Prices, reserves).Utility);
        Assert.That(a, Is.EqualTo(b).Within(1e-6 * b));
    }

    /// <summary>The textbook iteration on tensors from zero, without Newton's method: an independent way to the same trade.</summary>
    [Test]
    public void Plain_tensor_iteration_reaches_the_analytic_trade()
    {
        using var model = Model(risk: 0, margin: 0, kept: 0);
        var reserves = Reserves(12);
        var splitting = model.CreateSplitting();
        var data = Data(reserves);
        var state = splitting.Initialize(data);
        using (no_grad())
        {
            for (var k = 0; k < 2500; k++)
            {
                using var scope = NewDisposeScope();
                var next = splitting.Step(state, data).Map(t => t.MoveToOuterDisposeScope());
                state.DisposeTensors();
                state = next;
            }
        }

        var trade = Values(splitting.Inference(state, data));
        (splitting as IDisposable)?.Dispose();
        var exact = AnalyticTrade.Solve(Network, reserves, Prices);
        for (var row = 0; row < 12; row++)
        {
            for (var i = 0; i < 11; i++)
            {
                Assert.That(trade[(row * 22) + i], Is.EqualTo(exact.Tender[(row * 11) + i]).Within(1e-4 * reserves[(row * 11) + i]));
                Assert.That(trade[(row * 22) + 11 + i], Is.EqualTo(exact.Receive[(row * 11) + i]).Within(1e-4 * reserves[(row * 11) + i]));
            }
        }
    }

    /// <summary>Nested golden sections over the amounts of all tokens but the last, which the rule determines: shares nothing with the solver.</summary>
    [TestCase(0.2)]
    [TestCase(0.7)]
    [TestCase(2)]
    public void Solver_with_risk_agrees_with_golden_sections(double size)
    {
        var (margin, kept) = (1e-3, 0.02);
        var risk = Risk(Network, size);
        var reserves = Reserves(6, seed: 9);
        var trades = new CfmmTradeSolver(Network, CfmmMargins.Uniform(Network, margin, kept), risk).Solve(reserves, Prices, Options);
        Assert.That(trades.Status, Has.All.EqualTo(SolveStatus.Converged));
        for (var row = 0; row < 6; row++)
        {
            for (var j = 0; j < 5; j++)
            {
                var problem = new GoldenSections(Network, j, reserves.AsSpan(row * 11, 11).ToArray(), Prices, risk[j], margin, kept);
                var range = Network.Offset(j)..Network.Offset(j + 1);
                var net = range.Start.Value;
                var u = Enumerable.Range(net, range.End.Value - net).Select(i => (trades.Receive[(row * 11) + i] - trades.Tender[(row * 11) + i]) / reserves[(row * 11) + i]).ToArray();
                var best = Math.Max(0, problem.Maximum());
                Assert.That(problem.Objective(u), Is.EqualTo(best).Within(1e-8), $"row {row}, CFMM {j}");
                if (best > 0)
                    Assert.That(problem.Slack(u), Is.EqualTo(0).Within(1e-12));
            }
        }
    }

    [Test]
    public void Answers_are_feasible_and_rows_do_not_mix([Values(0.01, 1)] double size)
    {
        var reserves = Reserves(101);
        using var model = Model(size, 5e-4, 2e-3);
        var whole = model.Decide(reserves, Prices, Options);
        Assert.That(whole.Status, Has.All.EqualTo(SolveStatus.Converged));
        Assert.That(model.PropertyValues(whole, reserves, Prices)[2], Has.All.LessThan(1e-12));
        var some = model.Decide(reserves[(37 * 11)..(42 * 11)], Prices, Options);
        Assert.That(Worst(Network, some.Tender, whole.Tender[(37 * 11)..(42 * 11)], reserves[(37 * 11)..(42 * 11)]), Is.LessThan(1e-9));
    }

    [Test]
    public void Badly_scaled_reserves_are_solved_alike()
    {
        double[] scale = [1e-3, 1e9, 1e4];
        var reserves = Reserves(50);
        var scaled = reserves.Select((r, i) => r * scale[Network.TokenOf(i % 11)]).ToArray();
        double[] prices = [.. Prices.Select((p, t) => p / scale[t])];
        using var model = Model(0.3, 5e-4, 2e-3);
        // The arithmetic rule adds amounts of different tokens: its weights carry their units.
        var converted = new CfmmNetwork(Network.Tokens, [.. Network.Cfmms.Select(c => c.Rule == ExchangeRule.Geometric ? c : c with { Weights = [.. c.Weights.Select((w, i) => w / scale[Network.Tokens.ToList().IndexOf(c.Tokens[i])])] })]);
        using var other = Model(0.3, 5e-4, 2e-3, converted);
        var (a, b) = (model.Decide(reserves, Prices, Options), other.Decide(scaled, prices, Options));
        Assert.That(b.Status, Has.All.EqualTo(SolveStatus.Converged));
        for (var i = 0; i < reserves.Length; i++)
        {
            Assert.That(b.Tender[i] / scaled[i], Is.EqualTo(a.Tender[i] / reserves[i]).Within(1e-9));
            Assert.That(b.Receive[i] / scaled[i], Is.EqualTo(a.Receive[i] / reserves[i]).Within(1e-9));
        }
    }

    [Test]
    public void Bad_rows_never_trade([Values(0, -1, double.NaN, double.PositiveInfinity, 1e-300)] double bad)
    {
        var reserves = Reserves(9);
        var clean = (double[])reserves.Clone();
        reserves[(4 * 11) + 5] = bad;
        using var model = Model(0.1, 5e-4, 2e-3);
        foreach (var (trades, expected) in new[]
        {
            (model.Decide(reserves, Prices, Options), model.Decide(clean, Prices, Options)),
            (AnalyticTrade.Solve(Network, reserves, Prices), AnalyticTrade.Solve(Network, clean, Prices)),
        })
        {
            Assert.That(trades.Status[4], Is.EqualTo(SolveStatus.InvalidData));
            Assert.That(trades.Tender[44..55].Concat(trades.Receive[44..55]), Has.All.NaN);
            Assert.That(trades.Tender[..44], Is.EqualTo(expected.Tender[..44]));
            Assert.That(trades.Tender[55..], Is.EqualTo(expected.Tender[55..]));
        }

        var values = model.PropertyValues(model.Decide(reserves, Prices, Options), reserves, Prices);
        Assert.That(values.Select(v => v[4]), Has.All.Matches<double>(v => !double.IsFinite(v)), "every certificate of the row fails");
        Assert.That(MarginRule.ExecutedUtility(Network, model.Decide(reserves, Prices, Options), Prices, clean).ExecutedShare, Is.LessThanOrEqualTo(8 / 9.0));
    }

    /// <summary>Its intermediate values are larger than a thread's stack.</summary>
    [Test]
    public void A_cfmm_of_very_many_tokens_is_solved()
    {
        const int tokens = 1_100;
        string[] names = [.. Enumerable.Range(0, tokens).Select(i => $"t{i}")];
        var network = new CfmmNetwork(names, [new Cfmm("large", names, [.. names.Select(_ => 1.0 / tokens)], 0.99, ExchangeRule.Arithmetic)]);
        double[] reserves = [.. names.Select(_ => 100.0)], prices = [.. names.Select((_, i) => 1 + (0.5 * i / tokens))];
        var exact = AnalyticTrade.Solve(network, reserves, prices);
        Assert.That(CfmmExecution.Utility(network, prices, exact.Tender, exact.Receive), Is.GreaterThan(1));
        var solver = new CfmmTradeSolver(network, CfmmMargins.Uniform(network, 0, 0), [new double[tokens * tokens]]);
        Assert.That(solver.Solve(reserves, prices, new FixedPointOptions { MaxIterations = 20, CheckEvery = 20 }).Status.Single(), Is.Not.EqualTo(SolveStatus.InvalidData));
    }

    [Test]
    public void A_dead_cfmm_is_left_out_and_the_others_trade([Values(0, 2, 4)] int dead)
    {
        var reserves = Reserves(9);
        var clean = (double[])reserves.Clone();
        var range = Network.Offset(dead)..Network.Offset(dead + 1);
        reserves.AsSpan(4 * 11, 11)[range].Clear();
        using var model = Model(0.1, 5e-4, 2e-3);
        foreach (var (trades, expected) in new[]
        {
            (model.Decide(reserves, Prices, Options), model.Decide(clean, Prices, Options)),
            (AnalyticTrade.Solve(Network, reserves, Prices), AnalyticTrade.Solve(Network, clean, Prices)),
        })
        {
            Assert.That(trades.Status, Has.All.EqualTo(SolveStatus.Converged));
            expected.Tender.AsSpan(4 * 11, 11)[range].Clear();
            expected.Receive.AsSpan(4 * 11, 11)[range].Clear();
            Assert.That(trades.Tender, Is.EqualTo(expected.Tender).Within(1e-12));
            Assert.That(trades.Receive, Is.EqualTo(expected.Receive).Within(1e-12));
        }

        var decided = model.Decide(reserves, Prices, Options);
        Assert.That(CfmmExecution.Executes(Network, reserves.AsSpan(44, 11), decided.Tender.AsSpan(44, 11), decided.Receive.AsSpan(44, 11)), Is.True);
        var (with, without) = (model.PropertyValues(decided, reserves, Prices), model.PropertyValues(model.Decide(clean, Prices, Options), clean, Prices));
        Assert.That(with.SelectMany(v => v), Has.All.Matches<double>(double.IsFinite));
        Assert.That(with[0][4], Is.LessThanOrEqualTo(without[0][4] + 1e-9), "the risk of the live ones alone");
        Assert.That(with[2], Has.All.LessThan(1e-12));
        // The tensors' way to the same trade.
        var (splitting, data) = (model.CreateSplitting(), Data(reserves));
        Assert.That(Values(splitting.Inference(model.Solve(splitting, data, Options).State, data))[88..99], Is.EqualTo(decided.Tender[44..55]).Within(1e-8));
        (splitting as IDisposable)?.Dispose();
    }

    [Test]
    public void The_solver_and_the_tensors_have_the_same_fixed_points([Values(0.05, 0.5, 3)] double size)
    {
        using var model = Model(size, 1e-3, 5e-3);
        var reserves = Reserves(40);
        var data = Data(reserves);
        var splitting = model.CreateSplitting();
        var solve = model.Solve(splitting, data, Options);
        var next = splitting.Step(solve.State, data);
        Assert.That(Gap(next.Tensors[0], solve.State.Tensors[0]), Is.LessThan(1e-9));
        var (trades, trade) = (model.Decide(reserves, Prices, Options), Values(splitting.Inference(solve.State, data)));
        for (var row = 0; row < 40; row++)
            Assert.That(trade[(row * 22)..((row * 22) + 11)], Is.EqualTo(trades.Tender[(row * 11)..((row + 1) * 11)]).Within(1e-8));
        (splitting as IDisposable)?.Dispose();
    }

    [Test]
    public void Attached_gradient_is_that_of_the_solution()
    {
        using var model = Model(0.4, 1e-3, 5e-3);
        var reserves = Reserves(30);
        var data = Data(CfmmSimulation.Observe(Network, reserves, 0.002, new Random(2)));
        var direction = Normal(6, 30, 22);
        double Functional()
        {
            using var grad = no_grad();
            using var scope = NewDisposeScope();
            var splitting = model.CreateSplitting();
            var solve = model.Solve(splitting, data, Options);
            return (direction * splitting.Inference(solve.State, data)).mean().ToDouble();
        }

        var attached = model.CreateSplitting();
        (direction * JacobianFree.Attach(attached, model.Solve(attached, data, Options).State, data)).mean().backward();
        foreach (var (name, weight) in model.Weights)
        {
            var gradient = Values(weight.grad!);
            for (var i = 0; i < gradient.Length; i += 2)
            {
                const double h = 1e-6;
                var value = weight[i].ToDouble();
                double At(double v)
                {
                    using (no_grad())
                        weight[i] = tensor(v);
                    return Functional();
                }

                var difference = (At(value + h) - At(value - h)) / (2 * h);
                At(value);
                Assert.That(gradient[i], Is.EqualTo(difference).Within(1e-5 + (1e-3 * Math.Abs(difference))), $"{name}[{i}]");
            }
        }
    }

    [Test]
    public void Training_beats_the_margin_rule_it_starts_from()
    {
        var random = new Random(4);
        var reserves = Reserves(600, seed: 4);
        var observed = CfmmSimulation.Observe(Network, reserves, 0.001, random);
        var margins = MarginRule.Tune(Network, observed, Prices, reserves);
        using var model = new CfmmTradeModel(Network, new CfmmTradeOptions { InitialMargins = margins });
        Assert.That(model.WeightCount, Is.EqualTo(25 + 5 + 5));
        var training = new TrainingOptions { Epochs = 15, BatchSize = 60, LearningRate = 0.03, ValidationFraction = 0.3, Patience = 0, WarmStart = false, InitialIterations = 5000, FinalIterations = 5000, Solver = Options };
        ModelTrainer.Train(model, Data(observed), tensor(reserves).reshape(600, 11), training);
        double Executed(CfmmTrades trades) => MarginRule.ExecutedUtility(Network, trades, Prices, reserves).Utility;
        var oracle = Executed(AnalyticTrade.Solve(Network, reserves, Prices));
        var learned = Executed(model.Decide(observed, Prices, Options));
        Assert.That(learned, Is.GreaterThanOrEqualTo(Executed(AnalyticTrade.Solve(Network, observed, Prices, margins))));
        Assert.That(learned, Is.GreaterThan(0.97 * oracle), "it has not learned to do nothing");
    }

    [Test]
    public void Trade_risk_orders_trades_by_their_margin()
    {
        var reserves = Reserves(50);
        using var model = Model(0.01, 5e-4, 2e-3);
        var risks = new[] { 0.0, 1e-4, 1e-3 }.Select(margin =>
            model.PropertyValues(AnalyticTrade.Solve(Network, reserves, Prices, CfmmMargins.Uniform(Network, margin, 10 * margin)), reserves, Prices)[0]).ToArray();
        Assert.That(risks[0], Has.All.EqualTo(1).Within(1e-9), "a trade on the edge");
        for (var row = 0; row < 50; row++)
        {
            Assert.That(risks[1][row], Is.LessThan(risks[0][row]));
            Assert.That(risks[2][row], Is.LessThan(risks[1][row]));
        }

        var nothing = CfmmTrades.Empty(50, 11);
        Assert.That(model.PropertyValues(nothing, reserves, Prices).SelectMany(v => v), Has.All.Zero);
    }

    private static Tensor Data(double[] reserves)
    {
        var rows = reserves.Length / 11;
        return cat([tensor(reserves).reshape(rows, 11), tensor(Prices).expand(rows, 3)], 1);
    }

    private static CfmmTradeModel Model(double risk, double margin, double kept, CfmmNetwork? network = null)
    {
        var model = new CfmmTradeModel(network ?? Network, new CfmmTradeOptions { InitialMargins = CfmmMargins.Uniform(Network, margin, kept), InitialRisk = Math.Max(risk, 1e-9) });
        if (risk == 0)
        {
            using var grad = no_grad();
            model.Weights[0].Weight.zero_();
        }

        return model;
    }
}
