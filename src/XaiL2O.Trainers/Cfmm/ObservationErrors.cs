using System.Numerics.Tensors;

namespace XaiL2O.Trainers;

/// <summary>What errors of observed reserves do to trades, learned from rows whose true reserves are known.</summary>
/// <param name="Sizes">
/// Standard deviations that the errors ln(observed/true) of a row may have, all equally probable, in rising order: quantiles of how they are distributed over rows. How large the errors of a new row
/// are is not known, so that they may be any of these.
/// </param>
/// <param name="Bias">
/// Per CFMM the mean of what the errors add to the slack of its rule, in units of the deviation that independent errors of the row's size give it. Negative: where an error makes a trade look
/// worthwhile, it is traded, and the error goes against it.
/// </param>
/// <param name="Deviation">Per CFMM the standard deviation of the same, positive.</param>
public sealed record ObservationErrors(IReadOnlyList<double> Sizes, IReadOnlyList<double> Bias, IReadOnlyList<double> Deviation)
{
    private const int Quantiles = 16;
    private const int Passes = 3;
    /// <summary>Changes of a slack count as no more than so many of their deviations.</summary>
    private const double MostDeviations = 10;

    private const int GridSizes = 100;
    private const int GridSteps = 300;

    /// <summary>A CFMM with so many trades counts as much as all others together.</summary>
    private const double PriorTrades = 50;

    /// <summary>Errors in proportion to nothing but their size: neither biased nor larger than independent ones.</summary>
    /// <param name="network">The network.</param>
    /// <param name="sizes">As <see cref="Sizes"/>.</param>
    public static ObservationErrors Independent(CfmmNetwork network, IReadOnlyList<double> sizes)
    {
        ArgumentNullException.ThrowIfNull(network);
        return new(sizes, new double[network.Cfmms.Count], [.. network.Cfmms.Select(_ => 1.0)]);
    }

    /// <summary>Learns them: sizes first, then, from the trades that <see cref="ExpectedTrade"/> makes with what is known so far, bias and deviation.</summary>
    /// <param name="network">The network.</param>
    /// <param name="observed">d, rows × N.</param>
    /// <param name="prices">p, tokens or rows × tokens.</param>
    /// <param name="reserves">True reserves r, rows × N; rows with numbers that are not positive and finite are passed over.</param>
    /// <param name="cancellationToken">Ends the work by throwing <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or no row has positive and finite reserves, observed and true.</exception>
    public static ObservationErrors Learn(CfmmNetwork network, double[] observed, double[] prices, double[] reserves, CancellationToken cancellationToken = default)
    {
        var rows = CfmmRows.Check(network, observed, prices);
        ArgumentNullException.ThrowIfNull(reserves);
        if (reserves.Length != observed.Length)
            throw new ArgumentException($"There are {observed.Length} observed reserves and {reserves.Length} true ones; both are rows × {network.ReserveCount}.", nameof(reserves));
        (double Size, int Count)[] errorsOf = [.. Enumerable.Range(0, rows).Select(row => Size(network, observed, reserves, row))];
        (double Size, int Count)[] known = [.. errorsOf.Where(e => double.IsFinite(e.Size))];
        if (known.Length == 0)
            throw new ArgumentException("No row has positive and finite reserves, observed and true: there is nothing to learn their errors from.", nameof(observed));
        double[] size = [.. errorsOf.Select(e => e.Size)];
        var errors = Independent(network, Distribution(known));
        // Which trades are made depends on what is known of the errors, and what they do on which trades are made.
        for (var pass = 0; pass < Passes; pass++)
            errors = errors.Fit(network, new ExpectedTrade(network, errors).Solve(observed, prices, cancellationToken).Trades, observed, reserves, size);
        return errors;
    }

    /// <summary>The probability that one CFMM accepts, for each of <see cref="Sizes"/>.</summary>
    /// <param name="cfmm">j.</param>
    /// <param name="slack">Slack of its rule on the observed reserves over the deviation that independent errors of size 1 give it; ∞ without a trade.</param>
    /// <param name="probability">Receives as many numbers.</param>
    internal void Acceptance(int cfmm, double slack, Span<double> probability)
    {
        for (var k = 0; k < probability.Length; k++)
            probability[k] = double.IsPositiveInfinity(slack) ? 1 : Sizes[k] > 0 ? Normal(((slack / Sizes[k]) + Bias[cfmm]) / Deviation[cfmm]) : slack >= 0 ? 1 : 0;
    }

    internal void Validate(CfmmNetwork network)
    {
        if (Sizes.Count == 0 || Sizes.Any(s => !(s >= 0 && double.IsFinite(s))))
            throw new ArgumentException($"{nameof(Sizes)} are {string.Join(", ", Sizes)}; there must be at least one, all finite and at least 0.");
        if (Bias.Count != network.Cfmms.Count || Deviation.Count != network.Cfmms.Count)
            throw new ArgumentException($"The network has {network.Cfmms.Count} CFMMs; got {Bias.Count} values of {nameof(Bias)} and {Deviation.Count} of {nameof(Deviation)}.");
        if (Bias.Any(b => !double.IsFinite(b)) || Deviation.Any(s => !(s > 0 && double.IsFinite(s))))
            throw new ArgumentException($"{nameof(Bias)} must be finite and {nameof(Deviation)} positive and finite.");
    }

