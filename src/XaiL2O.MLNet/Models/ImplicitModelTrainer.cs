using System.Collections.ObjectModel;
using Microsoft.ML;
using Microsoft.ML.Runtime;
using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// Trains the model that a <see cref="ModelDefinition"/> states: N(d) = argmin_x Σ terms (Heaton and Wu Fung, <i>Scientific Reports</i> 13:10103, 2023,
/// doi 10.1038/s41598-023-36249-3, eqs. (1)–(4)).
/// </summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>Column</term><description>Type</description></listheader>
/// <item><term><see cref="ModelDefinition.Inputs"/> (input)</term><description>vectors of numbers of any type</description></item>
/// <item><term><see cref="ModelDefinition.Target"/> (training only)</term><description>vector of numbers; not read where nothing is learned or chosen</description></item>
/// <item><term><see cref="ModelDefinition.Outputs"/> (output)</term><description>vectors of <see cref="float"/> or <see cref="double"/>, NaN where nothing was solved; texts of some models</description></item>
/// <item><term><c>&lt;Name&gt;.Value</c> for every term and reported measure, <c>Residual</c>, <c>Gap</c>, <c>SolutionDistance</c> (output)</term><description><see cref="double"/></description></item>
/// <item><term><c>Iterations</c> (output)</term><description><see cref="int"/></description></item>
/// <item><term><c>Converged</c> (output)</term><description><see cref="bool"/></description></item>
/// </list>
/// The definition is checked when the trainer is made. Training uses gradients of the solution (<see cref="GradientMode"/>), whose memory does not grow with the
/// number of iterations, and writes its losses to the context's log; with <see cref="TrainingOptions.CheckpointPath"/> an interrupted training continues where it was. A row
/// whose inputs hold NaN or ∞, or are an empty vector, gets NaN outputs and <c>Converged</c> = false; training leaves such rows out.
/// </remarks>
/// <seealso cref="L2OCatalog"/>
public sealed class ImplicitModelTrainer : IEstimator<ImplicitModelTransformer>
{
    private readonly IHostEnvironment environment;
    private readonly ModelDefinition definition;
    private readonly Options options;
    private readonly ModelColumns columns;
    private readonly bool learns;
    private readonly IReadOnlyList<OutputColumn> appended;

    internal ImplicitModelTrainer(IHostEnvironment environment, ModelDefinition definition, Options options)
    {
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(options);
        definition.RequireProperties();
        definition.Validate();
        options.Validate();
        (this.environment, this.definition, this.options) = (environment, definition, options);
        columns = new ModelColumns(definition, options.ColumnNames, options.OutputPrefix);
        OptionCheck.Batch(options.BatchSize ?? definition.BatchSize, nameof(Options.BatchSize));
        (options.Training ?? definition.Training).Validate();
        (options.Solver ?? definition.Solver).Validate();
        DefinitionPayload.Check(definition);
        using var outline = definition.Chosen.Outline.CreateModel();
        // Those of this library are checked by its tests.
        if (outline is DefinedModel && definition.GetType().Assembly != typeof(ModelDefinition).Assembly)
            CheckTerms();
        learns = definition.LearnsWeights && outline.WeightCount > 0;
        appended = columns.Appended(outline.Properties);
        ColumnCheck.Hidden([.. columns.Inputs, columns.Target], appended);
    }

    /// <summary>Settings of <see cref="ImplicitModelTrainer"/>.</summary>
    public sealed record Options
    {
        /// <summary>Columns of the data that are not named as the definition names them: the definition's name, and the column's. None by default.</summary>
        public IReadOnlyDictionary<string, string> ColumnNames { get; init; } = ReadOnlyDictionary<string, string>.Empty;

        /// <summary>Before the name of every appended column, so that several models fit into one chain. Empty by default.</summary>
        public string OutputPrefix { get; init; } = "";

        /// <summary>Training settings; <see cref="ModelDefinition.Training"/> when null.</summary>
        public TrainingOptions? Training { get; init; }

        /// <summary>Tolerances and iteration limit of inferences; <see cref="ModelDefinition.Solver"/> when null.</summary>
        public FixedPointOptions? Solver { get; init; }

