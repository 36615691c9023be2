using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Agreement with measurements as a penalty, h(x) = ½‖w ⊙ (Ax − d)‖², with a weight w per measurement that may be trained, or come with the row: a mask. Gradient:
/// Aᵀ(w² ⊙ (Ax − d)); proximal in p = Ax: (u + step·w² ⊙ d)/(1 + step·w²). Property value: ‖Ax − d‖/‖d‖, without trained weights; with those of
/// the row ‖m ⊙ (Ax − d)‖/‖m ⊙ d‖.
/// </summary>
public sealed class LeastSquaresTerm : Term, ISmooth, IProximable, IDataTerm, IStepPerRow, IBoundedLevels
{
    private readonly Tensor? squares; // w² of all rows
    private readonly double largest = 1; // max w²
    private readonly double least = 1; // min w² of all rows
    private readonly RowInput? target;
    private readonly RowInput? mask;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="measurement">A; its output is compared with the data.</param>
    /// <param name="weights">w, one per measurement, shape <c>[A.OutputSize]</c>; all 1 when null. Not owned.</param>
    /// <param name="target">The input that Ax is compared with; all of d when null.</param>
    /// <param name="mask">
    /// m, an input with a weight in [0, 1] for each measurement of the row (<see cref="ModelColumn.Lowest"/>, <see cref="ModelColumn.Highest"/>), beside w: 0 where
    /// nothing was measured. None when null.
    /// </param>
    /// <exception cref="ArgumentException">There are more or fewer weights, targets or entries of the mask than measurements, or the mask is not limited to [0, 1].</exception>
    public LeastSquaresTerm(string name, LinearOperator measurement, Tensor? weights = null, RowInput? target = null, RowInput? mask = null)
        : base(name, measurement)
    {
        target?.CheckSize(measurement.OutputSize, "what the operator gives", nameof(target));
        mask?.CheckSize(measurement.OutputSize, "what the operator gives", nameof(mask));
        mask?.CheckLimits(0, 1, nameof(mask));
        (this.target, this.mask) = (target, mask);
        least = mask is null ? 1 : 0;
        if (weights is null)
            return;
        if (weights.dim() != 1 || weights.shape[0] != measurement.OutputSize)
            throw new ArgumentException($"The operator gives {measurement.OutputSize} measurements and there are [{string.Join(", ", weights.shape)}] weights.", nameof(weights));
        squares = weights.square();
        largest = squares.max().ToDouble();
        least *= squares.min().ToDouble();
    }

    /// <inheritdoc/>
    public override string Formula => mask is null ? "‖Ax − d‖/‖d‖" : "‖m ⊙ (Ax − d)‖/‖m ⊙ d‖";

    /// <inheritdoc/>
    public override string Cause => "an estimate that does not explain its measurements: a damaged measurement, or something the model does not know";

    /// <summary>Holds for every row, since a mask is at most 1.</summary>
    public double LipschitzBound => largest * Operator.NormBound * Operator.NormBound;

    double ISmooth.StrongConvexity => least > 0 ? least * Math.Pow(Operator.LowerNormBound, 2) : 0;

    double IProximable.StrongConvexity => least;

    /// <inheritdoc/>
    public Tensor Gradient(Tensor u, Tensor data)
    {
        var residual = Operator.Apply(u) - Target(data);
        return Operator.ApplyAdjoint(Squares(data) is { } w2 ? w2 * residual : residual);
    }

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data) => Squares(data) is { } w2
        ? (u + (step * (w2 * Target(data)))) / (1 + (step * w2))
        : step.DividePlusOne(u + (step * Target(data)));

    /// <summary>½‖w ⊙ (Ax − d)‖².</summary>
    Tensor? ISmooth.Value(Tensor u, Tensor data) => Value(Operator.Apply(u), data);

    /// <summary>½‖w ⊙ (p − d)‖² of p = Ax.</summary>
    Tensor? IProximable.Value(Tensor u, Tensor data) => Value(u, data);

    Tensor IDataTerm.DataNorm(Tensor data) => Masked(Target(data), data).norm(1);

    Tensor IDataTerm.Target(Tensor data) => Masked(Target(data), data);

    bool IBoundedLevels.LevelsAreBounded => least > 0;

    /// <summary>⟨s, d⟩ − ‖s/w‖·√(2·level).</summary>
    Tensor IBoundedLevels.LeastProduct(Tensor direction, Tensor level, Tensor data) =>
        (direction * Target(data)).sum(1) - ((squares is null ? direction : direction / squares.sqrt()).norm(1) * (2 * level).sqrt());

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data)
    {
        var measured = Target(data);
        return Ratio.OfNorms(Masked(Operator.Apply(x) - measured, data).norm(1), Masked(measured, data).norm(1));
    }

    private Tensor Target(Tensor data) => target is null ? data : target.Of(data);

    /// <summary>Shape <c>[A.OutputSize]</c> or <c>[batch, A.OutputSize]</c>; null where all weights are 1.</summary>
    private Tensor? Squares(Tensor data) => mask is null ? squares : squares is null ? mask.Of(data).square() : squares * mask.Of(data).square();

    private Tensor Masked(Tensor values, Tensor data) => mask is null ? values : mask.Of(data) * values;

    private Tensor Value(Tensor p, Tensor data)
    {
        var square = (p - Target(data)).square();
        return (Squares(data) is { } w2 ? w2 * square : square).sum(1) / 2;
    }
}
