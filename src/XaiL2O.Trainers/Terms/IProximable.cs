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
}
