using System.Diagnostics.CodeAnalysis;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using XaiL2O.Trainers;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Models whose inference is the solution of an optimisation problem, and certificates for any model's inferences.</summary>
[SuppressMessage("Performance", "CA1822", Justification = "Users find everything through the catalog's instance, as in ML.NET's own.")]
public sealed class L2OCatalog
{
    private readonly MLContext environment;

    internal L2OCatalog(MLContext environment)
    {
        this.environment = environment;
        Trainers = new TrainersCatalog(this);
    }

    /// <summary>Trainers of implicit models.</summary>
    public TrainersCatalog Trainers { get; }

    /// <summary>
    /// A model: a definition states columns, terms and weights, and its estimator trains it, solves it for every row, and is saved like any other.
    /// </summary>
    /// <param name="definition">The definition, yours or one of this library.</param>
    /// <exception cref="ArgumentException">The terms do not fit together; the message says which one and what is missing.</exception>
    public ImplicitModelTrainer Train(ModelDefinition definition) => Train(definition, new ImplicitModelTrainer.Options());

    /// <summary>A model, with settings.</summary>
    /// <param name="definition">The definition, yours or one of this library.</param>
    /// <param name="options">Names of columns, training and solver.</param>
    /// <exception cref="ArgumentException">The terms do not fit together; the message says which one and what is missing.</exception>
    public ImplicitModelTrainer Train(ModelDefinition definition, ImplicitModelTrainer.Options options) => new(environment, definition, options);

    /// <summary>A model with one input column and one output column, whose names are given here.</summary>
    /// <param name="definition">The definition, yours or one of this library.</param>
    /// <param name="measurementColumnName">Input column, in place of the definition's name for it.</param>
    /// <param name="targetColumnName">Training column, what the loss compares with; not read where nothing is trained. The definition's name when null.</param>
    /// <param name="outputColumnName">Column appended with the inference; the definition's name when null.</param>
    /// <exception cref="ArgumentException">The definition has several input or output columns, or its terms do not fit together; the message says which one and what is missing.</exception>
    public ImplicitModelTrainer Train(ModelDefinition definition, string measurementColumnName, string? targetColumnName = null, string? outputColumnName = null)
    {
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(measurementColumnName);
        definition.RequireProperties();
        definition.Validate();
        if (definition.Inputs.Count != 1 || definition.Outputs.Count != 1)
            throw new ArgumentException($"{definition.GetType().Name} reads {definition.Inputs.Count} columns and gives {definition.Outputs.Count}; name them by {nameof(ImplicitModelTrainer.Options)}.{nameof(ImplicitModelTrainer.Options.ColumnNames)}.", nameof(definition));
        return Train(definition, new ImplicitModelTrainer.Options
        {
            ColumnNames = new Dictionary<string, string>
            {
                [definition.Inputs[0].Name] = measurementColumnName,
                [definition.Target.Name] = targetColumnName ?? definition.Target.Name,
                [definition.Outputs[0].Name] = outputColumnName ?? definition.Outputs[0].Name,
            },
        });
    }

    /// <summary>
    /// The nearest vector that satisfies constraints, after any trainer: for each row, with the distance that its prediction was moved, and the names of constraints that contradict each other. Nothing is trained;
    /// <see cref="DecisionDefinition"/> says what columns are appended.
    /// </summary>
    /// <param name="constraints">What the vector must satisfy; bounds, budgets and matrices may come from columns.</param>
    /// <param name="inputColumnName">Column with the vector to project. Its length is read from the data where the constraints do not fix it.</param>
    /// <param name="outputColumnName">Column appended with the nearest vector.</param>
    /// <param name="weights">Weights of the squares whose sum is least, a number for each entry or one for all; 1 when null.</param>
    /// <param name="outputPrefix">Before the name of every appended column.</param>
    /// <exception cref="ArgumentException">The constraints do not fit together; the message says which one and what is wrong.</exception>
    public ProjectionEstimator ProjectOnto(IReadOnlyList<VectorConstraint> constraints, string inputColumnName = "Score", string outputColumnName = "Decision", RowNumbers? weights = null, string outputPrefix = "") =>
        new(environment, constraints, inputColumnName, outputColumnName, weights, outputPrefix);

    /// <summary>The best vector under constraints, for each row: an objective and constraints whose numbers come from columns. Nothing is trained.</summary>
    /// <param name="definition">Objective and constraints.</param>
    /// <exception cref="ArgumentException">The definition is out of range; the message says what is wrong.</exception>
    public ImplicitModelTrainer Optimize(DecisionDefinition definition) => Train(definition);

