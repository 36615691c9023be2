using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using Spectre.Console;
using XaiL2O.Certifiers;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>Trading on constant function market makers whose reserves are observed with errors.</summary>
internal sealed class CfmmExample : IExample
{
    public string Name => "cfmm";

    public string Description => "Trading on networks of exchanges: trades that execute though reserves are known with errors.";

    public string FullDescription => "Train longer on the real pools: 60 epochs in place of 20.";

    public string QuickDescription => "A third of the training rows and a fifth of the further rows; 20 epochs in place of 40 on simulated networks, and twelve in place of 20 on the real pools.";

    public void Run(ExampleContext context)
    {
        // Tensors of some thousand numbers: waking a second thread for each operation costs more than it brings.
        LibTorch.EnsureLoaded();
        TorchSharp.torch.set_num_threads(1);
        var summary = new Dictionary<string, object>();
        var (_, simulated) = RunMarket(context, CfmmMarket.Simulated(0.001, context), "0p1", context.Sized(20, 40, 40), summary);
        RunMarket(context, CfmmMarket.Simulated(0.002, context), "0p2", context.Sized(20, 40, 40), summary);
        var cow = RealPools.Cow();
        ExampleContext.Say($"CoW snapshot: {cow.Network.Cfmms.Count} pools over {cow.Network.Tokens.Count} tokens; {cow.LeftOut} left out (dust, stable pool, no price)");
        RunMarket(context, CfmmMarket.Real("Real pools (CoW snapshot), noise 0.1 %", cow, 0.001, context), "real", context.Sized(12, 20, 60), summary);
        var pairs = RealPools.UniswapAndSushi();
        ExampleContext.Say($"Uniswap and Sushi: {pairs.Network.Cfmms.Count} pools over {pairs.Network.Tokens.Count} tokens; {pairs.LeftOut} left out (under 10 ETH)");
        RunMarket(context, CfmmMarket.Real("Real pools (Uniswap and Sushi pairs), noise 0.1 %", pairs, 0.001, context), "real_pairs", context.Sized(12, 20, 60), summary);

        new CfmmRouting(context).Run(summary);

        var market = CfmmMarket.Simulated(0.001, context);
        summary["solve_ms_500"] = SolveMilliseconds(simulated, market.Test);
        AnsiConsole.MarkupLineInterpolated($"500 test trades of the simulated network are solved in {summary["solve_ms_500"]:0.0} ms.");
        Draw(context, simulated, market);
        summary["total_seconds"] = context.ElapsedSeconds;
        context.WriteSummary(summary);
    }

    private static (ITransformer Certified, CfmmTradeModel Model) RunMarket(ExampleContext context, CfmmMarket market, string suffix, int epochs, Dictionary<string, object> summary)
    {
        var network = market.Network;
        var ml = new MLContext(context.Seed);
        var definition = new CfmmTradeDefinition { Network = network };
        var options = new ImplicitModelTrainer.Options { Training = definition.Training with { Epochs = epochs, Seed = context.Seed }, CancellationToken = context.Cancellation };
        var learned = ExampleContext.WithProgress($"{market.Title}: training on {market.Training.Count(network)} rows", progress =>
            ml.L2O().Trainers.CfmmTrade(definition, options with { Progress = progress }).Fit(View(ml, network, market.Training)));
        var certifier = ml.L2O().Certify(
            new CertifiedProperty("TradeRisk"),
            new CertifiedProperty("Profit"),
            new CertifiedProperty("Feasibility", Tolerance: 1e-9),
            CertifiedProperty.Convergence())
            .Fit(learned.Transform(View(ml, network, market.Calibration)));
        var model = learned.Append(certifier);

        Trade[] Judged(CfmmRowsOf of) => Trade.Read(ml, model.Transform(View(ml, network, of)), network, of);
        var (rows, further) = (Judged(market.Test), Judged(market.Further));
        ExampleContext.Say($"{market.Title}: learning the errors of the reserves");
        var best = ml.L2O().Trainers.ExpectedTrade(new ExpectedTradeDefinition { Network = network }, new ImplicitModelTrainer.Options { CancellationToken = context.Cancellation }).Fit(View(ml, network, market.Training));
        var risk = ml.L2O().Certify(new CertifiedProperty("TradeRisk"), CertifiedProperty.Convergence()).Fit(best.Transform(View(ml, network, market.Calibration)));
        Trade[] Best(CfmmRowsOf of) => Trade.Read(ml, risk.Transform(best.Transform(View(ml, network, of))), network, of);
        var (bestRows, bestFurther) = (Best(market.Test), Best(market.Further));

        AnsiConsole.MarkupLineInterpolated($"[bold]{market.Title}[/]: mean utility predicted and executed over {rows.Length} test rows; a trade executes, and counts, if every CFMM accepts it on the true reserves.");
        var trained = (CfmmTradeModel)learned.Model;
        new CfmmComparison(market, trained, certifier.Certifier, context.Seed).Show(Trade.Together(rows), Trade.Together(bestRows), (Trade.Together(further), Trade.Together(bestFurther)), suffix, summary, context.Cancellation);
        Risk("the implicit model", further, "", suffix, summary);
        Risk("greatest expected value", bestFurther, "expected_", suffix, summary);
        summary[$"expected_acceptance_{suffix}"] = bestFurther.Average(r => r.Acceptance);
        summary[$"expected_accepted_{suffix}"] = bestFurther.Average(r => r.Refused ? 0.0 : 1);
        summary[$"expected_gap_max_{suffix}"] = bestFurther.Max(r => r.Gap);
        AnsiConsole.MarkupLineInterpolated($"Greatest expected value: {bestFurther.Average(r => r.Acceptance):P2} of the trades are expected to execute and {bestFurther.Average(r => r.Refused ? 0.0 : 1):P2} do; no other candidate margins could expect more than {bestFurther.Max(r => r.Gap):P2} more.");
        new CfmmBounds(context, ml, Judged(market.Calibration)).Show(further, suffix, summary);
        summary[$"weights_{suffix}"] = trained.WeightCount;
        summary[$"train_seconds_{suffix}"] = learned.Training!.Elapsed.TotalSeconds;
        summary[$"converged_rate_{suffix}"] = rows.Average(r => r.Converged ? 1.0 : 0);
        var violation = rows.Max(r => r.Feasibility);
        summary["max_constraint_violation"] = Math.Max(violation, summary.TryGetValue("max_constraint_violation", out var before) ? (double)before : 0);
        if (suffix == "0p1")
        {
            var reload = ChainReload.Compare(ml, model, View(ml, network, market.Test), context.PathOf("model.zip"));
            AnsiConsole.MarkupLineInterpolated($"Model reloaded in a fresh process: {reload.Differing} of {reload.Values} values differ in any bit.");
            summary["roundtrip_differing_values"] = reload.Differing;
            WriteReport(context, certifier.Certifier, network, market, rows);
            Figures.Losses(context.PathOf("training.png"), learned.Training, "Minus executed utility on validation rows", logarithmic: false);
        }

        return (model, trained);
    }

