using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// Trains a method that reconstructs images from parallel-beam scans: the implicit model (17) of Heaton and Wu Fung (<i>Scientific Reports</i>
/// 13:10103, 2023, doi 10.1038/s41598-023-36249-3), or one that it is compared with.
/// </summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>Column</term><description>Type</description></listheader>
/// <item><term>measurements (input)</term><description>vector of <see cref="ParallelBeamGeometry.Beams"/> <see cref="float"/>, in the units of <see cref="RadonOperator"/></description></item>
/// <item><term>image (fitting only, where something is trained or tuned)</term><description>vector of <see cref="ParallelBeamGeometry.Pixels"/> <see cref="float"/> in [0, 1]</description></item>
/// <item><term>reconstruction (output)</term><description>vector of <see cref="ParallelBeamGeometry.Pixels"/> <see cref="float"/>; NaN where nothing was solved</description></item>
/// <item><term><c>Box.Value</c>, <c>Fidelity.Value</c>, <c>TotalVariation.Value</c>, for the implicit model <c>Regularizer.Value</c>, <c>Residual</c> (output)</term><description><see cref="double"/></description></item>
/// <item><term><c>Iterations</c> (output)</term><description><see cref="int"/></description></item>
/// <item><term><c>Converged</c> (output)</term><description><see cref="bool"/></description></item>
/// </list>
/// Training uses Jacobian-free backpropagation; its memory does not grow with the number of iterations. With
/// <see cref="TrainingOptions.CheckpointPath"/> an interrupted training continues where it was.
/// </remarks>
/// <seealso cref="L2OCatalog.TrainersCatalog"/>
public sealed class CtReconstructionTrainer : IEstimator<CtReconstructionTransformer>
{
    private readonly IHostEnvironment environment;
    private readonly Options options;

    internal CtReconstructionTrainer(IHostEnvironment environment, Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        (this.environment, this.options) = (environment, options);
    }

    /// <summary>Settings of <see cref="CtReconstructionTrainer"/>.</summary>
    public sealed record Options
    {
        /// <summary>The method. Default: the implicit model.</summary>
        public ReconstructionMethod Method { get; init; } = new ImplicitMethod(new ReconstructionOptions());

        /// <summary>The scan.</summary>
        public ParallelBeamGeometry Geometry { get; init; } = new();

        /// <summary>Input column: measurements.</summary>
        public string MeasurementColumnName { get; init; } = "Measurements";

        /// <summary>Training column: true images.</summary>
        public string ImageColumnName { get; init; } = "Image";

        /// <summary>Column appended with the reconstruction.</summary>
        public string OutputColumnName { get; init; } = "Reconstruction";

        /// <summary>Training settings, for methods with weights.</summary>
        public TrainingOptions Training { get; init; } = new()
        {
            Epochs = 30,
            BatchSize = 6,
            LearningRate = 3e-3,
            WarmUp = 0.1,
            Patience = 0,
            GradientNorm = 1,
            InitialIterations = 40,
            FinalIterations = 40,
            Solver = new FixedPointOptions { MaxIterations = 200 },
        };

        /// <summary>Tolerances and iteration limit of inferences.</summary>
        public FixedPointOptions Solver { get; init; } = new() { MaxIterations = 1000, FidelityTolerance = 1e-4 };

        /// <summary>Training rows on which numbers such as ε are chosen; at least 1. Default 24.</summary>
        public int TuningRows { get; init; } = 24;

        /// <summary>Rows solved together by the transformer, in [1, 2²⁰]. Default 8.</summary>
        public int BatchSize { get; init; } = 8;

        /// <summary>Receives training progress.</summary>
        public IProgress<TrainingProgress>? Progress { get; init; }

        /// <summary>
        /// Ends training early with the best weights so far, at first those it starts from. Cancelled before the training rows are read, there are none yet, and
        /// <c>Fit</c> throws <see cref="OperationCanceledException"/>.
        /// </summary>
        public CancellationToken CancellationToken { get; init; }

        internal void Validate()
        {
            ArgumentNullException.ThrowIfNull(Method);
            ArgumentNullException.ThrowIfNull(Geometry);
            ArgumentException.ThrowIfNullOrWhiteSpace(MeasurementColumnName);
            ArgumentException.ThrowIfNullOrWhiteSpace(ImageColumnName);
            ArgumentException.ThrowIfNullOrWhiteSpace(OutputColumnName);
            ArgumentNullException.ThrowIfNull(Training);
            ArgumentNullException.ThrowIfNull(Solver);
            Method.Validate();
            Geometry.Validate();
            Training.Validate();
            Solver.Validate();
            OptionCheck.AtLeast(TuningRows, 1);
            OptionCheck.Batch(BatchSize);
        }
    }

