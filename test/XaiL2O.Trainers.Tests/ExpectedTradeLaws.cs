using XaiL2O.Data;

namespace XaiL2O.Trainers.Tests;

/// <summary>Trades of greatest expected value against drawn errors, against other margins, and against the fee rule.</summary>
internal sealed class ExpectedTradeLaws
{
    private static readonly CfmmNetwork Network = CfmmSimulation.Network;
    private static readonly double[] Prices = [.. CfmmSimulation.Prices];

    private static (double[] Observed, double[] Reserves) Rows(int count, double noise, int seed)
    {
        var random = new Random(seed);
        var reserves = CfmmSimulation.Reserves(count, random);
        return (CfmmSimulation.Observe(Network, reserves, noise, random), reserves);
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>Executed value per row.</summary>
    private static double[] Executed(CfmmTrades trades, double[] reserves)
    {
        var N = Network.ReserveCount;
        return [.. Enumerable.Range(0, trades.Status.Length).Select(row =>
        {
            var (x, y) = (trades.Tender[(row * N)..((row + 1) * N)], trades.Receive[(row * N)..((row + 1) * N)]);
            return CfmmExecution.Executes(Network, reserves.AsSpan(row * N, N), x, y) ? CfmmExecution.Utility(Network, Prices, x, y) : 0;
        })];
    }

    [Test]
    public void The_probability_of_acceptance_is_the_share_of_drawn_errors_that_are_accepted()
    {
        var errors = ObservationErrors.Independent(Network, [0.002, 0.004, 0.01, 0.02]);
        var method = new ExpectedTrade(Network, errors);
        var (observed, N, random) = (Rows(5, 0.01, 3).Observed, Network.ReserveCount, new Random(5));
        // Margins between too wide and too narrow, so that the probabilities are neither 0 nor 1.
        var trades = AnalyticTrade.Solve(Network, observed, Prices, CfmmMargins.Uniform(Network, 0, 0.02, 0.02));
        var probability = method.Acceptance(observed, trades.Tender, trades.Receive);
        const int draws = 20_000;
        for (var row = 0; row < probability.Length; row++)
        {
            var (accepted, r) = (0, new double[N]);
            for (var draw = 0; draw < draws; draw++)
            {
                var size = errors.Sizes[random.Next(errors.Sizes.Count)];
                for (var i = 0; i < N; i++)
                    r[i] = observed[(row * N) + i] * Math.Exp(-size * Normal(random));
                accepted += CfmmExecution.Executes(Network, r, trades.Tender.AsSpan(row * N, N), trades.Receive.AsSpan(row * N, N)) ? 1 : 0;
            }

            // Four standard errors, and two percent for what is of second order in the errors.
            Assert.That(probability[row], Is.InRange(0.05, 0.95).And.EqualTo((double)accepted / draws).Within((4 * 0.5 / Math.Sqrt(draws)) + 0.02));
        }
    }

    [Test]
    public void No_other_margins_promise_more_than_the_gap_allows()
    {
        var errors = ObservationErrors.Independent(Network, [0.001, 0.004, 0.01]);
        var method = new ExpectedTrade(Network, errors);
        var observed = Rows(40, 0.01, 7).Observed;
        var (trades, acceptance, gap) = method.Solve(observed, Prices);
        Assert.That(trades.Status, Has.All.EqualTo(SolveStatus.Converged));
        Assert.That(method.Acceptance(observed, trades.Tender, trades.Receive), Is.EqualTo(acceptance).AsCollection.Within(1e-12));
        double[] Value(CfmmTrades t) => [.. method.Acceptance(observed, t.Tender, t.Receive).Select((p, row) =>
            p * CfmmExecution.Utility(Network, Prices, t.Tender.AsSpan(row * Network.ReserveCount, Network.ReserveCount), t.Receive.AsSpan(row * Network.ReserveCount, Network.ReserveCount)))];
        var (value, random, best) = (Value(trades), new Random(1), new double[40]);
        for (var trial = 0; trial < 800; trial++)
        {
            double[] fees = [.. Network.Cfmms.Select(_ => Math.Exp(Math.Log(1e-4) + (random.NextDouble() * Math.Log(2e3))))];
            var others = Value(AnalyticTrade.Solve(Network, observed, Prices, new CfmmMargins(new double[fees.Length], fees, [.. fees.Select((c, j) => Network.Cfmms[j].Rule == ExchangeRule.Geometric ? c : 0)])));
            for (var row = 0; row < best.Length; row++)
                best[row] = Math.Max(best[row], others[row]);
        }

        for (var row = 0; row < best.Length; row++)
        {
            // Candidates are a fifth apart, so that margins between them may be better by a little.
            Assert.That(value[row], Is.GreaterThan(0.998 * best[row]), $"row {row}");
            Assert.That(best[row], Is.LessThanOrEqualTo((1 + gap[row]) * value[row] * 1.002), $"row {row}");
        }

        Assert.That(gap.Max(), Is.GreaterThan(0));
    }

    [Test]
    public void Learned_errors_predict_how_many_trades_execute_and_independent_ones_do_not()
    {
        // Prices that differ little from those of the CFMMs: most of what looks worthwhile is an error.
        var (training, test) = (Rows(2000, 0.03, 11), Rows(4000, 0.03, 12));
        var learned = ObservationErrors.Learn(Network, training.Observed, Prices, training.Reserves);
        (double Predicted, double Executed) Shares(ObservationErrors errors)
        {
            var (trades, acceptance, _) = new ExpectedTrade(Network, errors).Solve(test.Observed, Prices);
            return (acceptance.Average(), Executed(trades, test.Reserves).Average(v => v != 0 ? 1.0 : 0));
        }

        var after = Shares(learned);
        Assert.That(after.Executed, Is.InRange(0.5, 0.995), "refusals happen");
        Assert.That(after.Predicted, Is.EqualTo(after.Executed).Within(0.02));
        Assert.That(learned.Sizes, Is.Ordered.And.All.InRange(0, 0.06));
        // What is drawn from U(0, 3 %).
        Assert.That(learned.Sizes.Average(), Is.EqualTo(0.015).Within(0.002));
    }

    private static readonly double[] Noises = TestRun.Full ? [0.002, 0.01] : [0.01];

    [Test]
    public void Brings_more_than_the_fee_rule_of_each_cfmm([ValueSource(nameof(Noises))] double noise)
    {
        var (training, test) = (Rows(1000, noise, 21), Rows(20_000, noise, 22));
        var rule = FeeRule.TunePerCfmm(Network, training.Observed, Prices, training.Reserves);
        var ours = Executed(new ExpectedTrade(Network, ObservationErrors.Learn(Network, training.Observed, Prices, training.Reserves)).Solve(test.Observed, Prices).Trades, test.Reserves);
        double[] difference = [.. ours.Zip(Executed(AnalyticTrade.Solve(Network, test.Observed, Prices, rule), test.Reserves), (a, b) => a - b)];
        var mean = difference.Average();
        Assert.That(mean, Is.GreaterThan(2 * Math.Sqrt(difference.Average(d => (d - mean) * (d - mean)) / difference.Length)));
    }

    [Test]
    public void Rows_do_not_influence_each_other_and_dead_cfmms_are_left_alone()
    {
        var method = new ExpectedTrade(Network, ObservationErrors.Independent(Network, [0.001, 0.002]));
        var (observed, N) = (Rows(30, 0.001, 2).Observed, Network.ReserveCount);
        observed[3] = observed[4] = 0; // the second CFMM of the first row
        observed[N] = double.NaN;
        var all = method.Solve(observed, Prices);
        for (var row = 0; row < 30; row++)
        {
            var one = method.Solve(observed[(row * N)..((row + 1) * N)], Prices);
            Assert.That(one.Trades.Tender, Is.EqualTo(all.Trades.Tender[(row * N)..((row + 1) * N)]), $"row {row}");
            Assert.That((one.Acceptance[0], one.Gap[0]), Is.EqualTo((all.Acceptance[row], all.Gap[row])), $"row {row}");
        }

        Assert.That(all.Trades.Tender[3..5], Has.All.Zero);
        Assert.That((all.Trades.Status[0], all.Trades.Status[1]), Is.EqualTo((SolveStatus.Converged, SolveStatus.InvalidData)));
        Assert.That(all.Trades.Receive[N..(2 * N)], Has.All.NaN);
    }

    [Test]
    public void A_reserve_that_was_drained_meanwhile_does_not_spoil_what_is_learned()
    {
        var (observed, reserves) = Rows(300, 0.01, 31);
        var before = ObservationErrors.Learn(Network, observed, Prices, reserves);
        // Far less is left than what any trade takes.
        reserves[3] = 1e-3 * reserves[3];
        var after = ObservationErrors.Learn(Network, observed, Prices, reserves);
        Assert.That(after.Bias.Concat(after.Deviation), Has.All.Matches<double>(double.IsFinite));
        Assert.That(after.Bias.Zip(before.Bias, (a, b) => Math.Abs(a - b)), Has.All.LessThan(0.2));
    }

    [Test]
    public void Margins_suit_small_errors_where_a_few_rows_have_large_ones()
    {
        var pool = new CfmmNetwork(["a", "b"], [new("pool", ["a", "b"], [1, 1], 0.997, ExchangeRule.Geometric)]);
        var errors = ObservationErrors.Independent(pool, [.. Enumerable.Repeat(1e-4, 15), 0.1]);
        var method = new ExpectedTrade(pool, errors);
        double[] reserves = [1000, 1000];
        foreach (var price in (double[])[1.005, 1.02, 1.1])
        {
            double[] prices = [1, price];
            double Value(CfmmTrades t) => method.Acceptance(reserves, t.Tender, t.Receive)[0] * CfmmExecution.Utility(pool, prices, t.Tender, t.Receive);
            var best = Enumerable.Range(0, 400).Max(k => Value(AnalyticTrade.Solve(pool, reserves, prices, new CfmmMargins([0], [0], [1e-6 * Math.Pow(9e5, k / 399.0)]))));
            Assert.That(Value(method.Solve(reserves, prices).Trades), Is.GreaterThan(0.99 * best).And.GreaterThan(0), $"price {price}");
        }
    }

    [Test]
    public void What_is_refused_for_sure_and_what_is_no_number_are_told()
    {
        var sum = new CfmmNetwork(["a", "b"], [new("sum", ["a", "b"], [1, 1], 1, ExchangeRule.Arithmetic)]);
        var method = new ExpectedTrade(sum, ObservationErrors.Independent(sum, [0.001]));
        Assert.That(method.Acceptance([100, 100], [0, 0], [50, 0]), Is.EqualTo(new[] { 0.0 }), "something for nothing");
        Assert.That(method.Acceptance([100, 100], [0, 50], [50, 0])[0], Is.EqualTo(1).Within(1e-9));
        foreach (var odd in (double[])[double.NaN, double.PositiveInfinity])
        {
            Assert.That(method.Acceptance([100, 100], [0, odd], [50, 0]), Has.All.NaN);
            Assert.That(method.Acceptance([100, 100], [0, 50], [odd, 0]), Has.All.NaN);
            Assert.That(method.Acceptance([odd, 100], [0, 50], [50, 0]), Has.All.NaN);
        }
    }

    [Test]
    public void Refusals_name_the_cause()
    {
        var independent = ObservationErrors.Independent(Network, [0.001]);
        Assert.That(() => new ExpectedTrade(Network, independent with { Bias = [0] }), Throws.ArgumentException.With.Message.Contains("5 CFMMs; got 1 values of Bias"));
        Assert.That(() => new ExpectedTrade(Network, independent with { Deviation = [1, 1, 0, 1, 1] }), Throws.ArgumentException.With.Message.Contains("Deviation positive"));
        Assert.That(() => new ExpectedTrade(Network, independent with { Sizes = [] }), Throws.ArgumentException.With.Message.Contains("at least one"));
        Assert.That(() => ObservationErrors.Learn(Network, new double[11], Prices, new double[11]), Throws.ArgumentException.With.Message.Contains("No row"));
        Assert.That(() => ObservationErrors.Learn(Network, new double[11], Prices, new double[22]), Throws.ArgumentException.With.Message.Contains("22 true ones"));
    }
}
