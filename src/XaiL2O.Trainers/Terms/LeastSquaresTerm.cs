using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Agreement with measurements as a penalty, h(x) = ½‖w ⊙ (Ax − d)‖², with a weight w per measurement that may be trained. Gradient:
/// Aᵀ(w² ⊙ (Ax − d)); proximal in p = Ax: (u + step·w² ⊙ d)/(1 + step·w²). Property value: ‖Ax − d‖/‖d‖, without the weights.
/// </summary>
public sealed class LeastSquaresTerm : Term, ISmooth, IProximable, IDataTerm, IStepPerRow, IBoundedLevels
{
    private readonly Tensor? squares; // w²
    private readonly double largest = 1; // max w²
    private readonly bool weighsAll = true;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="measurement">A; its output is compared with the data.</param>
    /// <param name="weights">w, one per measurement, shape <c>[A.OutputSize]</c>; all 1 when null. Not owned.</param>
    /// <exception cref="ArgumentException">There are more or fewer weights than measurements.</exception>
    public LeastSquaresTerm(string name, LinearOperator measurement, Tensor? weights = null)
        : base(name, measurement)
    {
        if (weights is null)
            return;
        if (weights.dim() != 1 || weights.shape[0] != measurement.OutputSize)
            throw new ArgumentException($"The operator gives {measurement.OutputSize} measurements and there are [{string.Join(", ", weights.shape)}] weights.", nameof(weights));
        squares = weights.square();
        largest = squares.max().ToDouble();
        weighsAll = squares.min().ToDouble() > 0;
    }

    /// <inheritdoc/>
    public override string Cause => "an estimate that does not explain its measurements: a damaged measurement, or something the model does not know";

    /// <inheritdoc/>
    public double LipschitzBound => largest * Operator.NormBound * Operator.NormBound;

    /// <inheritdoc/>
    public Tensor Gradient(Tensor u, Tensor data) => Operator.ApplyAdjoint(Weigh(Operator.Apply(u) - data));

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data) => squares is null
        ? step.DividePlusOne(u + (step * data))
        : (u + (step * (squares * data))) / (1 + (step * squares));

    /// <summary>½‖w ⊙ (Ax − d)‖².</summary>
    Tensor? ISmooth.Value(Tensor u, Tensor data) => Value(Operator.Apply(u), data);

    /// <summary>½‖w ⊙ (p − d)‖² of p = Ax.</summary>
    Tensor? IProximable.Value(Tensor u, Tensor data) => Value(u, data);

    Tensor IDataTerm.DataNorm(Tensor data) => data.norm(1);

    bool IBoundedLevels.LevelsAreBounded => weighsAll;

    /// <summary>⟨s, d⟩ − ‖s/w‖·√(2·level).</summary>
    Tensor IBoundedLevels.LeastProduct(Tensor direction, Tensor level, Tensor data) =>
        (direction * data).sum(1) - ((squares is null ? direction : direction / squares.sqrt()).norm(1) * (2 * level).sqrt());

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data) => Ratio.OfNorms((Operator.Apply(x) - data).norm(1), data.norm(1));

    private Tensor Value(Tensor p, Tensor data)
    {
        var square = (p - data).square();
        return (squares is null ? square : squares * square).sum(1) / 2;
    }

    private Tensor Weigh(Tensor residual) => squares is null ? residual : squares * residual;
}
