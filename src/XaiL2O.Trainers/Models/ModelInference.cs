namespace XaiL2O.Trainers;

/// <summary>Inferences of a batch with what the certifier needs to judge them; plain arrays, one entry per sample.</summary>
/// <param name="Inference">x, one array per sample; NaN where nothing was solved.</param>
/// <param name="PropertyValues">For each of the model's terms, in order, its property value per sample.</param>
/// <param name="Residual">
/// The largest of the conditions of <see cref="Optimality"/> at the last check; the violation of constraints counts in proportion to its tolerance, so that a
/// row converged where this is at most <see cref="FixedPointOptions.ResidualTolerance"/>. NaN where nothing was solved.
/// </param>
/// <param name="Iterations">Iterations taken.</param>
/// <param name="Status">How the solve ended.</param>
/// <param name="Missing">The conditions of optimality that the inference misses.</param>
public sealed record ModelInference(
    float[][] Inference,
    double[][] PropertyValues,
    double[] Residual,
    int[] Iterations,
    SolveStatus[] Status,
    OptimalityCondition[] Missing);
