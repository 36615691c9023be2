namespace XaiL2O.Trainers;

/// <summary>Trades for a batch of rows. Arrays are row-major.</summary>
/// <param name="Tender">x ≥ 0 in units of the tokens, rows × N; NaN in rows that were not solved.</param>
/// <param name="Receive">y ≥ 0, rows × N; NaN in rows that were not solved.</param>
/// <param name="Residual">
/// How far the trade is from optimal: the largest violation of the conditions of Karush, Kuhn and Tucker over the CFMMs of a row, with
/// prices and amounts relative to the reserves. NaN in rows that were not solved.
/// </param>
/// <param name="Iterations">Iterations taken, the most over the CFMMs of a row.</param>
/// <param name="Status">How the solve ended.</param>
public sealed record CfmmTrades(double[] Tender, double[] Receive, double[] Residual, int[] Iterations, SolveStatus[] Status)
{
    internal static CfmmTrades Empty(int rows, int reserves) =>
        new(new double[rows * reserves], new double[rows * reserves], new double[rows], new int[rows], new SolveStatus[rows]);

    /// <summary>Makes a row one that was not solved.</summary>
    internal void Invalidate(int row, SolveStatus status)
    {
        var n = Tender.Length / Status.Length;
        Tender.AsSpan(row * n, n).Fill(double.NaN);
        Receive.AsSpan(row * n, n).Fill(double.NaN);
        (Residual[row], Iterations[row], Status[row]) = (double.NaN, 0, status);
    }
}
