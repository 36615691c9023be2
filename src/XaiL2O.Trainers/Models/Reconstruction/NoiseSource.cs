namespace XaiL2O.Trainers;

/// <summary>Where a reconstruction has the noise level of a scan from, the standard deviation of the noise relative to what a beam measures.</summary>
public enum NoiseSource
{
    /// <summary>The same for all scans; the data ball has a radius that is trained, or an option.</summary>
    Fixed,

    /// <summary>Estimated from each scan (<see cref="NoiseEstimate"/>).</summary>
    Estimated,

    /// <summary>A column <c>NoiseLevel</c>, a vector of one positive number for each scan.</summary>
    Column,
}
