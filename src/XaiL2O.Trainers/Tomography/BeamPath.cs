namespace XaiL2O.Trainers;

/// <summary>The pixels that a beam meets and its length in each (Siddon 1985).</summary>
internal static class BeamPath
{
    /// <summary>Appends pixel indices (row-major, row 0 on top) and lengths in pixels, in the order in which the beam meets them.</summary>
    public static void Trace(ParallelBeamGeometry geometry, int angle, int bin, List<int> indices, List<float> lengths)
    {
        var (n, θ, t) = (geometry.ImageSize, geometry.Angle(angle), geometry.Offset(bin));
        // Grid coordinates: pixel (row, column) is [column, column + 1] × [row, row + 1], the image's centre is (n/2, n/2), y points down.
        var (dx, dy) = (-Math.Sin(θ), -Math.Cos(θ));
        var (x0, y0) = ((n / 2.0) + (t * Math.Cos(θ)), (n / 2.0) - (t * Math.Sin(θ)));
        var (enter, leave) = (double.NegativeInfinity, double.PositiveInfinity);
        if (!Clip(x0, dx, n, ref enter, ref leave) || !Clip(y0, dy, n, ref enter, ref leave) || leave - enter <= 1e-12)
            return;

        var s = enter;
        var (stepX, stepY) = (Math.Abs(dx) < 1e-12 ? double.PositiveInfinity : 1 / Math.Abs(dx), Math.Abs(dy) < 1e-12 ? double.PositiveInfinity : 1 / Math.Abs(dy));
        var (nextX, nextY) = (NextCrossing(x0, dx, s), NextCrossing(y0, dy, s));
        while (s < leave - 1e-12)
        {
            var end = Math.Min(leave, Math.Min(nextX, nextY));
            if (end - s > 1e-9)
            {
                var middle = (s + end) / 2;
                var column = Math.Clamp((int)Math.Floor(x0 + (middle * dx)), 0, n - 1);
                var row = Math.Clamp((int)Math.Floor(y0 + (middle * dy)), 0, n - 1);
                indices.Add((row * n) + column);
                lengths.Add((float)(end - s));
            }

            s = end;
            if (nextX <= end)
                nextX += stepX;
            if (nextY <= end)
                nextY += stepY;
        }
    }

    /// <summary>Cuts the beam's parameter to 0 ≤ start + s·direction ≤ n; false where nothing is left.</summary>
    private static bool Clip(double start, double direction, int n, ref double enter, ref double leave)
    {
        if (Math.Abs(direction) < 1e-12)
            return start >= 0 && start < n;
        var (a, b) = (-start / direction, (n - start) / direction);
        enter = Math.Max(enter, Math.Min(a, b));
        leave = Math.Min(leave, Math.Max(a, b));
        return leave > enter;
    }

    /// <summary>The first grid line met after parameter s.</summary>
    private static double NextCrossing(double start, double direction, double s)
    {
        if (Math.Abs(direction) < 1e-12)
            return double.PositiveInfinity;
        var position = start + (s * direction);
        var line = direction > 0 ? Math.Floor(position + 1e-9) + 1 : Math.Ceiling(position - 1e-9) - 1;
        return (line - start) / direction;
    }
}
