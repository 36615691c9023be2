using Microsoft.ML;
using Microsoft.ML.Runtime;

namespace XaiL2O.MLNet;

/// <summary>Models whose inference is the solution of an optimisation problem, and certificates for any model's inferences.</summary>
public sealed class L2OCatalog
{
    private readonly IHostEnvironment environment;

    internal L2OCatalog(IHostEnvironment environment)
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
    }
}
