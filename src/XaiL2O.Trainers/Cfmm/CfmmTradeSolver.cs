using System.Numerics;

namespace XaiL2O.Trainers;

/// <summary>
/// Solves (23) for batches of rows by Davis–Yin splitting (74) in double precision. The problem separates per CFMM; in each, several rows
/// are iterated in the lanes of one SIMD vector, and blocks of rows run on all cores.
/// </summary>
/// <remarks>
/// The iteration is that of <see cref="DavisYin"/> on the terms of <see cref="CfmmTradeModel"/>, in amounts relative to the reserves. It
/// finds which tokens are tendered, withdrawn or left alone within a few dozen steps; <see cref="CfmmRefinement"/> then finishes with
/// Newton's method, and its answer is taken only if it satisfies the conditions of optimality. Otherwise the iteration goes on.
/// A CFMM whose margin costs more than its best trade brings is left alone.
/// </remarks>
internal sealed class CfmmTradeSolver
{
    /// <summary>Smallest share of a pool's value, or of its weighted reserves, at which a reserve still counts.</summary>
    public const double Dust = 1e-12;

    /// <summary>Step without a risk term: relative prices sum to 1 in every CFMM.</summary>
    private const double LargestStep = 2;

    /// <summary>Iterations after which a token is looked for.</summary>
    private const int InterruptionEvery = 256;

    private static readonly int Lanes = Vector<double>.Count;
    private readonly CfmmNetwork network;
    private readonly CfmmMargins margins;
    private readonly double[][] risk;
    private readonly double[] steps;

    /// <param name="network">The network.</param>
    /// <param name="margins">δ and κ.</param>
    /// <param name="risk">Per CFMM WᵀW, row-major, in amounts relative to the reserves and values relative to the pool's.</param>
    public CfmmTradeSolver(CfmmNetwork network, CfmmMargins margins, double[][] risk)
    {
        (this.network, this.margins, this.risk) = (network, margins, risk);
        steps = [.. risk.Select((Q, j) => Step(Q, network.Cfmms[j].Tokens.Count))];
    }

    /// <summary>α per CFMM, within (0, 2/L).</summary>
    public IReadOnlyList<double> Steps => steps;

    /// <summary>α for a risk matrix: L = 2‖WᵀW‖₂, the factor 2 from the coupling of (x, −y).</summary>
    public static double Step(double[] risk, int n)
    {
        var L = 2 * LargestEigenvalue(risk, n);
        return Math.Min(LargestStep, 1.8 / Math.Max(L, 1e-300));
    }

    /// <summary>Solves rows.</summary>
    /// <param name="reserves">d, rows × N.</param>
    /// <param name="prices">p, tokens or rows × tokens.</param>
    /// <param name="options">Limits; the residual tolerance applies where Newton's method did not finish.</param>
    /// <param name="fixedPoints">When given, receives ζ per row: 4N values, the blocks x, y, v, z.</param>
    /// <param name="cancellationToken">Stops the iterations by throwing <see cref="OperationCanceledException"/>.</param>
    public CfmmTrades Solve(double[] reserves, double[] prices, FixedPointOptions options, double[]? fixedPoints = null, CancellationToken cancellationToken = default)
    {
        var rows = CfmmRows.Check(network, reserves, prices);
        var trades = CfmmTrades.Empty(rows, network.ReserveCount);
        var blocks = (rows + Lanes - 1) / Lanes;
        using var interruption = Interruption.Scope(cancellationToken);
        ParallelLoop.For(blocks, block =>
        {
            var first = block * Lanes;
            for (var j = 0; j < network.Cfmms.Count; j++)
                SolveBlock(j, first, Math.Min(Lanes, rows - first), reserves, prices, options, trades, fixedPoints);
            for (var row = first; row < Math.Min(rows, first + Lanes); row++)
            {
                if (trades.Status[row] is SolveStatus.InvalidData or SolveStatus.Diverged)
                    trades.Invalidate(row, trades.Status[row]);
            }
        });
        return trades;
    }

