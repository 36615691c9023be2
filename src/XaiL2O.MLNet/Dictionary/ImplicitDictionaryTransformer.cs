using System.Diagnostics.CodeAnalysis;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using TorchSharp;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// Solves the implicit dictionary model for every row and appends the estimate, the value of each property and the solve's report.
/// See <see cref="ImplicitDictionaryTrainer"/> for the columns.
/// </summary>
/// <remarks>
/// Inference runs in double precision: an iterate that stops a step earlier or later because a batch was cut differently would
/// otherwise differ by more than rounding.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "A prediction engine disposes a disposable transformer with itself, and with it every view made from it; the finalisers of the few tensors here free them.")]
public sealed class ImplicitDictionaryTransformer : BatchTransformer
{
    internal const string LoaderSignature = "XaiL2OImplicitDictionary";
    private const string PrecisionArray = "Prior.Precision";
    private const string GainArray = "Prior.Gain";

    private readonly IHostEnvironment environment;
    private readonly Settings settings;
    private readonly float[,] measurementMatrix;
    private readonly float[,] transform;
    private readonly MeasurementPrior? prior;
    private readonly ImplicitDictionaryModel model;
    private readonly Splitting splitting;

    internal ImplicitDictionaryTransformer(IHostEnvironment environment, Settings settings, float[,] measurementMatrix, float[,] transform, MeasurementPrior? prior, torch.Device device, TrainingResult? training)
    {
        (this.environment, this.settings, this.measurementMatrix, this.transform, this.prior, Training) = (environment, settings, measurementMatrix, transform, prior, training);
        model = new ImplicitDictionaryModel(measurementMatrix, transform, settings.Model, torch.ScalarType.Float64, device, prior);
        splitting = model.CreateSplitting();
        OutputColumns = Columns(settings.OutputColumnName, model.InferenceSize, prior is not null);
    }

    internal sealed record Settings(string MeasurementColumnName, string OutputColumnName, int BatchSize, ImplicitDictionaryOptions Model, FixedPointOptions Solver);

    /// <summary>What training did; null for a model that was loaded or not trained.</summary>
    public TrainingResult? Training { get; }

    /// <summary>K with ‖K‖₂ = 1, q rows of n values; a copy.</summary>
    public float[,] Transform() => (float[,])transform.Clone();

    internal override int BatchSize => settings.BatchSize;

    internal override IReadOnlyList<string> InputColumnNames => [settings.MeasurementColumnName];

    internal override IReadOnlyList<(string Name, DataViewType Type)> OutputColumns { get; }

    internal static IReadOnlyList<(string Name, DataViewType Type)> Columns(string outputColumnName, int size, bool hasPrior) =>
    [
        (outputColumnName, new VectorDataViewType(NumberDataViewType.Single, size)),
        ("Sparsity.Value", NumberDataViewType.Double),
        ("Fidelity.Value", NumberDataViewType.Double),
        .. hasPrior ? new[] { ("Prediction.Value", (DataViewType)NumberDataViewType.Double), ("Agreement.Value", NumberDataViewType.Double) } : [],
        ("Iterations", NumberDataViewType.Int32),
        ("Residual", NumberDataViewType.Double),
        ("Converged", BooleanDataViewType.Instance),
    ];

    internal override string? CauseOf(string columnName) => columnName is "Residual" or "Converged"
        ? "a solve that stopped at its iteration limit: measurements unlike those the model was trained on, or too few iterations"
        : model.Properties.FirstOrDefault(term => term.Name + ".Value" == columnName)?.Cause;

    internal override string? FormulaOf(string columnName) => model.Properties.FirstOrDefault(term => term.Name + ".Value" == columnName)?.Formula;

    internal override Sides SidesOf(string columnName) => TermSides.Of(model.Terms.FirstOrDefault(term => term.Name + ".Value" == columnName));

    internal override void CheckInput(DataViewSchema schema) => ColumnCheck.FloatVector(schema, settings.MeasurementColumnName, model.DataSize);

    internal override IRowBatch OpenBatch(DataViewRow source, int capacity) => new SolveBatch(this, source, capacity);

    private protected override void Save(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Version());
        var payload = ModelPayload.Of(settings).Add("A", measurementMatrix).Add("K", transform);
        if (prior?.Export() is var (precision, gain))
            payload.Add(PrecisionArray, precision).Add(GainArray, gain);
        payload.Save(context);
    }

    private static VersionInfo Version() => ModelHeader.Of("XL2O DCT", LoaderSignature);

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return ModelPayload.Read(ctx, payload =>
        {
            var (settings, A, K) = (payload.ReadSettings<Settings>(), payload.Matrix("A"), payload.Matrix("K"));
            new ImplicitDictionaryTrainer.Options
            {
                MeasurementMatrix = A,
                MeasurementColumnName = settings.MeasurementColumnName,
                OutputColumnName = settings.OutputColumnName,
                InitialTransform = K,
                Train = false,
                BatchSize = settings.BatchSize,
                Model = settings.Model,
                Solver = settings.Solver,
            }.Validate();
            // Files from before there were priors hold none, and neither do models without one: both come without the prior's columns.
            var prior = payload.Has(PrecisionArray) ? new MeasurementPrior(payload.DoubleMatrix(PrecisionArray), payload.DoubleMatrix(GainArray)) : null;
            return new ImplicitDictionaryTransformer(env, settings, A, K, prior, DeviceChoice.From(env), null);
        });
    }

    private sealed class SolveBatch(ImplicitDictionaryTransformer parent, DataViewRow source, int capacity) : IRowBatch
    {
        private readonly int width = parent.model.DataSize;
        private readonly float[] data = new float[capacity * parent.model.DataSize];
        private readonly FloatRows rows = new(source, source.Schema[parent.settings.MeasurementColumnName], parent.model.DataSize);

        public void Read(int slot) => rows.Read(data.AsSpan(slot * width, width));

        public Array[] Compute(int count)
        {
            using var batch = torch.tensor(data.AsSpan(0, count * width).ToArray(), [count, width]);
            var inference = parent.model.Infer(batch, parent.settings.Solver, parent.splitting);
            SolveLog.Write(parent.environment, nameof(ImplicitDictionaryTransformer), inference.Status, inference.Residual, parent.settings.Solver);
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
