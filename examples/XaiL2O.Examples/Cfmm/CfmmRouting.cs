using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using Spectre.Console;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>
/// Trades through pools of Uniswap, most of them with concentrated liquidity, within what the trader holds: certified gaps, what executes when states are observed with errors, and gas.
/// </summary>
internal sealed class CfmmRouting(ExampleContext context)
{
    /// <summary>Gas of a swap in ETH: some 125 000 units at 4 gwei.</summary>
    private const double Gas = 5e-4;

    private static readonly string[] Held = ["USDC", "USDT", "WETH", "WBTC"];

    public void Run(Dictionary<string, object> summary)
    {
        var path = ExampleContext.Data(Path.Combine("cfmm", "ethereum-v3-pools.json"));
        var pools = TickPools.Read(path);
        var concentrated = pools.Network.Pools.OfType<ConcentratedPool>().ToArray();
        ExampleContext.Say($"Uniswap: {concentrated.Length} pools with {concentrated.Sum(p => p.TickPrices.Count)} ticks and {pools.Network.Pools.Count - concentrated.Length} constant product pools over {pools.Network.Tokens.Count} tokens");
        var ml = new MLContext(context.Seed);
        var (training, test) = (Rows(pools, context.Sized(100, 400, 1_000), 1), Rows(pools, context.Sized(200, 1_000, 2_000), 2));
        ImplicitModelTransformer Fitted(PoolNetwork network, double? margin) => ml.L2O().Trainers.PoolTrade(
            new PoolTradeDefinition { Network = network, FeeMargin = margin },
            new ImplicitModelTrainer.Options { CancellationToken = context.Cancellation }).Fit(ml.Data.LoadFromEnumerable(training));
        Routed[] Trades(ImplicitModelTransformer model, Observation[] rows) => [.. ml.Data.CreateEnumerable<Routed>(model.Transform(ml.Data.LoadFromEnumerable(rows)), reuseRowObject: false, ignoreMissingColumns: true)];

        var model = Fitted(pools.Network, null);
        var margin = ((PoolTradeDefinition)model.Definition).FeeMargin!.Value;
        var table = new Table().AddColumns("Trade", "Predicted, ETH", "Executed, ETH", "Executed trades", "Largest gap");
        var gaps = 0.0;
        double Row(string key, string name, ImplicitModelTransformer by, Observation[] rows)
        {
            var trades = Trades(by, rows);
            var executed = trades.Select((t, row) => pools.Network.Executes(test[row].TrueState, t.Tender, t.Receive) ? t.Utility : double.NaN).ToArray();
            var (predicted, utility, share, gap) = (trades.Average(t => t.Utility), executed.Average(u => double.IsNaN(u) ? 0 : u), executed.Average(u => double.IsNaN(u) ? 0.0 : 1), trades.Max(t => t.Gap));
            table.AddRow(name, $"{predicted:0.0000}", $"{utility:0.0000}", $"{share:P1}", $"{gap:0.0e+0}");
            summary[$"v3_predicted{key}"] = predicted;
            summary[$"v3_executed{key}"] = utility;
            summary[$"v3_executed_rate{key}"] = share;
            summary["v3_feasibility_max"] = Math.Max(trades.Max(t => t.Feasibility), summary.TryGetValue("v3_feasibility_max", out var before) ? (double)before : 0);
            gaps = Math.Max(gaps, gap);
            return trades.Average(t => t.Converged ? 1.0 : 0);
        }

        var plain = Fitted(pools.Network, 0);
        var converged = new[]
        {
            Row("_oracle", "States known", plain, [.. test.Select(r => r.Known())]),
            Row("_untuned", "Observed states", plain, test),
            Row("", $"Fee margin {margin:P2}, tuned", model, test),
        };
        AnsiConsole.Write(table);
        summary["v3_gap_max"] = gaps;
        summary["v3_converged_rate"] = converged.Min();
        summary["v3_fee_margin"] = margin;
        ShowGas(Trades(model, test), Trades(Fitted(TickPools.Read(path, Gas).Network, margin), test), summary);
        summary["v3_us_per_row"] = Microseconds(pools.Network, test, margin);
        AnsiConsole.MarkupLineInterpolated($"A trade takes {summary["v3_us_per_row"]:0} µs on all cores.");
    }

