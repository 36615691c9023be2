namespace XaiL2O.Trainers;

/// <summary>Inferences of a batch with what the certifier needs to judge them; plain arrays, one entry per sample.</summary>
/// <param name="Inference">x, one array per sample; NaN where nothing was solved, or where single precision cannot hold the solution.</param>
/// <param name="PropertyValues">For each of the model's terms, in order, its property value per sample.</param>
/// <param name="Residual">Relative step at the end of the solve.</param>
/// <param name="Iterations">Iterations taken.</param>
/// <param name="Status">How the solve ended.</param>
public sealed record ModelInference(
    float[][] Inference,
    double[][] PropertyValues,
    double[] Residual,
    int[] Iterations,
    SolveStatus[] Status)
{
    /// <summary>
    /// Takes what is delivered of a solve, with the property values of just that. A row that single precision cannot hold is NaN and counts as
    /// <see cref="SolveStatus.Diverged"/>, whatever the solve in double precision says.
    /// </summary>
    internal static ModelInference Delivered(float[][] inference, double[][] propertyValues, FixedPointResult solve)
    {
        var (residual, status) = ((double[])solve.Residual.Clone(), (SolveStatus[])solve.Status.Clone());
        for (var row = 0; row < inference.Length; row++)
        {
            if (Array.TrueForAll(inference[row], float.IsFinite))
                continue;
            Array.Fill(inference[row], float.NaN);
            residual[row] = double.NaN;
            if (status[row] != SolveStatus.InvalidData)
                status[row] = SolveStatus.Diverged;
        }

        return new ModelInference(inference, propertyValues, residual, solve.Iterations, status);
    }
}
