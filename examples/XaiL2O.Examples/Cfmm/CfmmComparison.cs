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
    public void Show(CfmmTrades learned, string suffix, Dictionary<string, object> summary, CancellationToken cancellation)
    {
        var (network, test) = (market.Network, market.Test);
        var (observed, prices) = (test.Observed, test.Prices);
        var (d, p, r) = (market.Training.Observed, market.Training.Prices, market.Training.Reserves);
        var margins = MarginRule.Tune(network, d, p, r, cancellation);
        var fees = FeeRule.Tune(network, d, p, r, cancellation);
        var feesPerCfmm = FeeRule.TunePerCfmm(network, d, p, r, fees, cancellation);
        var arithmetic = network.Cfmms.Count(c => c.Rule == ExchangeRule.Arithmetic);
        CfmmTrades By(CfmmMargins? limits) => AnalyticTrade.Solve(network, observed, prices, limits);

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
        })
        {
            var values = model.PropertyValues(trades, seen, prices);
            double FailRate(int property) => values[property].Average(v => certifier.Properties[property].Certify(v).Label == CertificateLabel.Fail ? 1.0 : 0);
            executed[key] = PerRow(trades, onlyExecuted: true);
            var predicted = PerRow(trades, onlyExecuted: false).Average();
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
        {
            var difference = PairedBootstrap.Of([.. executed["l2o"].Zip(executed[key], (a, b) => a - b)], seed);
            AnsiConsole.MarkupLineInterpolated($"Executed utility of the model minus that of the {name}, with its 95 % interval over test rows: {difference.ToString()}");
            summary[$"l2o_minus_{key}_{suffix}"] = difference.Mean;
            summary[$"l2o_minus_{key}_low_{suffix}"] = difference.Low;
            summary[$"l2o_minus_{key}_high_{suffix}"] = difference.High;
        }
    }

    /// <summary>The utility of each row's trade; of one that is not executed 0, where that is asked for.</summary>
    private double[] PerRow(CfmmTrades trades, bool onlyExecuted)
    {
        var (network, test) = (market.Network, market.Test);
        var (n, tokens) = (network.ReserveCount, network.Tokens.Count);
        return [.. Enumerable.Range(0, test.Count(network)).Select(row =>
        {
            var x = trades.Tender.AsSpan(row * n, n);
            var y = trades.Receive.AsSpan(row * n, n);
            return onlyExecuted && !CfmmExecution.Executes(network, test.Reserves.AsSpan(row * n, n), x, y)
                ? 0
                : CfmmExecution.Utility(network, test.Prices.AsSpan(row * tokens, tokens), x, y);
        })];
    }
}
