namespace XaiL2O.Certifiers;

/// <summary>Bounds on each entry: one pair for all entries, or one pair each.</summary>
internal sealed class BoxSet : TargetSet
{
    private readonly double[] lower;
    private readonly double[] upper;
    private readonly bool everywhere;

    public BoxSet(double[] lower, double[] upper, bool everywhere)
        : base(everywhere ? null : lower.Length)
    {
        if (lower.Length == 0 || lower.Length != upper.Length)
            throw new ArgumentException($"A box has as many lower as upper bounds and at least one; got {lower.Length} and {upper.Length}.", nameof(upper));
        for (var i = 0; i < lower.Length; i++)
        {
            if (!(lower[i] <= upper[i]))
                throw new ArgumentException($"The bounds [{lower[i]}, {upper[i]}] of entry {i} hold no number.", nameof(upper));
        }

        (this.lower, this.upper, this.everywhere) = (lower, upper, everywhere);
    }

    internal override FunctionDescription Description => new(everywhere ? "Box" : "BoxEach") { Arrays = { ["lower"] = lower, ["upper"] = upper } };

    internal override string Cause => "values outside the allowed or known range: a unit or scale error, saturation, or an input unlike those the model knows";

    internal override string Distant => "from its range";

    public override void Project(ReadOnlySpan<double> x, Span<double> result)
    {
        RequireSize(x);
        for (var i = 0; i < x.Length; i++)
            result[i] = Nearest(x[i], i);
    }

    public override double Distance(ReadOnlySpan<double> x)
    {
        RequireSize(x);
        using var room = new Scratch(x.Length);
        for (var i = 0; i < x.Length; i++)
            room.Span[i] = x[i] - Nearest(x[i], i);
        return Norm(room.Span);
    }

    private double Nearest(double value, int i)
    {
        var k = everywhere ? 0 : i;
        return double.IsNaN(value) ? double.NaN : Math.Min(Math.Max(value, lower[k]), upper[k]);
    }
}
