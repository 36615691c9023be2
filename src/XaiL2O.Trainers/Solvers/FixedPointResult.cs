namespace XaiL2O.Trainers;

/// <summary>What a solve returns, one entry per sample; the caller disposes the state's tensors.</summary>
/// <param name="State">The last iterate of every sample.</param>
/// <param name="Residual">
/// The largest of the conditions of <see cref="Optimality"/> at the last check; the violation of constraints counts in proportion to its tolerance, so that a
/// row converged where this is at most <see cref="FixedPointOptions.ResidualTolerance"/>. NaN where nothing was solved.
/// </param>
/// <param name="Iterations">Iterations taken.</param>
/// <param name="Status">How the solve ended.</param>
/// <param name="Missing">The conditions of optimality that did not hold at the last check; none where the status is <see cref="SolveStatus.Converged"/>.</param>
public sealed record FixedPointResult(SplittingState State, double[] Residual, int[] Iterations, SolveStatus[] Status, OptimalityCondition[] Missing)
{
    /// <summary>The most by which the objective of a row exceeds its minimum, relative to it; see <see cref="Optimality.Excess"/>. ∞ where a constraint is missed, NaN where nothing was solved.</summary>
    public double[] Gap { get; init; } = (double[])Residual.Clone();

    /// <summary>The most by which the inference of a row differs from the solution, where that is known; see <see cref="Optimality.Distance"/>. <see cref="ImplicitModel.Infer"/> measures it; ∞ before.</summary>
    public double[] Distance { get; init; } = [.. Residual.Select(_ => double.PositiveInfinity)];
}
