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

    /// <summary>What <see cref="TrainingProgress.Information"/> said, in order: why training ended early, and what simple estimates achieve on the validation rows.</summary>
    public IReadOnlyList<string> Information { get; init; } = [];
}
