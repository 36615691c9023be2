namespace XaiL2O.Trainers;

/// <summary>Where a solve without a warm start begins.</summary>
public enum SolveStart
{
    /// <summary>The image 0.</summary>
    Zero,

    /// <summary>
    /// The filtered back-projection (Hann) in [0, 1]. Nearer to the answer, so that a solve takes fewer iterations. A model
    /// that is not convex may have other solutions near it than near 0.
    /// </summary>
    BackProjection,
}
