using System.Numerics.Tensors;

namespace XaiL2O.Certifiers;

/// <summary>A half-space ⟨a, x⟩ ≤ b or a hyperplane ⟨a, x⟩ = b.</summary>
internal sealed class PlaneSet : TargetSet
{
    private readonly double[] normal;
    private readonly double offset;
    private readonly bool oneSided;
    private readonly double[] unit;
    private readonly double height;

    public PlaneSet(double[] normal, double offset, bool oneSided)
        : base(normal.Length)
    {
        var length = Norm(normal);
        if (!(length > 0 && double.IsFinite(length)) || !double.IsFinite(offset))
            throw new ArgumentException("A half-space or hyperplane needs a finite normal vector that is not zero, and a finite offset.", nameof(normal));
        (this.normal, this.offset, this.oneSided) = (normal, offset, oneSided);
        (unit, height) = ([.. normal.Select(v => v / length)], offset / length);
    }

    internal override FunctionDescription Description => new(oneSided ? "HalfSpace" : "Hyperplane") { Numbers = { ["offset"] = offset }, Arrays = { ["normal"] = normal } };

    internal override string Cause => oneSided ? "a budget or capacity that the inference exceeds" : "a balance that the inference does not keep";

    internal override string Distant => oneSided ? "from a half-space" : "from a hyperplane";

    public override void Project(ReadOnlySpan<double> x, Span<double> result)
    {
        var excess = Excess(x);
        for (var i = 0; i < x.Length; i++)
            result[i] = x[i] - (excess * unit[i]);
    }

    public override double Distance(ReadOnlySpan<double> x) => Math.Abs(Excess(x));

    /// <summary>Signed distance from the plane, 0 inside a half-space. −∞ is not inside: it says that x is not finite, or as good as.</summary>
    private double Excess(ReadOnlySpan<double> x)
    {
        RequireSize(x);
        var excess = TensorPrimitives.Dot(unit, x) - height;
        return oneSided && excess < 0 && double.IsFinite(excess) ? 0 : excess;
    }
}
