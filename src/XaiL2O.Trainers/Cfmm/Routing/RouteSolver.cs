namespace XaiL2O.Trainers;

/// <summary>Routes one row at a time; the working memory is that of a network and serves one thread.</summary>
internal sealed class RouteSolver
{
    /// <summary>Below this share of the value that a trader without limits would tender, nothing is to be had.</summary>
    private const double Nothing = 1e-9;

    /// <summary>Complementarity, relative to the dual's value, from which on trades are made feasible and compared with it.</summary>
    private const double Near = 1e-4;

    /// <summary>Widths of the smoothed decision to use a pool, in its cost.</summary>
    private static readonly double[] Widths = [1, 0.1, 0.01, 1e-3, 1e-4];

    private readonly PoolNetwork network;
    private readonly FixedPointOptions options;
    private readonly RouteDual dual;
    private readonly RouteNewton newton;
    private readonly RoutePrimal primal;
    private readonly bool[] used;
    private readonly double[] prices;
    private readonly double[] holdings;
    private readonly double[] best;
    private double utility;
    private double bound;
    private double scale;
    private int iterations;

    public RouteSolver(PoolNetwork network, double feeMargin, FixedPointOptions options)
    {
        (this.network, this.options) = (network, options);
        (prices, holdings) = (new double[network.Tokens.Count], new double[network.Tokens.Count]);
        (used, best) = (new bool[network.Pools.Count], new double[network.StateCount]);
        dual = new RouteDual(network, feeMargin, used);
        (newton, primal) = (new RouteNewton(dual), new RoutePrimal(network, dual));
    }

    private double Gap => bound <= utility ? 0 : (bound - utility) / Math.Max(scale, bound);

    /// <summary>Solves a row and writes it.</summary>
    public void Solve(ReadOnlySpan<double> states, ReadOnlySpan<double> p, ReadOnlySpan<double> h, RoutedTrades trades, int row)
    {
        p.CopyTo(prices);
        h.CopyTo(holdings);
        if (h.IsEmpty)
            holdings.AsSpan().Fill(double.PositiveInfinity);
        if (!network.AreStates(states) || !ArePricesAndHoldings())
        {
            trades.Invalidate(row);
            return;
        }

        best.AsSpan().Clear();
        used.AsSpan().Fill(true);
        (utility, iterations) = (0, 0);
        dual.Begin(states, prices, holdings);
        bound = dual.Evaluate(0, sunk: false);
        scale = Nothing * dual.TenderedValue();
        var costs = network.Pools.Any(pool => pool.FixedCost > 0);
        if (!dual.IsCoupled)
            Keep();
        else if (!costs)
            bound = Converge();
        else
            ChoosePools();

        for (var i = 0; i < best.Length; i++)
            (trades.Tender[(row * best.Length) + i], trades.Receive[(row * best.Length) + i]) = (Math.Max(0, -best[i]), Math.Max(0, best[i]));
        // What is reported is of what is delivered.
        utility = network.Utility(prices, trades.Tender.AsSpan(row * best.Length, best.Length), trades.Receive.AsSpan(row * best.Length, best.Length));
        dual.ShadowPrices.CopyTo(trades.ShadowPrices.AsSpan(row * prices.Length));
        (trades.Utility[row], trades.Bound[row], trades.Gap[row], trades.Iterations[row]) = (utility, bound, Gap, iterations);
        trades.Status[row] = Gap <= options.ResidualTolerance ? SolveStatus.Converged : SolveStatus.IterationLimit;
    }

    private bool ArePricesAndHoldings()
    {
        for (var t = 0; t < prices.Length; t++)
        {
            if (!(prices[t] >= 0 && double.IsFinite(prices[t]) && holdings[t] >= 0) || (prices[t] == 0 && double.IsPositiveInfinity(holdings[t])))
                return false;
        }

        return true;
    }

    /// <summary>
    /// Fixed costs with holdings. The dual of the whole problem gives the bound, and says of each pool whether it is worth its cost; where it is undecided, several choices are tried. A pool that brings less
    /// than its cost at the shadow prices is left out, the one that is shortest of it first, since the others may then bring more.
    /// </summary>
    private void ChoosePools()
    {
        // The trade that knows nothing of costs comes first, so that the answer is never worse.
        var first = dual.ShadowPrices.ToArray();
        Improve(first);
        used.AsSpan().Fill(true);
        first.CopyTo(dual.ShadowPrices);
        var ofBound = first.ToArray();
        foreach (var width in Widths)
        {
            iterations += newton.Minimise(width, sunk: false, options.MaxIterations, () => dual.Complementarity() <= options.ResidualTolerance * Math.Max(scale, dual.Value));
            if (dual.Evaluate(0, sunk: false) is var value && value < bound)
            {
                bound = value;
                dual.ShadowPrices.CopyTo(ofBound.AsSpan());
            }

            dual.Evaluate(width, sunk: false);
        }

        var weight = dual.Weights.ToArray();
        var start = dual.ShadowPrices.ToArray();
        foreach (var threshold in new[] { 0.5, 1e-9, 1 - 1e-9 })
        {
            for (var j = 0; j < used.Length; j++)
                used[j] = weight[j] >= threshold;
            Improve(start);
        }

        // The shadow prices that are reported belong to the bound.
        used.AsSpan().Fill(true);
        ofBound.CopyTo(dual.ShadowPrices);
    }

    private void Improve(double[] start)
    {
        for (var left = true; left;)
        {
            start.CopyTo(dual.ShadowPrices);
            Converge();
            if (Gap <= options.ResidualTolerance)
                return;
            var (worst, most) = (-1, 0.0);
            for (var j = 0; j < used.Length; j++)
            {
                if (used[j] && network.Pools[j].FixedCost - dual.PoolValues[j] is var missing && missing > most)
                    (worst, most) = (j, missing);
            }

            left = worst >= 0;
            if (left)
                used[worst] = false;
        }
    }

    /// <summary>Solves the problem of the used pools, whose costs count as spent, and keeps the trade if it is the best so far; returns the dual's value.</summary>
    private double Converge()
    {
        var reached = double.NegativeInfinity;
        iterations += newton.Minimise(0, sunk: true, options.MaxIterations, () =>
        {
            // Far from the solution a feasible trade is not worth looking for.
            if (dual.Complementarity() > Near * Math.Max(scale, dual.Value))
                return false;
            reached = Keep();
            return dual.Value - reached <= options.ResidualTolerance * Math.Max(scale, dual.Value);
        });
        if (double.IsNegativeInfinity(reached))
            reached = Keep();
        return dual.Value;
    }

    /// <summary>Makes a feasible trade of the pools' present ones and keeps it if it is the best so far; returns ⟨p, y − x⟩.</summary>
    private double Keep()
    {
        var value = primal.Recover();
        var net = value - primal.Costs();
        if (net > utility)
        {
            utility = net;
            primal.Trade.CopyTo(best, 0);
        }

        return value;
    }
}
