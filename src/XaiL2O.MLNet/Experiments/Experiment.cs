using Microsoft.ML;

namespace XaiL2O.MLNet;

/// <summary>
/// Searches the options of a pipeline for the best metric among those whose certificates meet given constraints. Made by
/// <see cref="L2OCatalog.Experiment"/>; settings are given in any order, then <see cref="Run"/>.
/// </summary>
/// <remarks>
/// <para>One trial: the pipeline is made from sampled options and fitted on the training rows; the certifier, where there is one, is calibrated on
/// calibration rows; metric, constraints and certificates are measured on the validation rows. The three are rows of their own. A trial that throws or
/// has a metric that is not finite is recorded as failed; where the first ten all do, the experiment ends with an error that has the last one's.</para>
/// <para>At the deadline the running trial is cut: <see cref="Trial.CancellationToken"/> fires, trainers of <see cref="Trial.Context"/> stop at their
/// next look, and whatever reads rows of the data stops at its next row. What heeds none of these is waited for, because a thread cannot be ended
/// from outside. A trial that was cut is reported and then forgotten: how far it came depends on the machine.</para>
/// <para>Trials run one after the other on the calling thread. Only the best trial's model is kept.</para>
/// </remarks>
public sealed class Experiment
{
    private ExperimentSettings settings;

    internal Experiment(MLContext context, OptionSpace space, Func<Trial, IEstimator<ITransformer>> pipeline)
    {
        ArgumentNullException.ThrowIfNull(space);
        ArgumentNullException.ThrowIfNull(pipeline);
        settings = new ExperimentSettings(context, space, pipeline);
    }

    /// <summary>Fits on some rows and measures on others.</summary>
    /// <param name="training">Rows that pipelines are fitted on.</param>
    /// <param name="validation">Rows for metric, constraints and certificates; others than those of training.</param>
    /// <param name="groupColumnName">
    /// Column whose groups, for instance patients, must not be shared by training, validation and calibration rows: text, key, <see cref="bool"/> or an
    /// integer. It is checked before the first trial. No check when null.
    /// </param>
    public Experiment SetTrainingData(IDataView training, IDataView validation, string? groupColumnName = null)
    {
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(validation);
        return With(settings with { Training = training, Validation = validation, GroupColumnName = groupColumnName, Folds = 0 });
    }

    /// <summary>
    /// Fits and measures on each of several splits of the same rows; metric, constraints and certificates are means over the folds. Each new best
    /// trial is fitted once more, on all rows, for the model.
    /// </summary>
    /// <param name="data">Rows for training and validation.</param>
    /// <param name="folds">Splits, in [2, 1000]. Default 5.</param>
    /// <param name="groupColumnName">Column whose groups are not divided; see <see cref="SetTrainingData"/>.</param>
    public Experiment CrossValidate(IDataView data, int folds = 5, string? groupColumnName = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        OptionCheck.Within(folds, 2, 1000);
        return With(settings with { Training = data, Validation = null, GroupColumnName = groupColumnName, Folds = folds });
    }

    /// <summary>Calibrates certificates in every trial, behind the pipeline.</summary>
    /// <param name="calibrationRows">Rows for the calibration alone: neither of training nor of validation.</param>
    /// <param name="options">Properties, label probabilities and calibration rule.</param>
    public Experiment Certify(IDataView calibrationRows, CertifierOptions options)
    {
        ArgumentNullException.ThrowIfNull(calibrationRows);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return With(settings with { CalibrationRows = calibrationRows, Certifier = options });
    }

    /// <summary>Calibrates certificates in every trial, with the usual settings.</summary>
    /// <param name="calibrationRows">Rows for the calibration alone: neither of training nor of validation.</param>
    /// <param name="properties">Which columns hold property values, and under which names they are certified.</param>
    public Experiment Certify(IDataView calibrationRows, params CertifiedProperty[] properties) =>
        Certify(calibrationRows, new CertifierOptions { Properties = properties });

    /// <summary>The metric; smaller is better.</summary>
    /// <param name="metric">Measured on the validation rows.</param>
    public Experiment Minimize(Metric metric) => Optimize(metric, maximizes: false);

    /// <summary>The metric; larger is better.</summary>
    /// <param name="metric">Measured on the validation rows.</param>
    public Experiment Maximize(Metric metric) => Optimize(metric, maximizes: true);

