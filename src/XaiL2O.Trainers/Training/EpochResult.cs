namespace XaiL2O.Trainers;

/// <summary>Losses of one epoch.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="TrainingLoss">Mean squared error over the epoch's training rows, each before its step.</param>
/// <param name="ValidationLoss">Mean squared error on the validation rows after the epoch; null without a validation split.</param>
/// <param name="ConvergedRate">Share of training solves that met their tolerances.</param>
/// <param name="MeanIterations">Mean iterations of the training solves.</param>
public sealed record EpochResult(int Epoch, double TrainingLoss, double? ValidationLoss, double ConvergedRate, double MeanIterations);
