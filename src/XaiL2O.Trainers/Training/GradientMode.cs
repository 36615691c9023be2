namespace XaiL2O.Trainers;

/// <summary>How training differentiates a fixed point.</summary>
public enum GradientMode
{
    /// <summary>As the model says (<see cref="ImplicitModel.DefaultGradient"/>): <see cref="Implicit"/>, but for models that were measured to train better otherwise.</summary>
    Automatic,

    /// <summary>
    /// Through the linear equation of implicit differentiation, <see cref="Trainers.ImplicitGradient"/>: the derivative of the solution, whatever the splitting, up to
    /// how well solve and equation are solved.
    /// </summary>
    Implicit,

    /// <summary>
    /// Through the last <see cref="TrainingOptions.AttachedSteps"/> steps: Jacobian-free backpropagation with one, the phantom gradient with more. Cheaper, and a
    /// direction of descent for some models only: with a trained weight of ‖Kx‖₁ beside least squares it can point uphill.
    /// </summary>
    AttachedSteps,
}