    /// <summary>
    /// Certificates for named columns. The estimator calibrates on the rows it is fitted on: fit it on rows the model was not trained on, and so not in one
    /// chain with the trainer. The verdict is that of all certifiers of a chain.
    /// </summary>
    /// <param name="properties">Which columns hold property values, and under which names they are certified.</param>
    public CertifierEstimator Certify(params CertifiedProperty[] properties) => Certify(new CertifierOptions { Properties = properties });

    /// <summary>Certificates for named columns, with settings.</summary>
    /// <param name="options">Properties, label probabilities and calibration rule.</param>
    public CertifierEstimator Certify(CertifierOptions options) => new(environment, options);

    /// <summary>
    /// A post-condition on certified rows: what happens to those with a warning and to those that failed, so that untrustworthy values do
    /// not flow on. Append it after <see cref="Certify(CertifierOptions)"/>.
    /// </summary>
    /// <param name="onWarning">For trustworthy rows with a warned part.</param>
    /// <param name="onFail">For untrustworthy rows.</param>
    public RequireTrustEstimator RequireTrust(TrustAction onWarning = TrustAction.Log, TrustAction onFail = TrustAction.Throw) =>
        new(environment, new TrustPolicy(onWarning, onFail));

    /// <summary>
    /// A bound on every row's error, after any model. The estimator measures errors on the rows it is fitted on: fit it on rows the model was not trained on, and so not in one chain with
    /// the trainer.
    /// </summary>
    /// <param name="outputColumnName">Column with the inference: a number, or a vector of numbers.</param>
    /// <param name="truthColumnName">Column with the truth, read when the bound is fitted.</param>
    /// <param name="miscoverage">The share of rows that may break their bound, in (0, 1).</param>
    public ErrorBoundEstimator BoundError(string outputColumnName = "Score", string truthColumnName = "Label", double miscoverage = 0.1) =>
        BoundError(new ErrorBoundOptions { OutputColumnName = outputColumnName, TruthColumnName = truthColumnName, Level = new ConformalLevel { Miscoverage = miscoverage } });

    /// <summary>A bound on every row's error, with settings: measures, difficulties, groups, quantile columns, weights.</summary>
    /// <param name="options">Columns, error, level.</param>
    public ErrorBoundEstimator BoundError(ErrorBoundOptions options) => new(environment, options);

    /// <summary>
    /// Bounds of every component of a vector, after any model, so that at most a share of the components lies outside on average. Fit it on rows that no model before was trained on.
    /// </summary>
    /// <param name="outputColumnName">Column with the inference, a vector of numbers.</param>
    /// <param name="truthColumnName">Column with the truth, read when the bound is fitted.</param>
    /// <param name="risk">The share of components that may lie outside, in (0, 1).</param>
    public ComponentBoundEstimator BoundComponents(string outputColumnName = "Score", string truthColumnName = "Label", double risk = 0.1) =>
        BoundComponents(new ComponentBoundOptions { OutputColumnName = outputColumnName, TruthColumnName = truthColumnName, Risk = risk });

    /// <summary>Bounds of every component of a vector, with settings: scales, prefix.</summary>
    /// <param name="options">Columns and risk.</param>
    public ComponentBoundEstimator BoundComponents(ComponentBoundOptions options) => new(environment, options);

    /// <summary>
    /// Weights for a bound on rows from elsewhere: a classifier tells rows like the calibration rows from new ones. Fit it on rows that are like the calibration rows and are none of them,
    /// append it to the model, and name its column in <see cref="ErrorBoundOptions.WeightColumnName"/>.
    /// </summary>
    /// <param name="newRows">Rows from where the bound is to hold; no truth is needed. Other rows than those that are judged later.</param>
    /// <param name="options">Classifier, columns, largest weight.</param>
    public DensityRatioEstimator EstimateDensityRatio(IDataView newRows, DensityRatioOptions options) => new(environment, newRows, options);

