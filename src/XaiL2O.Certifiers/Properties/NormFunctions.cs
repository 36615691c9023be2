namespace XaiL2O.Certifiers;

/// <summary>A function of x or of Kx.</summary>
internal abstract class TransformedFunction(DenseMatrix? transform) : PropertyFunction
{
    protected DenseMatrix? Transform => transform;

    /// <summary>What the function is of, in formulas.</summary>
    protected string Argument => transform is null ? "x" : "Kx";

    public override string Cause => "an inference less sparse than those the model knows: structure the transform does not explain, or noise taken for signal";

    // A real row that is all zeros, or far emptier than the others, is a dead input.
    public override Sides Sides => Sides.TwoSided;

    public override (int? First, int? Second) Sizes => (transform?.Columns, null);

    public sealed override double Evaluate(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        if (transform is null)
            return Value(first);
        using var room = new Scratch(transform.Rows);
        transform.Multiply(first, room.Span);
        return Value(room.Span);
    }

    protected abstract double Value(ReadOnlySpan<double> y);
}

/// <summary>Entries above a tolerance.</summary>
internal sealed class NonzerosFunction : TransformedFunction
{
    private readonly double tolerance;

    public NonzerosFunction(double tolerance, DenseMatrix? transform)
        : base(transform)
    {
        if (!(tolerance >= 0 && double.IsFinite(tolerance)))
            throw new ArgumentOutOfRangeException(nameof(tolerance), tolerance, $"The tolerance of a nonzero is finite and at least 0; got {tolerance}.");
        this.tolerance = tolerance;
    }

    public override string Formula(string of) => $"‖{Argument}‖₀, the number of nonzeros, of {of}";

    public override FunctionDescription Describe() => BuiltInFunctions.With(Transform, new("Nonzeros") { Numbers = { ["tolerance"] = tolerance } });

    protected override double Value(ReadOnlySpan<double> y) => PropertyMath.Nonzeros(y, tolerance);
}

/// <summary>ℓ1 norm.</summary>
internal sealed class L1Function(DenseMatrix? transform) : TransformedFunction(transform)
{
    public override string Formula(string of) => $"‖{Argument}‖₁ of {of}";

    public override FunctionDescription Describe() => BuiltInFunctions.With(Transform, new("L1Norm"));

    protected override double Value(ReadOnlySpan<double> y) => PropertyMath.L1Norm(y);
}
