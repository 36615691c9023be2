using System.Diagnostics.CodeAnalysis;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using TorchSharp;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// Reconstructs an image for every row and appends it with its property values and the solve's report. See
/// <see cref="CtReconstructionTrainer"/> for the columns.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A prediction engine disposes a disposable transformer with itself, and with it every view made from it; the finalisers of the few tensors here free them.")]
public sealed class CtReconstructionTransformer : BatchTransformer
{
    internal const string LoaderSignature = "XaiL2OCtReconstruction";

    private readonly IHostEnvironment environment;
    private readonly Settings settings;
    private readonly torch.Device device;
    private readonly ImplicitModel like;
    private readonly Once<(ImplicitModel Model, Splitting Splitting)> solved;

    internal CtReconstructionTransformer(IHostEnvironment environment, Settings settings, ImplicitModel model, torch.Device device, TrainingResult? training)
        : this(environment, settings, model, () => model, device, training) => _ = solved.Value;

    /// <param name="environment">Has the log.</param>
    /// <param name="settings">Settings.</param>
    /// <param name="like">Has the weights and the properties, perhaps for another scan.</param>
    /// <param name="create">Makes the model at the first use.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="training">What training did.</param>
    private CtReconstructionTransformer(IHostEnvironment environment, Settings settings, ImplicitModel like, Func<ImplicitModel> create, torch.Device device, TrainingResult? training)
    {
        (this.environment, this.settings, this.like, this.device, Training) = (environment, settings, like, device, training);
        solved = new Once<(ImplicitModel, Splitting)>(() => LastingTensors.Make(() =>
        {
            var model = create();
            return (model, model.CreateSplitting());
        }));
        OutputColumns = Columns(settings.OutputColumnName, settings.Geometry.Pixels, like);
    }

    internal sealed record Settings(string MeasurementColumnName, string OutputColumnName, int BatchSize, ParallelBeamGeometry Geometry, ReconstructionMethod Method, FixedPointOptions Solver);

    /// <summary>What training did; null for a model that was loaded or not trained.</summary>
    public TrainingResult? Training { get; }

    /// <summary>The method, with the numbers that fitting chose.</summary>
    public ReconstructionMethod Method => settings.Method;

    /// <summary>Numbers that were trained or tuned.</summary>
    public long WeightCount => like.WeightCount + settings.Method.TunedNumbers;

    /// <summary>The model itself, for use without ML.NET. Its weights must not change.</summary>
    public ImplicitModel Model => solved.Value.Model;

    /// <summary>Names, causes and sides of the model's property values.</summary>
    internal IReadOnlyList<Term> Properties => like.Properties;

    /// <summary>The scan.</summary>
    internal ParallelBeamGeometry Geometry => settings.Geometry;

    internal override int BatchSize => settings.BatchSize;

    internal override IReadOnlyList<string> InputColumnNames => [settings.MeasurementColumnName];

    internal override IReadOnlyList<(string Name, DataViewType Type)> OutputColumns { get; }

