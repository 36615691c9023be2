namespace XaiL2O.Trainers;

/// <summary>When a fixed-point iteration stops. Every tolerance applies to each sample on its own.</summary>
public sealed record FixedPointOptions
{
    /// <summary>Most iterations; at least 1. Default 2 000.</summary>
    public int MaxIterations { get; init; } = 2000;

    /// <summary>
    /// Largest dual residual and largest gap, each relative to its own scale (<see cref="Optimality"/>); positive. Default 1e-4: the objective is within about
    /// 2e-4 of its minimum.
    /// </summary>
    public double ResidualTolerance { get; init; } = 1e-4;

    /// <summary>
    /// Largest violation of a constraint relative to its own scale, for measurements ‖Ax − d‖/‖d‖; positive. Default 5e-7, so that inferences rounded to
    /// single precision are within 1e-6.
    /// </summary>
    public double FidelityTolerance { get; init; } = 5e-7;

    /// <summary>Iterations between two checks of the tolerances; at least 1. Default 10.</summary>
    public int CheckEvery { get; init; } = 10;

    /// <summary>
    /// Steps that Anderson acceleration remembers, in [0, 1000]; 0 iterates plainly. 5 to 10 is usual. The fixed points stay the same, and memory
    /// grows by twice as many states. Default 0.
    /// </summary>
    public int AndersonMemory { get; init; }

    /// <summary>
    /// ρ of over-relaxation, ζ⁺ = ζ + ρ(T(ζ) − ζ), in (0, 2): convergent where T is averaged with ½, as the splittings here are. 1 iterates
    /// plainly, 1.5 to 1.9 is often faster. Default 1.
    /// </summary>
    public double Relaxation { get; init; } = 1;

    /// <summary>Throws unless every option is in its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it.</exception>
    public void Validate()
    {
        Check.AtLeast(MaxIterations, 1);
        Check.Positive(ResidualTolerance);
        Check.Positive(FidelityTolerance);
        Check.AtLeast(CheckEvery, 1);
        Check.Whole(AndersonMemory, 0, 1000);
        if (!(Relaxation is > 0 and < 2))
            throw new ArgumentOutOfRangeException(nameof(Relaxation), Relaxation, $"{nameof(Relaxation)} = {Relaxation} is out of range; it must be above 0 and below 2.");
    }
}