    private static void ShowGas(Routed[] ignored, Routed[] known, Dictionary<string, object> summary)
    {
        static int Pools(Routed trade) => trade.Tender.Count(x => x > 0);
        var paid = ignored.Average(t => t.Utility - (Gas * Pools(t)));
        var gaps = known.Select(t => t.Gap).Order().ToArray();
        AnsiConsole.MarkupLineInterpolated($"With gas of {Gas} ETH for each used pool, trades that ignore it use {ignored.Average(Pools):0.0} pools and bring {paid:0.0000} ETH on average; trades that know it use {known.Average(Pools):0.0} and bring {known.Average(t => t.Utility):0.0000}. They are within {gaps[gaps.Length / 2]:P3} (median) and {gaps[^1]:P2} (largest) of the best.");
        summary["v3_gas_ignored"] = paid;
        summary["v3_gas_known"] = known.Average(t => t.Utility);
        summary["v3_gas_pools_ignored"] = ignored.Average(Pools);
        summary["v3_gas_pools_known"] = known.Average(Pools);
        summary["v3_gas_gap_median"] = gaps[gaps.Length / 2];
        summary["v3_gas_gap_max"] = gaps[^1];
    }

    private static double Microseconds(PoolNetwork network, Observation[] rows, double margin)
    {
        double[] Joined(Func<Observation, double[]> part) => [.. rows.SelectMany(part)];
        var (states, prices, holdings) = (Joined(r => r.State), Joined(r => r.Prices), Joined(r => r.Holdings));
        return DictionaryExample.Median(Enumerable.Range(0, 12).Select(_ =>
        {
            var start = Stopwatch.GetTimestamp();
            PoolRouter.Route(network, states, prices, holdings, margin);
            return Stopwatch.GetElapsedTime(start).TotalMicroseconds / rows.Length;
        }).Skip(5));
    }

    /// <summary>
    /// Each row is the snapshot a little later: prices outside have moved by about 1 % per token, which the pools have followed but for 0.2 %, liquidity has drifted by about 1 %, and the pools' prices and liquidity
    /// are observed with errors of about 0.1 %. The trader holds between 1 and 30 ETH of each of four tokens and nothing of the others.
    /// </summary>
    private Observation[] Rows(TickPools pools, int count, int offset)
    {
        var (network, random) = (pools.Network, new Random((1000 * context.Seed) + offset));
        double Factor(double size) => Math.Exp(size * Gaussian.Next(random));
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            double[] moves = [.. network.Tokens.Select(_ => Factor(0.01))];
            var (truth, observed) = ((double[])pools.States.Clone(), new double[network.StateCount]);
            for (var j = 0; j < network.Pools.Count; j++)
            {
                var (a, b) = (network.Offset(j), network.Offset(j) + 1);
                var (price, liquidity) = (moves[network.TokenOf(a)] / moves[network.TokenOf(b)] * Factor(0.002), Factor(0.01));
                var (priceError, liquidityError) = (Factor(0.001), Factor(0.001));
                if (network.Pools[j] is ConcentratedPool)
                {
                    truth[a] *= price;
                    truth[b] = liquidity;
                    (observed[a], observed[b]) = (truth[a] * priceError, truth[b] * liquidityError);
                }
                else
                {
                    truth[a] *= liquidity / Math.Sqrt(price);
                    truth[b] *= liquidity * Math.Sqrt(price);
                    (observed[a], observed[b]) = (truth[a] * liquidityError / Math.Sqrt(priceError), truth[b] * liquidityError * Math.Sqrt(priceError));
                }
            }

            double[] prices = [.. pools.Prices.Zip(moves, (p, m) => p * m)];
            return new Observation
            {
                TrueState = truth,
                State = observed,
                Prices = prices,
                Holdings = [.. network.Tokens.Select((t, i) => Held.Contains(t) ? Math.Pow(30, random.NextDouble()) / prices[i] : 0)],
            };
        })];
    }

    private sealed class Observation
    {
        public double[] TrueState { get; set; } = [];

        public double[] State { get; set; } = [];

        public double[] Prices { get; set; } = [];

        public double[] Holdings { get; set; } = [];

        /// <summary>The same row without errors of observation.</summary>
        public Observation Known() => new() { TrueState = TrueState, State = TrueState, Prices = Prices, Holdings = Holdings };
    }

    private sealed class Routed
    {
        public double[] Tender { get; set; } = [];

        public double[] Receive { get; set; } = [];

        public double Utility { get; set; }

        public double Gap { get; set; }

        public bool Converged { get; set; }

        [ColumnName("Feasibility.Value")]
        public double Feasibility { get; set; }
    }
}
