using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>A trade, what its certificates say, and what became of it on the true reserves.</summary>
internal sealed class Trade
{
    public double[] Tender { get; set; } = [];

    public double[] Receive { get; set; } = [];

    [ColumnName("TradeRisk.Value")]
    public double Risk { get; set; }

    [ColumnName("Profit.Value")]
    public double Profit { get; set; }

    [ColumnName("Feasibility.Value")]
    public double Feasibility { get; set; }

    [ColumnName("TradeRisk.Label")]
    public string RiskLabel { get; set; } = "";

    public double Residual { get; set; }

    public int Iterations { get; set; }

    public bool Converged { get; set; }

    /// <summary>Bound on what is lost to the best candidate margins; NaN where a model gives none.</summary>
    public double Gap { get; set; }

    /// <summary>Probability that every CFMM accepts, where a model gives it.</summary>
    public double Acceptance { get; set; }

    [NoColumn]
    public bool RiskFailed => RiskLabel == nameof(CertificateLabel.Fail);

    /// <summary>Number of CFMMs that are traded with.</summary>
    public float Parts { get; set; }

    /// <summary>Value that the trade brings if every CFMM accepts it.</summary>
    public double Utility { get; set; }

    /// <summary>Share of that value which is lost where each CFMM accepts or refuses its own part.</summary>
    public double Lost { get; set; }

    /// <summary>Whether any CFMM refuses its part.</summary>
    public bool Refused { get; set; }

    /// <summary>The trades of a view of judged rows, with what becomes of them.</summary>
    public static Trade[] Read(MLContext ml, IDataView judged, CfmmNetwork network, CfmmRowsOf rows)
    {
        var (n, tokens) = (network.ReserveCount, network.Tokens.Count);
        Trade[] trades = [.. ml.Data.CreateEnumerable<Trade>(judged, reuseRowObject: false, ignoreMissingColumns: true)];
        for (var row = 0; row < trades.Length; row++)
            trades[row].Execute(network, rows.Reserves.AsSpan(row * n, n), rows.Prices.AsSpan(row * tokens, tokens));
        return trades;
    }

    /// <summary>The trades of many rows as one batch.</summary>
    public static CfmmTrades Together(Trade[] rows) =>
        new([.. rows.SelectMany(r => r.Tender)], [.. rows.SelectMany(r => r.Receive)], [.. rows.Select(r => r.Residual)], [.. rows.Select(r => r.Iterations)], [.. rows.Select(r => r.Converged ? SolveStatus.Converged : SolveStatus.IterationLimit)]);

    private void Execute(CfmmNetwork network, ReadOnlySpan<double> reserves, ReadOnlySpan<double> prices)
    {
        Utility = CfmmExecution.Utility(network, prices, Tender, Receive);
        Refused = !CfmmExecution.Executes(network, reserves, Tender, Receive);
        var lost = 0.0;
        for (var j = 0; j < network.Cfmms.Count; j++)
        {
            var range = network.Offset(j)..network.Offset(j + 1);
            Parts += Tender.AsSpan(range).ContainsAnyExcept(0.0) ? 1 : 0;
            if (CfmmExecution.Accepts(network.Cfmms[j], reserves[range], Tender.AsSpan(range), Receive.AsSpan(range)))
                continue;
            for (var i = range.Start.Value; i < range.End.Value; i++)
                lost += prices[network.TokenOf(i)] * (Receive[i] - Tender[i]);
        }

        Lost = Utility > 0 ? Math.Clamp(lost / Utility, 0, 1) : Refused ? 1 : 0;
    }
}