    /// <summary>
    /// Selects rows so that at most a share of the selected ones is bad on average, after any model. The estimator learns from the rows it is fitted on, of which it is known which are bad:
    /// fit it on rows that no model before was trained on.
    /// </summary>
    /// <param name="errorLimit">The absolute error of <c>Score</c> against <c>Label</c> above which a row is bad.</param>
    /// <param name="falseDiscoveryRate">The share of the selected rows that may be bad, in (0, 1).</param>
    /// <param name="rankColumnName">Column that is small for good rows.</param>
    public SelectionEstimator SelectTrustworthy(double errorLimit, double falseDiscoveryRate = 0.1, string rankColumnName = "Score.ErrorBound") =>
        SelectTrustworthy(new SelectionOptions { ErrorLimit = errorLimit, FalseDiscoveryRate = falseDiscoveryRate, RankColumnName = rankColumnName });

    /// <summary>Selects rows, with settings: wrong labels and other meanings of bad, streams.</summary>
    /// <param name="options">Columns, what is bad, rate.</param>
    public SelectionEstimator SelectTrustworthy(SelectionOptions options) => new(environment, options);

    /// <summary>
    /// An engine for single predictions that returns each value with its certificates; can be used from many threads. Where the chain has no
    /// post-condition, predictions that fail have no value, as with <see cref="TrustAction.Drop"/>.
    /// </summary>
    /// <typeparam name="TIn">Input row.</typeparam>
    /// <typeparam name="TOut">Output row.</typeparam>
    /// <param name="model">A fitted or loaded chain that ends with a certifier, or with a certifier and a post-condition, which then applies.</param>
    /// <exception cref="ArgumentException">The chain's end is neither.</exception>
    public TrustedPredictionEngine<TIn, TOut> CreateTrustedPredictionEngine<TIn, TOut>(ITransformer model)
        where TIn : class
        where TOut : class, new() => new(environment, model);

    /// <summary>
    /// Gathers what is said of evaluated rows for a report: of certificates distributions, limits, counts and worst rows; where the truth is known, how often bounds hold and what selections release;
    /// gaps of solves.
    /// </summary>
    /// <param name="model">A certifier, a bound, a selection, a model of this library, or a chain that contains one.</param>
    /// <param name="judged">Rows with the columns that these append, and with truths where they are known.</param>
    /// <param name="options">Title and columns that name sets and rows.</param>
    [SuppressMessage("Performance", "CA1822", Justification = "A catalog's operations are instance members, as in ML.NET.")]
    public CertificateReport Report(ITransformer model, IDataView judged, ReportOptions? options = null) =>
        ReportReader.Read(model, judged, options ?? new ReportOptions());

    /// <summary>Feeds the property values of judged rows to a drift monitor, in their order.</summary>
    /// <param name="monitor">A monitor of the certifier that judged the rows.</param>
    /// <param name="judged">Rows that the certifier has judged, in order of time.</param>
    /// <returns>The state after each row.</returns>
    [SuppressMessage("Performance", "CA1822", Justification = "A catalog's operations are instance members, as in ML.NET.")]
    public IReadOnlyList<DriftStatus> ObserveDrift(DriftMonitor monitor, IDataView judged) => DriftReader.Observe(monitor, judged);

    /// <summary>
    /// An experiment: searches the options of a pipeline for the best metric among those whose certificates meet given constraints. Settings are
    /// added to what it returns, then <see cref="MLNet.Experiment.Run"/>.
    /// </summary>
    /// <param name="space">The options that are varied.</param>
    /// <param name="pipeline">
    /// Makes the estimator from the values of the options; any estimator, ML.NET's own included. Called anew for every fit. To end at the deadline it
    /// hands on <see cref="Trial.CancellationToken"/>, and makes ML.NET's trainers from <see cref="Trial.Context"/>.
    /// </param>
    public Experiment Experiment(OptionSpace space, Func<Trial, IEstimator<ITransformer>> pipeline) => new(environment, space, pipeline);

    /// <summary>Trainers of the models of this library.</summary>
    public sealed class TrainersCatalog
    {
        private readonly L2OCatalog catalog;

        internal TrainersCatalog(L2OCatalog catalog) => this.catalog = catalog;

        /// <summary>The implicit dictionary model: compressed sensing with a learned sparsifying transform.</summary>
        /// <param name="measurementMatrix">A, m rows of n values, m &lt; n, independent rows.</param>
        /// <param name="measurementColumnName">Input column: measurements d = Ax, vector of m numbers.</param>
        /// <param name="signalColumnName">Training column: signals x, vector of n numbers.</param>
        /// <param name="outputColumnName">Column appended with the signal estimate, vector of n <see cref="float"/>.</param>
        public ImplicitModelTrainer ImplicitDictionary(float[,] measurementMatrix, string measurementColumnName = "Measurements", string signalColumnName = "Signal", string outputColumnName = "Estimate")
        {
            ArgumentNullException.ThrowIfNull(measurementMatrix);
            ArgumentNullException.ThrowIfNull(signalColumnName);
            ArgumentNullException.ThrowIfNull(outputColumnName);
            return catalog.Train(new DictionaryDefinition { MeasurementMatrix = measurementMatrix }, measurementColumnName, signalColumnName, outputColumnName);
        }

