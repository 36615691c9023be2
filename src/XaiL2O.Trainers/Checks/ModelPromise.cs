namespace XaiL2O.Trainers;

/// <summary>What the parts of a model promise, and solves, certificates and training rest on.</summary>
public enum ModelPromise
{
    /// <summary>What a part gives has the shape it must have and is finite.</summary>
    Shape,

    /// <summary>⟨Kx, y⟩ = ⟨x, Kᵀy⟩ for every x and y.</summary>
    Adjoint,

    /// <summary>‖Kx‖ ≤ <see cref="LinearOperator.NormBound"/>·‖x‖, and ‖∇h(u) − ∇h(v)‖ ≤ <see cref="ISmooth.LipschitzBound"/>·‖u − v‖.</summary>
    Bound,

    /// <summary>The proximal operator is one of a convex function: firmly non-expansive, idempotent for a constraint, and the minimiser where the value is known.</summary>
    Proximal,

    /// <summary>∇h is the gradient of the value of h, where that is known.</summary>
    Gradient,

    /// <summary>No row depends on the others of its batch.</summary>
    Rows,

    /// <summary>The gradient of training points downhill; see <see cref="GradientCheck"/>.</summary>
    Training,
}
