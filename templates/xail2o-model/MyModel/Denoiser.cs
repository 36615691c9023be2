using XaiL2O.Trainers;

/// <summary>
/// The signal that a noisy one was: min_x ½‖x − d‖² + τ Σ|xᵢ₊₁ − xᵢ|, which says that x is close to d and seldom changes. Training chooses τ.
/// Replace the terms by what you know of your problem.
/// </summary>
public sealed class Denoiser : ModelDefinition
{
    /// <summary>Length of the signals.</summary>
    public int Length { get; init; } = 48;

    /// <inheritdoc/>
    public override int DataSize => Length;

    /// <inheritdoc/>
    public override int InferenceSize => Length;

    /// <inheritdoc/>
    public override TrainingOptions Training => new() { Epochs = 10, LearningRate = 0.05, Seed = Seed };

    /// <inheritdoc/>
    public override void Compose(ModelBuilder model)
    {
        model.Add(new LeastSquaresTerm("Fidelity", model.Identity));
        model.Add(TotalVariation.OfSignal("Variation", Length), model.LearnedPositive("Tau", 0.05));
    }
}