    /// <summary>
    /// A transformer that appends this model's property values of any image column, whatever made the images: <c>{prefix}Box.Value</c> and
    /// so on, <see cref="double"/>.
    /// </summary>
    /// <param name="imageColumnName">Column with the images, vector of as many <see cref="float"/> as pixels.</param>
    /// <param name="prefix">Put before the names of the columns; may be empty.</param>
    public CtPropertyTransformer PropertiesOf(string imageColumnName, string prefix)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(imageColumnName);
        ArgumentNullException.ThrowIfNull(prefix);
        return new CtPropertyTransformer(this, imageColumnName, prefix);
    }

    /// <summary>
    /// The same weights for another scan. Those of convolutions do not depend on the size of images, so a model can be trained on small scans,
    /// where a step takes a fraction of the time, and used on large ones. Choose small scans with about as many beams per pixel.
    /// </summary>
    /// <param name="geometry">The other scan.</param>
    public CtReconstructionTransformer WithGeometry(ParallelBeamGeometry geometry)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        geometry.Validate();
        var model = settings.Method.CreateModel(RadonOperator.Shared(geometry), device);
        model.ImportWeights(like.ExportWeights());
        return new CtReconstructionTransformer(environment, settings with { Geometry = geometry }, model, device, Training);
    }

    /// <summary>The same weights with other tolerances and another limit of solves.</summary>
    /// <param name="solver">Tolerances and iteration limit.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it.</exception>
    public CtReconstructionTransformer WithSolver(FixedPointOptions solver)
    {
        ArgumentNullException.ThrowIfNull(solver);
        solver.Validate();
        var model = settings.Method.CreateModel(RadonOperator.Shared(settings.Geometry), device);
        model.ImportWeights(like.ExportWeights());
        return new CtReconstructionTransformer(environment, settings with { Solver = solver }, model, device, Training);
    }

    internal static IReadOnlyList<(string Name, DataViewType Type)> Columns(string outputColumnName, int pixels, ImplicitModel model) =>
    [
        (outputColumnName, new VectorDataViewType(NumberDataViewType.Single, pixels)),
        .. model.Properties.Select(p => (p.Name + ".Value", (DataViewType)NumberDataViewType.Double)),
        ("Iterations", NumberDataViewType.Int32),
        ("Residual", NumberDataViewType.Double),
        ("Converged", BooleanDataViewType.Instance),
    ];

    internal override string? CauseOf(string columnName) => columnName is "Residual" or "Converged"
        ? "an image whose solve did not converge within its iterations: a scan unlike those of training, or too few iterations"
        : TermOf(columnName)?.Cause;

    internal override string? FormulaOf(string columnName) => TermOf(columnName)?.Formula;

    internal override Sides SidesOf(string columnName) => TermSides.Of(TermOf(columnName));

    private Term? TermOf(string columnName) => like.Properties.FirstOrDefault(p => p.Name + ".Value" == columnName);

    internal override void CheckInput(DataViewSchema schema) => ColumnCheck.FloatVector(schema, settings.MeasurementColumnName, settings.Geometry.Beams);

    internal override IRowBatch OpenBatch(DataViewRow source, int capacity) => new SolveBatch(this, source, capacity);

    internal string MeasurementColumnName => settings.MeasurementColumnName;

    internal ModelPayload Payload()
    {
        var payload = ModelPayload.Of(settings);
        foreach (var array in like.ExportWeights())
            payload.Add(array.Name, array.Shape, array.Values);
        return payload;
    }

    internal static CtReconstructionTransformer FromPayload(ModelPayload payload, IHostEnvironment environment)
    {
        var settings = payload.ReadSettings<Settings>();
        new CtReconstructionTrainer.Options
        {
            Method = settings.Method,
            Geometry = settings.Geometry,
            MeasurementColumnName = settings.MeasurementColumnName,
            OutputColumnName = settings.OutputColumnName,
            BatchSize = settings.BatchSize,
            Solver = settings.Solver,
        }.Validate();
        if (settings.Method.LeastWeights > payload.ValueCount)
            throw new ArgumentException($"a {settings.Method.GetType().Name} of these settings has at least {settings.Method.LeastWeights} weights; the file has {payload.ValueCount}.");
        settings.Method.CheckImageSize(settings.Geometry.ImageSize);
        var device = DeviceChoice.From(environment);
        var small = settings.Method.CreateSmallModel();
        small.ImportWeights(payload.Weights(small.Weights.Select(w => w.Name)));
        // The matrix of the scan may be large; it is built for rows, whose measurements then have the size that it is for.
        return new CtReconstructionTransformer(environment, settings, small, Create, device, null);

        ImplicitModel Create()
        {
            var model = settings.Method.CreateModel(RadonOperator.Shared(settings.Geometry), device);
            model.ImportWeights(small.ExportWeights());
            return model;
        }
    }

    private protected override void Save(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Version());
        Payload().Save(context);
    }

    private static VersionInfo Version() => ModelHeader.Of("XL2O CTR", LoaderSignature);

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return ModelPayload.Read(ctx, payload => FromPayload(payload, env));
    }

    private sealed class SolveBatch(CtReconstructionTransformer parent, DataViewRow source, int capacity) : IRowBatch
    {
        private readonly int width = parent.settings.Geometry.Beams;
        private readonly float[] data = new float[capacity * parent.settings.Geometry.Beams];
        private readonly FloatRows rows = new(source, source.Schema[parent.settings.MeasurementColumnName], parent.settings.Geometry.Beams);

        public void Read(int slot) => rows.Read(data.AsSpan(slot * width, width));

        public Array[] Compute(int count)
        {
            using var batch = torch.tensor(data.AsSpan(0, count * width).ToArray(), [count, width]);
            var inference = parent.Model.Infer(batch, parent.settings.Solver, parent.solved.Value.Splitting);
            SolveLog.Write(parent.environment, parent.settings.Method.GetType().Name, inference.Status, inference.Residual, parent.settings.Solver);
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
