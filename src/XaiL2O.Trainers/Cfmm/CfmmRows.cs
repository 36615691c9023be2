namespace XaiL2O.Trainers;

/// <summary>Row-major batches of reserves and prices.</summary>
internal static class CfmmRows
{
    /// <summary>The number of rows, once the lengths have been found to fit.</summary>
    public static int Check(CfmmNetwork network, double[] reserves, double[] prices)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(reserves);
        ArgumentNullException.ThrowIfNull(prices);
        var (n, tokens) = (network.ReserveCount, network.Tokens.Count);
        var rows = reserves.Length / n;
        if (reserves.Length % n != 0)
            throw new ArgumentException($"Reserves come in rows of {n} values, one per token of each CFMM; got {reserves.Length} values.", nameof(reserves));
        if (prices.Length != tokens && prices.Length != rows * tokens)
            throw new ArgumentException($"Prices are {tokens} values, one per token, or that many for each of {rows} rows; got {prices.Length}.", nameof(prices));
        return rows;
    }

    public static ReadOnlySpan<double> Prices(CfmmNetwork network, double[] prices, int row)
    {
        var tokens = network.Tokens.Count;
        return prices.AsSpan(prices.Length == tokens ? 0 : row * tokens, tokens);
    }
}