        /// <summary>The implicit dictionary model, with settings.</summary>
        /// <param name="definition">The model.</param>
        public ImplicitModelTrainer ImplicitDictionary(DictionaryDefinition definition) => catalog.Train(definition);

        /// <summary>The implicit dictionary model, with settings of model and training.</summary>
        /// <param name="definition">The model.</param>
        /// <param name="options">Names of columns, training and solver.</param>
        public ImplicitModelTrainer ImplicitDictionary(DictionaryDefinition definition, ImplicitModelTrainer.Options options) => catalog.Train(definition, options);

        /// <summary>Recovery of signals from measurements of which each row lacks others, with a mask per row.</summary>
        /// <param name="definition">The model.</param>
        public ImplicitModelTrainer Inpainting(InpaintingDefinition definition) => catalog.Train(definition);

        /// <summary>Recovery of signals from measurements of which each row lacks others, with a mask per row.</summary>
        /// <param name="definition">The model.</param>
        /// <param name="options">Names of columns, training and solver.</param>
        public ImplicitModelTrainer Inpainting(InpaintingDefinition definition, ImplicitModelTrainer.Options options) => catalog.Train(definition, options);

        /// <summary>Recovery of signals that look alike at every place from few measurements, with a Gaussian and a learned prior.</summary>
        /// <param name="measurementMatrix">A, m rows of n values, m &lt; n.</param>
        /// <param name="measurementColumnName">Input column: measurements d = Ax, vector of m numbers.</param>
        /// <param name="signalColumnName">Training column: signals x, vector of n numbers.</param>
        /// <param name="outputColumnName">Column appended with the signal estimate, vector of n <see cref="float"/>.</param>
        public ImplicitModelTrainer SignalRecovery(float[,] measurementMatrix, string measurementColumnName = "Measurements", string signalColumnName = "Signal", string outputColumnName = "Estimate")
        {
            ArgumentNullException.ThrowIfNull(measurementMatrix);
            ArgumentNullException.ThrowIfNull(signalColumnName);
            ArgumentNullException.ThrowIfNull(outputColumnName);
            return catalog.Train(new SignalRecoveryDefinition { MeasurementMatrix = measurementMatrix }, measurementColumnName, signalColumnName, outputColumnName);
        }

        /// <summary>Recovery of signals that look alike at every place, with settings.</summary>
        /// <param name="definition">The model.</param>
        public ImplicitModelTrainer SignalRecovery(SignalRecoveryDefinition definition) => catalog.Train(definition);

        /// <summary>Recovery of signals that look alike at every place, with settings of model and training.</summary>
        /// <param name="definition">The model.</param>
        /// <param name="options">Names of columns, training and solver.</param>
        public ImplicitModelTrainer SignalRecovery(SignalRecoveryDefinition definition, ImplicitModelTrainer.Options options) => catalog.Train(definition, options);

        /// <summary>Trades on a network of constant function market makers that execute on the true reserves though observed ones have errors.</summary>
        /// <param name="network">The CFMMs.</param>
        /// <param name="prices">Prices, one per token, for all rows.</param>
        /// <param name="reserveColumnName">Input column: observed reserves, vector of one number per token of each CFMM.</param>
        /// <param name="trueReserveColumnName">Training column: true reserves, alike.</param>
        public ImplicitModelTrainer CfmmTrade(CfmmNetwork network, IReadOnlyList<double> prices, string reserveColumnName = "Reserves", string trueReserveColumnName = "TrueReserves")
        {
            ArgumentNullException.ThrowIfNull(network);
            ArgumentNullException.ThrowIfNull(prices);
            return catalog.Train(
                new CfmmTradeDefinition { Network = network, Prices = [.. prices] },
                new ImplicitModelTrainer.Options { ColumnNames = new Dictionary<string, string> { ["Reserves"] = reserveColumnName, ["TrueReserves"] = trueReserveColumnName } });
        }

        /// <summary>Trades on a network of constant function market makers, with settings.</summary>
        /// <param name="definition">The model.</param>
        public ImplicitModelTrainer CfmmTrade(CfmmTradeDefinition definition) => catalog.Train(definition);

