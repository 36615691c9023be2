namespace XaiL2O.Trainers;

/// <summary>What a solve returns, one entry per sample; the caller disposes the state's tensors.</summary>
/// <param name="State">The last iterate of every sample.</param>
/// <param name="Residual">Relative step at the last check; NaN where nothing was solved.</param>
/// <param name="Iterations">Iterations taken.</param>
/// <param name="Status">How the solve ended.</param>
public sealed record FixedPointResult(SplittingState State, double[] Residual, int[] Iterations, SolveStatus[] Status);
