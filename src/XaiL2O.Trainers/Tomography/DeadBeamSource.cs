namespace XaiL2O.Trainers;

/// <summary>How a reconstruction knows which beams of a scan measured nothing: those of broken detector bins, and of angles that were lost.</summary>
public enum DeadBeamSource
{
    /// <summary>It does not: every beam counts.</summary>
    None,

    /// <summary>Found in each scan (<see cref="DeadBeamDetection"/>).</summary>
    Detected,

    /// <summary>A column <c>DeadBeams</c>, a vector with a number for each beam: 1 where it measured nothing, 0 elsewhere, between them trusted less.</summary>
    Column,
}
