namespace XaiL2O.Trainers;

/// <summary>
/// The trade of greatest value without risk term, exactly: max ⟨p, y − x⟩ subject to the exchange rule with margins. The problem
/// separates per CFMM and reduces to a search over one multiplier λ.
/// </summary>
/// <remarks>
/// With amounts relative to the reserves, token i is withdrawn where λwᵢ &lt; pᵢ(1 + vᵢ) and tendered where γλwᵢ &gt; pᵢ(1 + vᵢ). For the
/// geometric rule Σwᵢ·ln(1 + vᵢ) is piecewise linear in ln λ, so the multiplier follows from the sorted breakpoints. For the arithmetic
/// rule one token is tendered, that of least price per weight, and every dearer one is withdrawn as far as allowed. A CFMM whose margin
/// costs more than this brings is left alone. On true reserves without margins this is the best trade there is.
/// </remarks>
public static class AnalyticTrade
{
    /// <summary>Solves a batch of rows.</summary>
    /// <param name="network">The network.</param>
    /// <param name="reserves">
    /// d, rows × N, row-major. A CFMM whose reserves are all 0 is dead: nothing is traded there. Rows with other values that are not
    /// positive and finite are passed over.
    /// </param>
    /// <param name="prices">p, rows × tokens, row-major; or tokens alone, for all rows.</param>
    /// <param name="margins">Margins; none when null.</param>
    /// <exception cref="ArgumentException">Lengths do not fit or a margin is out of range.</exception>
    public static CfmmTrades Solve(CfmmNetwork network, double[] reserves, double[] prices, CfmmMargins? margins = null)
    {
        margins ??= CfmmMargins.Uniform(network, 0, 0);
        margins.Validate(network);
        var rows = CfmmRows.Check(network, reserves, prices);
        var n = network.ReserveCount;
        var trades = CfmmTrades.Empty(rows, n);
        ParallelLoop.For(rows, row =>
        {
            var d = reserves.AsSpan(row * n, n);
            var p = CfmmRows.Prices(network, prices, row);
            for (var j = 0; j < network.Cfmms.Count; j++)
            {
                var range = network.Offset(j)..network.Offset(j + 1);
                if (!SolveOne(network, j, d, p, margins.Margin[j], margins.Kept[j], margins.FeeFactor(network, j), trades.Tender.AsSpan(row * n, n)[range], trades.Receive.AsSpan(row * n, n)[range]))
                {
                    trades.Invalidate(row, SolveStatus.InvalidData);
                    return;
                }
            }
        });
        return trades;
    }

    /// <summary>One CFMM of one row; false where its reserves or prices are not positive and finite.</summary>
    /// <param name="network">The network.</param>
    /// <param name="j">Index of the CFMM.</param>
    /// <param name="reserves">d, N entries.</param>
    /// <param name="prices">p, one per token.</param>
    /// <param name="margin">δ.</param>
    /// <param name="kept">κ.</param>
    /// <param name="feeFactor">The fee factor to compute with.</param>
    /// <param name="tender">Receives x of the CFMM's tokens.</param>
    /// <param name="receive">Receives y of the CFMM's tokens.</param>
    internal static bool SolveOne(CfmmNetwork network, int j, ReadOnlySpan<double> reserves, ReadOnlySpan<double> prices, double margin, double kept, double feeFactor, Span<double> tender, Span<double> receive)
    {
        var (cfmm, n) = (network.Cfmms[j], tender.Length);
        if (CfmmScaling.IsDead(network, j, reserves, prices))
        {
            tender.Clear();
            receive.Clear();
            return true;
        }

        var small = n <= CfmmScaling.StackTokens;
        var price = small ? stackalloc double[n] : new double[n];
        var weight = small ? stackalloc double[n] : new double[n];
        if (!CfmmScaling.Fill(network, j, reserves, prices, price, weight))
            return false;
        var level = CfmmScaling.Level(cfmm.Rule, margin);
        // Changes v relative to the reserves, written to `tender` first.
        if (cfmm.Rule == ExchangeRule.Geometric)
            Geometric(price, weight, feeFactor, level, kept, tender);
        else
            Arithmetic(price, weight, feeFactor, level, kept, tender);
        var utility = 0.0;
        for (var i = 0; i < n; i++)
            utility -= price[i] * tender[i] / (tender[i] > 0 ? feeFactor : 1);
        for (var i = 0; i < n; i++)
        {
            // A margin can cost more than the trade brings; no trade is always accepted.
            var change = utility < 0 ? 0 : tender[i] * reserves[network.Offset(j) + i];
            (tender[i], receive[i]) = (Math.Max(change, 0) / feeFactor, Math.Max(-change, 0));
        }

        return true;
    }

