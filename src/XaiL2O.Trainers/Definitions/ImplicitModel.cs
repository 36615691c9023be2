using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// A model whose inference is the solution of an optimisation problem (1): terms, and a splitting that solves their sum.
/// Instances can be used from several threads as long as no weights change.
/// </summary>
public abstract class ImplicitModel : IDisposable
{
    /// <summary>Half of what rounded inferences may violate constraints by, relative to their scale.</summary>
    private const double DeliveredFidelity = 5e-7;

    /// <summary>Half of the largest relative gap of rounded inferences.</summary>
    private const double DeliveredGap = 1e-4;

    /// <summary>Length of the measurement vector d.</summary>
    public abstract int DataSize { get; }

    /// <summary>Length of the inference x.</summary>
    public abstract int InferenceSize { get; }

    /// <summary>The terms of the objective, in the order in which their property values are reported.</summary>
    public abstract IReadOnlyList<Term> Terms { get; }

    /// <summary>What is reported of an inference: the terms, and where a model says so other measures beside them.</summary>
    public virtual IReadOnlyList<Term> Properties => Terms;

    /// <summary>The term whose property value is the solver's feasibility test; null when there is none.</summary>
    public abstract Term? Feasibility { get; }

    /// <summary>The trained tensors, with their names.</summary>
    public abstract IReadOnlyList<(string Name, Tensor Weight)> Weights { get; }

    /// <summary>
    /// What beside the weights says which model this is: options and constants, down to every field of theirs. A checkpoint of a training is refused where they
    /// differ; a model that names none is told apart by its type and its starting weights alone.
    /// </summary>
    public virtual IReadOnlyList<object?> Configuration => [];

    /// <summary>Element type of the computation.</summary>
    public abstract ScalarType DataType { get; }

    /// <summary>Device of the computation.</summary>
    public abstract Device Device { get; }

    /// <summary>The iteration for the weights as they are now; valid until they change. The caller disposes it if it is disposable.</summary>
    public abstract Splitting CreateSplitting();

    /// <summary>Puts the weights back into the set where the model is defined, after an optimiser step. No gradients are recorded.</summary>
    public virtual void ProjectWeights()
    {
    }

    /// <summary>Puts the trained weights into the form in which they are kept, once training has ended. Nothing unless a model says otherwise.</summary>
    public virtual void FinishTraining()
    {
    }

    /// <summary>
    /// The factor s(d) &gt; 0 by which each row is divided before the solve and multiplied after it, shape <c>[batch, 1]</c>. Only for
    /// positively homogeneous models, where it changes no answer and makes one step size fit all amplitudes.
    /// </summary>
    /// <param name="data">d, shape <c>[batch, DataSize]</c>.</param>
    public virtual Tensor Scale(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return ones(data.shape[0], 1, dtype: data.dtype, device: data.device);
    }

    /// <summary>d with NaN in rows that hold what the model does not take; such rows are not solved, and training leaves them out.</summary>
    /// <param name="data">d, shape <c>[batch, DataSize]</c>.</param>
    public virtual Tensor Admit(Tensor data) => data;

    /// <summary>Rows that the model takes, from normal ones, for checks.</summary>
    internal virtual Tensor SampleData(Tensor normal) => normal;

    /// <summary>d at unit scale: every row divided by <see cref="Scale"/>, unless a model has inputs that have no part in the amplitude.</summary>
    /// <param name="data">d, shape <c>[batch, DataSize]</c>.</param>
    /// <param name="scale">s(d), shape <c>[batch, 1]</c>.</param>
    public virtual Tensor Unscale(Tensor data, Tensor scale)
    {
        ArgumentNullException.ThrowIfNull(data);
        return data / scale;
    }

    /// <summary>How training differentiates fixed points where its options leave that to the model: exactly, unless a model says otherwise.</summary>
    public virtual GradientMode DefaultGradient => GradientMode.Implicit;

    /// <summary>Length of the rows of training targets; <see cref="InferenceSize"/> where the target is the inference itself.</summary>
    public virtual int TargetSize => InferenceSize;

    /// <summary>What training minimises; mean squared error unless a model says otherwise.</summary>
    /// <param name="inference">x with gradients attached, shape <c>[batch, InferenceSize]</c>.</param>
    /// <param name="data">d, shape <c>[batch, DataSize]</c>.</param>
    /// <param name="targets">Shape <c>[batch, TargetSize]</c>.</param>
    /// <returns>A scalar.</returns>
    public virtual Tensor Loss(Tensor inference, Tensor data, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(inference);
        return (inference - targets).pow(2).mean();
    }

