using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>
/// The linear baseline of sparse recovery: a Gaussian prior on the samples of a window, estimated from the training windows. One training patient is left
/// out to choose the noise variance ε; the prior is then made of all training patients with it.
/// </summary>
internal sealed record LinearRecovery(PriorCovariance Covariance, LinearEstimator Estimator, double ValidationError)
{
    /// <summary>The estimator of one kind of prior.</summary>
    /// <param name="A">Measures samples, m rows of n values.</param>
    /// <param name="training">Samples of the training windows, each with its patient.</param>
    /// <param name="covariance">The kind of prior.</param>
    public static LinearRecovery Fit(float[,] A, IReadOnlyList<(int Record, float[] Samples)> training, PriorCovariance covariance)
    {
        var left = training.Max(w => w.Record);
        var tuned = LinearEstimator.FromPrior(
            A,
            [.. training.Where(w => w.Record != left).Select(w => w.Samples)],
            covariance,
            [.. training.Where(w => w.Record == left).Select(w => w.Samples)]);
        var all = LinearEstimator.FromPrior(A, [.. training.Select(w => w.Samples)], covariance, options: new LinearEstimatorOptions { Ridge = tuned.Ridge });
        return new LinearRecovery(covariance, all, tuned.ValidationError!.Value);
    }
}
