using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>A term whose proximal operator is cheap; for a constraint that is the projection, whatever the step.</summary>
public interface IProximable
{
    /// <summary>S: the term is a function of S x.</summary>
    LinearOperator Operator { get; }

    /// <summary>prox_{step·f}(u) = argmin_v step·f(v) + ½‖v − u‖², row by row.</summary>
    /// <param name="u">A point in the output space of <see cref="Operator"/>, shape <c>[batch, Operator.OutputSize]</c>.</param>
    /// <param name="step">Step size, positive.</param>
    /// <param name="data">Measurements d, shape <c>[batch, data size]</c>; terms that do not depend on them ignore them.</param>
    /// <returns>Shape of <paramref name="u"/>.</returns>
    Tensor Proximal(Tensor u, Coefficient step, Tensor data);

    /// <summary>Whether f is the indicator of a set, so that <see cref="Proximal"/> is a projection and a point outside the set is no solution.</summary>
    bool IsConstraint => false;

    /// <summary>m ≥ 0 for which f(u) − m/2·‖u‖² is convex, u = S x, as the weights are now; 0, the default, where none is known.</summary>
    double StrongConvexity => 0;

    /// <summary>
    /// f(u), row by row, for the optimality gap of a solve; 0 for a constraint, whose violation is measured apart. Null, the default of other terms, where
    /// the value is not known, as of a learned proximal operator: a solve is then judged without a gap.
    /// </summary>
    /// <param name="u">A point in the output space of <see cref="Operator"/>, shape <c>[batch, Operator.OutputSize]</c>.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    /// <returns>Shape <c>[batch]</c>, or null.</returns>
    Tensor? Value(Tensor u, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(u);
        return IsConstraint ? zeros(u.shape[0], dtype: u.dtype, device: u.device) : null;
    }
}
