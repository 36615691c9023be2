using XaiL2O.Data;

namespace XaiL2O.Trainers.Tests;

/// <summary>Tuned margins against exhaustive search, and what a fee margin does to a trade.</summary>
internal sealed class FeeRuleLaws
{
    private static readonly double[] Prices = [1, 1.9, 0.5];

    /// <summary>A geometric and an arithmetic CFMM, in which c and κ matter; or two geometric ones that differ in size.</summary>
    private static CfmmNetwork Pair(bool arithmetic)
    {
        var cfmms = CfmmSimulation.Network.Cfmms;
        return arithmetic ? new(["1", "2", "3"], [cfmms[2], cfmms[4]]) : new(["1", "2", "3"], [cfmms[0], cfmms[1]]);
    }

    private static (double[] Observed, double[] Reserves) Rows(CfmmNetwork network, int count)
    {
        var random = new Random(7);
        var (all, whole) = (CfmmSimulation.Reserves(count, random), CfmmSimulation.Network);
        var columns = network.Cfmms.SelectMany(c =>
        {
            var j = whole.Cfmms.ToList().FindIndex(other => other.Name == c.Name);
            return Enumerable.Range(whole.Offset(j), c.Tokens.Count);
        }).ToArray();
        double[] reserves = [.. Enumerable.Range(0, count).SelectMany(row => columns.Select(i => all[(row * whole.ReserveCount) + i]))];
        return (CfmmSimulation.Observe(network, reserves, 0.01, random), reserves);
    }

    private static double Executed(CfmmNetwork network, (double[] Observed, double[] Reserves) rows, CfmmMargins margins) =>
        MarginRule.ExecutedUtility(network, AnalyticTrade.Solve(network, rows.Observed, Prices, margins), Prices, rows.Reserves).Utility;

    private static double[] Grid(int count, double lowest, double highest) =>
        [0, .. Enumerable.Range(0, count).Select(k => lowest * Math.Pow(highest / lowest, k / (count - 1.0)))];

    [Test]
    public void One_fee_margin_is_as_good_as_an_exhaustive_search([Values] bool arithmetic)
    {
        var network = Pair(arithmetic);
        var rows = Rows(network, 400);
        var best = Grid(80, 1e-5, 0.5).Max(c => Grid(30, 1e-4, 0.5).Max(κ => Executed(network, rows, CfmmMargins.Uniform(network, 0, κ, c))));
        var tuned = FeeRule.Tune(network, rows.Observed, Prices, rows.Reserves);
        Assert.That(tuned.Margin, Has.All.Zero);
        Assert.That(tuned.FeeMargin!.Concat(tuned.Kept).Distinct().Count(), Is.LessThanOrEqualTo(2), "one c and one κ for all");
        Assert.That(Executed(network, rows, tuned), Is.GreaterThan(0.997 * best));
        Assert.That(best, Is.GreaterThan(1.05 * Executed(network, rows, CfmmMargins.Uniform(network, 0, 0))), "there is something to tune");
    }

    [Test]
    public void Fee_margins_per_cfmm_are_as_good_as_an_exhaustive_search([Values] bool arithmetic)
    {
        var network = Pair(arithmetic);
        var rows = Rows(network, 400);
        var common = FeeRule.Tune(network, rows.Observed, Prices, rows.Reserves);
        var tuned = FeeRule.TunePerCfmm(network, rows.Observed, Prices, rows.Reserves, common);
        var fees = Grid(60, 1e-5, 0.9);
        // With two geometric CFMMs both c, with an arithmetic one its c is 0 (see below) and its κ counts.
        var best = fees.Max(a => Grid(40, 1e-4, 0.5).Max(b => Executed(network, rows, arithmetic
            ? new([0, 0], [common.Kept[0], b], [a, 0])
            : new([0, 0], common.Kept, [a, b]))));
        Assert.That(Executed(network, rows, tuned), Is.GreaterThan(0.997 * best).And.GreaterThanOrEqualTo(Executed(network, rows, common)));
    }

    [Test]
    public void A_cfmm_that_refuses_everything_is_left_alone()
    {
        var network = Pair(arithmetic: false);
        var rows = Rows(network, 300);
        var random = new Random(3);
        // The second CFMM is observed so badly that hardly any trade with it executes, and each refusal voids the first one's too.
        for (var row = 0; row < 300; row++)
        {
            for (var i = network.Offset(1); i < network.Offset(2); i++)
                rows.Observed[(row * network.ReserveCount) + i] *= Math.Exp(2 * (random.NextDouble() - 0.5));
        }

        var tuned = FeeRule.TunePerCfmm(network, rows.Observed, Prices, rows.Reserves);
        var trades = AnalyticTrade.Solve(network, rows.Observed, Prices, tuned);
        var touched = Enumerable.Range(0, 300).Count(row => trades.Receive.AsSpan((row * network.ReserveCount) + network.Offset(1), 2).ContainsAnyExcept(0.0));
        Assert.That(touched, Is.LessThan(150));
        Assert.That(tuned.FeeMargin![1], Is.GreaterThan(10 * tuned.FeeMargin[0]));
    }

    /// <summary>As if the fee were higher: the closed form of a constant product pool with γ(1 − c), accepted with a slack by the true rule.</summary>
    [Test]
    public void A_fee_margin_acts_as_a_higher_fee()
    {
        var pool = new Cfmm("pool", ["a", "b"], [1, 1], 0.997, ExchangeRule.Geometric);
        var network = new CfmmNetwork(["a", "b"], [pool]);
        var trades = AnalyticTrade.Solve(network, [100, 150], [1, 1], CfmmMargins.Uniform(network, 0, 0, 0.01));
        var factor = 0.997 * 0.99;
        var after = Math.Sqrt(factor * 100 * 150);
        Assert.That(trades.Tender, Is.EqualTo(new[] { (after - 100) / factor, 0 }).Within(1e-10));
        Assert.That(trades.Receive, Is.EqualTo(new[] { 0, 150 - (100 * 150 / after) }).Within(1e-10));
        Assert.That(CfmmExecution.Accepts(pool, [100, 150 * 0.9995], trades.Tender, trades.Receive), Is.True, "less is left than was seen");
        var edge = AnalyticTrade.Solve(network, [100, 150], [1, 1]);
        Assert.That(CfmmExecution.Accepts(pool, [100, 150 * 0.9995], edge.Tender, edge.Receive), Is.False, "without the margin");
    }

    [Test]
    public void Tuning_can_be_cancelled()
    {
        var network = Pair(arithmetic: true);
        var rows = Rows(network, 20);
        Assert.That(() => FeeRule.TunePerCfmm(network, rows.Observed, Prices, rows.Reserves, null, new CancellationToken(true)), Throws.InstanceOf<OperationCanceledException>());
    }
}
