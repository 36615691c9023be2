using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// Learns the sparsifying transform K of the implicit dictionary model N(d) = argmin_x ‖Kx‖₁ s.t. Ax = d
/// (Heaton and Wu Fung, <i>Scientific Reports</i> 13:10103, 2023, doi 10.1038/s41598-023-36249-3, eq. (16)).
/// </summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>Column</term><description>Type</description></listheader>
/// <item><term>measurements (input)</term><description>vector of m <see cref="float"/></description></item>
/// <item><term>signal (training only)</term><description>vector of n <see cref="float"/></description></item>
/// <item><term>estimate (output)</term><description>vector of n <see cref="float"/>; NaN where nothing was solved</description></item>
/// <item><term><c>Sparsity.Value</c>, <c>Fidelity.Value</c>, <c>Residual</c> (output)</term><description><see cref="double"/></description></item>
/// <item><term><c>Prediction.Value</c>, <c>Agreement.Value</c> (output, with <see cref="Options.LearnPrior"/>)</term><description><see cref="double"/></description></item>
/// <item><term><c>Iterations</c> (output)</term><description><see cref="int"/></description></item>
/// <item><term><c>Converged</c> (output)</term><description><see cref="bool"/></description></item>
/// </list>
/// Training uses gradients of the solution (<see cref="GradientMode"/>), whose memory does not grow with the number of iterations, and writes its losses to the context's log. A row whose measurements hold NaN
/// or ∞, or are an empty vector, gets NaN outputs and <c>Converged</c> = false; training leaves such rows out.
/// </remarks>
/// <seealso cref="L2OCatalog.TrainersCatalog"/>
public sealed class ImplicitDictionaryTrainer : IEstimator<ImplicitDictionaryTransformer>
{
    private readonly IHostEnvironment environment;
    private readonly Options options;

    internal ImplicitDictionaryTrainer(IHostEnvironment environment, Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        ColumnCheck.Outputs(ImplicitDictionaryTransformer.Columns(options.OutputColumnName, options.MeasurementMatrix.GetLength(1), options.LearnsPrior));
        (this.environment, this.options) = (environment, options);
    }

    /// <summary>Settings of <see cref="ImplicitDictionaryTrainer"/>.</summary>
    public sealed record Options
    {
        /// <summary>A, m rows of n values, m &lt; n, independent rows. Required.</summary>
        public required float[,] MeasurementMatrix { get; init; }

        /// <summary>Input column: measurements d = Ax, vector of m <see cref="float"/>.</summary>
        public string MeasurementColumnName { get; init; } = "Measurements";

        /// <summary>Training column: signals x, vector of n <see cref="float"/>.</summary>
        public string SignalColumnName { get; init; } = "Signal";

        /// <summary>Column appended with the estimate.</summary>
        public string OutputColumnName { get; init; } = "Estimate";

        /// <summary>q, the rows of K; n when null.</summary>
        public int? TransformSize { get; init; }

        /// <summary>K at the start of training, q rows of n values; random Gaussian when null. Used as it is when <see cref="Train"/> is false.</summary>
        public float[,]? InitialTransform { get; init; }

        /// <summary>Whether K is trained; false makes a model with a fixed K, for instance the cosine transform. Default true.</summary>
        public bool Train { get; init; } = true;

        /// <summary>
        /// Whether second moments of the training rows are learned too, for the columns <c>Prediction.Value</c> (how badly a row's measurements predict each
        /// other, <see cref="PredictionTerm"/>) and <c>Agreement.Value</c> (distance from the linear estimate, <see cref="AgreementTerm"/>). Needs the
        /// signal column. The same as <see cref="Train"/> when null.
        /// </summary>
        public bool? LearnPrior { get; init; }

        /// <summary>
        /// ε of the prior, positive: the variance of the noise of a measurement relative to the mean square of its row; see <see cref="MeasurementPrior"/>. Default
        /// 1e-4.
        /// </summary>
        public double PriorNoise { get; init; } = MeasurementPrior.DefaultNoise;

        /// <summary>Model settings that are not trained.</summary>
        public ImplicitDictionaryOptions Model { get; init; } = new();

        /// <summary>Training settings.</summary>
        public TrainingOptions Training { get; init; } = new();

        /// <summary>Tolerances and iteration limit of inferences.</summary>
        public FixedPointOptions Solver { get; init; } = new() { MaxIterations = 10_000, AndersonMemory = 5 };

        /// <summary>Rows solved together by the transformer, in [1, 2²⁰]. Default 512.</summary>
        public int BatchSize { get; init; } = 512;

        /// <summary>Receives training progress.</summary>
        public IProgress<TrainingProgress>? Progress { get; init; }

        /// <summary>
        /// Ends training early with the best weights so far, at first those it starts from. Cancelled before the training rows are read, there are none yet, and
        /// <c>Fit</c> throws <see cref="OperationCanceledException"/>.
        /// </summary>
        public CancellationToken CancellationToken { get; init; }

        internal bool LearnsPrior => LearnPrior ?? Train;