    private void SolveBlock(int j, int first, int lanes, double[] reserves, double[] prices, FixedPointOptions options, CfmmTrades trades, double[]? fixedPoints)
    {
        var (cfmm, N, offset) = (network.Cfmms[j], network.ReserveCount, network.Offset(j));
        var n = cfmm.Tokens.Count;
        var small = n <= CfmmScaling.StackTokens;
        var numbers = small ? stackalloc double[(4 * n) + ((n + 1) * (n + 2))] : new double[(4 * n) + ((n + 1) * (n + 2))];
        var refinement = new CfmmRefinement(
            risk[j], cfmm.Rule, cfmm.FeeFactor, CfmmScaling.Level(cfmm.Rule, margins.Margin[j]), margins.Kept[j],
            numbers[..n], numbers.Slice(n, n), numbers.Slice(2 * n, n), numbers.Slice(3 * n, n), small ? stackalloc int[n] : new int[n], numbers[(4 * n)..]);
        var memory = small ? stackalloc Vector<double>[CfmmIteration.Size(n)] : new Vector<double>[CfmmIteration.Size(n)];
        var iteration = new CfmmIteration(memory, n, risk[j], cfmm.Rule, cfmm.FeeFactor, refinement.Level, margins.Kept[j], steps[j]);
        Span<bool> done = stackalloc bool[Lanes];
        var open = 0;
        for (var lane = 0; lane < Lanes; lane++)
        {
            var row = first + lane;
            done[lane] = lane >= lanes || CfmmScaling.IsDead(network, j, reserves.AsSpan(row * N, N), CfmmRows.Prices(network, prices, row));
            if (done[lane])
            {
                iteration.SetNeutral(lane);
            }
            else if (CfmmScaling.Fill(network, j, reserves.AsSpan(row * N, N), CfmmRows.Prices(network, prices, row), refinement.Price, refinement.Weight))
            {
                iteration.Set(lane, refinement.Price, refinement.Weight);
                open++;
            }
            else
            {
                iteration.SetNeutral(lane);
                trades.Status[row] = SolveStatus.InvalidData;
                done[lane] = true;
            }
        }

        for (var k = 1; k <= options.MaxIterations && open > 0; k++)
        {
            if (k % InterruptionEvery == 1)
                Interruption.Check();
            var change = iteration.Step();
            var last = k == options.MaxIterations;
            if (k % options.CheckEvery != 0 && !last)
                continue;
            for (var lane = 0; lane < lanes; lane++)
            {
                if (done[lane])
                    continue;
                iteration.Get(lane, ref refinement);
                var residual = change[lane] / steps[j];
                var exact = refinement.TrySolve();
                if (exact)
                    residual = refinement.Residual;
                else if (!last && !(residual <= options.ResidualTolerance))
                    continue;
                else
                    iteration.GetFeasible(lane, ref refinement);
                done[lane] = true;
                open--;
                if (fixedPoints is not null)
                    StoreFixedPoint(fixedPoints.AsSpan((first + lane) * 4 * N, 4 * N), N, offset, n, refinement, exact, iteration, lane, steps[j]);
                // Nothing tendered and nothing received is always accepted, and here it is worth more.
                if (refinement.Utility() < 0)
                    refinement.Net.Clear();
                Store(first + lane, offset, n, reserves, refinement, residual, k, residual <= options.ResidualTolerance, trades);
            }
        }
    }

    private static void Store(int row, int offset, int n, double[] reserves, in CfmmRefinement answer, double residual, int iterations, bool converged, CfmmTrades trades)
    {
        var start = (row * (trades.Tender.Length / trades.Status.Length)) + offset;
        for (var i = 0; i < n; i++)
        {
            trades.Tender[start + i] = Math.Max(-answer.Net[i], 0) * reserves[start + i];
            trades.Receive[start + i] = Math.Max(answer.Net[i], 0) * reserves[start + i];
        }

        trades.Residual[row] = double.IsNaN(residual) ? double.NaN : Math.Max(trades.Residual[row], residual);
        trades.Iterations[row] = Math.Max(trades.Iterations[row], iterations);
        var status = double.IsNaN(residual) ? SolveStatus.Diverged : converged ? SolveStatus.Converged : SolveStatus.IterationLimit;
        if (trades.Status[row] is SolveStatus.Converged || status is SolveStatus.Diverged)
            trades.Status[row] = status;
    }

    private static void StoreFixedPoint(Span<double> target, int N, int offset, int n, in CfmmRefinement answer, bool exact, in CfmmIteration iteration, int lane, double step)
    {
        for (var i = 0; i < n; i++)
        {
            var (x, y, v, z) = exact ? answer.FixedPoint(i, step) : iteration.State(i, lane);
            (target[offset + i], target[N + offset + i], target[(2 * N) + offset + i], target[(3 * N) + offset + i]) = (x, y, v, z);
        }
    }

    /// <summary>By power iteration on a positive semidefinite matrix, with the trace as a bound where it has not settled.</summary>
    private static double LargestEigenvalue(double[] matrix, int n)
    {
        var trace = Enumerable.Range(0, n).Sum(i => matrix[(i * n) + i]);
        if (!(trace > 0))
            return 0;
        var vector = Enumerable.Range(0, n).Select(i => 1 + (0.1 * i)).ToArray();
        var (value, previous) = (0.0, -1.0);
        for (var k = 0; k < 200 && Math.Abs(value - previous) > 1e-6 * trace; k++)
        {
            var image = Enumerable.Range(0, n).Select(i => Enumerable.Range(0, n).Sum(c => matrix[(i * n) + c] * vector[c])).ToArray();
            var norm = Math.Sqrt(image.Sum(v => v * v));
            if (norm == 0)
                return trace;
            (previous, value) = (value, norm / Math.Sqrt(vector.Sum(v => v * v)));
            vector = [.. image.Select(v => v / norm)];
        }

        return Math.Min(trace, value * (1 + 1e-3));
    }
}