    /// <summary>Which refused trades the certificate of risk has seen.</summary>
    private static void Risk(string title, Trade[] trades, string prefix, string suffix, Dictionary<string, object> summary)
    {
        var refused = trades.Where(r => r.Refused).ToArray();
        var caught = refused.Select(r => r.RiskFailed ? 1.0 : 0).DefaultIfEmpty(double.NaN).Average();
        var flagged = trades.Where(r => !r.Refused).Average(r => r.RiskFailed ? 1.0 : 0);
        AnsiConsole.MarkupLineInterpolated($"Over {trades.Length} further rows {refused.Length} trades of {title} are refused; the risk certificate caught {caught:P0} of them and flagged {flagged:P1} of the good ones.");
        summary[$"{prefix}refused_rows_{suffix}"] = refused.Length;
        summary[$"{prefix}risk_caught_{suffix}"] = caught;
        summary[$"{prefix}risk_false_alarm_rate_{suffix}"] = flagged;
    }

    private static void WriteReport(ExampleContext context, Certifier certifier, CfmmNetwork network, CfmmMarket market, Trade[] rows)
    {
        var builder = new ReportBuilder(certifier, "Trades on a network of exchanges")
        {
            Summary = $"{market.Title}: {network.Cfmms.Count} CFMMs, calibrated on {market.Calibration.Count(network)} rows that training has not seen.",
        };
        builder.Describe("TradeRisk", "how easily errors in the observed reserves void the trade");
        builder.Describe("Profit", "how far the trade is short of profit, in shares of all pools' value");
        builder.Describe("Feasibility", "violation of the constraints on the observed reserves");
        builder.Describe("Convergence", "0 where the solve converged, else 1");
        foreach (var (row, i) in rows.Select((r, i) => (r, i)))
            builder.Add([row.Risk, row.Profit, row.Feasibility, row.Converged ? 0 : 1], row.Refused ? "refused" : "executed", $"row {i}");
        builder.Build().Save(context.PathOf("report.html"));
    }

    /// <summary>The median of 21 solves after warm-up.</summary>
    private static double SolveMilliseconds(CfmmTradeModel model, CfmmRowsOf rows)
    {
        var options = new CfmmTradeDefinition { Network = model.Network }.Solver;
        var times = new double[60];
        for (var i = 0; i < times.Length; i++)
        {
            var start = Stopwatch.GetTimestamp();
            model.Decide(rows.Observed, rows.Prices, options);
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        return DictionaryExample.Median(times.Skip(39));
    }

    private static void Draw(ExampleContext context, CfmmTradeModel model, CfmmMarket market)
    {
        var options = new CfmmTradeDefinition { Network = model.Network }.Solver;
        var trades = model.Decide(market.Test.Observed, market.Test.Prices, options);
        TradeFigure.Save(context.PathOf("trades.png"), model.Network, trades, market.Test.Prices, [0, 1]);
    }

    private static IDataView View(MLContext ml, CfmmNetwork network, CfmmRowsOf rows)
    {
        var (n, tokens) = (network.ReserveCount, network.Tokens.Count);
        return ml.Data.LoadFromEnumerable(Enumerable.Range(0, rows.Count(network)).Select(row => new Observation
        {
            Reserves = rows.Observed[(row * n)..((row + 1) * n)],
            TrueReserves = rows.Reserves[(row * n)..((row + 1) * n)],
            Prices = rows.Prices[(row * tokens)..((row + 1) * tokens)],
        }));
    }

    private sealed class Observation
    {
        public double[] Reserves { get; set; } = [];

        public double[] TrueReserves { get; set; } = [];

        public double[] Prices { get; set; } = [];
    }
}
