using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Iterates a splitting to its fixed point without recording gradients. Each sample stops on its own tolerances and keeps the iterate
/// at which it stopped, so what else is in the batch does not change its answer; stopped samples leave the batch. Over-relaxation and Anderson
/// acceleration change how the fixed point is reached, not which it is.
/// </summary>
public static class FixedPointSolver
{
    private const int FirstBalance = 10;
    private const int LargestBalance = 40;

    /// <summary>Samples leave the batch in portions of at least this share of it: copying the rest costs about one iteration.</summary>
    private const double LeavingShare = 0.1;

    /// <summary>
    /// By how many powers of 2 steps may change after an iteration; null where they stay. After 10, 20, 40, … iterations, each time by half as many, so that
    /// convergence is that of fixed steps; for all rows at once, so that what else is in the batch changes nothing.
    /// </summary>
    internal static double? BalanceAfter(int iteration) =>
        iteration % FirstBalance == 0 && int.IsPow2(iteration / FirstBalance) ? Math.Max(1, LargestBalance * FirstBalance / iteration) : null;

    /// <summary>Solves a batch.</summary>
    /// <param name="splitting">T.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>. Rows with NaN or ∞ are passed over with <see cref="SolveStatus.InvalidData"/>.</param>
    /// <param name="options">Tolerances and limit.</param>
    /// <param name="fidelity">The data term whose property value must be within <see cref="FixedPointOptions.FidelityTolerance"/>; none when null.</param>
    /// <param name="warmStart">Where to start, one row per sample; where <see cref="ModelBuilder.StartFrom"/> or <see cref="Splitting.Initialize"/> says when null.</param>
    /// <param name="cancellationToken">Stops between two iterations by throwing <see cref="OperationCanceledException"/>.</param>
    public static FixedPointResult Solve(
        Splitting splitting,
        Tensor data,
        FixedPointOptions options,
        Term? fidelity = null,
        SplittingState? warmStart = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(splitting);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();

        using var work = NativeWork.Enter();
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var batch = (int)data.shape[0];
        var report = new FixedPointResult(null!, new double[batch], new int[batch], new SolveStatus[batch], new OptimalityCondition[batch]);
        Array.Fill(report.Residual, double.NaN);
        Array.Fill(report.Gap, double.NaN);
        Array.Fill(report.Status, SolveStatus.InvalidData);

        var valid = data.isfinite().all(1).cpu().data<bool>().ToArray();
        var finite = where(data.isfinite(), data, zeros_like(data));
        var start = warmStart ?? splitting.Begin(finite);
        var result = start.Map(t => t.detach().clone());
        foreach (var row in Enumerable.Range(0, batch).Where(row => !valid[row]))
            foreach (var tensor in result.Tensors)
                tensor[row].fill_(double.NaN);

        // rows[i] is the sample in row i of the active batch; stopped ones stay until enough of them leave together.
        var rows = Enumerable.Range(0, batch).Where(row => valid[row]).ToArray();
        var stopped = new bool[rows.Length];
        var (state, active) = (Select(start, rows, data.device), SelectRows(finite, rows, data.device));
        using var acceleration = options.AndersonMemory > 0 ? new AndersonAcceleration(options.AndersonMemory) : null;
        for (var iteration = 1; iteration <= options.MaxIterations && rows.Length > 0; iteration++)
        {
            Interruption.Check();
            var check = iteration % options.CheckEvery == 0 || iteration == options.MaxIterations;
            var previous = state;
            using (var stepScope = NewDisposeScope())
            {
                // A step may hand on the data itself (w = d in (15b)); those stay where they are.
                state = splitting.Step(previous, active).Map(t => ReferenceEquals(t, active) ? t : t.MoveToOuterDisposeScope());
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (check)
            {
                var ended = Judge(splitting, previous, state, active, options, fidelity, iteration, rows, stopped, report);
                if (ended.Length > 0)
                    Store(result, state, rows, ended, report);
            }

            if (BalanceAfter(iteration) is { } limit && splitting.Rebalance(state, active, limit) is { } balanced)
            {
                state.DisposeTensors();
                acceleration?.Forget();
                state = balanced;
            }
            else if (iteration < options.MaxIterations)
            {
                state = Advance(previous, state, active, options.Relaxation, acceleration);
            }

            foreach (var tensor in previous.Tensors.Where(t => !ReferenceEquals(t, active) && !state.Tensors.Any(s => ReferenceEquals(s, t))))
                tensor.Dispose();

            if (check && stopped.Count(s => s) is var count && count > 0 && (count == rows.Length || count >= LeavingShare * rows.Length))
            {
                var kept = Enumerable.Range(0, rows.Length).Where(i => !stopped[i]).ToArray();
                (state, active) = (Select(state, kept, data.device), SelectRows(active, kept, data.device));
                acceleration?.Select(kept);
                (rows, stopped) = ([.. kept.Select(i => rows[i])], new bool[kept.Length]);
            }
        }

        return report with { State = result.Map(t => t.MoveToOuterDisposeScope()) };
    }

    /// <summary>The point from which the next step starts: T(ζ) itself, relaxed, or extrapolated from the steps before.</summary>
    private static SplittingState Advance(SplittingState previous, SplittingState next, Tensor data, double relaxation, AndersonAcceleration? acceleration)
    {
        if (relaxation == 1 && acceleration is null)
            return next;
        using var scope = NewDisposeScope();
        var relaxed = relaxation == 1 ? next : next.With([.. next.Tensors.Zip(previous.Tensors, (t, p) => p + (relaxation * (t - p)))]);
        var advanced = acceleration?.Extrapolate(previous, relaxed) ?? relaxed;
        foreach (var tensor in next.Tensors.Where(t => !ReferenceEquals(t, data)))
            tensor.Dispose();
        return advanced.Map(t => t.MoveToOuterDisposeScope());
    }

    /// <summary>Marks the samples that stop at this check and returns their rows in the active batch.</summary>
    private static int[] Judge(
        Splitting splitting,
        SplittingState previous,
        SplittingState state,
        Tensor data,
        FixedPointOptions options,
        Term? fidelity,
        int iteration,
        int[] rows,
        bool[] stopped,
        FixedPointResult report)
    {
        using var scope = NewDisposeScope();
        // Computed once where the fidelity term needs it as well.
        var inference = fidelity is null ? null : splitting.Inference(state, data);
        var optimality = splitting.Optimality(previous, state, data, inference);
        var (primal, dual, gap) = (ToDoubles(optimality.Primal), ToDoubles(optimality.DualAtIterate), ToDoubles(optimality.Gap));
        var misfit = fidelity is null ? null : ToDoubles(fidelity.PropertyValue(inference!, data));
        // Math.Max hands on NaN.
        double Violation(int i) => misfit is null ? primal[i] : Math.Max(primal[i], misfit[i]);
        // What bounds solutions takes as long as many steps, and changes nothing for a row that goes on for another reason.
        int[] complete = [.. Enumerable.Range(0, rows.Length).Where(i => !stopped[i]
            && (iteration == options.MaxIterations || (Violation(i) <= options.FidelityTolerance && dual[i] <= options.ResidualTolerance && gap[i] <= options.ResidualTolerance)))];
        if (complete.Length > 0)
        {
            var (completed, excess) = (ToDoubles(optimality.Dual), ToDoubles(optimality.Excess));
            foreach (var i in complete)
                (dual[i], report.Gap[rows[i]]) = (completed[i], Violation(i) <= options.FidelityTolerance ? excess[i] : double.PositiveInfinity);
        }

        var ended = new List<int>();
        for (var i = 0; i < rows.Length; i++)
        {
            if (stopped[i])
                continue;
            var row = rows[i];
            var violation = Violation(i);
            report.Residual[row] = Math.Max(violation * (options.ResidualTolerance / options.FidelityTolerance), Math.Max(dual[i], gap[i]));
            report.Iterations[row] = iteration;
            report.Missing[row] =
                (violation <= options.FidelityTolerance ? 0 : OptimalityCondition.PrimalFeasibility)
                | (dual[i] <= options.ResidualTolerance ? 0 : OptimalityCondition.DualFeasibility)
                | (gap[i] <= options.ResidualTolerance ? 0 : OptimalityCondition.Gap);
            report.Status[row] =
                // ∞ is a violation relative to nothing, which a first step can have; only NaN is a number lost.
                double.IsNaN(report.Residual[row]) ? SolveStatus.Diverged
                : report.Missing[row] == OptimalityCondition.None ? SolveStatus.Converged
                : SolveStatus.IterationLimit;
            if (report.Status[row] == SolveStatus.IterationLimit && iteration < options.MaxIterations)
                continue;
            stopped[i] = true;
            ended.Add(i);
        }

        return [.. ended];
    }

    private static void Store(SplittingState result, SplittingState state, int[] rows, int[] ended, FixedPointResult report)
    {
        using var scope = NewDisposeScope();
        var device = state.Tensors[0].device;
        var from = tensor(ended.Select(i => (long)i).ToArray(), device: device);
        var to = tensor(ended.Select(i => (long)rows[i]).ToArray(), device: device);
        for (var k = 0; k < state.Tensors.Count; k++)
            result.Tensors[k].index_copy_(0, to, state.Tensors[k].index_select(0, from));
        foreach (var row in ended.Select(i => rows[i]).Where(row => report.Status[row] == SolveStatus.Diverged))
            foreach (var tensor in result.Tensors)
                tensor[row].fill_(double.NaN);
    }

    private static SplittingState Select(SplittingState state, int[] rows, Device device) => state.Map(t => SelectRows(t, rows, device));

    private static Tensor SelectRows(Tensor t, int[] rows, Device device)
    {
        using var index = tensor(rows.Select(row => (long)row).ToArray(), device: device);
        return t.index_select(0, index);
    }

    private static double[] ToDoubles(Tensor t) => t.to(ScalarType.Float64).cpu().data<double>().ToArray();
}
