namespace XaiL2O.Trainers;

/// <summary>Inferences of a batch with what the certifier needs to judge them; plain arrays, one entry per sample.</summary>
/// <param name="Inference">x, one array per sample; NaN where nothing was solved.</param>
/// <param name="PropertyValues">For each of the model's properties, in order, its value per sample.</param>
/// <param name="Residual">Relative step at the end of the solve.</param>
/// <param name="Iterations">Iterations taken.</param>
/// <param name="Status">How the solve ended.</param>
public sealed record ModelInference(
    float[][] Inference,
    double[][] PropertyValues,
    double[] Residual,
    int[] Iterations,
    SolveStatus[] Status);
