namespace XaiL2O.Trainers;

/// <summary>
/// A parallel-beam scan of a square image over half a turn. Lengths are in pixels; the image is centred at the origin. Angle k is
/// (k + ½)·π/<see cref="Angles"/>, so that no beam runs along a grid line; bin j is the beam at signed distance
/// (j − (<see cref="Bins"/> − 1)/2)·<see cref="BinWidth"/> from the origin.
/// </summary>
public sealed record ParallelBeamGeometry
{
    /// <summary>The largest <see cref="ImageSize"/>: more pixels have no index.</summary>
    internal const int LargestImage = 46_340;

    /// <summary>Rows and columns of the image, in [1, 46 340]. Angles·Bins·ImageSize is at most 2³¹ − 1. Default 128.</summary>
    public int ImageSize { get; init; } = 128;

    /// <summary>Angles over 180°; at least 1. Default 30.</summary>
    public int Angles { get; init; } = 30;

    /// <summary>Detector bins per angle; at least 1. Default 183.</summary>
    public int Bins { get; init; } = 183;

    /// <summary>Distance of neighbouring beams in pixels: the detector is as long as the image's diagonal.</summary>
    public double BinWidth => Math.Sqrt(2) * ImageSize / Bins;

    /// <summary>Pixels of the image.</summary>
    public int Pixels => checked(ImageSize * ImageSize);

    /// <summary>Beams of the scan: length of a measurement vector, ordered by angle, then bin.</summary>
    public int Beams => checked(Angles * Bins);

    /// <summary>The angle of the beam normal in radians.</summary>
    /// <param name="index">From 0.</param>
    public double Angle(int index) => (index + 0.5) * Math.PI / Angles;

    /// <summary>Signed distance of a beam from the origin, in pixels.</summary>
    /// <param name="bin">From 0.</param>
    public double Offset(int bin) => (bin - ((Bins - 1) / 2.0)) * BinWidth;

    /// <summary>Throws unless every number is in its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range; the message names it.</exception>
    public void Validate()
    {
        Check.Within(ImageSize, 1, LargestImage);
        Check.AtLeast(Angles, 1);
        Check.AtLeast(Bins, 1);
        if ((double)Angles * Bins * ImageSize > int.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(Angles), Angles, $"Angles·Bins·ImageSize = {(double)Angles * Bins * ImageSize} is out of range; it must be at most {int.MaxValue}: the matrix of the scan has about as many entries.");
    }
}
