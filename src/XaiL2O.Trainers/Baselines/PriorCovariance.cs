namespace XaiL2O.Trainers;

/// <summary>How the Gaussian prior of a <see cref="LinearEstimator"/> is estimated from training signals.</summary>
public enum PriorCovariance
{
    /// <summary>Mean and covariance of the signals, entry by entry: (n + 3)·n/2 numbers, whatever the signals are.</summary>
    Sample,

    /// <summary>
    /// One mean for all entries, and a covariance that depends on the distance of two entries alone: the sample covariance about that mean,
    /// averaged along its diagonals (Toeplitz). For samples at equal distances of signals that may start anywhere, such as windows of a recording; n + 1
    /// numbers, so it needs fewer signals. Negative eigenvalues, which an average along diagonals can have, are set to 0.
    /// </summary>
    Stationary,
}
