using Microsoft.ML.Runtime;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>Says in the log of the context that rows of a batch were not solved: whoever reads the outputs alone would not see it.</summary>
internal static class SolveLog
{
    /// <param name="environment">The context.</param>
    /// <param name="model">Name of the model, the source of the message.</param>
    /// <param name="status">How the solves ended.</param>
    /// <param name="residual">Their residuals.</param>
    /// <param name="options">Their limits.</param>
    public static void Write(IHostEnvironment environment, string model, IReadOnlyList<SolveStatus> status, IReadOnlyList<double> residual, FixedPointOptions options)
    {
        var impossible = status.Count(s => s is SolveStatus.Infeasible or SolveStatus.Unbounded);
        var open = Enumerable.Range(0, status.Count).Where(row => status[row] is SolveStatus.IterationLimit or SolveStatus.Imprecise or SolveStatus.Diverged).ToArray();
        if (open.Length + impossible == 0)
            return;
        using var channel = environment.Start(model);
        if (impossible > 0)
            channel.Warning("{0}", FormattableString.Invariant($"{impossible} of {status.Count} rows have no solution: their constraints contradict each other, or their objective has no end. Their outputs are NaN."));
        if (open.Length == 0)
            return;
        channel.Warning("{0}", FormattableString.Invariant(
            $"{open.Length} of {status.Count} rows did not converge ({string.Join(", ", open.GroupBy(row => status[row]).Select(g => $"{g.Key}: {g.Count()}"))}; limit {options.MaxIterations} iterations, largest residual {open.Max(row => residual[row]):G3} for a tolerance of {options.ResidualTolerance:G3}). Their estimates are in the output; certify CertifiedProperty.Convergence() to have them fail."));
    }
}
