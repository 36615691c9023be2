namespace XaiL2O.Trainers;

/// <summary>Searches the margins of the analytic trade that bring the most utility executed on true reserves.</summary>
/// <remarks>
/// The objective jumps where a trade is accepted or refused, so it has no gradient and several local maxima: grids in logarithms, refined
/// around their best point until neighbours are 5 % apart.
/// </remarks>
internal sealed class MarginSearch
{
    /// <summary>Margins above this leave nothing worth trading.</summary>
    public const double Largest = 0.9;

    private const int MaxPasses = 8;
    private static readonly double LogResolution = Math.Log(1.05);
    private readonly CfmmNetwork network;
    private readonly double[] observed;
    private readonly double[] prices;
    private readonly double[] reserves;
    private readonly int rows;
    private readonly CancellationToken cancellationToken;

    public MarginSearch(CfmmNetwork network, double[] observed, double[] prices, double[] reserves, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reserves);
        rows = CfmmRows.Check(network, observed, prices);
        if (reserves.Length != observed.Length)
            throw new ArgumentException($"There are {observed.Length} observed reserves and {reserves.Length} true ones; both are rows × {network.ReserveCount}.", nameof(reserves));
        (this.network, this.observed, this.prices, this.reserves, this.cancellationToken) = (network, observed, prices, reserves, cancellationToken);
    }

    /// <summary>Two margins that all CFMMs share, the second one at most 1: a grid from 10⁻⁶ to 10⁻¹ and beyond, then finer ones around its best point.</summary>
    public CfmmMargins Common(Func<double, double, CfmmMargins> margins)
    {
        var (first, second, best) = (Math.Log(1e-3), Math.Log(1e-3), double.NegativeInfinity);
        var range = Math.Log(10) * 2.5;
        for (var step = range / 4; step > LogResolution; step /= 2)
        {
            var (a0, b0) = (first, second);
            var reach = step == range / 4 ? 4 : 2;
            for (var i = -reach; i <= reach; i++)
            {
                for (var k = -reach; k <= reach; k++)
                {
                    ThrowIfCancelled();
                    var (a, b) = (a0 + (i * step), Math.Min(0, b0 + (k * step)));
                    var trades = AnalyticTrade.Solve(network, observed, prices, margins(Math.Exp(a), Math.Exp(b)));
                    var executed = MarginRule.ExecutedUtility(network, trades, prices, reserves).Utility;
                    if (executed > best)
                        (best, first, second) = (executed, a, b);
                }
            }
        }

        return margins(Math.Exp(first), Math.Exp(second));
    }

    /// <summary>
    /// Fee margins per CFMM, and for arithmetic ones, which drain reserves, the kept share too: passes over the CFMMs, each given the best
    /// value while the others stand still, until a pass brings less than one part in ten thousand. What is found is never worse than the start.
    /// </summary>
    public CfmmMargins PerCfmm(CfmmMargins start)
    {
        var m = network.Cfmms.Count;
        var (fees, kept) = (start.FeeMargin?.ToArray() ?? new double[m], start.Kept.ToArray());
        var parts = Enumerable.Range(0, m).Select(j => Part(j, start.Margin[j], kept[j], fees[j])).ToArray();
        var total = Total(parts);
        for (var pass = 0; pass < MaxPasses; pass++)
        {
            var before = total;
            for (var j = 0; j < m; j++)
            {
                var cfmm = j;
                var others = Others(parts, j);
                fees[j] = Best(fees[j], pass == 0, c => Executed(others, Part(cfmm, start.Margin[cfmm], kept[cfmm], c)));
                if (network.Cfmms[j].Rule == ExchangeRule.Arithmetic)
                    kept[j] = Best(kept[j], pass == 0, κ => Executed(others, Part(cfmm, start.Margin[cfmm], κ, fees[cfmm])));
                parts[j] = Part(j, start.Margin[j], kept[j], fees[j]);
            }

            total = Total(parts);
            if (!(total > before + (1e-4 * Math.Abs(before))))
                break;
        }

        return new(start.Margin, kept, fees);
    }

    private void ThrowIfCancelled()
    {
        cancellationToken.ThrowIfCancellationRequested();
        Interruption.Check();
    }

    /// <summary>The value of one margin with the greatest objective: 0, the present one and a grid in logarithms, refined around the best. The present one wins ties.</summary>
    private double Best(double present, bool whole, Func<double, double> objective)
    {
        var (best, value) = (objective(present), present);
        void Try(double[] candidates)
        {
            ThrowIfCancelled();
            var results = new double[candidates.Length];
            ParallelLoop.For(candidates.Length, k => results[k] = objective(candidates[k]));
            for (var k = 0; k < candidates.Length; k++)
            {
                if (results[k] > best)
                    (best, value) = (results[k], candidates[k]);
            }
        }

        var step = Math.Log(10) / 4;
        double[] Around(int reach)
        {
            var centre = Math.Log(Math.Max(value, 1e-6));
            return [.. Enumerable.Range(-reach, (2 * reach) + 1).Where(k => k != 0).Select(k => Math.Min(Largest, Math.Exp(centre + (k * step))))];
        }

        // −6, −5.75, … −0.25 in decades.
        Try(whole ? [0, .. Enumerable.Range(0, 24).Select(k => Math.Exp(Math.Log(1e-6) + (k * step))), Largest] : [0, .. Around(3)]);
        while ((step /= 2) > LogResolution)
            Try(Around(1));
        return value;
    }

    /// <summary>What CFMM j's part of the trades brings per row; NaN where it is refused.</summary>
    private double[] Part(int j, double margin, double kept, double fee)
    {
        var (cfmm, N, start) = (network.Cfmms[j], network.ReserveCount, network.Offset(j));
        var n = cfmm.Tokens.Count;
        var (utility, tender, receive) = (new double[rows], new double[n], new double[n]);
        for (var row = 0; row < rows; row++)
        {
            var p = CfmmRows.Prices(network, prices, row);
            utility[row] = double.NaN;
            if (!AnalyticTrade.SolveOne(network, j, observed.AsSpan(row * N, N), p, margin, kept, cfmm.FeeFactor * (1 - fee), tender, receive)
                || !CfmmExecution.Accepts(cfmm, reserves.AsSpan((row * N) + start, n), tender, receive))
                continue;
            utility[row] = 0;
            for (var i = 0; i < n; i++)
                utility[row] += p[network.TokenOf(start + i)] * (receive[i] - tender[i]);
        }

        return utility;
    }

    private double[] Others(double[][] parts, int without)
    {
        var sum = new double[rows];
        for (var j = 0; j < parts.Length; j++)
        {
            for (var row = 0; row < rows && j != without; row++)
                sum[row] += parts[j][row];
        }

        return sum;
    }

    private double Total(double[][] parts) => Executed(new double[rows], Others(parts, -1));

    /// <summary>The mean over rows; a row that any CFMM refuses is NaN and counts 0.</summary>
    private double Executed(double[] others, double[] part)
    {
        var sum = 0.0;
        for (var row = 0; row < rows; row++)
        {
            var utility = others[row] + part[row];
            sum += double.IsNaN(utility) ? 0 : utility;
        }

        return sum / rows;
    }
}
