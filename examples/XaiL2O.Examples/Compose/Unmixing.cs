using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>
/// Shares of known materials in mixed spectra: N(d) = argmin_x ½‖w ⊙ (Ex − d)‖² with x ≥ 0, Σxᵢ = 1. Trained: the spectra E, which start from a library,
/// and the trust w in each band.
/// </summary>
public sealed class Unmixing : ModelDefinition
{
    /// <summary>E at the start of training, one column per material.</summary>
    public required float[,] Library { get; init; }

    /// <summary>Whether E and w are trained.</summary>
    public bool Learned { get; init; } = true;

    /// <inheritdoc/>
    public override int DataSize => Library.GetLength(0);

    /// <inheritdoc/>
    public override int InferenceSize => Library.GetLength(1);

    /// <inheritdoc/>
    public override ModelColumn Target => new("Shares", TargetSize);

    /// <inheritdoc/>
    public override TrainingOptions Training => new()
    {
        Epochs = 8,
        LearningRate = 5e-3,
        Gradient = GradientMode.AttachedSteps, // cheaper, and downhill for these weights
        Patience = 0,
        InitialIterations = 400,
        FinalIterations = 1000,
        Seed = Seed,
        Solver = new FixedPointOptions { MaxIterations = 5000, ResidualTolerance = 1e-6 },
    };

    /// <inheritdoc/>
    public override FixedPointOptions Solver => new() { MaxIterations = 20_000, ResidualTolerance = 1e-6 };

    /// <inheritdoc/>
    public override void Compose(ModelBuilder model)
    {
        var E = Learned ? model.LearnedMatrix("E", DataSize, InferenceSize, WeightStart.Values(Library)) : model.Matrix(Library);
        var trust = Learned ? model.LearnedPositive("Trust", DataSize, 1) : null;
        model.Add(new LeastSquaresTerm("Fidelity", E, trust));
        model.Add(new SimplexTerm("Simplex", InferenceSize));
        model.Report("Confidence", PropertyFunction.ShortOfOneHot());
    }
}
