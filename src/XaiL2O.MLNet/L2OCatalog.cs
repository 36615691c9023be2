using System.Diagnostics.CodeAnalysis;
using Microsoft.ML;
using Microsoft.ML.Runtime;
using XaiL2O.Trainers;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Models whose inference is the solution of an optimisation problem, and certificates for any model's inferences.</summary>
public sealed class L2OCatalog
{
    private readonly MLContext environment;

    internal L2OCatalog(MLContext environment)
    {
        this.environment = environment;
        Trainers = new TrainersCatalog(environment);
    }

    /// <summary>Trainers of implicit models.</summary>
    public TrainersCatalog Trainers { get; }

    /// <summary>
    /// Certificates for named columns. The estimator calibrates on the rows it is fitted on: fit it on rows the model was not trained on.
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

    /// <summary>An engine for single predictions that returns each value with its certificates; can be used from many threads.</summary>
    /// <typeparam name="TIn">Input row.</typeparam>
    /// <typeparam name="TOut">Output row.</typeparam>
    /// <param name="model">A fitted or loaded chain that ends with a certifier, or with a certifier and a post-condition, which then applies.</param>
    /// <exception cref="ArgumentException">The chain's end is neither.</exception>
    public TrustedPredictionEngine<TIn, TOut> CreateTrustedPredictionEngine<TIn, TOut>(ITransformer model)
        where TIn : class
        where TOut : class, new() => new(environment, model);

    /// <summary>Gathers certificates of evaluated rows for a report: distributions, limits, counts, worst rows.</summary>
    /// <param name="model">A certifier, or a chain that contains one.</param>
    /// <param name="judged">Rows that the certifier has judged.</param>
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

    /// <summary>Trainers of implicit models.</summary>
    public sealed class TrainersCatalog
    {
        private readonly IHostEnvironment environment;

        internal TrainersCatalog(IHostEnvironment environment) => this.environment = environment;

        /// <summary>The implicit dictionary model: compressed sensing with a learned sparsifying transform.</summary>
        /// <param name="measurementMatrix">A, m rows of n values, m &lt; n, independent rows.</param>
        /// <param name="measurementColumnName">Input column: measurements d = Ax, vector of m <see cref="float"/>.</param>
        /// <param name="signalColumnName">Training column: signals x, vector of n <see cref="float"/>.</param>
        /// <param name="outputColumnName">Column appended with the signal estimate, vector of n <see cref="float"/>.</param>
        public ImplicitDictionaryTrainer ImplicitDictionary(
            float[,] measurementMatrix,
            string measurementColumnName = "Measurements",
            string signalColumnName = "Signal",
            string outputColumnName = "Estimate") =>
            ImplicitDictionary(new ImplicitDictionaryTrainer.Options
            {
                MeasurementMatrix = measurementMatrix,
                MeasurementColumnName = measurementColumnName,
                SignalColumnName = signalColumnName,
                OutputColumnName = outputColumnName,
            });

        /// <summary>The implicit dictionary model, with settings.</summary>
        /// <param name="options">Columns, model, training and solver.</param>
        public ImplicitDictionaryTrainer ImplicitDictionary(ImplicitDictionaryTrainer.Options options) => new(environment, options);

        /// <summary>Trades on a network of constant function market makers that execute on the true reserves though observed ones have errors.</summary>
        /// <param name="network">The CFMMs.</param>
        /// <param name="prices">Prices, one per token, for all rows.</param>
        /// <param name="reserveColumnName">Input column: observed reserves, vector of one number per token of each CFMM.</param>
        /// <param name="trueReserveColumnName">Training column: true reserves, alike.</param>
        public CfmmTradeTrainer CfmmTrade(
            CfmmNetwork network,
            IReadOnlyList<double> prices,
            string reserveColumnName = "Reserves",
            string trueReserveColumnName = "TrueReserves") =>
            CfmmTrade(new CfmmTradeTrainer.Options
            {
                Network = network,
                Prices = prices,
                ReserveColumnName = reserveColumnName,
                TrueReserveColumnName = trueReserveColumnName,
            });

        /// <summary>Trades on a network of constant function market makers, with settings.</summary>
        /// <param name="options">Network, columns, model, training and solver.</param>
        [System.Diagnostics.CodeAnalysis.SuppressMessage("Performance", "CA1822", Justification = "A member of the catalog, like its neighbours.")]
        public CfmmTradeTrainer CfmmTrade(CfmmTradeTrainer.Options options) => new(options);
    }
}