    /// <summary>What chooses the best weights; <see cref="Loss"/> unless a model says otherwise. No gradients are recorded.</summary>
    /// <inheritdoc cref="Loss"/>
    public virtual double ValidationLoss(Tensor inference, Tensor data, Tensor targets) => Loss(inference, data, targets).ToDouble();

    /// <summary>Finds fixed points of a splitting of this model; <see cref="FixedPointSolver"/> unless a model has a faster way.</summary>
    /// <param name="splitting">From <see cref="CreateSplitting"/>.</param>
    /// <param name="data">d, divided by <see cref="Scale"/>.</param>
    /// <param name="options">Tolerances and limit.</param>
    /// <param name="warmStart">Where to start; from the data when null.</param>
    /// <param name="cancellationToken">Stops the solve by throwing <see cref="OperationCanceledException"/>.</param>
    public virtual FixedPointResult Solve(Splitting splitting, Tensor data, FixedPointOptions options, SplittingState? warmStart = null, CancellationToken cancellationToken = default) =>
        FixedPointSolver.Solve(splitting, data, options, Feasibility, warmStart, cancellationToken);

    /// <summary>Solves a batch and evaluates every term at the solution.</summary>
    /// <param name="data">Measurements, shape <c>[batch, DataSize]</c>, any floating type; converted to <see cref="DataType"/>.</param>
    /// <param name="options">Tolerances and limit.</param>
    /// <param name="splitting">The iteration from <see cref="CreateSplitting"/>, to share one factorisation among batches; made when null.</param>
    /// <param name="cancellationToken">Stops the solve by throwing <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentException">The data have another width than <see cref="DataSize"/>.</exception>
    public virtual ModelInference Infer(Tensor data, FixedPointOptions options, Splitting? splitting = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.dim() != 2 || data.shape[1] != DataSize)
            throw new ArgumentException($"The model takes data of shape [batch, {DataSize}]; got [{string.Join(", ", data.shape)}].", nameof(data));
        using var work = NativeWork.Enter();
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var own = splitting is null ? CreateSplitting() : null;
        try
        {
            var d = Admit(data.to(DataType).to(Device));
            var iteration = splitting ?? own!;
            var scale = Scale(d);
            var scaled = Unscale(d, scale);
            var solve = Solve(iteration, scaled, options, null, cancellationToken);
            var x = iteration.Inference(solve.State, scaled) * scale;
            // What is judged is what is delivered: rounded to single precision, where large numbers are ∞.
            var delivered = x.to(ScalarType.Float32);
            solve = JudgeDelivered(iteration, delivered.to(DataType) / scale, scaled, scale, solve, options);
            var flat = delivered.cpu().contiguous().data<float>().ToArray();
            return ModelInference.Delivered([.. flat.Chunk(InferenceSize)], Evaluate(delivered, d), solve);
        }
        finally
        {
            own?.Dispose();
        }
    }

    /// <summary>
    /// Measures the distance from the solution, and the gap of converged rows anew, and takes the flag from those whose conditions do not survive the rounding to single precision.
    /// </summary>
    private static FixedPointResult JudgeDelivered(Splitting iteration, Tensor delivered, Tensor data, Tensor scale, FixedPointResult solve, FixedPointOptions options)
    {
        if (solve.Status.All(s => s is SolveStatus.InvalidData or SolveStatus.Diverged))
            return solve;
        var optimality = iteration.Optimality(solve.State, iteration.JudgesNextAlone ? solve.State : iteration.Step(solve.State, data), data, delivered);
        double[] Values(Tensor t) => t.to(ScalarType.Float64).cpu().data<double>().ToArray();
        // What bounds the excess takes as long as many steps, and only converged rows have it measured anew.
        var (primal, gap, excess) = (Values(optimality.Primal), Values(optimality.Gap), solve.Status.Contains(SolveStatus.Converged) ? Values(optimality.Excess) : []);
        // Tolerances far below what single precision can hold judge the solve alone.
        var (violation, open) = (2 * Math.Max(options.FidelityTolerance, DeliveredFidelity), 2 * Math.Max(options.ResidualTolerance, DeliveredGap));
        var distance = Values(optimality.Distance * scale.flatten());
        for (var row = 0; row < primal.Length; row++)
        {
            solve.Distance[row] = primal[row] <= violation && !double.IsNaN(distance[row]) ? distance[row] : double.PositiveInfinity;
            if (solve.Status[row] != SolveStatus.Converged)
                continue;
            solve.Gap[row] = primal[row] <= violation ? excess[row] : double.PositiveInfinity;
            solve.Missing[row] = (primal[row] <= violation ? 0 : OptimalityCondition.PrimalFeasibility) | (gap[row] <= open ? 0 : OptimalityCondition.Gap);
            if (solve.Missing[row] != OptimalityCondition.None)
                solve.Status[row] = SolveStatus.Imprecise;
        }

        return solve;
    }

    /// <summary>The property values of any estimate, whatever made it.</summary>
    /// <param name="estimates">Shape <c>[batch, InferenceSize]</c>.</param>
    /// <param name="data">The measurements they explain, shape <c>[batch, DataSize]</c>.</param>
    /// <returns>For each of <see cref="Properties"/>, in order, one value per row; NaN where the estimate holds NaN or ∞, and of what compares with data that the model does not take (<see cref="Admit"/>).</returns>
    public double[][] Evaluate(Tensor estimates, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(estimates);
        ArgumentNullException.ThrowIfNull(data);
        using var work = NativeWork.Enter();
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var (x, d) = (estimates.to(DataType).to(Device), Admit(data.to(DataType).to(Device)));
        // Some terms ignore a direction, such as that into a half-space, in which ∞ would be a perfect estimate.
        var odd = x.isfinite().all(1).logical_not();
        return [.. Properties.Select(term => term.PropertyValue(x, d).to(ScalarType.Float64).masked_fill(odd, double.NaN).cpu().data<double>().ToArray())];
    }

    /// <summary>Number of trained values.</summary>
    public long WeightCount => Weights.Sum(w => w.Weight.numel());

    /// <summary>
    /// What was learned, in the numbers of the model: for a positive weight the weight itself, where <see cref="Weights"/> and what is stored hold the logarithm that is trained.
    /// </summary>
    public virtual IReadOnlyList<NamedArray> LearnedValues() => ExportWeights();

    /// <summary>Copies the weights out as they are trained and stored, in single precision; <see cref="LearnedValues"/> for people.</summary>
    public IReadOnlyList<NamedArray> ExportWeights()
    {
        using var work = NativeWork.Enter();
        using var scope = NewDisposeScope();
        return [.. Weights.Select(w => NamedArray.Of(w.Name, w.Weight))];
    }

    /// <summary>Copies weights in.</summary>
    /// <param name="arrays">Arrays with the names and shapes of <see cref="Weights"/>.</param>
    /// <exception cref="ArgumentException">An array is missing, has another shape, or is of a weight that the model does not have.</exception>
    public void ImportWeights(IReadOnlyList<NamedArray> arrays)
    {
        ArgumentNullException.ThrowIfNull(arrays);
        using var work = NativeWork.Enter();
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        if (arrays.FirstOrDefault(a => !Weights.Any(w => w.Name == a.Name)) is { } unknown)
            throw new ArgumentException($"The model has no weight '{unknown.Name}'; its weights are: {(Weights.Count == 0 ? "none" : string.Join(", ", Weights.Select(w => w.Name)))}.", nameof(arrays));
        foreach (var (name, weight) in Weights)
        {
            var array = arrays.FirstOrDefault(a => a.Name == name) ?? throw new ArgumentException($"The weight '{name}' is missing.", nameof(arrays));
            if (!array.Shape.SequenceEqual(weight.shape))
                throw new ArgumentException($"The weight '{name}' has shape [{string.Join(", ", array.Shape)}]; the model needs [{string.Join(", ", weight.shape)}].", nameof(arrays));
            if (array.Values.Length != weight.numel())
                throw new ArgumentException($"The weight '{name}' has {array.Values.Length} values; its shape [{string.Join(", ", array.Shape)}] has {weight.numel()}.", nameof(arrays));
            weight.copy_(tensor(array.Values).reshape(array.Shape));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        using var work = NativeWork.Enter();
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the tensors the model owns.</summary>
    /// <param name="disposing">Whether called from <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
    }
}
