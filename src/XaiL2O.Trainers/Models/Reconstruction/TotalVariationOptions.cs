namespace XaiL2O.Trainers;

/// <summary>Settings of <see cref="TotalVariationReconstruction"/>.</summary>
public sealed record TotalVariationOptions
{
    /// <summary>ε, relative to ‖d‖; positive. Default 0.015.</summary>
    public double Radius { get; init; } = 0.015;

    /// <summary>η of the data ball, see <see cref="FidelityTerm.NoiseFloor"/>; positive. Null, the default, for noise that is the same at every beam.</summary>
    public double? NoiseFloor { get; init; }

    /// <summary>
    /// Where the noise level of a scan comes from. Default <see cref="NoiseSource.Fixed"/>; otherwise <see cref="Radius"/> is relative to the noise level, and about 1.
    /// </summary>
    public NoiseSource Noise { get; init; }

    /// <summary>α of the iteration; positive. It changes the speed of the solve, not its answer. Default 10.</summary>
    public double Penalty { get; init; } = 10;

    /// <summary>Throws unless every option is in its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it.</exception>
    public void Validate()
    {
        Check.Positive(Radius);
        Check.PositiveIfGiven(NoiseFloor);
        Check.Positive(Penalty);
        Check.Defined(Noise);
    }
}
