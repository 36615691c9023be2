using System.Diagnostics;
using Microsoft.ML;

namespace XaiL2O.MLNet;

/// <summary>One run of an experiment: asks the tuner, has trials made, keeps the best, saves the state.</summary>
internal sealed class ExperimentRun(ExperimentSettings settings, IProgress<TrialOutcome>? progress, CancellationToken cancellation)
{
    /// <summary>Failures of this run, from its first trial on, at which the fault is the pipeline's and not the options'.</summary>
    internal const int FailuresInARow = 10;

    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly ExperimentState state = ExperimentState.Open(settings, cancellation);
    private ITransformer? model;
    private int failures;

    private double Used => state.UsedBefore + clock.Elapsed.TotalSeconds;

    private TrialOutcome? Best => state.Trials.Where(t => t.Status == TrialStatus.Succeeded).Order(settings.Order).FirstOrDefault();

    public ExperimentResult Execute()
    {
        using var held = state;
        TrialOutcome? cut = null;
        using (var source = CancellationTokenSource.CreateLinkedTokenSource(cancellation))
        {
            if (settings.Seconds is { } seconds)
                source.CancelAfter(TimeSpan.FromSeconds(Math.Max(0, seconds - Used)));
            while (cut is null && !IsOver(source.Token) && !IsHopeless() && settings.Tuner.Next(settings.Space, state.Trials, settings.Order) is { } proposal)
                cut = RunTrial(proposal, source.Token);
        }

        state.Save(Used);
        if (IsHopeless())
            throw new InvalidOperationException($"All of the first {failures} trials failed, so the experiment was ended. The last one ({state.Trials[^1].Options}): {state.Trials[^1].Error}");
        var best = Best;
        return new ExperimentResult(
            settings.Space,
            settings.Metric!.Name,
            [.. state.Trials, .. cut is null ? Array.Empty<TrialOutcome>() : [cut]],
            best,
            best is null ? null : model ?? state.LoadModel(),
            Used);
    }

    private bool IsOver(CancellationToken token) => token.IsCancellationRequested || state.Trials.Count >= settings.Trials || Used >= settings.Seconds;

    private bool IsHopeless() => failures >= FailuresInARow && state.Trials.All(t => t.Status == TrialStatus.Failed);

    /// <summary>The trial if it was cut; null where it ended and was recorded.</summary>
    private TrialOutcome? RunTrial(TrialProposal proposal, CancellationToken token)
    {
        var best = Best;
        bool IsBest(TrialOutcome trial) => best is null || settings.Order.Compare(trial, best) < 0;
        var (trial, fitted) = new TrialRunner(settings, token).Run(state.Trials.Count, proposal, IsBest);
        trial = trial with { EndedAt = Used };
        if (trial.Status != TrialStatus.Cancelled)
        {
            if (fitted is not null && state.TrySaveModel(fitted, trial.Number, out var error) is false)
            {
                Release(fitted);
                (fitted, trial) = (null, new TrialOutcome(trial.Number, trial.Options, trial.Resource) { Status = TrialStatus.Failed, Error = error, Seconds = trial.Seconds, EndedAt = trial.EndedAt });
            }

            if (fitted is not null)
            {
                Release(model);
                model = fitted;
            }

            failures += trial.Status == TrialStatus.Failed ? 1 : 0;
            state.Add(trial, Used);
        }

        progress?.Report(trial);
        return trial.Status == TrialStatus.Cancelled ? trial : null;
    }

    private static void Release(ITransformer? model) => (model as IDisposable)?.Dispose();
}
