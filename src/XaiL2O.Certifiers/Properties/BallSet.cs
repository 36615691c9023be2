namespace XaiL2O.Certifiers;

/// <summary>A Euclidean ball.</summary>
internal sealed class BallSet : TargetSet
{
    private readonly double radius;
    private readonly double[] center;

    public BallSet(double radius, double[] center)
        : base(center.Length == 0 ? null : center.Length)
    {
        if (!(radius >= 0 && double.IsFinite(radius)))
            throw new ArgumentOutOfRangeException(nameof(radius), radius, $"A ball's radius is finite and at least 0; got {radius}.");
        (this.radius, this.center) = (radius, center);
    }

    internal override FunctionDescription Description => new("Ball") { Numbers = { ["radius"] = radius }, Arrays = { ["center"] = center } };

    internal override string Cause => "a vector farther from the centre than allowed: more noise than assumed, or an amplitude error";

    internal override string Distant => "from a ball";

    public override void Project(ReadOnlySpan<double> x, Span<double> result)
    {
        var length = FromCenter(x);
        if (length <= radius)
        {
            x.CopyTo(result);
            return;
        }

        for (var i = 0; i < x.Length; i++)
        {
            var c = center.Length == 0 ? 0 : center[i];
            result[i] = c + ((x[i] - c) * (radius / length));
        }
    }

    public override double Distance(ReadOnlySpan<double> x)
    {
        var length = FromCenter(x);
        return length <= radius ? 0 : length - radius;
    }

    private double FromCenter(ReadOnlySpan<double> x)
    {
        RequireSize(x);
        return center.Length == 0 ? Norm(x) : PropertyMath.Distance(x, center);
    }
}
