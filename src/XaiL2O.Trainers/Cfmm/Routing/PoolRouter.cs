namespace XaiL2O.Trainers;

/// <summary>
/// The trade of greatest utility through a network of pools: max ⟨p, y − x⟩ − Σ fixed costs of used pools, such that every pool accepts its part and the net tender of each token, over all
/// pools, is at most what the trader holds of it.
/// </summary>
/// <remarks>
/// <para>Without holdings the problem separates, and each pool's trade is a formula. Holdings couple the pools: the dual problem min over q ≥ p of ⟨q − p, h⟩ + Σⱼ max(0, Vⱼ(q) − cⱼ), with
/// Vⱼ(q) the value of pool j's best trade at the shadow prices q, has one variable per token, whatever the number of pools (Diamandis, Resnick, Chitra and Angeris 2023, arXiv 2302.04938; Diamandis and Angeris
/// 2024, arXiv 2404.00765). Newton's method minimises it, with the pools' values averaged over ever shorter ranges of prices, since between ticks the gradient is flat here and steep there.</para>
/// <para>The trade is then made feasible by scaling down pools that tender what is missing, which every pool accepts, and compared with the dual value: the gap is measured on what is delivered. Fixed
/// costs make the problem nonconvex. Without holdings the answer is exact all the same; with them the choice of pools comes from the dual's, is improved pool by pool, and the gap that is left is reported.</para>
/// </remarks>
public static class PoolRouter
{
    /// <summary>Solves a batch of rows.</summary>
    /// <param name="network">The pools.</param>
    /// <param name="states">Observed states, rows × N, row-major. Rows with invalid ones are passed over.</param>
    /// <param name="prices">p ≥ 0, rows × tokens, row-major; or tokens alone, for all rows. A token of price 0, which the trader does not want, needs a finite holding.</param>
    /// <param name="holdings">h ≥ 0, rows × tokens or tokens alone: how much of each token the trader may tender on balance; ∞ where that is not limited. No limits when null.</param>
    /// <param name="feeMargin">c in [0, 1): trades are computed as if fee factors were γ(1 − c), so that they execute on states that differ a little from the observed ones.</param>
    /// <param name="options">
    /// <see cref="FixedPointOptions.ResidualTolerance"/> is the gap of a converged row, <see cref="FixedPointOptions.MaxIterations"/> limits the Newton steps of one problem. 10⁻⁷ and 500 when null.
    /// </param>
    /// <param name="cancellationToken">Stops by throwing <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentException">Lengths do not fit or a number is out of range.</exception>
    public static RoutedTrades Route(PoolNetwork network, double[] states, double[] prices, double[]? holdings = null, double feeMargin = 0, FixedPointOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= DefaultOptions;
        options.Validate();
        var rows = CheckRows(network, states, prices, holdings);
        if (!(feeMargin >= 0 && feeMargin < 1))
            throw new ArgumentOutOfRangeException(nameof(feeMargin), feeMargin, $"{nameof(feeMargin)} = {feeMargin} is out of range; it must lie in [0, 1).");
        var (n, tokens) = (network.StateCount, network.Tokens.Count);
        var trades = RoutedTrades.Empty(rows, network);
        using var solvers = new ThreadLocal<RouteSolver>(() => new RouteSolver(network, feeMargin, options));
        ParallelLoop.For(rows, rows == 1 ? 0 : long.MaxValue, row =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            Interruption.Check();
            solvers.Value!.Solve(states.AsSpan(row * n, n), Row(prices, row, tokens), holdings is null ? default : Row(holdings, row, tokens), trades, row);
        });
        return trades;
    }

    internal static FixedPointOptions DefaultOptions => new() { MaxIterations = 500, ResidualTolerance = 1e-7, CheckEvery = 1 };

    /// <summary>Mean utility of trades on true states, where a trade that a pool refuses counts 0, and the share that executes.</summary>
    /// <param name="network">The pools.</param>
    /// <param name="trades">Trades.</param>
    /// <param name="prices">p, tokens or rows × tokens.</param>
    /// <param name="states">True states, rows × N.</param>
    public static (double Utility, double ExecutedShare) ExecutedUtility(PoolNetwork network, RoutedTrades trades, double[] prices, double[] states)
    {
        ArgumentNullException.ThrowIfNull(trades);
        var rows = CheckRows(network, states, prices, null);
        var (sum, count, n) = (0.0, 0, network.StateCount);
        for (var row = 0; row < rows; row++)
        {
            var x = trades.Tender.AsSpan(row * n, n);
            var y = trades.Receive.AsSpan(row * n, n);
            if (!network.Executes(states.AsSpan(row * n, n), x, y))
                continue;
            sum += network.Utility(Row(prices, row, network.Tokens.Count), x, y);
            count++;
        }

        return (sum / rows, (double)count / rows);
    }

    /// <summary>Finds the fee margin c with the greatest utility executed on true states: 0, or the best of a logarithmic grid from 10⁻⁶ to 10⁻¹, refined until neighbours are 8 % apart.</summary>
    /// <param name="network">The pools.</param>
    /// <param name="observed">Observed states, rows × N.</param>
    /// <param name="prices">p, tokens or rows × tokens.</param>
    /// <param name="states">True states, rows × N.</param>
    /// <param name="holdings">h, tokens or rows × tokens; no limits when null.</param>
    /// <param name="cancellationToken">Stops by throwing <see cref="OperationCanceledException"/>.</param>
    public static double TuneFeeMargin(PoolNetwork network, double[] observed, double[] prices, double[] states, double[]? holdings = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(states);
        CheckRows(network, observed, prices, holdings);
        if (states.Length != observed.Length)
            throw new ArgumentException($"There are {observed.Length} numbers of observed states and {states.Length} of true ones; both are rows × {network.StateCount}.", nameof(states));
        double Executed(double c) => ExecutedUtility(network, Route(network, observed, prices, holdings, c, null, cancellationToken), prices, states).Utility;
        var (best, margin) = (Executed(0), 0.0);
        void Try(double logarithm)
        {
            if (Executed(Math.Exp(logarithm)) is var executed && executed > best)
                (best, margin) = (executed, Math.Exp(logarithm));
        }

        var step = Math.Log(10) / 4;
        for (var k = 0; k <= 20; k++)
            Try(Math.Log(1e-6) + (k * step));
        for (step /= 2; margin > 0 && step > Math.Log(1.05); step /= 2)
        {
            var centre = Math.Log(margin);
            Try(centre - step);
            Try(centre + step);
        }

        return margin;
    }

    internal static ReadOnlySpan<double> Row(double[] values, int row, int width) => values.AsSpan(values.Length == width ? 0 : row * width, width);

    private static int CheckRows(PoolNetwork network, double[] states, double[] prices, double[]? holdings)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(states);
        ArgumentNullException.ThrowIfNull(prices);
        var (n, tokens) = (network.StateCount, network.Tokens.Count);
        if (states.Length % n != 0)
            throw new ArgumentException($"States come in rows of {n} values, one per token of each pool; got {states.Length} values.", nameof(states));
        var rows = states.Length / n;
        foreach (var (name, values) in new[] { (nameof(prices), prices), (nameof(holdings), holdings) })
        {
            if (values is not null && values.Length != tokens && values.Length != rows * tokens)
                throw new ArgumentException($"{char.ToUpperInvariant(name[0])}{name[1..]} are {tokens} values, one per token, or that many for each of {rows} rows; got {values.Length}.", name);
        }

        return rows;
    }
}