    /// <summary>Root mean square of ln(observed/true) over what is not dead; NaN where a number is not positive and finite.</summary>
    private static (double Size, int Count) Size(CfmmNetwork network, double[] observed, double[] reserves, int row)
    {
        var (sum, count, N) = (0.0, 0, network.ReserveCount);
        for (var i = row * N; i < (row + 1) * N; i++)
        {
            if (observed[i] == 0 && reserves[i] == 0)
                continue;
            var error = Math.Log(observed[i] / reserves[i]);
            if (!double.IsFinite(error))
                return (double.NaN, 0);
            sum += error * error;
            count++;
        }

        return (count == 0 ? double.NaN : Math.Sqrt(sum / count), count);
    }

    /// <summary>
    /// Quantiles of the standard deviations of rows. The root mean square of a row's few errors varies around them, by which the extremes of many rows are too far apart; so the distribution is the one under
    /// which what was seen is most likely, with n·s²/σ² of χ²ₙ (Kiefer and Wolfowitz 1956, doi 10.1214/aoms/1177728066), on a grid by expectation maximisation (Laird 1978, doi 10.1080/01621459.1978.10480103).
    /// </summary>
    private static double[] Distribution((double Size, int Count)[] rows)
    {
        var exact = rows.Count(r => r.Size == 0);
        (double Size, int Count)[] others = [.. rows.Where(r => r.Size > 0)];
        double[] grid = [0], weight = [exact / (double)rows.Length];
        if (others.Length > 0)
        {
            var (low, high) = (Math.Log(others.Min(r => r.Size)), Math.Log(others.Max(r => r.Size)));
            double[] sizes = [.. Enumerable.Range(0, GridSizes).Select(g => Math.Exp(low + ((high - low) * g / (GridSizes - 1))))];
            double[][] likelihood = [.. others.Select(r => Likelihood(r, sizes))];
            double[] share = [.. sizes.Select(_ => 1.0 / GridSizes)];
            for (var step = 0; step < GridSteps; step++)
            {
                var next = new double[GridSizes];
                foreach (var row in likelihood)
                    TensorPrimitives.MultiplyAdd<double>(row, 1 / TensorPrimitives.Dot<double>(row, share), next, next);
                TensorPrimitives.Multiply<double>(next, share, share);
                TensorPrimitives.Divide(share, others.Length, share);
            }

            (grid, weight) = ([.. grid, .. sizes], [.. weight, .. share.Select(s => s * others.Length / rows.Length)]);
        }

        var (at, below) = (0, weight[0]);
        var quantiles = new double[Quantiles];
        for (var k = 0; k < Quantiles; k++)
        {
            while (at < grid.Length - 1 && below < (k + 0.5) / Quantiles)
                below += weight[++at];
            quantiles[k] = grid[at];
        }

        return quantiles;
    }

    /// <summary>Of what was seen of a row, for every size, relative to the most likely.</summary>
    private static double[] Likelihood((double Size, int Count) row, double[] sizes)
    {
        double[] log = [.. sizes.Select(σ => -row.Count * (Math.Log(σ) + (row.Size * row.Size / (2 * σ * σ))))];
        var most = log.Max();
        return [.. log.Select(v => Math.Exp(v - most))];
    }

    private ObservationErrors Fit(CfmmNetwork network, CfmmTrades trades, double[] observed, double[] reserves, double[] size)
    {
        var N = network.ReserveCount;
        double[] Changes(int j)
        {
            var (from, n) = (network.Offset(j), network.Cfmms[j].Tokens.Count);
            var changes = new List<double>();
            for (var row = 0; row < size.Length; row++)
            {
                if (!(size[row] > 0) || trades.Status[row] == SolveStatus.InvalidData)
                    continue;
                ReadOnlySpan<double> Of(double[] values) => values.AsSpan((row * N) + from, n);
                var (seen, deviation) = TradeSlack.Of(network.Cfmms[j], Of(observed), Of(trades.Tender), Of(trades.Receive));
                if (!(deviation > 0))
                    continue;
                // A reserve that was drained meanwhile refuses by any slack; one such row must not say that all errors are without end.
                var change = (TradeSlack.Of(network.Cfmms[j], Of(reserves), Of(trades.Tender), Of(trades.Receive)).Slack - seen) / (deviation * size[row]);
                if (!double.IsNaN(change))
                    changes.Add(Math.Clamp(change, -MostDeviations, MostDeviations));
            }

            return [.. changes];
        }

        double[][] all = [.. Enumerable.Range(0, network.Cfmms.Count).Select(Changes)];
        double[] pooled = [.. all.SelectMany(c => c)];
        var (mean, square) = pooled.Length == 0 ? (0, 1) : (pooled.Average(), pooled.Average(c => c * c));
        double Shrunk(double[] changes, Func<double, double> of, double common) => (changes.Sum(of) + (PriorTrades * common)) / (changes.Length + PriorTrades);
        double[] bias = [.. all.Select(c => Shrunk(c, v => v, mean))];
        return this with { Bias = bias, Deviation = [.. all.Select((c, j) => Math.Sqrt(Math.Max(Shrunk(c, v => v * v, square) - (bias[j] * bias[j]), 1e-4)))] };
    }

    /// <summary>Φ to 10⁻⁷ (Abramowitz and Stegun 1964, 7.1.26).</summary>
    internal static double Normal(double z)
    {
        var x = Math.Abs(z) / Math.Sqrt(2);
        var t = 1 / (1 + (0.3275911 * x));
        var tail = 0.5 * t * (0.254829592 + (t * (-0.284496736 + (t * (1.421413741 + (t * (-1.453152027 + (t * 1.061405429)))))))) * Math.Exp(-x * x);
        return z > 0 ? 1 - tail : tail;
    }
}
