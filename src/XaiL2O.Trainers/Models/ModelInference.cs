namespace XaiL2O.Trainers;

/// <summary>Inferences of a batch with what the certifier needs to judge them; plain arrays, one entry per sample.</summary>
/// <param name="Inference">x, one array per sample; NaN where nothing was solved.</param>
/// <param name="PropertyValues">For each of the model's terms, in order, its property value per sample.</param>
/// <param name="Residual">The largest violation of a condition of optimality at the end of the solve, relative to its own scale; see <see cref="Optimality"/>.</param>
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
