using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>
/// Sparse recovery with what the training data know: N(d) = argmin_x ‖w ⊙ x‖₁ + ½‖Ax − d‖² + ½‖W₁x‖² + ⟨x, W₂d⟩, the worked example (5)–(9) of the source with
/// a weight for each entry. Trained: w, W₁, W₂.
/// </summary>
public sealed class SparseRecovery : ModelDefinition
{
    /// <summary>A, m rows of n values.</summary>
    public required float[,] Measurement { get; init; }

    /// <summary>Every weight w at the start of training, relative to ‖d‖.</summary>
    public double Threshold { get; init; } = 0.01;

    /// <summary>Whether w is trained and there is a learned quadratic; without them the model is the lasso, and its iteration ISTA.</summary>
    public bool Learned { get; init; } = true;

    /// <inheritdoc/>
    public override int DataSize => Measurement.GetLength(0);

    /// <inheritdoc/>
    public override int InferenceSize => Measurement.GetLength(1);

    /// <inheritdoc/>
    public override TrainingOptions Training => new() { Epochs = 10, LearningRate = 2e-3, InitialIterations = 50, FinalIterations = 300, Seed = Seed };

    /// <inheritdoc/>
    public override void Compose(ModelBuilder model)
    {
        model.Algorithm = Algorithm.ProximalGradient;
        model.Add(new LeastSquaresTerm("Fidelity", model.Matrix(Measurement)));
        if (Learned)
        {
            var w = model.LearnedPositive("Weights", InferenceSize, Threshold);
            var W1 = model.LearnedMatrix("W1", InferenceSize, InferenceSize, WeightStart.Identity(0.03));
            var W2 = model.LearnedMatrix("W2", InferenceSize, DataSize, WeightStart.Zero);
            model.Add(new L1Term("Sparsity", model.Identity, relativeToData: true, weights: w));
            model.Add(new QuadraticTerm("Prior", W1, W2));
        }
        else
        {
            model.Add(new L1Term("Sparsity", model.Identity, relativeToData: true), Threshold);
        }
    }

    /// <summary>‖d‖, so that w does not depend on the amplitude of a row.</summary>
    /// <inheritdoc/>
    public override torch.Tensor Scale(torch.Tensor data) => data.norm(1, true).clamp_min(1e-12);
}
