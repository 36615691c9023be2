namespace XaiL2O.Trainers;

/// <summary>What a training did; the model holds the best weights.</summary>
/// <param name="Epochs">Completed epochs in order; empty when cancelled in the first.</param>
/// <param name="BestEpoch">Epoch whose weights were kept, from 1; 0 for the initial ones.</param>
/// <param name="Cancelled">Whether cancellation ended it.</param>
/// <param name="Elapsed">Duration.</param>
public sealed record TrainingResult(IReadOnlyList<EpochResult> Epochs, int BestEpoch, bool Cancelled, TimeSpan Elapsed)
{
    /// <summary>What <see cref="TrainingProgress.Warning"/> said, in order.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
