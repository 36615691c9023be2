using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Recovery of signals from measurements of which each row lacks others, N(d, m) = argmin_x ½‖m ⊙ (Ax − d)‖² + τ‖Kx‖₁: inpainting with A = I, compressed sensing with lost
/// measurements otherwise. Trained: the sparsifying transform K and τ. Properties: <c>Fidelity</c>, ‖m ⊙ (Ax − d)‖/‖m ⊙ d‖, and <c>Sparsity</c>, ‖Kx‖₁/‖d‖.
/// </summary>
/// <remarks>
/// Columns: <c>Measurements</c> (d, as many numbers as A has rows; what is not measured is 0) and <c>Mask</c> (m, as many in [0, 1]: 1 measured, 0 lost, between them trusted less), in
/// training <c>Signal</c> (x); appended <c>Estimate</c>. The analysis prior ‖Kx‖₁ with a learned K is that of Ravishankar and Bresler 2013 (doi 10.1109/TSP.2012.2226449).
/// </remarks>
public sealed class InpaintingDefinition : ModelDefinition
{
    /// <summary>A, m rows of n values. Required; the identity for a signal of which samples are missing.</summary>
    public required float[,] MeasurementMatrix { get; init; }

    /// <summary>K at the start of training, q rows of n values; the cosine transform when null.</summary>
    public float[,]? InitialTransform { get; init; }

    /// <summary>τ at the start of training, relative to ‖m ⊙ d‖; positive. Default 1e-3.</summary>
    public double InitialThreshold { get; init; } = 1e-3;

    /// <inheritdoc/>
    public override int DataSize => 2 * MeasurementMatrix.GetLength(0);

    /// <inheritdoc/>
    public override int InferenceSize => MeasurementMatrix.GetLength(1);

    /// <inheritdoc/>
    public override IReadOnlyList<ModelColumn> Inputs =>
    [
        new("Measurements", MeasurementMatrix.GetLength(0)),
        new("Mask", MeasurementMatrix.GetLength(0)) { Lowest = 0, Highest = 1, IsUnitless = true },
    ];

    /// <inheritdoc/>
    public override TrainingOptions Training => new() { Epochs = 20, LearningRate = 3e-3, Seed = Seed };

    /// <inheritdoc/>
    public override void Validate()
    {
        ArgumentNullException.ThrowIfNull(MeasurementMatrix);
        if (MeasurementMatrix.Length == 0)
            throw new ArgumentException($"{nameof(MeasurementMatrix)} is {MeasurementMatrix.GetLength(0)}×{MeasurementMatrix.GetLength(1)}; it must have at least one row and one column.");
        if (InitialTransform is { } k && k.GetLength(1) != InferenceSize)
            throw new ArgumentException($"{nameof(InitialTransform)} has rows of {k.GetLength(1)} values; signals have {InferenceSize}.");
        Check.Positive(InitialThreshold);
    }

    /// <inheritdoc/>
    public override void Compose(ModelBuilder model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var (d, m) = (model.Input("Measurements"), model.Input("Mask"));
        model.Add(new LeastSquaresTerm("Fidelity", model.Matrix(MeasurementMatrix), target: d, mask: m));
        var rows = InitialTransform?.GetLength(0) ?? InferenceSize;
        var K = model.LearnedMatrix("K", rows, InferenceSize, InitialTransform is { } start ? WeightStart.Values(start) : WeightStart.CosineTransform, normLimit: 1);
        model.Add(new L1Term("Sparsity", K, relativeToData: true, data: d, mask: m), model.LearnedPositive("Tau", InitialThreshold));
    }

    /// <summary>‖m ⊙ d‖; 1 where that is 0.</summary>
    /// <inheritdoc/>
    public override Tensor Scale(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var half = data.shape[1] / 2;
        var norm = (data.narrow(1, 0, half) * data.narrow(1, half, half)).norm(1, true);
        return where(norm.gt(0), norm, ones_like(norm));
    }
}
