namespace XaiL2O.Trainers;

/// <summary>
/// The baseline for learned trades: the analytic trade with one margin δ for all CFMMs that never withdraws the last share κ of a
/// reserve, both tuned on training rows.
/// </summary>
public static class MarginRule
{
    /// <summary>Finds the δ and κ with the greatest utility executed on true reserves.</summary>
    /// <param name="network">The network.</param>
    /// <param name="observed">d, rows × N.</param>
    /// <param name="prices">p, tokens or rows × tokens.</param>
    /// <param name="reserves">True reserves r, rows × N.</param>
    /// <param name="cancellationToken">Ends the search by throwing <see cref="OperationCanceledException"/>.</param>
    /// <returns>The same margins for every CFMM.</returns>
    /// <remarks>A search on a logarithmic grid from 10⁻⁶ to 10⁻¹, refined around the best point until neighbours are 5 % apart.</remarks>
    public static CfmmMargins Tune(CfmmNetwork network, double[] observed, double[] prices, double[] reserves, CancellationToken cancellationToken = default) =>
        new MarginSearch(network, observed, prices, reserves, cancellationToken).Common((margin, kept) => CfmmMargins.Uniform(network, margin, kept));

    /// <summary>Mean utility of trades on true reserves, where a trade that a CFMM refuses counts 0, and the share that executes.</summary>
    /// <param name="network">The network.</param>
    /// <param name="trades">Trades, rows × N.</param>
    /// <param name="prices">p, tokens or rows × tokens.</param>
    /// <param name="reserves">True reserves r, rows × N.</param>
    public static (double Utility, double ExecutedShare) ExecutedUtility(CfmmNetwork network, CfmmTrades trades, double[] prices, double[] reserves)
    {
        ArgumentNullException.ThrowIfNull(trades);
        var rows = CfmmRows.Check(network, reserves, prices);
        var n = network.ReserveCount;
        var (sum, count) = (0.0, 0);
        for (var row = 0; row < rows; row++)
        {
            var (x, y) = (trades.Tender.AsMemory(row * n, n), trades.Receive.AsMemory(row * n, n));
            if (!CfmmExecution.Executes(network, reserves.AsSpan(row * n, n), x.Span, y.Span))
                continue;
            sum += CfmmExecution.Utility(network, CfmmRows.Prices(network, prices, row), x.Span, y.Span);
            count++;
        }

        return (sum / rows, (double)count / rows);
    }
}
