using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>
/// Sparse recovery with what the training data know: N(d) = argmin_x τ‖x‖₁ + ½‖Ax − d‖² + ½‖W₁x‖² + ⟨x, W₂d⟩, the worked example (5)–(9) of the source.
/// Trained: τ, W₁, W₂.
/// </summary>
public sealed class SparseRecovery : ModelDefinition
{
    /// <summary>A, m rows of n values.</summary>
    public required float[,] Measurement { get; init; }

    /// <summary>τ at the start of training, relative to ‖d‖.</summary>
    public double Threshold { get; init; } = 0.01;

    /// <summary>Whether there is a learned quadratic; without it the model is the lasso, and its iteration ISTA.</summary>
    public bool Learned { get; init; } = true;

    /// <inheritdoc/>
    public override int DataSize => Measurement.GetLength(0);

    /// <inheritdoc/>
    public override int InferenceSize => Measurement.GetLength(1);

    /// <inheritdoc/>
    public override TrainingOptions Training => new()
    {
        Epochs = 15,
        LearningRate = 4e-3,
        Gradient = GradientMode.AttachedSteps, // cheaper, and downhill for these weights
        Patience = 0,
        InitialIterations = 50,
        FinalIterations = 100,
        Seed = Seed,
    };

    /// <inheritdoc/>
    public override void Compose(ModelBuilder model)
    {
        model.Algorithm = Algorithm.ProximalGradient;
        model.Steps = new StepPolicy { Share = 0.9 };
        model.Add(new LeastSquaresTerm("Fidelity", model.Matrix(Measurement)));
        model.Add(new L1Term("Sparsity", model.Identity, relativeToData: true), Learned ? model.LearnedPositive("Tau", Threshold) : Threshold);
        if (!Learned)
            return;
        var W1 = model.LearnedMatrix("W1", InferenceSize, InferenceSize, WeightStart.Identity(0.3));
        var W2 = model.LearnedMatrix("W2", InferenceSize, DataSize, WeightStart.Zero);
        model.Add(new QuadraticTerm("Prior", W1, W2));
    }

    /// <summary>‖d‖, so that τ does not depend on the amplitude of a row.</summary>
    /// <inheritdoc/>
    public override torch.Tensor Scale(torch.Tensor data) => data.norm(1, true).clamp_min(1e-12);
}