    /// <summary>Adds a constraint. A trial that meets all constraints is better than any that does not, whatever their metrics.</summary>
    /// <param name="constraint">Measured on the validation rows.</param>
    public Experiment SubjectTo(Constraint constraint)
    {
        ArgumentNullException.ThrowIfNull(constraint);
        return With(settings with { Constraints = [.. settings.Constraints, constraint] });
    }

    /// <summary>What is tried next. Default <see cref="RandomSearch"/> with seed 1.</summary>
    /// <param name="tuner">The tuner.</param>
    public Experiment SetTuner(Tuner tuner)
    {
        ArgumentNullException.ThrowIfNull(tuner);
        tuner.Validate();
        return With(settings with { Tuner = tuner });
    }

    /// <summary>When the experiment ends, at the first of the two; an experiment that goes on from a file has used part of it.</summary>
    /// <param name="seconds">Time, in (0, 10⁶]; no limit when null.</param>
    /// <param name="trials">Trials that end, failed ones included, at least 1; no limit when null.</param>
    public Experiment SetBudget(double? seconds = null, int? trials = null)
    {
        if (seconds is { } time && !(time is > 0 and <= 1e6))
            throw new ArgumentOutOfRangeException(nameof(seconds), time, $"{nameof(seconds)} = {time} is out of range; it must lie in (0, 10⁶].");
        if (trials is { } count)
            OptionCheck.AtLeast(count, 1, nameof(trials));
        return With(settings with { Seconds = seconds, Trials = trials });
    }

    /// <summary>Seed of the trials' contexts and of the folds; the tuner has its own. Default 1.</summary>
    /// <param name="seed">The seed, the same for all trials, so that options are compared and not luck.</param>
    public Experiment SetSeed(int seed) => With(settings with { Seed = seed });

    /// <summary>
    /// Saves the state after every trial, and goes on from it where the file exists. Given the same pipeline, data and settings, and a budget of
    /// trials, the experiment then ends as if it had not been interrupted. The state of other settings or rows is refused; rows are read once for it.
    /// </summary>
    /// <param name="path">JSON file; the best model is kept beside it, as <c>{path}.{trial}.zip</c>.</param>
    public Experiment SaveTo(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return With(settings with { StatePath = path });
    }

    /// <summary>Runs trials until the budget is used, the tuner has nothing left, or the experiment is cancelled.</summary>
    /// <param name="progress">Receives every trial when it has ended and its state is saved, on the calling thread.</param>
    /// <param name="cancellationToken">Cuts the running trial; the best so far is returned and no exception is thrown, except where the rows are still read for <see cref="SaveTo"/>.</param>
    /// <exception cref="InvalidOperationException">
    /// A setting is missing or settings contradict each other, the state is of another experiment, or the first ten trials all failed.
    /// </exception>
    /// <exception cref="InvalidDataException">The state's file is damaged.</exception>
    /// <exception cref="IOException">Another experiment that runs now saves to the same file, or it cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled while the rows were read for <see cref="SaveTo"/>, before its first trial.</exception>
    public ExperimentResult Run(IProgress<TrialOutcome>? progress = null, CancellationToken cancellationToken = default)
    {
        settings.Validate();
        return new ExperimentRun(settings, progress, cancellationToken).Execute();
    }

    /// <summary>The same on a thread of the pool.</summary>
    /// <param name="progress">Receives every trial when it has ended and its state is saved, on that thread.</param>
    /// <param name="cancellationToken">Cuts the running trial; the best so far is returned and no exception is thrown.</param>
    public Task<ExperimentResult> RunAsync(IProgress<TrialOutcome>? progress = null, CancellationToken cancellationToken = default)
    {
        var snapshot = new Experiment(settings.Context, settings.Space, settings.Pipeline) { settings = settings };
        return Task.Run(() => snapshot.Run(progress, cancellationToken), CancellationToken.None);
    }

    private Experiment Optimize(Metric metric, bool maximizes)
    {
        ArgumentNullException.ThrowIfNull(metric);
        return With(settings with { Metric = metric, Order = new TrialOrder(maximizes) });
    }

    private Experiment With(ExperimentSettings changed)
    {
        settings = changed;
        return this;
    }
}
