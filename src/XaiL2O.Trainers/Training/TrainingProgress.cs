namespace XaiL2O.Trainers;

/// <summary>Where a training stands; reported several times per epoch.</summary>
/// <param name="Epoch">Epoch now running or just ended, from 1.</param>
/// <param name="Epochs">Epochs asked for.</param>
/// <param name="Fraction">Share of all optimiser steps done, in [0, 1].</param>
/// <param name="TrainingLoss">Mean squared error of the epoch's rows so far; NaN in a report that is a warning or information.</param>
/// <param name="ValidationLoss">Mean squared error on the validation rows; set in the report that ends an epoch, else null.</param>
/// <param name="Elapsed">Time since training began.</param>
public sealed record TrainingProgress(int Epoch, int Epochs, double Fraction, double TrainingLoss, double? ValidationLoss, TimeSpan Elapsed)
{
    /// <summary>The epoch that has just ended; null in reports within an epoch.</summary>
    public EpochResult? Completed { get; init; }

    /// <summary>Something that whoever trains the model should know, a sentence or two; null in ordinary reports.</summary>
    public string? Warning { get; init; }

    /// <summary>Something worth knowing that is no cause for concern, such as why training ended early; null in ordinary reports.</summary>
    public string? Information { get; init; }
}
