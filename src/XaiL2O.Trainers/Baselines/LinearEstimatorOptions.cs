namespace XaiL2O.Trainers;

/// <summary>
/// The ridge ε of a <see cref="LinearEstimator"/>: a given one, or the best of a logarithmic grid on validation rows. Ridges are relative to the mean
/// variance of a measurement, trace(S)/m, so they do not depend on units.
/// </summary>
public sealed record LinearEstimatorOptions
{
    /// <summary>
    /// ε/(trace(S)/m), at least 0; with 0 the estimator is that of the pseudo-inverse of S. Null, the default, takes the best of the grid on the
    /// validation rows.
    /// </summary>
    public double? Ridge { get; init; }

    /// <summary>The grid's smallest ridge; positive. Default 10⁻¹⁴, near which S is lost in rounding.</summary>
    public double SmallestRidge { get; init; } = 1e-14;

    /// <summary>The grid's largest ridge; at least <see cref="SmallestRidge"/>. Default 10.</summary>
    public double LargestRidge { get; init; } = 10;

    /// <summary>Ridges per factor of ten; at least 1. Default 4.</summary>
    public int RidgesPerDecade { get; init; } = 4;

    /// <summary>Throws unless every option is in its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it.</exception>
    public void Validate()
    {
        if (Ridge is { } ridge)
            Check.AtLeast(ridge, 0, nameof(Ridge));
        Check.Positive(SmallestRidge);
        Check.AtLeast(LargestRidge, SmallestRidge);
        Check.Whole(RidgesPerDecade, 1, 1000);
    }

    /// <summary>The ridges to try, from the smallest to the largest.</summary>
    internal double[] Grid()
    {
        if (Ridge is { } ridge)
            return [ridge];
        var steps = (int)Math.Round(Math.Log10(LargestRidge / SmallestRidge) * RidgesPerDecade);
        return [.. Enumerable.Range(0, steps + 1).Select(i => steps == 0 ? SmallestRidge : SmallestRidge * Math.Pow(LargestRidge / SmallestRidge, (double)i / steps))];
    }
}
