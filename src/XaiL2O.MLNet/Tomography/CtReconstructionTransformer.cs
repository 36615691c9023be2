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
    private readonly Splitting splitting;

    internal CtReconstructionTransformer(IHostEnvironment environment, Settings settings, ImplicitModel model, torch.Device device, TrainingResult? training)
    {
        (this.environment, this.settings, Model, this.device, Training) = (environment, settings, model, device, training);
        using var grad = torch.no_grad();
        splitting = model.CreateSplitting();
        OutputColumns = Columns(settings.OutputColumnName, model);
    }

    internal sealed record Settings(string MeasurementColumnName, string OutputColumnName, int BatchSize, ParallelBeamGeometry Geometry, ReconstructionMethod Method, FixedPointOptions Solver);

    /// <summary>What training did; null for a model that was loaded or not trained.</summary>
    public TrainingResult? Training { get; }

    /// <summary>The method, with the numbers that fitting chose.</summary>
    public ReconstructionMethod Method => settings.Method;

    /// <summary>Numbers that were trained or tuned.</summary>
    public long WeightCount => Model.WeightCount + settings.Method.TunedNumbers;

    /// <summary>The model itself, for use without ML.NET. Its weights must not change.</summary>
    public ImplicitModel Model { get; }

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
        model.ImportWeights(Model.ExportWeights());
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
        model.ImportWeights(Model.ExportWeights());
        return new CtReconstructionTransformer(environment, settings with { Solver = solver }, model, device, Training);
    }

    internal static IReadOnlyList<(string Name, DataViewType Type)> Columns(string outputColumnName, ImplicitModel model) =>
    [
        (outputColumnName, new VectorDataViewType(NumberDataViewType.Single, model.InferenceSize)),
        .. model.Properties.Select(p => (p.Name + ".Value", (DataViewType)NumberDataViewType.Double)),
        ("Iterations", NumberDataViewType.Int32),
        ("Residual", NumberDataViewType.Double),
        ("Converged", BooleanDataViewType.Instance),
    ];

    internal override string? CauseOf(string columnName) => columnName is "Residual" or "Converged"
        ? "an image whose solve did not converge within its iterations: a scan unlike those of training, or too few iterations"
        : TermOf(columnName)?.Cause;

    internal override Sides SidesOf(string columnName) => TermSides.Of(TermOf(columnName));

    private Term? TermOf(string columnName) => Model.Properties.FirstOrDefault(p => p.Name + ".Value" == columnName);

    internal override void CheckInput(DataViewSchema schema) => ColumnCheck.FloatVector(schema, settings.MeasurementColumnName, Model.DataSize);

    internal override IRowBatch OpenBatch(DataViewRow source, int capacity) => new SolveBatch(this, source, capacity);

    internal string MeasurementColumnName => settings.MeasurementColumnName;

    internal ModelPayload Payload()
    {
        var payload = ModelPayload.Of(settings);
        foreach (var array in Model.ExportWeights())
            payload.Add(array.Name, array.Shape, array.Values);
        return payload;
    }

    internal static CtReconstructionTransformer FromPayload(ModelPayload payload, IHostEnvironment environment)
    {
        var settings = payload.ReadSettings<Settings>();
        var device = DeviceChoice.From(environment);
        var model = settings.Method.CreateModel(RadonOperator.Shared(settings.Geometry), device);
        model.ImportWeights([.. model.Weights.Select(w => new NamedArray(w.Name, w.Weight.shape, payload.Array<float>(w.Name)))]);
        return new CtReconstructionTransformer(environment, settings, model, device, null);
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
        return FromPayload(ModelPayload.Load(ctx), env);
    }

    private sealed class SolveBatch(CtReconstructionTransformer parent, DataViewRow source, int capacity) : IRowBatch
    {
        private readonly int width = parent.Model.DataSize;
        private readonly float[] data = new float[capacity * parent.Model.DataSize];
        private readonly FloatRows rows = new(source, source.Schema[parent.settings.MeasurementColumnName], parent.Model.DataSize);

        public void Read(int slot) => rows.Read(data.AsSpan(slot * width, width));

        public Array[] Compute(int count)
        {
            using var batch = torch.tensor(data.AsSpan(0, count * width).ToArray(), [count, width]);
            var inference = parent.Model.Infer(batch, parent.settings.Solver, parent.splitting);
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
