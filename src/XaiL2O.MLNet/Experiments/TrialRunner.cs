using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>Makes one trial: fits, calibrates, measures.</summary>
internal sealed class TrialRunner(ExperimentSettings settings, CancellationToken token)
{
    private readonly MLContext context = new(settings.Seed) { GpuDeviceId = settings.Context.GpuDeviceId, FallbackToCpu = settings.Context.FallbackToCpu };

    /// <summary>Runs a trial; it does not throw, whatever the pipeline does.</summary>
    /// <param name="number">Number of the trial.</param>
    /// <param name="proposal">What the tuner wants tried.</param>
    /// <param name="isBest">Whether the trial is the best so far, so that its model is wanted.</param>
    /// <returns>The trial, and its model if it is the best so far.</returns>
    public (TrialOutcome Trial, ITransformer? Model) Run(int number, TrialProposal proposal, Func<TrialOutcome, bool> isBest)
    {
        var clock = Stopwatch.StartNew();
        var trial = new TrialOutcome(number, proposal.Options, proposal.Resource);
        ITransformer? model = null;
        try
        {
            // Once the registration is gone the model's context is safe from the deadline.
            using (token.Register(() => ContextCancellation.Cancel(context)))
                (trial, model) = Measure(trial, isBest);
        }
#pragma warning disable CA1031 // A pipeline may throw anything, and one bad trial must not end the rest.
        catch (Exception e)
#pragma warning restore CA1031
        {
            trial = trial with { Status = TrialStatus.Failed, Error = Describe(e) };
        }

        // Trainers that are told to stop may return what they have, or throw what they like.
        if (token.IsCancellationRequested)
        {
            Release(model);
            (trial, model) = (new TrialOutcome(number, proposal.Options, proposal.Resource) { Status = TrialStatus.Cancelled }, null);
        }

        return (trial with { Seconds = clock.Elapsed.TotalSeconds }, model);
    }

    private (TrialOutcome Trial, ITransformer? Model) Measure(TrialOutcome trial, Func<TrialOutcome, bool> isBest)
    {
        var training = new CancellableView(settings.Training!, token);
        var folds = settings.Validation is { } validation
            ? [(Training: training, Validation: new CancellableView(validation, token))]
            : context.Data.CrossValidationSplit(training, settings.Folds, settings.GroupColumnName, settings.Seed).Select(f => (Training: f.TrainSet, Validation: f.TestSet)).ToArray();
        ITransformer? model = null;
        var fits = new List<Fit>();
        try
        {
            foreach (var fold in folds)
            {
                Release(model);
                model = null;
                model = Train(trial, fold.Training);
                fits.Add(Judge(model.Transform(fold.Validation)));
            }

            trial = Combine(trial, fits);
            if (trial.Status != TrialStatus.Succeeded || !isBest(trial))
            {
                Release(model);
                return (trial, null);
            }

            if (folds.Length > 1)
            {
                Release(model);
                model = null;
                model = Train(trial, training);
            }

            return (trial, model);
        }
        catch
        {
            Release(model);
            throw;
        }
    }

    private ITransformer Train(TrialOutcome trial, IDataView rows)
    {
        var pipeline = settings.Pipeline(new Trial(trial.Number, trial.Options, trial.Resource, context, token))
            ?? throw new InvalidOperationException("The pipeline's function returned null.");
        var fitted = pipeline.Fit(rows);
        token.ThrowIfCancellationRequested();
        if (settings.Certifier is not { } options)
            return fitted;
        try
        {
            return fitted.Append(new CertifierEstimator(context, options).Fit(fitted.Transform(new CancellableView(settings.CalibrationRows!, token))));
        }
        catch
        {
            Release(fitted);
            throw;
        }
    }

    private Fit Judge(IDataView rows)
    {
        // Solving is what takes time: one pass over the columns that are known to be read, kept for all that read them.
        var known = settings.Metric!.Columns.Concat(settings.Constraints.SelectMany(c => c.Columns)).Concat(CertificateReader.Columns(rows.Schema));
        var kept = context.Data.Cache(rows, [.. known.Distinct().Where(name => rows.Schema.GetColumnOrNull(name) is not null)]);
        var metric = settings.Metric.Measure(kept);
        return new Fit(metric, [.. settings.Constraints.Select(c => c.Measure(kept))], CertificateReader.FailRate(kept) ?? double.NaN, CertificateReader.Rates(kept));
    }

    private TrialOutcome Combine(TrialOutcome trial, List<Fit> fits)
    {
        var metric = fits.Average(f => f.Metric);
        if (!double.IsFinite(metric))
            return trial with { Status = TrialStatus.Failed, Error = $"The metric {settings.Metric!.Name} is {metric}." };
        return trial with
        {
            Status = TrialStatus.Succeeded,
            Metric = metric,
            Constraints = [.. fits[0].Constraints.Select((c, i) => c with { Value = fits.Average(f => f.Constraints[i].Value) })],
            FailRate = fits.Average(f => f.FailRate),
            Certificates = [.. fits[0].Certificates.Select((c, i) => new CertificateRate(c.Part, fits.Average(f => f.Certificates[i].Pass), fits.Average(f => f.Certificates[i].Warning), fits.Average(f => f.Certificates[i].Fail)))],
        };
    }

    private static string Describe(Exception e) =>
        e.InnerException is { } inner && !e.Message.Contains(inner.Message, StringComparison.Ordinal) ? $"{e.Message} {inner.Message}" : e.Message;

    private static void Release(ITransformer? model) => (model as IDisposable)?.Dispose();

    private sealed record Fit(double Metric, IReadOnlyList<ConstraintValue> Constraints, double FailRate, IReadOnlyList<CertificateRate> Certificates);
}