        /// <summary>Trades on a network of constant function market makers, with settings of model and training.</summary>
        /// <param name="definition">The model.</param>
        /// <param name="options">Names of columns, training and solver.</param>
        public ImplicitModelTrainer CfmmTrade(CfmmTradeDefinition definition, ImplicitModelTrainer.Options options) => catalog.Train(definition, options);

        /// <summary>Trades of greatest expected value: what a trade brings times the probability that every constant function market maker accepts it on the true reserves, of which observed ones are known with errors.</summary>
        /// <param name="network">The CFMMs.</param>
        /// <param name="prices">Prices, one per token, for all rows.</param>
        /// <param name="reserveColumnName">Input column: observed reserves, vector of one number per token of each CFMM.</param>
        /// <param name="trueReserveColumnName">Training column: true reserves, alike.</param>
        public ImplicitModelTrainer ExpectedTrade(CfmmNetwork network, IReadOnlyList<double> prices, string reserveColumnName = "Reserves", string trueReserveColumnName = "TrueReserves")
        {
            ArgumentNullException.ThrowIfNull(network);
            ArgumentNullException.ThrowIfNull(prices);
            return catalog.Train(
                new ExpectedTradeDefinition { Network = network, Prices = [.. prices] },
                new ImplicitModelTrainer.Options { ColumnNames = new Dictionary<string, string> { ["Reserves"] = reserveColumnName, ["TrueReserves"] = trueReserveColumnName } });
        }

        /// <summary>Trades of greatest expected value, with settings.</summary>
        /// <param name="definition">The model.</param>
        public ImplicitModelTrainer ExpectedTrade(ExpectedTradeDefinition definition) => catalog.Train(definition);

        /// <summary>Trades of greatest expected value, with settings and names of columns.</summary>
        /// <param name="definition">The model.</param>
        /// <param name="options">Names of columns.</param>
        public ImplicitModelTrainer ExpectedTrade(ExpectedTradeDefinition definition, ImplicitModelTrainer.Options options) => catalog.Train(definition, options);

        /// <summary>Trades through a network of pools of any kinds, concentrated liquidity among them, within what the trader holds, each with a certified gap.</summary>
        /// <param name="definition">The model.</param>
        public ImplicitModelTrainer PoolTrade(PoolTradeDefinition definition) => catalog.Train(definition);

        /// <summary>Trades through a network of pools of any kinds, with names of columns and settings.</summary>
        /// <param name="definition">The model.</param>
        /// <param name="options">Names of columns and solver.</param>
        public ImplicitModelTrainer PoolTrade(PoolTradeDefinition definition, ImplicitModelTrainer.Options options) => catalog.Train(definition, options);

        /// <summary>Reconstruction from parallel-beam scans by the implicit model (17).</summary>
        /// <param name="geometry">The scan.</param>
        /// <param name="measurementColumnName">Input column: measurements.</param>
        /// <param name="imageColumnName">Training column: true images in [0, 1].</param>
        /// <param name="outputColumnName">Column appended with the reconstruction.</param>
        public ImplicitModelTrainer CtReconstruction(ParallelBeamGeometry geometry, string measurementColumnName = "Measurements", string imageColumnName = "Image", string outputColumnName = "Reconstruction")
        {
            ArgumentNullException.ThrowIfNull(geometry);
            ArgumentNullException.ThrowIfNull(imageColumnName);
            ArgumentNullException.ThrowIfNull(outputColumnName);
            return catalog.Train(new ImplicitReconstruction { Geometry = geometry }, measurementColumnName, imageColumnName, outputColumnName);
        }

        /// <summary>
        /// Reconstruction from parallel-beam scans by any method: the implicit model, or total variation, filtered back-projection, a U-Net or a feasibility-based
        /// network, which take and give the same columns.
        /// </summary>
        /// <param name="definition">The method and the scan.</param>
        public ImplicitModelTrainer CtReconstruction(ReconstructionDefinition definition) => catalog.Train(definition);

        /// <summary>Reconstruction from parallel-beam scans by any method, with settings of method and training.</summary>
        /// <param name="definition">The model.</param>
        /// <param name="options">Names of columns, training and solver.</param>
        public ImplicitModelTrainer CtReconstruction(ReconstructionDefinition definition, ImplicitModelTrainer.Options options) => catalog.Train(definition, options);
    }
}
