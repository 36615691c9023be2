namespace XaiL2O.Trainers;

/// <summary>Inferences of a batch with what the certifier needs to judge them; plain arrays, one entry per sample.</summary>
/// <param name="Inference">x, one array per sample; NaN where nothing was solved, or where single precision cannot hold the solution.</param>
/// <param name="PropertyValues">For each of the model's properties, in order, its value per sample.</param>
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
    OptimalityCondition[] Missing)
{
    /// <summary>
    /// The inference as <see cref="ModelDefinition.Outputs"/> says: for each output an array with one entry per sample, a vector of <see cref="float"/> or <see cref="double"/>, a number, or a text.
    /// <see cref="Inference"/> alone, unless a model says otherwise.
    /// </summary>
    public IReadOnlyList<Array> Outputs { get; init; } = [Inference];

    /// <summary>The most by which the objective of a row exceeds its minimum, relative to it; see <see cref="Optimality.Excess"/>. ∞ where a constraint is missed, NaN where nothing was solved.</summary>
    public double[] Gap { get; init; } = (double[])Residual.Clone();

    /// <summary>The most by which the inference of a row differs from the solution, in units of x, where the objective is strongly convex, of the problem whose constraints are moved by what it violates; see <see cref="Optimality.Distance"/>. ∞ elsewhere, and where a constraint is missed.</summary>
    public double[] Distance { get; init; } = [.. Residual.Select(_ => double.PositiveInfinity)];

    /// <summary>
    /// Takes what is delivered of a solve, with the property values of just that. A row that single precision cannot hold is NaN and counts as
    /// <see cref="SolveStatus.Diverged"/>, whatever the solve in double precision says.
    /// </summary>
    internal static ModelInference Delivered(float[][] inference, double[][] propertyValues, FixedPointResult solve)
    {
        var (residual, gap, status) = ((double[])solve.Residual.Clone(), (double[])solve.Gap.Clone(), (SolveStatus[])solve.Status.Clone());
        for (var row = 0; row < inference.Length; row++)
        {
            if (Array.TrueForAll(inference[row], float.IsFinite))
                continue;
            Array.Fill(inference[row], float.NaN);
            (residual[row], gap[row]) = (double.NaN, double.NaN);
            if (status[row] != SolveStatus.InvalidData)
                status[row] = SolveStatus.Diverged;
        }

        return new ModelInference(inference, propertyValues, residual, solve.Iterations, status, solve.Missing) { Gap = gap, Distance = [.. solve.Distance.Select((t, row) => double.IsNaN(residual[row]) ? double.NaN : t)] };
    }
}
