using TorchSharp;
using XaiL2O.Trainers;
using static TorchSharp.torch;

namespace XaiL2O.MLNet.Tests;

/// <summary>A soft lower limit, f(x) = Σ max(0, −xᵢ): negative values cost, positive ones are free.</summary>
public sealed class MostlyPositive(string name, int size) : Term(name, new IdentityOperator(size)), IProximable
{
    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data) => u.clamp_min(0) + (u + (step * ones_like(u))).clamp_max(0);

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data) => (-x).clamp_min(0).sum(1);
}

/// <summary>Piecewise constant signals, mostly positive, from noisy ones: N(d) = argmin_x ½‖x − d‖² + τ‖Dx‖₁ + ρ Σ max(0, −xᵢ). Trained: τ and ρ.</summary>
public sealed class Steps : ModelDefinition
{
    /// <summary>Length of the signals.</summary>
    public int Size { get; init; } = 32;

    /// <inheritdoc/>
    public override int DataSize => Size;

    /// <inheritdoc/>
    public override int InferenceSize => Size;

    /// <inheritdoc/>
    public override void Compose(ModelBuilder model)
    {
        model.Add(new LeastSquaresTerm("Fidelity", model.Identity));
        model.Add(TotalVariation.OfSignal("Variation", Size), model.LearnedPositive("Tau", 0.05));
        model.Add(new MostlyPositive("Positive", Size), model.LearnedPositive("Rho", 0.05));
    }
}