    internal static void Geometric(ReadOnlySpan<double> price, ReadOnlySpan<double> weight, double feeFactor, double level, double kept, Span<double> change)
    {
        var n = price.Length;
        var (fee, lowest) = (Math.Log(feeFactor), Math.Log(kept));
        var small = n <= CfmmScaling.StackTokens;
        var edge = small ? stackalloc double[n] : new double[n];
        var points = small ? stackalloc double[3 * n] : new double[3 * n];
        for (var i = 0; i < n; i++)
        {
            edge[i] = Math.Log(price[i] / weight[i]);
            (points[3 * i], points[(3 * i) + 1], points[(3 * i) + 2]) = (edge[i] + lowest, edge[i], edge[i] - fee);
        }

        points.Sort();
        // The sum rises with ln λ, linearly between breakpoints, with slope Σwᵢ = 1 beyond the last: find the piece that crosses the level.
        var (low, atLow) = (double.NegativeInfinity, double.NegativeInfinity);
        var logMultiplier = double.NaN;
        foreach (var point in points)
        {
            if (double.IsNegativeInfinity(point))
                continue;
            var value = Sum(point, edge, weight, fee, lowest);
            if (value >= level)
            {
                logMultiplier = double.IsFinite(low) && value > atLow
                    ? low + ((level - atLow) / (value - atLow) * (point - low))
                    : point - ((value - level) / WithdrawnWeight(point, edge, weight));
                break;
            }

            (low, atLow) = (point, value);
        }

        if (double.IsNaN(logMultiplier))
            logMultiplier = low + (level - atLow);
        for (var i = 0; i < n; i++)
            change[i] = Math.Exp(LogChange(logMultiplier, edge[i], fee, lowest)) - 1;
        Close(weight, level, change);
    }

    /// <summary>Takes the rounding of exp out of the rule: the largest tender or withdrawal moves until the sum is the level.</summary>
    private static void Close(ReadOnlySpan<double> weight, double level, Span<double> change)
    {
        var (sum, chosen) = (0.0, 0);
        for (var i = 0; i < change.Length; i++)
        {
            sum += weight[i] * CfmmExecution.LogOnePlus(change[i]);
            if (Math.Abs(change[i]) > Math.Abs(change[chosen]))
                chosen = i;
        }

        if (change[chosen] != 0)
            change[chosen] += (1 + change[chosen]) * (level - sum) / weight[chosen];
    }

    private static double LogChange(double logMultiplier, double edge, double fee, double lowest) =>
        logMultiplier < edge ? Math.Max(logMultiplier - edge, lowest) : Math.Max(logMultiplier + fee - edge, 0);

    private static double Sum(double logMultiplier, ReadOnlySpan<double> edge, ReadOnlySpan<double> weight, double fee, double lowest)
    {
        var sum = 0.0;
        for (var i = 0; i < edge.Length; i++)
            sum += weight[i] * LogChange(logMultiplier, edge[i], fee, lowest);
        return sum;
    }

    /// <summary>The slope to the left of the first finite breakpoint, where every token is withdrawn (κ = 0).</summary>
    private static double WithdrawnWeight(double logMultiplier, ReadOnlySpan<double> edge, ReadOnlySpan<double> weight)
    {
        var sum = 0.0;
        for (var i = 0; i < edge.Length; i++)
            sum += logMultiplier <= edge[i] ? weight[i] : 0;
        return sum;
    }

    private static void Arithmetic(ReadOnlySpan<double> price, ReadOnlySpan<double> weight, double feeFactor, double level, double kept, Span<double> change)
    {
        var cheapest = 0;
        for (var i = 1; i < price.Length; i++)
            cheapest = price[i] / weight[i] < price[cheapest] / weight[cheapest] ? i : cheapest;
        var multiplier = price[cheapest] / (feeFactor * weight[cheapest]);
        var needed = level;
        for (var i = 0; i < price.Length; i++)
        {
            change[i] = i != cheapest && price[i] > multiplier * weight[i] ? kept - 1 : 0;
            needed -= weight[i] * change[i];
        }

        change[cheapest] = needed / weight[cheapest];
    }
}
