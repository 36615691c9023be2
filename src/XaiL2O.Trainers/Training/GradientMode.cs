namespace XaiL2O.Trainers;

/// <summary>How training differentiates a fixed point.</summary>
public enum GradientMode
{
    /// <summary>
    /// Through the last <see cref="TrainingOptions.AttachedSteps"/> steps: Jacobian-free backpropagation with one, the phantom gradient with more.
    /// </summary>
    AttachedSteps,

    /// <summary>Through the linear equation of implicit differentiation, <see cref="Trainers.ImplicitGradient"/>.</summary>
    Implicit,
}