    /// <summary>Trains or tunes on the rows of a view; a method with neither only looks at its schema.</summary>
    /// <param name="input">Has the measurement column, and the image column where something is trained or tuned.</param>
    /// <exception cref="InvalidOperationException">A column has another type or size than expected.</exception>
    public CtReconstructionTransformer Fit(IDataView input) => Fit(input, null);

    /// <summary>Trains on from the weights of a fitted model, which may have been trained on another scan: a few epochs on large scans after many on small ones.</summary>
    /// <param name="input">Has the measurement and the image column.</param>
    /// <param name="start">Where training starts; it is not changed. Null starts anew.</param>
    /// <exception cref="InvalidOperationException">A column has another type or size than expected.</exception>
    /// <exception cref="ArgumentException">The method has no weights, or <paramref name="start"/> has other ones.</exception>
    public CtReconstructionTransformer Fit(IDataView input, CtReconstructionTransformer? start)
    {
        ArgumentNullException.ThrowIfNull(input);
        using var work = NativeWork.Enter();
        if (start is not null && !options.Method.HasWeights)
            throw new ArgumentException($"{options.Method.GetType().Name} has no weights to start from; call Fit without a model to start from.", nameof(start));
        // The caller may be in inference mode, whose tensors have no gradients.
        using var mode = torch.inference_mode(false);
        var geometry = options.Geometry;
        ColumnCheck.FloatVector(input.Schema, options.MeasurementColumnName, geometry.Beams);
        var device = DeviceChoice.From(environment);
        var radon = RadonOperator.Shared(geometry);
        var method = options.Method;
        using (var untrained = method.CreateModel(radon, device))
            ColumnCheck.Outputs(CtReconstructionTransformer.Columns(options.OutputColumnName, geometry.Pixels, untrained));
        if (!method.HasWeights && method.Candidates.Count == 0)
            return Create(method, method.CreateModel(radon, device), device, null, null);

        ColumnCheck.FloatVector(input.Schema, options.ImageColumnName, geometry.Pixels);
        using var scope = torch.NewDisposeScope();
        var (data, images) = FloatTable.Read(input, options.MeasurementColumnName, geometry.Beams, options.ImageColumnName, geometry.Pixels, method.HasWeights ? int.MaxValue : options.TuningRows, options.CancellationToken);
        if (!method.HasWeights)
        {
            method = Choose(method.Candidates, radon, device, data, images);
            return Create(method, method.CreateModel(radon, device), device, null, input);
        }

        var model = method.CreateModel(radon, device);
        if (start is not null)
            model.ImportWeights(start.Model.ExportWeights());
        using var log = new TrainingLog(environment, method.GetType().Name, options.Progress);
        return Create(method, model, device, ModelTrainer.Train(model, data, images, options.Training, log, options.CancellationToken), input);
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        ColumnCheck.FloatVector(inputSchema, options.MeasurementColumnName);
        if (options.Method.HasWeights || options.Method.Candidates.Count > 0)
            ColumnCheck.FloatVector(inputSchema, options.ImageColumnName);
        using var model = options.Method.CreateSmallModel();
        return SchemaShapes.Append(inputSchema, CtReconstructionTransformer.Columns(options.OutputColumnName, options.Geometry.Pixels, model));
    }

    private CtReconstructionTransformer Create(ReconstructionMethod method, ImplicitModel model, torch.Device device, TrainingResult? training, IDataView? trainedOn) =>
        new(environment, new CtReconstructionTransformer.Settings(options.MeasurementColumnName, options.OutputColumnName, options.BatchSize, options.Geometry, method, options.Solver), model, device, training) { TrainedOn = trainedOn is null ? null : new(trainedOn) };

    private ReconstructionMethod Choose(IReadOnlyList<ReconstructionMethod> candidates, RadonOperator radon, torch.Device device, torch.Tensor data, torch.Tensor images) =>
        candidates.MaxBy(candidate =>
        {
            using var scope = torch.NewDisposeScope();
            using var model = candidate.CreateModel(radon, device);
            var inferences = model.Infer(data, options.Solver, null, options.CancellationToken).Inference;
            var estimates = torch.tensor(inferences.SelectMany(x => x).ToArray()).reshape(images.shape);
            return ImageQuality.Psnr(estimates, images).Average();
        })!;
}
