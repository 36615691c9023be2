using System.Collections.Concurrent;
using System.Numerics.Tensors;

namespace XaiL2O.Trainers;

/// <summary>
/// The trade of greatest expected value: what it brings times the probability that every CFMM accepts it, since one that refuses voids it for all. Each CFMM trades as if its fee were higher by a share c,
/// as in a fee rule, but the c are chosen for the row: wide where a CFMM brings little beside the others, narrow where it brings much.
/// </summary>
/// <remarks>
/// max over c of Σⱼ Uⱼ(cⱼ) · Σₖ Πⱼ P(CFMM j accepts | cⱼ, errors of size σₖ)/K, with Uⱼ the value of the analytic trade (<see cref="AnalyticTrade"/>) and the probabilities of <see cref="ObservationErrors"/>. Every
/// cⱼ is one of forty candidates or more, a fifth apart, or no trade at all; the CFMMs take turns, each getting the best while the others keep theirs, until none changes. So no change of one CFMM's c to another candidate is better; a bound on what
/// other choices of several candidates could bring is computed beside it. Arithmetic CFMMs have in the place of c the share κ of a reserve that is left.
/// </remarks>
internal sealed class ExpectedTrade
{
    /// <summary>Candidates for c from <see cref="Smallest"/> to <see cref="Widest"/> times the largest size of errors; as far apart down to twice the smallest size, where sizes differ more than that.</summary>
    private const int Candidates = 40;
    private const int MostCandidates = 120;
    private const double Smallest = 0.03;
    private const double Widest = 60;
    private const double LargestMargin = 0.9;
    private const int MostPasses = 50;
    private const int BoundSteps = 4;

    private readonly CfmmNetwork network;
    private readonly ObservationErrors errors;
    private readonly double[] margins;
    private readonly ConcurrentBag<Row> rooms = [];

