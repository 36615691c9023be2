namespace XaiL2O.Trainers;

/// <summary>When a fixed-point iteration stops. Every tolerance applies to each sample on its own.</summary>
public sealed record FixedPointOptions
{
    /// <summary>Most iterations; at least 1. Default 2 000.</summary>
    public int MaxIterations { get; init; } = 2000;

    /// <summary>Largest relative step, <see cref="Splitting.Residual"/>; positive. Default 1e-4.</summary>
    public double ResidualTolerance { get; init; } = 1e-4;

    /// <summary>Largest ‖Ax − d‖/‖d‖; positive. Default 1e-2.</summary>
    public double FidelityTolerance { get; init; } = 1e-2;

    /// <summary>Iterations between two checks of the tolerances; at least 1. Default 10.</summary>
    public int CheckEvery { get; init; } = 10;

    /// <summary>Throws unless every option is in its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it.</exception>
    public void Validate()
    {
        Check.AtLeast(MaxIterations, 1);
        Check.Positive(ResidualTolerance);
        Check.Positive(FidelityTolerance);
        Check.AtLeast(CheckEvery, 1);
    }
}
