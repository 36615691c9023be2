namespace XaiL2O.Certifiers;

/// <summary>Finitely many points; not convex, so the nearest one need not be unique.</summary>
internal sealed class PointSet : TargetSet
{
    private readonly double[] points;
    private readonly int width;

    public PointSet(double[] points, int width)
        : base(width)
    {
        if (width < 1 || points.Length == 0 || points.Length % width != 0)
            throw new ArgumentException($"A set of points needs at least one row of at least one value; got {points.Length} values in rows of {width}.", nameof(points));
        if (Array.Exists(points, v => !double.IsFinite(v)))
            throw new ArgumentException("The points of a set must be finite; leave rows with NaN or ∞ out.", nameof(points));
        (this.points, this.width) = (points, width);
    }

    internal override FunctionDescription Description => new("Points") { Numbers = { ["width"] = width }, Arrays = { ["points"] = points } };

    internal override string Cause => "an input unlike every known row: another population, a damaged measurement, or a case the model was never shown";

    internal override string Distant => $"from the nearest of {points.Length / width} known points";

    public static PointSet From(IReadOnlyList<double[]> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.Count == 0 || rows.Any(r => r.Length != rows[0].Length))
            throw new ArgumentException("A set of points needs at least one row, all of the same length.", nameof(rows));
        return new PointSet([.. rows.SelectMany(r => r)], rows[0].Length);
    }

    public override void Project(ReadOnlySpan<double> x, Span<double> result)
    {
        var nearest = Nearest(x).Index;
        points.AsSpan(nearest * width, width).CopyTo(result);
    }

    public override double Distance(ReadOnlySpan<double> x) => Nearest(x).Distance;

    private (int Index, double Distance) Nearest(ReadOnlySpan<double> x)
    {
        RequireSize(x);
        var (index, least) = (0, PropertyMath.Distance(x, points.AsSpan(0, width)));
        for (var i = 1; i < points.Length / width; i++)
        {
            var distance = PropertyMath.Distance(x, points.AsSpan(i * width, width));
            if (distance < least)
                (index, least) = (i, distance);
        }

        return (index, least);
    }
}
