using Microsoft.ML;
using Microsoft.ML.Runtime;
using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// Trains the model that a <see cref="ModelRecipe"/> states: N(d) = argmin_x Σ terms (Heaton and Wu Fung, <i>Scientific Reports</i> 13:10103, 2023,
/// doi 10.1038/s41598-023-36249-3, eqs. (1)–(4)).
/// </summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>Column</term><description>Type</description></listheader>
/// <item><term>measurements (input)</term><description>vector of <see cref="ModelRecipe.DataSize"/> <see cref="float"/></description></item>
/// <item><term>target (training only)</term><description>vector of <see cref="ModelRecipe.TargetSize"/> <see cref="float"/>; not read where the recipe declares no weights</description></item>
/// <item><term>estimate (output)</term><description>vector of <see cref="ModelRecipe.InferenceSize"/> <see cref="float"/>; NaN where nothing was solved</description></item>
/// <item><term><c>&lt;Name&gt;.Value</c> for every term and reported measure, <c>Residual</c> (output)</term><description><see cref="double"/></description></item>
/// <item><term><c>Iterations</c> (output)</term><description><see cref="int"/></description></item>
/// <item><term><c>Converged</c> (output)</term><description><see cref="bool"/></description></item>
/// </list>
/// The composition is checked when the trainer is made. Training uses gradients of the solution (<see cref="GradientMode"/>), whose memory does not grow with the
/// number of iterations, and writes its losses to the context's log. A row whose measurements hold NaN or ∞, or are an empty vector, gets NaN outputs and <c>Converged</c> = false; training leaves such rows out.
/// </remarks>
/// <seealso cref="L2OCatalog"/>
public sealed class ComposedModelTrainer : IEstimator<ComposedModelTransformer>
{
    private readonly IHostEnvironment environment;
    private readonly ModelRecipe recipe;
    private readonly Options options;
    private readonly bool learns;
    private readonly string[] properties;

    internal ComposedModelTrainer(IHostEnvironment environment, ModelRecipe recipe, Options options)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        (this.environment, this.recipe, this.options) = (environment, recipe, options);
        RecipePayload.Check(recipe);
        CheckDefinition();
        using var model = new ComposedModel(recipe);
        learns = model.WeightCount > 0;
        properties = [.. model.Properties.Select(p => p.Name)];
        ColumnCheck.Outputs(ComposedModelTransformer.ColumnsOf(options.OutputColumnName, recipe.InferenceSize, properties));
        (options.Training ?? recipe.Training).Validate();
        (options.Solver ?? recipe.Solver).Validate();
    }

    /// <summary>A few random vectors show most wrong adjoints and bounds; <see cref="ModelCheck"/> in a test of the recipe shows more.</summary>
    private void CheckDefinition()
    {
        const int trials = 3;
        var findings = ModelCheck.Of(recipe, trials);
        if (findings.FirstOrDefault(f => f.Promise != ModelPromise.Proximal) is { } wrong)
            throw new ArgumentException($"The definition of {recipe.GetType().Name} is wrong: {wrong.Message} {nameof(ModelCheck)}.{nameof(ModelCheck.Of)} lists everything that is found.", nameof(recipe));
        using var channel = environment.Start(recipe.GetType().Name);
        foreach (var finding in findings)
            channel.Warning("{0}", finding.Message);
    }

    /// <summary>Settings of <see cref="ComposedModelTrainer"/>.</summary>
    public sealed record Options
    {
        /// <summary>Input column: measurements d.</summary>
        public string MeasurementColumnName { get; init; } = "Measurements";

        /// <summary>Training column: what the loss compares with.</summary>
        public string TargetColumnName { get; init; } = "Signal";

        /// <summary>Column appended with the inference.</summary>
        public string OutputColumnName { get; init; } = "Estimate";

        /// <summary>Training settings; <see cref="ModelRecipe.Training"/> when null.</summary>
        public TrainingOptions? Training { get; init; }

        /// <summary>Tolerances and iteration limit of inferences; <see cref="ModelRecipe.Solver"/> when null.</summary>
        public FixedPointOptions? Solver { get; init; }

        /// <summary>Rows solved together by the transformer, in [1, 2²⁰]. Default 256.</summary>
        public int BatchSize { get; init; } = 256;

        /// <summary>Receives training progress.</summary>
        public IProgress<TrainingProgress>? Progress { get; init; }

        /// <summary>
        /// Ends training early with the best weights so far, at first those it starts from. Cancelled before the training rows are read, there are none yet, and
        /// <c>Fit</c> throws <see cref="OperationCanceledException"/>.
        /// </summary>
        public CancellationToken CancellationToken { get; init; }

        internal void Validate()
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(MeasurementColumnName);
            ArgumentException.ThrowIfNullOrWhiteSpace(TargetColumnName);
            ArgumentException.ThrowIfNullOrWhiteSpace(OutputColumnName);
            OptionCheck.Batch(BatchSize);
        }
    }

    /// <summary>Trains on the rows of a view; a recipe without weights only looks at its schema.</summary>
    /// <param name="input">Has the measurement column and, where something is trained, the target column.</param>
    /// <exception cref="InvalidOperationException">A column has another type or size than expected.</exception>
    public ComposedModelTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        using var work = NativeWork.Enter();
        // The caller may be in inference mode, whose tensors have no gradients.
        using var mode = torch.inference_mode(false);
        ColumnCheck.FloatVector(input.Schema, options.MeasurementColumnName, recipe.DataSize);
        var device = DeviceChoice.From(environment);
        using var model = new ComposedModel(recipe, torch.ScalarType.Float32, device);
        TrainingResult? training = null;
        if (learns)
        {
            ColumnCheck.FloatVector(input.Schema, options.TargetColumnName, recipe.TargetSize);
            using var scope = torch.NewDisposeScope();
            var (data, targets) = FloatTable.Read(input, options.MeasurementColumnName, recipe.DataSize, options.TargetColumnName, recipe.TargetSize, int.MaxValue, options.CancellationToken);
            using var log = new TrainingLog(environment, recipe.GetType().Name, options.Progress);
            training = ModelTrainer.Train(model, data, targets, options.Training ?? recipe.Training, log, options.CancellationToken);
        }

        var columns = new ComposedModelTransformer.Columns(options.MeasurementColumnName, options.OutputColumnName);
        return new ComposedModelTransformer(environment, columns, options.BatchSize, options.Solver ?? recipe.Solver, recipe, model.ExportWeights(), device, training) { TrainedOn = learns ? new(input) : null };
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        ColumnCheck.FloatVector(inputSchema, options.MeasurementColumnName);
        if (learns)
            ColumnCheck.FloatVector(inputSchema, options.TargetColumnName);
        return SchemaShapes.Append(inputSchema, ComposedModelTransformer.ColumnsOf(options.OutputColumnName, recipe.InferenceSize, properties));
    }
}