        /// <summary>
        /// Rows solved together by the transformer, in [1, 2²⁰], fewer where no array holds a column of as many; <see cref="ModelDefinition.BatchSize"/> when null.
        /// </summary>
        public int? BatchSize { get; init; }

        /// <summary>Receives training progress.</summary>
        public IProgress<TrainingProgress>? Progress { get; init; }

        /// <summary>
        /// Ends training early with the best weights so far, at first those it starts from. Cancelled before the training rows are read, there are none yet, and
        /// <c>Fit</c> throws <see cref="OperationCanceledException"/>.
        /// </summary>
        public CancellationToken CancellationToken { get; init; }

        internal void Validate()
        {
            ArgumentNullException.ThrowIfNull(ColumnNames);
            ArgumentNullException.ThrowIfNull(OutputPrefix);
            if (BatchSize is { } size)
                OptionCheck.Batch(size, nameof(BatchSize));
            Training?.Validate();
            Solver?.Validate();
        }
    }

    private bool NeedsRows => learns || definition.RowsToChoose > 0;

    /// <summary>Trains, and chooses, on the rows of a view; a definition with nothing to learn only looks at its schema.</summary>
    /// <param name="input">Has the input columns and, where something is learned, the target column.</param>
    /// <exception cref="InvalidOperationException">
    /// A column has another type or size than expected, an appended one would hide one of a model before this one in the chain, or no row can be trained on.
    /// </exception>
    public ImplicitModelTransformer Fit(IDataView input) => Fit(input, null);

