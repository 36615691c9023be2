using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// Solves a model for every row and appends the inference, its property values and the report of the solve. See <see cref="ImplicitModelTrainer"/> for the columns.
/// </summary>
/// <remarks>
/// Disposing it frees the native memory of the model as soon as no row is being solved. A prediction engine disposes its model with itself, also where others still use it,
/// so a transformer that is used after that makes the model again from its weights.
/// </remarks>
public sealed class ImplicitModelTransformer : BatchTransformer, IDisposable
{
    internal const string LoaderSignature = "XaiL2OImplicitModel";
    private const string WeightPrefix = "Weight.";

    private readonly IHostEnvironment environment;
    private readonly ModelColumns columns;
    private readonly FixedPointOptions solver;
    private readonly IReadOnlyList<NamedArray> weights;
    private readonly torch.Device device;
    private readonly ImplicitModel outline;
    private readonly Renewable<(ImplicitModel Model, Splitting Splitting)> solved;

    internal ImplicitModelTransformer(IHostEnvironment environment, ModelColumns columns, int batchSize, FixedPointOptions solver, IReadOnlyList<NamedArray> weights, torch.Device device, TrainingResult? training, ImplicitModel? outline = null)
    {
        (this.environment, this.columns, this.solver, this.weights, this.device, Training) = (environment, columns, solver, weights, device, training);
        // A column of a batch is one array.
        var widest = columns.Inputs.Select(c => c.Size).Concat([Definition.DataSize, Definition.InferenceSize, 1]).Max();
        BatchSize = Math.Clamp(Array.MaxLength / widest, 1, batchSize);
        this.outline = outline ??= Outline(Definition);
        outline.ImportWeights(weights);
        OutputColumns = columns.Appended(outline.Properties);
        // Some models are large; they are made for rows, whose columns then have the sizes that they are for.
        solved = new Renewable<(ImplicitModel Model, Splitting Splitting)>(
            () => LastingTensors.Make(() =>
            {
                var model = Make(Definition, Definition.InferenceType, device);
                return (model, model.CreateSplitting());
            }),
            made =>
            {
                made.Splitting.Dispose();
                made.Model.Dispose();
            });
    }

    private sealed record Settings(IReadOnlyDictionary<string, string> ColumnNames, string OutputPrefix, int BatchSize, FixedPointOptions Solver, DefinitionPayload Definition);

    /// <summary>What training did; null for a model that was loaded, or not trained.</summary>
    public TrainingResult? Training { get; }

    /// <summary>The definition, with what fitting chose.</summary>
    public ModelDefinition Definition => columns.Definition;

    /// <summary>Number of values that were trained or chosen.</summary>
    public long WeightCount => outline.WeightCount + Definition.ChosenNumbers;

    /// <summary>What was learned, in the numbers of the definition: a positive weight itself, where <see cref="Weights"/> holds its logarithm.</summary>
    public IReadOnlyList<NamedArray> LearnedValues => outline.LearnedValues();

    /// <summary>The trained weights as they are stored, copies.</summary>
    public IReadOnlyList<NamedArray> Weights => [.. weights.Select(w => w with { Shape = [.. w.Shape], Values = [.. w.Values] })];

    /// <summary>The model itself, for use without ML.NET, until this transformer is disposed. Its weights must not change.</summary>
    public ImplicitModel Model
    {
        get
        {
            using var use = solved.Take();
            return use.Value.Model;
        }
    }

    /// <summary>Whether the model for rows is in memory.</summary>
    internal bool HoldsModel => solved.IsMade;

    internal ModelColumns Columns => columns;

    /// <summary>Names, causes and sides of the property values.</summary>
    internal IReadOnlyList<Term> Properties => outline.Properties;

    internal override int BatchSize { get; }

    internal override IReadOnlyList<ModelColumn> InputVectors => columns.Inputs;

    internal override IReadOnlyList<OutputColumn> OutputColumns { get; }

    /// <summary>The same model with other tolerances and another limit of solves.</summary>
    /// <param name="solver">Tolerances and iteration limit.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it.</exception>
    public ImplicitModelTransformer WithSolver(FixedPointOptions solver)
    {
        ArgumentNullException.ThrowIfNull(solver);
        solver.Validate();
        return new ImplicitModelTransformer(environment, columns, BatchSize, solver, weights, device, Training) { TrainedOn = TrainedOn };
    }

    /// <summary>The same weights in another definition, for instance of a larger scan (<see cref="ReconstructionDefinition.With"/>).</summary>
    /// <param name="definition">The other definition.</param>
    /// <exception cref="ArgumentException">Its weights have other names or shapes, or it would come back as another one from a model zip.</exception>
    public ImplicitModelTransformer WithDefinition(ModelDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        definition.Validate();
        DefinitionPayload.Check(definition);
        return new ImplicitModelTransformer(environment, new ModelColumns(definition, columns.Names, columns.Prefix), BatchSize, solver, weights, device, Training) { TrainedOn = TrainedOn };
    }

