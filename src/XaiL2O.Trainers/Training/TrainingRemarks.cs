namespace XaiL2O.Trainers;

/// <summary>What whoever trains should know of how a training went: a training that stops too early or learns its rows by heart ends like any other.</summary>
internal static class TrainingRemarks
{
    /// <summary>A loss that fell by more than this share of the best one before the last epochs is still improving.</summary>
    private const double StillImproving = 0.1;

    /// <summary>One epoch of so many is of the last ones.</summary>
    private const int LastEpochs = 5;

    /// <summary>Share of converged solves below which gradients say little.</summary>
    private const double FewConverged = 0.5;

    /// <summary>A validation loss that is above its best by more than this share has risen clearly.</summary>
    private const double Risen = 0.02;

    /// <summary>Epochs whose mean loss is that of the end.</summary>
    private const int EndEpochs = 3;

    /// <summary>The largest learning rate with which a higher one is advised; the option allows up to 1.</summary>
    private const double ModestLearningRate = 0.1;

    /// <summary>Remarks on epochs, each a warning or information.</summary>
    /// <param name="history">Epochs in order.</param>
    /// <param name="bestEpoch">Epoch whose weights are kept; 0 for the initial ones.</param>
    /// <param name="trainingRows">Rows that are trained on.</param>
    /// <param name="options">Settings.</param>
    public static IEnumerable<(bool IsWarning, string Text)> Of(IReadOnlyList<EpochResult> history, int bestEpoch, long trainingRows, TrainingOptions options)
    {
        if (history.Count == 0)
            yield break;
        var last = history[^1];
        if (last.Epoch < options.Epochs && options.Patience > 0 && last.Epoch - bestEpoch >= options.Patience)
            yield return (false, $"Training ended after epoch {last.Epoch} of {options.Epochs}: {(options.Patience == 1 ? "one epoch" : $"{options.Patience} epochs")} without a better validation loss ({nameof(TrainingOptions.Patience)} = {options.Patience}; 0 never stops early). {(bestEpoch == 0 ? "No epoch was better than the weights that training started from, which are kept." : $"The weights of epoch {bestEpoch} are kept.")}");
        if (history.Count > 1 && StillImproves(history, options) is { } improving)
            yield return (true, improving);
        else if (Overfits(history, bestEpoch, trainingRows, options) is { } overfitting)
            yield return (true, overfitting);
        if (history.Count > 1 && last.ConvergedRate < FewConverged)
            yield return (true, FormattableString.Invariant($"Only {last.ConvergedRate:P0} of the solves of the last epoch converged within {options.FinalIterations} iterations. The gradients of the others are not those of solutions, and may lead to weights that fit the iteration limit and not the problem; inferences that stop before they converge are no solutions either, and Converged says so row by row. A larger {nameof(TrainingOptions.FinalIterations)} or looser tolerances in {nameof(TrainingOptions.Solver)} let more solves converge."));
    }

    private static double Loss(EpochResult epoch) => epoch.ValidationLoss ?? epoch.TrainingLoss;

    private static string? StillImproves(IReadOnlyList<EpochResult> history, TrainingOptions options)
    {
        var last = history[^1];
        var best = history.MinBy(Loss)!;
        // The end of the learning-rate cycle moves the weights little; a loss that falls all the same has further to go.
        var before = history.Take(Math.Max(1, history.Count - Math.Max(1, options.Epochs / 3))).Min(Loss);
        // The best epoch is one of the last fifth, the training loss is at its lowest at the end, and what was gained in the last third is worth having.
        if (last.Epoch < options.Epochs || best.Epoch <= options.Epochs - Math.Max(1, options.Epochs / LastEpochs) || last.TrainingLoss > history.Min(e => e.TrainingLoss) || !(before - Loss(best) > StillImproving * Math.Abs(before)))
            return null;
        var rate = options.LearningRate <= ModestLearningRate ? FormattableString.Invariant($", or a higher learning rate ({nameof(TrainingOptions.LearningRate)} = {options.LearningRate}),") : "";
        return FormattableString.Invariant($"The loss was still improving at the last epoch, from {before:G3} to {Loss(best):G3} in the last third; more epochs ({nameof(TrainingOptions.Epochs)} = {options.Epochs}){rate} should improve the model.");
    }

    private static string? Overfits(IReadOnlyList<EpochResult> history, int bestEpoch, long trainingRows, TrainingOptions options)
    {
        var after = history.Where(e => e.Epoch > bestEpoch).TakeLast(EndEpochs).ToList();
        if (bestEpoch == 0 || after.Count == 0 || history[bestEpoch - 1] is not { ValidationLoss: { } lowest } best)
            return null;
        var (validation, training) = (after.Average(e => e.ValidationLoss ?? double.NaN), after.Average(e => e.TrainingLoss));
        // Losses may be negative, as minus a utility is.
        if (!(validation - lowest > Risen * Math.Abs(lowest)) || !(best.TrainingLoss - training > Risen * Math.Abs(best.TrainingLoss)))
            return null;
        var decay = options.WeightDecay < 1 ? FormattableString.Invariant($", or {nameof(TrainingOptions.WeightDecay)} (now {options.WeightDecay})") : "";
        return FormattableString.Invariant($"The model begins to learn its {trainingRows} training rows by heart (overfitting): after epoch {bestEpoch} the validation loss rose from {lowest:G3} to {validation:G3} while the training loss fell from {best.TrainingLoss:G3} to {training:G3}. The weights of epoch {bestEpoch} are kept. More training rows help most, then fewer weights{decay}.");
    }
}
