using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The loss of estimates that need no training of a model, on the same validation rows: a loss says little alone, and a model that does not beat them is of no use.
/// </summary>
/// <param name="Rows">Validation rows.</param>
/// <param name="Constant">Loss of the mean of the training targets, whatever is measured.</param>
/// <param name="Linear">Loss of the linear estimate (<see cref="LinearEstimator.FromPairs"/>); null where it would cost too much.</param>
internal sealed record SimpleEstimates(long Rows, double Constant, double? Linear)
{
    /// <summary>The loss of fewer rows is mostly chance.</summary>
    private const int LeastValidationRows = 5;

    private const int LeastTrainingRows = 20;

    /// <summary>Most measurements and most values of a target for the linear estimate.</summary>
    private const int LargestSize = 2000;

    /// <summary>Most training rows for the estimates: five times <see cref="LargestSize"/>, where more change little.</summary>
    public const int MostRows = 10_000;

    /// <summary>Multiplications that cost nothing to speak of, and beyond them the share of those of the training.</summary>
    private const double FreeWork = 1e8;

    private const double ShareOfTraining = 0.01;

    /// <summary>One training row of so many chooses the ridge of the linear estimate.</summary>
    private const int RidgeRows = 5;

    /// <summary>Computes the losses; null where they would not be the same quantity as the model's, or come from too few rows.</summary>
    /// <param name="model">The model, whose loss it is. Nothing of it changes.</param>
    /// <param name="data">Training rows in random order, finite; all, or <see cref="MostRows"/> of them.</param>
    /// <param name="targets">Their targets.</param>
    /// <param name="validationData">Validation rows.</param>
    /// <param name="validationTargets">Their targets.</param>
    /// <param name="history">What the training did, for its cost.</param>
    /// <param name="trainingRows">Number of all training rows; that of <paramref name="data"/> when null.</param>
    public static SimpleEstimates? Of(ImplicitModel model, Tensor data, Tensor targets, Tensor validationData, Tensor validationTargets, IReadOnlyList<EpochResult> history, long? trainingRows = null)
    {
        var rows = validationData.shape[0];
        if (rows < LeastValidationRows || model.TargetSize != model.InferenceSize)
            return null;
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        try
        {
            var mean = targets.mean([0], true).expand(rows, -1);
            // Elsewhere the mean is not the best constant, and the linear estimate not the best linear one.
            if (!(SquaredError(model, mean, validationData, validationTargets) is { } constant && SquaredError(model, zeros_like(validationTargets), validationData, validationTargets) is not null))
                return null;
            return new SimpleEstimates(rows, constant, LinearIsCheap(model, trainingRows ?? data.shape[0], history) ? LinearLoss(data, targets, validationData, validationTargets) : null);
        }
        catch (Exception e) when (e is ExternalException or ArgumentException)
        {
            // A loss of the user's own may take no such estimate, and a decomposition may fail; the training is none the worse for it.
            return null;
        }
    }

    /// <summary>What the comparison comes to, and whether the model is of use.</summary>
    /// <param name="loss">Validation loss of the weights that are kept.</param>
    /// <param name="options">Settings of the training.</param>
    public (bool Useful, string Text) Judge(double loss, TrainingOptions options)
    {
        var (better, worse) = (new List<string>(), new List<string>());
        foreach (var (name, other) in new[] { ("the constant estimate (the mean of the training targets)", (double?)Constant), ("the linear estimate (LinearEstimator)", Linear) })
        {
            if (other is { } value)
                (loss < value ? better : worse).Add(FormattableString.Invariant($"{name} has {value:G3}"));
        }

        var compared = FormattableString.Invariant($"On the {Rows} validation rows the weights that are kept have the loss {loss:G3}; {string.Join(" and ", worse.Concat(better))}.");
        if (worse.Count == 0)
            return (true, compared);
        var advice = FormattableString.Invariant($"Try more training rows, more epochs ({nameof(TrainingOptions.Epochs)} = {options.Epochs}) or a better start of the weights");
        return (false, $"The model is not better than {(loss < Constant ? "the linear estimate" : "a constant")}: {char.ToLowerInvariant(compared[0])}{compared[1..]} {advice}{(Linear < Constant ? ", or use the linear estimate" : "")}.");
    }

    /// <summary>The model's loss of an estimate where that is the mean squared error, null elsewhere.</summary>
    private static double? SquaredError(ImplicitModel model, Tensor estimate, Tensor data, Tensor targets)
    {
        var (loss, error) = (model.ValidationLoss(estimate, data, targets), (estimate - targets).square().mean().ToDouble());
        return Math.Abs(loss - error) <= 1e-5 * error ? loss : null;
    }

    /// <summary>Whether the linear estimate costs little beside the training that has been.</summary>
    private static bool LinearIsCheap(ImplicitModel model, long trainingRows, IReadOnlyList<EpochResult> history)
    {
        double m = model.DataSize, n = model.TargetSize, rows = Math.Min(trainingRows, MostRows);
        var work = (2 * rows * m * (m + n)) + (20 * m * m * m); // moments, and an eigendecomposition, twice
        // An iteration takes at least each number of the row and of the weights once.
        var training = history.Sum(e => e.MeanIterations) * trainingRows * (m + n + model.WeightCount);
        return trainingRows >= LeastTrainingRows && m <= LargestSize && n <= LargestSize && work <= Math.Max(FreeWork, ShareOfTraining * training);
    }

    private static double LinearLoss(Tensor data, Tensor targets, Tensor validationData, Tensor validationTargets)
    {
        static float[][] Rows(Tensor t)
        {
            using var plain = t.to(ScalarType.Float32).cpu().contiguous();
            return [.. plain.data<float>().ToArray().Chunk((int)t.shape[1])];
        }

        var count = Math.Min(data.shape[0], MostRows);
        // The rows are in random order already.
        var (d, x) = (Rows(data.slice(0, 0, count, 1)), Rows(targets.slice(0, 0, count, 1)));
        var held = d.Length / RidgeRows;
        var ridge = LinearEstimator.FromPairs(d[held..], x[held..], d[..held], x[..held]).Ridge;
        var estimator = LinearEstimator.FromPairs(d, x, options: new LinearEstimatorOptions { Ridge = ridge });
        return Rows(validationData).Zip(Rows(validationTargets), (row, truth) => estimator.Estimate(row).Zip(truth, (a, b) => Math.Pow(a - b, 2)).Average()).Average();
    }
}