    /// <summary>
    /// A transformer that appends this model's property values of any column of estimates, whatever made them: <c>{prefix}{Name}.Value</c>, <see cref="double"/>.
    /// </summary>
    /// <param name="estimateColumnName">Column with the estimates, vector of as many numbers as an inference has.</param>
    /// <param name="prefix">Put before the names of the columns; may be empty.</param>
    /// <exception cref="InvalidOperationException">The model gives its inference in several columns.</exception>
    public PropertyTransformer PropertiesOf(string estimateColumnName, string prefix)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(estimateColumnName);
        ArgumentNullException.ThrowIfNull(prefix);
        return new PropertyTransformer(this, estimateColumnName, prefix);
    }

    /// <summary>Frees the native memory of the model; see the remarks.</summary>
    public void Dispose() => solved.Free();

    /// <summary>The model for as long as what this returns is not disposed.</summary>
    internal Renewable<(ImplicitModel Model, Splitting Splitting)>.Use UseModel() => solved.Take();

    internal override IRowBatch OpenBatch(DataViewRow source) => new SolveBatch(this, source);

    internal ModelPayload Payload()
    {
        var (stored, arrays) = DefinitionPayload.Of(Definition);
        var payload = ModelPayload.Of(new Settings(columns.Names, columns.Prefix, BatchSize, solver, stored));
        foreach (var (name, shape, values) in arrays)
            payload.Add(name, shape, values);
        foreach (var weight in weights)
            payload.Add(WeightPrefix + weight.Name, weight.Shape, weight.Values);
        return payload;
    }

    internal static ImplicitModelTransformer FromPayload(ModelPayload payload, IHostEnvironment environment)
    {
        var settings = payload.ReadSettings<Settings>();
        OptionCheck.Batch(settings.BatchSize, nameof(settings.BatchSize));
        settings.Solver.Validate();
        var definition = settings.Definition.Create(payload);
        // The definition says which weights there are.
        var (columns, outline) = Declared(definition, settings, payload.ValueCount);
        var weights = payload.Weights(outline.Weights.Select(w => w.Name), WeightPrefix);
        return new ImplicitModelTransformer(environment, columns, settings.BatchSize, settings.Solver, weights, DeviceChoice.From(environment), null, outline);
    }

    private protected override void Save(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Version());
        Payload().Save(context);
    }

    private static VersionInfo Version() => ModelHeader.Of("XL2O MDL", LoaderSignature);

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return ModelPayload.Read(ctx, payload => FromPayload(payload, env));
    }

    private static (ModelColumns Columns, ImplicitModel Model) Declared(ModelDefinition definition, Settings settings, long values)
    {
        try
        {
            definition.Validate();
            if (definition.LeastWeights > values)
                throw new ArgumentException($"a {definition.GetType().Name} of these settings has at least {definition.LeastWeights} weights; the file has {values}.");
            return (new ModelColumns(definition, settings.ColumnNames, settings.OutputPrefix), Outline(definition));
        }
#pragma warning disable CA1031 // A user's definition may throw anything where its properties have values that it never had.
        catch (Exception e) when (e is not (ArgumentException or OutOfMemoryException))
#pragma warning restore CA1031
        {
            throw new ArgumentException($"the definition {definition.GetType().Name} makes no model of the properties that were stored: {e.Message}", e);
        }
    }

    private static ImplicitModel Outline(ModelDefinition definition) => LastingTensors.Make(() => definition.Outline.CreateModel());

    private ImplicitModel Make(ModelDefinition definition, torch.ScalarType type, torch.Device device)
    {
        var model = definition.CreateModel(type, device);
        model.ImportWeights(weights);
        return model;
    }

    private sealed class SolveBatch(ImplicitModelTransformer parent, DataViewRow source) : IRowBatch
    {
        private readonly InputRows rows = new(source, parent.columns.Inputs);

        public void Read(int slot) => rows.Read(slot);

        public Array[] Compute(int count)
        {
            using var scope = torch.NewDisposeScope();
            using var use = parent.UseModel();
            var (model, splitting) = use.Value;
            var inference = model.Infer(parent.Definition.Join(rows.Take(count)), parent.solver, splitting);
            SolveLog.Write(parent.environment, parent.Definition.GetType().Name, inference.Status, inference.Residual, parent.solver);
            return
            [
                .. inference.Outputs.Select(Column),
                .. inference.PropertyValues,
                inference.Iterations,
                inference.Residual,
                inference.Gap,
                inference.Distance,
                inference.Status.Select(s => s == SolveStatus.Converged).ToArray(),
            ];
        }

        private static Array Column(Array output) => output switch
        {
            float[][] vectors => vectors.Select(x => new VBuffer<float>(x.Length, x)).ToArray(),
            double[][] vectors => vectors.Select(x => new VBuffer<double>(x.Length, x)).ToArray(),
            float[] or double[] => output,
            string[] texts => texts.Select(t => t.AsMemory()).ToArray(),
            _ => throw new NotSupportedException($"Outputs of {output.GetType().GetElementType()} are not delivered: give float[][], double[][], float[], double[] or string[]."),
        };
    }
}
