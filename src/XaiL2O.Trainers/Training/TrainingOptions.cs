namespace XaiL2O.Trainers;

/// <summary>Settings of <see cref="ModelTrainer"/>.</summary>
public sealed record TrainingOptions
{
    /// <summary>Passes over the training rows; at least 1. Default 40.</summary>
    public int Epochs { get; init; } = 40;

    /// <summary>Rows per optimiser step; at least 1. Default 100.</summary>
    public int BatchSize { get; init; } = 100;

    /// <summary>Peak learning rate of the one-cycle schedule (linear rise, cosine fall); in (0, 1]. Default 1e-2.</summary>
    public double LearningRate { get; init; } = 1e-2;

    /// <summary>Share of the optimiser steps over which the learning rate rises, in [0, 1]. Default 0.3.</summary>
    public double WarmUp { get; init; } = 0.3;

    /// <summary>How steps follow from gradients. Default <see cref="OptimizerKind.Adam"/>.</summary>
    public OptimizerKind Optimizer { get; init; }

    /// <summary>L2 penalty on the weights, as part of the gradient; in [0, 1]. Default 0.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Largest norm of the gradient of all weights together; a longer one is shortened. Positive. Default +∞.</summary>
    public double GradientNorm { get; init; } = double.PositiveInfinity;

    /// <summary>How a fixed point is differentiated. Default <see cref="GradientMode.Automatic"/>.</summary>
    public GradientMode Gradient { get; init; }

    /// <summary>
    /// Whether the gradient of one batch is compared with differences of the loss before the first step (<see cref="Trainers.GradientCheck"/>); where they
    /// disagree, <see cref="TrainingProgress.Warning"/> says so. Costs about three solves of a few rows, and two more for every weight of a model of a few. Default true.
    /// </summary>
    public bool CheckGradient { get; init; } = true;

    /// <summary>
    /// Steps of the iteration that carry the gradient of <see cref="GradientMode.AttachedSteps"/>; at least 1. One is Jacobian-free backpropagation; more follow the
    /// iteration further back for as many times the memory and time. Default 1.
    /// </summary>
    public int AttachedSteps { get; init; } = 1;

    /// <summary>
    /// Most iterations of the linear equation behind <see cref="GradientMode.Implicit"/>; at least 1. Fewer leave a biased gradient, as too few
    /// attached steps do. Default 100.
    /// </summary>
    public int AdjointIterations { get; init; } = 100;

    /// <summary>
    /// File to which training saves its state after every epoch, and from which it continues when it exists; none when null. An interrupted
    /// training that continues gives the same weights as one that was not interrupted, and one that had ended is not repeated. A file of a training on
    /// other rows, with other settings, of another model or from other weights is refused. It holds the warm starts, so it may be large.
    /// </summary>
    public string? CheckpointPath { get; init; }

    /// <summary>Share of the rows kept out of training to choose the best weights, in [0, 0.5]; 0 keeps the last weights. Default 0.05.</summary>
    public double ValidationFraction { get; init; } = 0.05;

    /// <summary>Epochs without a better validation loss after which training stops; 0 never stops early. Default 10.</summary>
    public int Patience { get; init; } = 10;

    /// <summary>Iteration limit of the solves in the first epoch; at least 1. Default 100.</summary>
    public int InitialIterations { get; init; } = 100;

    /// <summary>Iteration limit from the middle of training on; at least <see cref="InitialIterations"/>. Default 200.</summary>
    public int FinalIterations { get; init; } = 200;

    /// <summary>Whether each solve starts at the previous epoch's fixed point of the same row (memory: one state per row). Default true.</summary>
    public bool WarmStart { get; init; } = true;

    /// <summary>Tolerances of the solves; the iteration limit in it applies to validation. Looser by default than those of inferences, 1e-3 and constraints 1e-2.</summary>
    public FixedPointOptions Solver { get; init; } = new() { ResidualTolerance = 1e-3, FidelityTolerance = 1e-2 };

    /// <summary>Seed of the split and of the order of rows.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Throws where rows that are made anew for every epoch are to start from those of the epoch before.</summary>
    internal void CheckRenewable()
    {
        if (WarmStart)
            throw new ArgumentException($"{nameof(WarmStart)} = {WarmStart}, but rows are made anew for every epoch, so that no solve has one of the epoch before to start from; it must be false.");
    }

    /// <summary>The same with what the model decides.</summary>
    internal TrainingOptions For(ImplicitModel model) => Gradient == GradientMode.Automatic ? this with { Gradient = model.DefaultGradient } : this;

    /// <summary>Throws unless every option is in its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it.</exception>
    public void Validate()
    {
        Check.AtLeast(Epochs, 1);
        Check.AtLeast(BatchSize, 1);
        if (!(LearningRate is > 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(LearningRate), LearningRate, $"{nameof(LearningRate)} = {LearningRate} is out of range; it must lie in (0, 1]: the optimisers move a weight by about as much in a step.");
        Check.Within(WarmUp, 0, 1);
        Check.Within(WeightDecay, 0, 1);
        if (!(GradientNorm > 0 && (GradientNorm <= Check.Largest || double.IsPositiveInfinity(GradientNorm))))
            throw new ArgumentOutOfRangeException(nameof(GradientNorm), GradientNorm, $"{nameof(GradientNorm)} = {GradientNorm} is out of range; it must be positive and at most {Check.Largest}, or ∞ for no limit.");
        Check.Whole(AttachedSteps, 1, 10_000);
        if (AttachedSteps > 1 && Gradient != GradientMode.AttachedSteps)
            throw new ArgumentException($"{nameof(AttachedSteps)} = {AttachedSteps} has no effect with {nameof(Gradient)} = {Gradient}; set {nameof(Gradient)} = {nameof(GradientMode.AttachedSteps)}.");
        Check.AtLeast(AdjointIterations, 1);
        Check.Defined(Gradient);
        Check.Defined(Optimizer);
        Check.Within(ValidationFraction, 0, 0.5);
        Check.AtLeast(Patience, 0);
        Check.AtLeast(InitialIterations, 1);
        if (FinalIterations < InitialIterations)
            throw new ArgumentOutOfRangeException(nameof(FinalIterations), FinalIterations, $"{nameof(FinalIterations)} = {FinalIterations} is out of range; it must be at least {nameof(InitialIterations)} = {InitialIterations}.");
        CheckpointFile.CheckPath(CheckpointPath, nameof(CheckpointPath));
        ArgumentNullException.ThrowIfNull(Solver);
        Solver.Validate();
    }
}
