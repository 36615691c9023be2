using Microsoft.ML.Runtime;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// Writes a training to the log of its context, which <c>MLContext.Log</c> hands on: its losses epoch by epoch, and as warnings what whoever trains should know.
/// Hands every report on to the user's own receiver.
/// </summary>
internal sealed class TrainingLog : IProgress<TrainingProgress>, IDisposable
{
    private readonly IChannel channel;
    private readonly IProgress<TrainingProgress>? receiver;

    /// <param name="environment">The context.</param>
    /// <param name="trainer">Name of the trainer, the source of the messages.</param>
    /// <param name="receiver">The user's own; none when null.</param>
    public TrainingLog(IHostEnvironment environment, string trainer, IProgress<TrainingProgress>? receiver) =>
        (channel, this.receiver) = (environment.Start(trainer), receiver);

    public void Report(TrainingProgress value)
    {
        // Texts go through a placeholder, because names may hold braces.
        if (value.Warning is { } warning)
            channel.Warning("{0}", warning);
        else if (value.Information is { } information)
            channel.Info("{0}", information);
        else if (value.Completed is { } epoch)
            channel.Info("{0}", FormattableString.Invariant($"Epoch {epoch.Epoch} of {value.Epochs}: training loss {epoch.TrainingLoss:G4}{(epoch.ValidationLoss is { } loss ? FormattableString.Invariant($", validation loss {loss:G4}") : "")}; {epoch.ConvergedRate:P0} of the solves converged, {epoch.MeanIterations:0} iterations on average."));
        receiver?.Report(value);
    }

    public void Dispose() => channel.Dispose();
}