    /// <summary>Creates the method.</summary>
    /// <param name="network">The network.</param>
    /// <param name="errors">What is known of the errors.</param>
    /// <exception cref="ArgumentException">The errors are of another network, or out of range.</exception>
    public ExpectedTrade(CfmmNetwork network, ObservationErrors errors)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(errors);
        errors.Validate(network);
        (this.network, this.errors) = (network, errors);
        var largest = Math.Max(errors.Sizes.Max(), 1e-9);
        var step = Math.Log(Widest / Smallest) / (Candidates - 1);
        var least = Math.Log(2 * errors.Sizes.Where(s => s > 0).DefaultIfEmpty(largest).Min() / (Smallest * largest));
        var more = Math.Clamp((int)Math.Ceiling(-least / step), 0, MostCandidates - Candidates);
        margins = [.. Enumerable.Range(-more, Candidates + more).Select(k => Math.Min(LargestMargin, largest * Smallest * Math.Exp(k * step)))];
    }

    /// <summary>Decides trades.</summary>
    /// <param name="observed">d, rows × N, row-major. A CFMM whose reserves are all 0 is dead: nothing is traded there. Rows with other values that are not positive and finite are passed over.</param>
    /// <param name="prices">p, rows × tokens, row-major; or tokens alone, for all rows.</param>
    /// <param name="cancellationToken">Ends the work by throwing <see cref="OperationCanceledException"/>.</param>
    /// <returns>
    /// The trades, whose residual is 0 where no other candidate of one CFMM is better; the probability that every CFMM accepts; and the most by which another choice of the candidates could exceed the expected value, relative to it.
    /// </returns>
    public (CfmmTrades Trades, double[] Acceptance, double[] Gap) Solve(double[] observed, double[] prices, CancellationToken cancellationToken = default)
    {
        var (rows, N) = (CfmmRows.Check(network, observed, prices), network.ReserveCount);
        var trades = CfmmTrades.Empty(rows, N);
        var (acceptance, gap) = (new double[rows], new double[rows]);
        using var interruption = Interruption.Scope(cancellationToken);
        ParallelLoop.For(rows, row =>
        {
            Interruption.Check();
            if (!rooms.TryTake(out var room))
                room = new Row(this);
            if (room.Fill(observed.AsSpan(row * N, N), CfmmRows.Prices(network, prices, row)))
            {
                (trades.Iterations[row], var settled) = room.Choose();
                trades.Status[row] = settled ? SolveStatus.Converged : SolveStatus.IterationLimit;
                trades.Residual[row] = settled ? 0 : 1;
                (acceptance[row], gap[row]) = room.Value();
                room.Write(trades.Tender.AsSpan(row * N, N), trades.Receive.AsSpan(row * N, N));
            }
            else
            {
                trades.Invalidate(row, SolveStatus.InvalidData);
                (acceptance[row], gap[row]) = (double.NaN, double.NaN);
            }

            rooms.Add(room);
        });
        return (trades, acceptance, gap);
    }

    /// <summary>The probability that every CFMM accepts a trade, whoever made it; NaN for rows with numbers that are not finite.</summary>
    /// <param name="observed">d, rows × N.</param>
    /// <param name="tender">x, rows × N.</param>
    /// <param name="receive">y, rows × N.</param>
    public double[] Acceptance(double[] observed, double[] tender, double[] receive)
    {
        ArgumentNullException.ThrowIfNull(observed);
        ArgumentNullException.ThrowIfNull(tender);
        ArgumentNullException.ThrowIfNull(receive);
        var (N, K) = (network.ReserveCount, errors.Sizes.Count);
        if (observed.Length % N != 0 || tender.Length != observed.Length || receive.Length != observed.Length)
            throw new ArgumentException($"Reserves, tenders and receipts come in rows of {N} values, as many of each; got {observed.Length}, {tender.Length} and {receive.Length}.", nameof(observed));
        var result = new double[observed.Length / N];
        var (product, probability) = (new double[K], new double[K]);
        for (var row = 0; row < result.Length; row++)
        {
            if (!new[] { observed, tender, receive }.All(values => TensorPrimitives.IsFiniteAll<double>(values.AsSpan(row * N, N))))
            {
                result[row] = double.NaN;
                continue;
            }

            Array.Fill(product, 1);
            for (var j = 0; j < network.Cfmms.Count; j++)
            {
                ReadOnlySpan<double> Of(double[] values) => values.AsSpan((row * N) + network.Offset(j), network.Cfmms[j].Tokens.Count);
                errors.Acceptance(j, Ratio(TradeSlack.Of(network.Cfmms[j], Of(observed), Of(tender), Of(receive))), probability);
                TensorPrimitives.Multiply(product, probability, product);
            }

            result[row] = TensorPrimitives.Sum<double>(product) / K;
        }

        return result;
    }

    private static double Ratio((double Slack, double Deviation) trade) => trade.Deviation > 0 ? trade.Slack / trade.Deviation : trade.Slack >= 0 ? double.PositiveInfinity : double.NegativeInfinity;

    /// <summary>One row with its candidates; candidate 0 is no trade.</summary>
    private sealed class Row
    {
        private readonly ExpectedTrade parent;
        private readonly int cfmms;
        private readonly int choices;
        private readonly int sizes;
        private readonly double[] tender;      // choices × N
        private readonly double[] receive;
        private readonly double[] value;       // cfmms × choices
        private readonly double[] probability; // cfmms × choices × sizes
        private readonly int[] count;          // candidates of a CFMM that differ
        private readonly int[] choice;
        private readonly double[] others;      // Π over the other CFMMs, per size

        public Row(ExpectedTrade parent)
        {
            this.parent = parent;
            choices = parent.margins.Length + 1;
            (cfmms, sizes) = (parent.network.Cfmms.Count, parent.errors.Sizes.Count);
            (tender, receive) = (new double[choices * parent.network.ReserveCount], new double[choices * parent.network.ReserveCount]);
            (value, probability) = (new double[cfmms * choices], new double[cfmms * choices * sizes]);
            (count, choice, others) = (new int[cfmms], new int[cfmms], new double[sizes]);
        }

        /// <summary>Computes the candidates; false where reserves or prices are not positive and finite.</summary>
        public bool Fill(ReadOnlySpan<double> observed, ReadOnlySpan<double> prices)
        {
            var (network, N) = (parent.network, parent.network.ReserveCount);
            for (var j = 0; j < cfmms; j++)
            {
                var (cfmm, from, n) = (network.Cfmms[j], network.Offset(j), network.Cfmms[j].Tokens.Count);
                var d = observed.Slice(from, n);
                value[j * choices] = 0;
                Probability(j, 0).Fill(1);
                count[j] = 1;
                tender.AsSpan(from, n).Clear();
                receive.AsSpan(from, n).Clear();
                var isGeometric = cfmm.Rule == ExchangeRule.Geometric;
                foreach (var margin in parent.margins)
                {
                    var c = count[j];
                    var x = tender.AsSpan((c * N) + from, n);
                    var y = receive.AsSpan((c * N) + from, n);
                    // What is left of a reserve counts for arithmetic rules alone; the other trades take what they like.
                    if (!AnalyticTrade.SolveOne(network, j, observed, prices, 0, isGeometric ? 0 : 1 - Math.Exp(-margin), isGeometric ? cfmm.FeeFactor * (1 - margin) : cfmm.FeeFactor, x, y))
                        return false;
                    // With wider margins neither.
                    if (!x.ContainsAnyExcept(0.0) && !y.ContainsAnyExcept(0.0))
                        break;
                    var worth = 0.0;
                    for (var i = 0; i < n; i++)
                        worth += prices[network.TokenOf(from + i)] * (y[i] - x[i]);
                    value[(j * choices) + c] = worth;
                    parent.errors.Acceptance(j, Ratio(TradeSlack.Of(cfmm, d, x, y)), Probability(j, c));
                    count[j]++;
                }
            }

            return true;
        }

        /// <summary>Passes over the CFMMs until none changes.</summary>
        public (int Passes, bool Settled) Choose()
        {
            // The widest margins at first: every CFMM can then be judged by what the others bring.
            var total = 0.0;
            for (var j = 0; j < cfmms; j++)
                total += value[(j * choices) + (choice[j] = count[j] - 1)];
            for (var pass = 1; pass <= MostPasses; pass++)
            {
                var changed = false;
                for (var j = 0; j < cfmms; j++)
                {
                    Others(j);
                    total -= value[(j * choices) + choice[j]];
                    var (best, most) = (choice[j], Expected(j, choice[j], total));
                    for (var c = 0; c < count[j]; c++)
                    {
                        var expected = Expected(j, c, total);
                        if (expected > most * (1 + 1e-12))
                            (best, most) = (c, expected);
                    }

                    changed |= best != choice[j];
                    choice[j] = best;
                    total += value[(j * choices) + best];
                }

                if (!changed)
                    return (pass, true);
            }

            return (MostPasses, false);
        }

        /// <summary>The probability that all accept, and the relative gap of the expected value to a bound on it.</summary>
        /// <remarks>
        /// ln ΣU ≤ ΣU/τ + ln τ − 1 for every τ &gt; 0, with equality at τ = ΣU, so that for one size of errors the maximum of ln ΣU + Σ ln P separates into one maximum per CFMM. The mean over sizes of the maxima
        /// is at least the maximum of the mean.
        /// </remarks>
        public (double Acceptance, double Gap) Value()
        {
            Others(-1);
            var (acceptance, total) = (TensorPrimitives.Sum<double>(others) / sizes, 0.0);
            for (var j = 0; j < cfmms; j++)
                total += value[(j * choices) + choice[j]];
            if (!(total > 0))
                return (acceptance, 0);
            var bound = 0.0;
            for (var k = 0; k < sizes; k++)
            {
                var (τ, least) = (total, double.PositiveInfinity);
                for (var step = 0; step < BoundSteps; step++)
                {
                    var (sum, reached) = (Math.Log(τ) - 1, 0.0);
                    for (var j = 0; j < cfmms; j++)
                    {
                        var (most, at) = (double.NegativeInfinity, 0.0);
                        for (var c = 0; c < count[j]; c++)
                        {
                            var worth = value[(j * choices) + c];
                            var candidate = (worth / τ) + Math.Log(probability[(((j * choices) + c) * sizes) + k]);
                            if (candidate > most)
                                (most, at) = (candidate, worth);
                        }

                        sum += most;
                        reached += at;
                    }

                    least = Math.Min(least, sum);
                    if (!(reached > 0))
                        break;
                    τ = reached;
                }

                bound += Math.Exp(least) / sizes;
            }

            var expected = total * acceptance;
            return (acceptance, Math.Max(0, (bound - expected) / expected));
        }

        public void Write(Span<double> x, Span<double> y)
        {
            var (network, N) = (parent.network, parent.network.ReserveCount);
            for (var j = 0; j < cfmms; j++)
            {
                var range = network.Offset(j)..network.Offset(j + 1);
                tender.AsSpan(choice[j] * N, N)[range].CopyTo(x[range]);
                receive.AsSpan(choice[j] * N, N)[range].CopyTo(y[range]);
            }
        }

        private Span<double> Probability(int j, int c) => probability.AsSpan(((j * choices) + c) * sizes, sizes);

        private double Expected(int j, int c, double total) => (total + value[(j * choices) + c]) * TensorPrimitives.Dot<double>(others, Probability(j, c));

        private void Others(int without)
        {
            Array.Fill(others, 1);
            for (var j = 0; j < cfmms; j++)
            {
                if (j != without)
                    TensorPrimitives.Multiply(others, Probability(j, choice[j]), others);
            }
        }
    }
}