    /// <summary>Trains on from the weights of a fitted model, whose definition may differ in what its weights do not depend on: a few epochs on large scans after many on small ones.</summary>
    /// <param name="input">Has the input columns and the target column.</param>
    /// <param name="start">Where training starts; it is not changed. Null starts anew.</param>
    /// <exception cref="InvalidOperationException">
    /// A column has another type or size than expected, an appended one would hide one of a model before this one in the chain, or no row can be trained on.
    /// </exception>
    /// <exception cref="ArgumentException">The model has no weights to train, or <paramref name="start"/> has other ones.</exception>
    public ImplicitModelTransformer Fit(IDataView input, ImplicitModelTransformer? start)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Fit(input, start, null);
    }

    /// <summary>
    /// Trains on rows that are made anew for every epoch, as by augmentation, and chooses the weights on validation rows that are given: of other patients or sites, for instance, which a random share of
    /// the rows would not keep apart. <see cref="TrainingOptions.WarmStart"/> must be off.
    /// </summary>
    /// <param name="training">
    /// The rows of an epoch, counted from 1, with the input columns and the target column; as many in each. It gives the same rows whenever it is asked for an epoch. One and the same view for all epochs is allowed.
    /// </param>
    /// <param name="validation">The rows on which the best weights are chosen.</param>
    /// <param name="start">Where training starts; it is not changed. Null starts anew.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing.</exception>
    /// <exception cref="InvalidOperationException">A column has another type or size than expected, an appended one would hide one of a model before this one in the chain, or no row can be trained on.</exception>
    /// <exception cref="ArgumentException">The model has no weights to train, <paramref name="start"/> has other ones, or solves are to start from those of the epoch before.</exception>
    public ImplicitModelTransformer Fit(Func<int, IDataView> training, IDataView validation, ImplicitModelTransformer? start = null)
    {
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(validation);
        if (!learns)
            throw new ArgumentException($"{definition.GetType().Name} has no weights to train; call Fit with one view.", nameof(training));
        (options.Training ?? definition.Training).CheckRenewable();
        foreach (var column in (ModelColumn[])[.. columns.Inputs, columns.Target])
            ColumnCheck.NumberVector(validation.Schema, column.Name, column.Size);
        return Fit(training(1), start, (training, validation));
    }

    private ImplicitModelTransformer Fit(IDataView input, ImplicitModelTransformer? start, (Func<int, IDataView> Training, IDataView Validation)? renewed)
    {
        if (start is not null && !learns)
            throw new ArgumentException($"{definition.GetType().Name} has no weights to train; call Fit without a model to start from.", nameof(start));
        // It may have been changed since the trainer was made.
        DefinitionPayload.Check(definition);
        using var work = NativeWork.Enter();
        // The caller may be in inference mode, whose tensors have no gradients.
        using var mode = torch.inference_mode(false);
        using var scope = torch.NewDisposeScope();
        foreach (var column in columns.Inputs)
            ColumnCheck.NumberVector(input.Schema, column.Name, column.Size);
        // Found out after a training, it would have been for nothing.
        ColumnCheck.Hidden(input.Schema, appended);
        var device = DeviceChoice.From(environment);
        var solver = options.Solver ?? definition.Solver;
        var (chosen, training) = (definition, (TrainingResult?)null);
        TrainingTable? table = null;
        if (NeedsRows)
        {
            ColumnCheck.NumberVector(input.Schema, columns.Target.Name, columns.Target.Size);
            table = TrainingTable.Read(input, columns, learns ? int.MaxValue : definition.RowsToChoose, options.CancellationToken).Usable(definition);
            if (definition.RowsToChoose > 0)
            {
                using var choice = torch.NewDisposeScope();
                var rows = table.Chosen(definition);
                using var interruption = Interruption.Scope(options.CancellationToken);
                chosen = (start is null ? null : definition.WithChoiceOf(start.Definition)) ?? definition.Choose(rows.Data, rows.Targets, solver, device, options.CancellationToken);
                DefinitionPayload.Check(chosen);
                using var channel = environment.Start(definition.GetType().Name);
                foreach (var (isWarning, text) in chosen.RemarksOnChoice(rows.Data.shape[0]))
                    (isWarning ? (Action<string, object[]>)channel.Warning : channel.Info)("{0}", [text]);
            }
        }

        IReadOnlyList<NamedArray> weights;
        using (var model = learns ? chosen.CreateModel(torch.ScalarType.Float32, device) : chosen.Outline.CreateModel())
        {
            if (start is not null)
                model.ImportWeights(start.Weights);
            if (learns)
            {
                table = table!.For(model);
                using var log = new TrainingLog(environment, definition.GetType().Name, options.Progress);
                var settings = options.Training ?? definition.Training;
                (torch.Tensor Data, torch.Tensor Targets) Rows(IDataView view)
                {
                    var read = TrainingTable.Read(view, columns, int.MaxValue, options.CancellationToken).Usable(chosen).For(model);
                    return (read.Data, read.Targets);
                }

                training = renewed is null
                    ? ModelTrainer.Train(model, table.Data, table.Targets, settings, log, options.CancellationToken)
                    : ModelTrainer.TrainOnFreshRows(model, epoch => epoch == 1 ? (table.Data, table.Targets) : Rows(renewed.Value.Training(epoch)), Rows(renewed.Value.Validation), settings, log, options.CancellationToken);
                model.FinishTraining();
            }

            weights = model.ExportWeights();
        }

        return new ImplicitModelTransformer(environment, new ModelColumns(chosen, options.ColumnNames, options.OutputPrefix), options.BatchSize ?? definition.BatchSize, solver, weights, device, training)
        {
            TrainedOn = NeedsRows ? new TrainingRows(input, start?.TrainedOn) : null,
        };
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        foreach (var column in columns.Inputs)
            ColumnCheck.NumberVector(inputSchema, column.Name, column.Size);
        if (NeedsRows)
            ColumnCheck.NumberVector(inputSchema, columns.Target.Name, columns.Target.Size);
        return SchemaShapes.Append(inputSchema, appended);
    }

    /// <summary>A few random vectors show most wrong adjoints and bounds; <see cref="ModelCheck"/> in a test of the definition shows more.</summary>
    private void CheckTerms()
    {
        const int trials = 3;
        var findings = ModelCheck.Of(definition, trials);
        if (findings.FirstOrDefault(f => f.Promise != ModelPromise.Proximal) is { } wrong)
            throw new ArgumentException($"The definition of {definition.GetType().Name} is wrong: {wrong.Message} {nameof(ModelCheck)}.{nameof(ModelCheck.Of)} lists everything that is found.", nameof(definition));
        using var channel = environment.Start(definition.GetType().Name);
        foreach (var finding in findings)
            channel.Warning("{0}", finding.Message);
    }
}