        internal void Validate()
        {
            ArgumentNullException.ThrowIfNull(MeasurementMatrix);
            ArgumentException.ThrowIfNullOrWhiteSpace(MeasurementColumnName);
            ArgumentException.ThrowIfNullOrWhiteSpace(SignalColumnName);
            ArgumentException.ThrowIfNullOrWhiteSpace(OutputColumnName);
            var n = MeasurementMatrix.GetLength(1);
            if (MeasurementMatrix.GetLength(0) < 1 || MeasurementMatrix.GetLength(0) >= n)
                throw new ArgumentException($"{nameof(MeasurementMatrix)} is {MeasurementMatrix.GetLength(0)}×{n}; it must have at least one row and fewer rows than columns.");
            Check.Whole(TransformSize ?? 1, 1, 1 << 20, nameof(TransformSize));
            if (InitialTransform is { } k && (k.GetLength(1) != n || (TransformSize is { } q && k.GetLength(0) != q)))
                throw new ArgumentException($"{nameof(InitialTransform)} is {k.GetLength(0)}×{k.GetLength(1)}; it must be {TransformSize ?? k.GetLength(0)}×{n}.");
            if (!Train && InitialTransform is null)
                throw new ArgumentException($"{nameof(Train)} = false needs an {nameof(InitialTransform)}: an untrained random transform is of no use.");
            OptionCheck.Batch(BatchSize);
            Check.Positive(PriorNoise);
            ArgumentNullException.ThrowIfNull(Model);
            ArgumentNullException.ThrowIfNull(Training);
            ArgumentNullException.ThrowIfNull(Solver);
            Model.Validate();
            Training.Validate();
            Solver.Validate();
        }
    }

    /// <summary>Trains on the rows of a view.</summary>
    /// <param name="input">Has the measurement column and, unless neither weights nor prior are learned, the signal column.</param>
    /// <exception cref="InvalidOperationException">A column has another type or size than expected.</exception>
    public ImplicitDictionaryTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        using var work = NativeWork.Enter();
        // The caller may be in inference mode, whose tensors have no gradients.
        using var mode = torch.inference_mode(false);
        var (m, n) = (options.MeasurementMatrix.GetLength(0), options.MeasurementMatrix.GetLength(1));
        ColumnCheck.FloatVector(input.Schema, options.MeasurementColumnName, m);
        var device = DeviceChoice.From(environment);
        var transform = options.InitialTransform ?? ImplicitDictionaryModel.RandomTransform(options.TransformSize ?? n, n, options.Training.Seed);
        TrainingResult? training = null;
        MeasurementPrior? prior = null;
        using var model = new ImplicitDictionaryModel(options.MeasurementMatrix, transform, options.Model, torch.ScalarType.Float32, device);
        if (options.Train || options.LearnsPrior)
        {
            ColumnCheck.FloatVector(input.Schema, options.SignalColumnName, n);
            using var scope = torch.NewDisposeScope();
            var (data, signals) = Read(input, m, n);
            if (options.Train)
            {
                using var log = new TrainingLog(environment, nameof(ImplicitDictionaryTrainer), options.Progress);
                training = ModelTrainer.Train(model, data, signals, options.Training, log, options.CancellationToken);
            }

            if (options.LearnsPrior)
                prior = MeasurementPrior.FromPairs(data, signals, options.PriorNoise);
        }

        return new ImplicitDictionaryTransformer(
            environment,
            new ImplicitDictionaryTransformer.Settings(options.MeasurementColumnName, options.OutputColumnName, options.BatchSize, options.Model, options.Solver),
            options.MeasurementMatrix,
            model.ExportTransform(),
            prior,
            device,
            training)
        {
            TrainedOn = options.Train || options.LearnsPrior ? new(input) : null,
        };
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        ColumnCheck.FloatVector(inputSchema, options.MeasurementColumnName);
        if (options.Train || options.LearnsPrior)
            ColumnCheck.FloatVector(inputSchema, options.SignalColumnName);
        return SchemaShapes.Append(inputSchema, ImplicitDictionaryTransformer.Columns(options.OutputColumnName, options.MeasurementMatrix.GetLength(1), options.LearnsPrior));
    }

    private (torch.Tensor Data, torch.Tensor Signals) Read(IDataView input, int m, int n)
    {
        var (measurements, signals) = (input.Schema[options.MeasurementColumnName], input.Schema[options.SignalColumnName]);
        using var cursor = input.GetRowCursor([measurements, signals]);
        var (d, x) = (new FloatRows(cursor, measurements, m), new FloatRows(cursor, signals, n));
        var (data, targets) = (new List<float>(), new List<float>());
        var (dRow, xRow) = (new float[m], new float[n]);
        while (cursor.MoveNext())
        {
            options.CancellationToken.ThrowIfCancellationRequested();
            d.Read(dRow);
            x.Read(xRow);
            data.AddRange(dRow);
            targets.AddRange(xRow);
        }

        if (data.Count == 0)
            throw new InvalidOperationException("There are no rows to train on.");
        return (torch.tensor(data.ToArray()).reshape(-1, m), torch.tensor(targets.ToArray()).reshape(-1, n));
    }
}
