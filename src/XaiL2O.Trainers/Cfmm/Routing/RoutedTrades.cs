namespace XaiL2O.Trainers;

/// <summary>Trades through a network of pools for a batch of rows. Arrays are row-major; rows that were not solved hold NaN.</summary>
/// <param name="Tender">x ≥ 0 in units of the tokens, rows × N.</param>
/// <param name="Receive">y ≥ 0, rows × N.</param>
/// <param name="Utility">⟨p, y − x⟩ less the fixed costs of the pools that are used.</param>
/// <param name="Bound">A number that no trade's utility exceeds, with fee factors γ(1 − c) where a fee margin c is kept: the least value of the dual problem that was found.</param>
/// <param name="Gap">
/// (Bound − Utility)/Bound, computed from the trade that is delivered: the largest share of the best utility, of trades with that margin, that the trade may fall short of. Where the bound is less than 10⁻⁹ of the value that a
/// trader without limits would tender, nothing is to be had, and the gap is relative to that.
/// </param>
/// <param name="ShadowPrices">q ≥ p, rows × tokens: what one more of each token would be worth to the trader; p where a holding does not bind.</param>
/// <param name="Iterations">Newton steps taken, over all problems that were solved for the row.</param>
/// <param name="Status"><see cref="SolveStatus.Converged"/> where the gap is within the tolerance.</param>
public sealed record RoutedTrades(double[] Tender, double[] Receive, double[] Utility, double[] Bound, double[] Gap, double[] ShadowPrices, int[] Iterations, SolveStatus[] Status)
{
    internal static RoutedTrades Empty(int rows, PoolNetwork network) =>
        new(new double[rows * network.StateCount], new double[rows * network.StateCount], new double[rows], new double[rows], new double[rows], new double[rows * network.Tokens.Count], new int[rows], new SolveStatus[rows]);

    /// <summary>Makes a row one that was not solved.</summary>
    internal void Invalidate(int row)
    {
        var (n, tokens) = (Tender.Length / Status.Length, ShadowPrices.Length / Status.Length);
        Tender.AsSpan(row * n, n).Fill(double.NaN);
        Receive.AsSpan(row * n, n).Fill(double.NaN);
        ShadowPrices.AsSpan(row * tokens, tokens).Fill(double.NaN);
        (Utility[row], Bound[row], Gap[row], Iterations[row], Status[row]) = (double.NaN, double.NaN, double.NaN, 0, SolveStatus.InvalidData);
    }
}
