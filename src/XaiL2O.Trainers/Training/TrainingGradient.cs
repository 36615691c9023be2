using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The inference with the gradient that the options of a training ask for.</summary>
internal static class TrainingGradient
{
    /// <summary>A gradient of a batch is a sample of rows; more exact than this it need not be, nor can it be where solves are loose.</summary>
    private const double Loosest = 1e-2;
    private const double Tightest = 1e-4;

    public static Tensor Attach(Splitting splitting, SplittingState fixedPoint, Tensor data, TrainingOptions options) =>
        options.Gradient != GradientMode.AttachedSteps
            ? ImplicitGradient.Attach(splitting, fixedPoint, data, options.AdjointIterations, Math.Clamp(10 * options.Solver.ResidualTolerance, Tightest, Loosest))
            : JacobianFree.Attach(splitting, fixedPoint, data, options.AttachedSteps);
}
