using System.Diagnostics.CodeAnalysis;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using TorchSharp;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// Solves a composed model for every row and appends the inference, its property values and the solve's report. See
/// <see cref="ComposedModelTrainer"/> for the columns.
/// </summary>
/// <remarks>
/// Inference runs in double precision: an iterate that stops a step earlier or later because a batch was cut differently would
/// otherwise differ by more than rounding.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "A prediction engine disposes a disposable transformer with itself, and with it every view made from it; the finalisers of the few tensors here free them.")]
public sealed class ComposedModelTransformer : BatchTransformer
{
    internal const string LoaderSignature = "XaiL2OComposedModel";

    private readonly IHostEnvironment environment;
    private readonly Columns columns;
    private readonly FixedPointOptions solver;
    private readonly IReadOnlyList<NamedArray> weights;
    private readonly ComposedModel model;
    private readonly Splitting splitting;
    private readonly Dictionary<string, string> causes;
    private readonly Dictionary<string, string> formulas;
    private readonly Dictionary<string, Sides> sides;

    internal ComposedModelTransformer(
        IHostEnvironment environment,
        Columns columns,
        int batchSize,
        FixedPointOptions solver,
        ModelRecipe recipe,
        IReadOnlyList<NamedArray> weights,
        torch.Device device,
        TrainingResult? training)
    {
        (this.environment, this.columns, BatchSize, this.solver, this.weights, Training) = (environment, columns, batchSize, solver, weights, training);
        using var grad = torch.no_grad();
        model = new ComposedModel(recipe, torch.ScalarType.Float64, device);
        model.ImportWeights(weights);
        splitting = LastingTensors.Make(model.CreateSplitting);
        var properties = model.Properties;
        causes = properties.ToDictionary(p => p.Name + ".Value", p => p.Cause);
        formulas = properties.ToDictionary(p => p.Name + ".Value", p => p.Formula);
        sides = properties.ToDictionary(p => p.Name + ".Value", TermSides.Of);
        OutputColumns = ColumnsOf(columns.Output, recipe.InferenceSize, [.. properties.Select(p => p.Name)]);
    }

    internal sealed record Columns(string Measurement, string Output);

    private sealed record Settings(Columns Columns, int BatchSize, FixedPointOptions Solver, RecipePayload Recipe);

    /// <summary>What training did; null for a model that was loaded or has no weights.</summary>
    public TrainingResult? Training { get; }

    /// <summary>The recipe.</summary>
    public ModelRecipe Recipe => model.Recipe;

    /// <summary>Number of trained values.</summary>
    public long WeightCount => model.WeightCount;

    /// <summary>What was learned, in the numbers of the recipe: a positive weight itself, where <see cref="Weights"/> holds its logarithm.</summary>
    public IReadOnlyList<NamedArray> LearnedValues => model.LearnedValues();

    /// <summary>The trained weights as they are stored, copies.</summary>
    public IReadOnlyList<NamedArray> Weights => [.. weights.Select(w => w with { Shape = [.. w.Shape], Values = [.. w.Values] })];

    internal override int BatchSize { get; }

    internal override IReadOnlyList<string> InputColumnNames => [columns.Measurement];

    internal override IReadOnlyList<(string Name, DataViewType Type)> OutputColumns { get; }

    internal static IReadOnlyList<(string Name, DataViewType Type)> ColumnsOf(string output, int size, IReadOnlyList<string> properties) =>
    [
        (output, new VectorDataViewType(NumberDataViewType.Single, size)),
        .. properties.Select(name => (name + ".Value", (DataViewType)NumberDataViewType.Double)),
        ("Iterations", NumberDataViewType.Int32),
        ("Residual", NumberDataViewType.Double),
        ("Converged", BooleanDataViewType.Instance),
    ];

    internal override string? CauseOf(string columnName) => columnName is "Residual" or "Converged"
        ? "a solve that stopped at its iteration limit: measurements unlike those the model was trained on, or too few iterations"
        : causes.GetValueOrDefault(columnName);

    internal override string? FormulaOf(string columnName) => formulas.GetValueOrDefault(columnName);

    internal override Sides SidesOf(string columnName) => sides.GetValueOrDefault(columnName);

    internal override void CheckInput(DataViewSchema schema) => ColumnCheck.FloatVector(schema, columns.Measurement, model.DataSize);

    internal override IRowBatch OpenBatch(DataViewRow source, int capacity) => new SolveBatch(this, source, capacity);

    private protected override void Save(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Version());
        var (recipe, arrays) = RecipePayload.Of(model.Recipe);
        var payload = ModelPayload.Of(new Settings(columns, BatchSize, solver, recipe));
        foreach (var (name, shape, values) in arrays)
            payload.Add(name, shape, values);
        foreach (var weight in weights)
            payload.Add("Weight." + weight.Name, weight.Shape, weight.Values);
        payload.Save(context);
    }

    private static VersionInfo Version() => ModelHeader.Of("XL2O CMP", LoaderSignature);

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return ModelPayload.Read(ctx, payload =>
        {
            var settings = payload.ReadSettings<Settings>();
            new ComposedModelTrainer.Options
            {
                MeasurementColumnName = settings.Columns.Measurement,
                OutputColumnName = settings.Columns.Output,
                BatchSize = settings.BatchSize,
                Solver = settings.Solver,
            }.Validate();
            settings.Solver.Validate();
            var recipe = settings.Recipe.Create(payload);
            // The recipe says which weights there are.
            using var declared = Declared(recipe);
            return new ComposedModelTransformer(env, settings.Columns, settings.BatchSize, settings.Solver, recipe, payload.Weights(declared.Weights.Select(w => w.Name), "Weight."), DeviceChoice.From(env), null);
        });
    }

    private static ComposedModel Declared(ModelRecipe recipe)
    {
        try
        {
            return new ComposedModel(recipe);
        }
#pragma warning disable CA1031 // A user's recipe may throw anything where its properties have values that it never had.
        catch (Exception e) when (e is not OutOfMemoryException)
#pragma warning restore CA1031
        {
            throw new ArgumentException($"the recipe {recipe.GetType().Name} makes no model of the properties that were stored: {e.Message}", e);
        }
    }

    private sealed class SolveBatch(ComposedModelTransformer parent, DataViewRow source, int capacity) : IRowBatch
    {
        private readonly int width = parent.model.DataSize;
        private readonly float[] data = new float[capacity * parent.model.DataSize];
        private readonly FloatRows rows = new(source, source.Schema[parent.columns.Measurement], parent.model.DataSize);

        public void Read(int slot) => rows.Read(data.AsSpan(slot * width, width));

        public Array[] Compute(int count)
        {
            using var batch = torch.tensor(data.AsSpan(0, count * width).ToArray(), [count, width]);
            var inference = parent.model.Infer(batch, parent.solver, parent.splitting);
            SolveLog.Write(parent.environment, parent.model.Recipe.GetType().Name, inference.Status, inference.Residual, parent.solver);
            return
            [
                inference.Inference.Select(x => new VBuffer<float>(x.Length, x)).ToArray(),
                .. inference.PropertyValues,
                inference.Iterations,
                inference.Residual,
                inference.Status.Select(s => s == SolveStatus.Converged).ToArray(),
            ];
        }
    }
}
