using Spectre.Console;
using XaiL2O.Certifiers;
using XaiL2O.Data;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>The learned trades beside those of simpler rules on the same test rows, and by how much they differ.</summary>
internal sealed class CfmmComparison(CfmmMarket market, CfmmTradeModel model, Certifier certifier, int seed)
{
    private static readonly (string Key, string Name)[] Others =
    [
        ("margin", "margin rule"), ("fee", "fee rule"), ("fee_pool", "fee rule per CFMM"), ("margins_alone", "learned margins alone"),
    ];

    /// <summary>Tunes the rules on the training rows, prints the tables and adds their numbers to the summary under keys that end with the suffix.</summary>
    /// <param name="learned">Trades of the learned model on the test rows.</param>
    /// <param name="expected">Trades of greatest expected value on the test rows.</param>
    /// <param name="further">The same of both on the further rows, of which there are many: refusals are rare, and each costs a whole trade.</param>
    /// <param name="suffix">Names the market.</param>
    /// <param name="summary">Receives the numbers.</param>
    /// <param name="cancellation">Ends the tuning.</param>
    public void Show(CfmmTrades learned, CfmmTrades expected, (CfmmTrades Learned, CfmmTrades Expected) further, string suffix, Dictionary<string, object> summary, CancellationToken cancellation)
    {
        var (network, test) = (market.Network, market.Test);
        var (observed, prices) = (test.Observed, test.Prices);
        var (d, p, r) = (market.Training.Observed, market.Training.Prices, market.Training.Reserves);
        var margins = MarginRule.Tune(network, d, p, r, cancellation);
        var fees = FeeRule.Tune(network, d, p, r, cancellation);
        var feesPerCfmm = FeeRule.TunePerCfmm(network, d, p, r, fees, cancellation);
        var arithmetic = network.Cfmms.Count(c => c.Rule == ExchangeRule.Arithmetic);
        CfmmTrades By(CfmmMargins? limits, CfmmRowsOf? rows = null) => AnalyticTrade.Solve(network, (rows ?? test).Observed, (rows ?? test).Prices, limits);

        var table = new Table().AddColumns("Trade", "Predicted", "Executed", "Share", "Risk fail", "Profit fail", "Weights");
        var executed = new Dictionary<string, double[]>();
        foreach (var (key, name, trades, seen, weights) in new[]
        {
            ("oracle", "Oracle", AnalyticTrade.Solve(network, test.Reserves, prices), test.Reserves, 0L),
            ("analytic", "Analytic", By(null), observed, 0L),
            ("margin", "Margin rule", By(margins), observed, 2L),
            ("fee", "Fee rule", By(fees), observed, 2L),
            ("fee_pool", "Fee rule per CFMM", By(feesPerCfmm), observed, network.Cfmms.Count + arithmetic + 1L),
            // Without W the model is the analytic trade with margins.
            ("margins_alone", "Learned margins alone (W = 0)", By(model.Margins), observed, 2L * network.Cfmms.Count),
            ("l2o", "Implicit L2O", learned, observed, model.WeightCount),
            ("expected", "Greatest expected value", expected, observed, ExpectedNumbers(network)),
        })
        {
            var values = model.PropertyValues(trades, seen, prices);
            double FailRate(int property) => values[property].Average(v => certifier.Properties[property].Certify(v).Label == CertificateLabel.Fail ? 1.0 : 0);
            executed[key] = PerRow(trades, test, onlyExecuted: true);
            var predicted = PerRow(trades, test, onlyExecuted: false).Average();
            var (utility, share) = MarginRule.ExecutedUtility(network, trades, prices, test.Reserves);
            table.AddRow(name, $"{predicted:0.0000}", $"{utility:0.0000}", $"{share:P1}", $"{FailRate(0):P1}", $"{FailRate(1):P1}", $"{weights}");
            if (key == "oracle")
            {
                summary[$"oracle_utility_{suffix}"] = predicted;
                continue;
            }

            summary[$"{key}_predicted_{suffix}"] = predicted;
            summary[$"{key}_executed_{suffix}"] = utility;
            summary[$"{key}_executed_rate_{suffix}"] = share;
            summary[$"{key}_risk_fail_rate_{suffix}"] = FailRate(0);
            summary[$"{key}_profit_fail_rate_{suffix}"] = FailRate(1);
        }

        AnsiConsole.Write(table);
        foreach (var (key, name) in Others)
            Differ("l2o", "the model", executed["l2o"], key, name, executed[key], "test");
        var best = PerRow(further.Expected, market.Further, onlyExecuted: true);
        foreach (var (key, name, trades) in new[]
        {
            ("margin", "margin rule", By(margins, market.Further)), ("fee", "fee rule", By(fees, market.Further)), ("fee_pool", "fee rule per CFMM", By(feesPerCfmm, market.Further)), ("l2o", "implicit model", further.Learned),
        })
        {
            Differ("expected", "greatest expected value", best, key, name, PerRow(trades, market.Further, onlyExecuted: true), "further");
        }

        void Differ(string ours, string title, double[] a, string other, string name, double[] b, string rows)
        {
            var difference = PairedBootstrap.Of([.. a.Zip(b, (u, v) => u - v)], seed);
            AnsiConsole.MarkupLineInterpolated($"Executed utility of {title} minus that of the {name}, with its 95 % interval over {a.Length} {rows} rows: {difference.ToString()}");
            summary[$"{ours}_minus_{other}_{suffix}"] = difference.Mean;
            summary[$"{ours}_minus_{other}_low_{suffix}"] = difference.Low;
            summary[$"{ours}_minus_{other}_high_{suffix}"] = difference.High;
        }
    }

    /// <summary>16 sizes of errors, and two numbers per CFMM.</summary>
    private static long ExpectedNumbers(CfmmNetwork network) => 16 + (2 * network.Cfmms.Count);

    /// <summary>The utility of each row's trade; of one that is not executed 0, where that is asked for.</summary>
    private double[] PerRow(CfmmTrades trades, CfmmRowsOf rows, bool onlyExecuted)
    {
        var network = market.Network;
        var (n, tokens) = (network.ReserveCount, network.Tokens.Count);
        return [.. Enumerable.Range(0, rows.Count(network)).Select(row =>
        {
            var x = trades.Tender.AsSpan(row * n, n);
            var y = trades.Receive.AsSpan(row * n, n);
            return onlyExecuted && !CfmmExecution.Executes(network, rows.Reserves.AsSpan(row * n, n), x, y)
                ? 0
                : CfmmExecution.Utility(network, rows.Prices.AsSpan(row * tokens, tokens), x, y);
        })];
    }
}
