using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// A linear map on batches of vectors, with its adjoint and a bound on its spectral norm. Tensors are batch-first:
/// <c>[batch, InputSize]</c> and <c>[batch, OutputSize]</c>.
/// </summary>
/// <remarks>
/// For every x and y, ⟨<see cref="Apply"/>(x), y⟩ = ⟨x, <see cref="ApplyAdjoint"/>(y)⟩ and ‖Apply(x)‖₂ ≤ <see cref="NormBound"/>·‖x‖₂.
/// The step-size conditions of the splittings rest on the second.
/// </remarks>
public abstract class LinearOperator : IDisposable
{
    /// <summary>Length of the vectors the operator takes.</summary>
    public abstract int InputSize { get; }

    /// <summary>Length of the vectors the operator gives.</summary>
    public abstract int OutputSize { get; }

    /// <summary>Applies the operator to every row.</summary>
    /// <param name="x">Shape <c>[batch, InputSize]</c>.</param>
    /// <returns>Shape <c>[batch, OutputSize]</c>.</returns>
    public abstract Tensor Apply(Tensor x);

    /// <summary>Applies the adjoint (transpose) to every row.</summary>
    /// <param name="y">Shape <c>[batch, OutputSize]</c>.</param>
    /// <returns>Shape <c>[batch, InputSize]</c>.</returns>
    public abstract Tensor ApplyAdjoint(Tensor y);

    /// <summary>An upper bound on the spectral norm ‖·‖₂ of the operator as it is now.</summary>
    public abstract double NormBound { get; }

    /// <summary>A lower bound on ‖Sx‖/‖x‖ of the operator as it is now, its smallest singular value where it is injective; 0, the default, where none is known.</summary>
    public virtual double LowerNormBound => 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the tensors the operator owns.</summary>
    /// <param name="disposing">Whether called from <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
    }
}
