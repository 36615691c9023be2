namespace XaiL2O.Certifiers;

/// <summary>Distance to a set.</summary>
internal sealed class SetFunction : PropertyFunction
{
    private readonly TargetSet set;

    public SetFunction(TargetSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        this.set = set;
    }

    public override string Cause => set.Cause;

    public override string Formula(string of) => $"distance of {of} {set.Distant}";

    public override (int? First, int? Second) Sizes => (set.Size, null);

    public override FunctionDescription Describe() => set.Description with { Kind = BuiltInFunctions.SetPrefix + set.Description.Kind };

    public override double Evaluate(ReadOnlySpan<double> first, ReadOnlySpan<double> second) => set.Distance(first);
}

/// <summary>Total variation of a signal.</summary>
internal sealed class SignalVariationFunction : PropertyFunction
{
    public override string Cause => "a signal rougher than those the model knows: noise or spikes that were taken for signal";

    public override string Formula(string of) => $"total variation of {of}";

    // No real row is constant.
    public override Sides Sides => Sides.TwoSided;

    public override FunctionDescription Describe() => new("TotalVariation");

    public override double Evaluate(ReadOnlySpan<double> first, ReadOnlySpan<double> second) => PropertyMath.TotalVariation(first);
}

/// <summary>Total variation of an image.</summary>
internal sealed class ImageVariationFunction : PropertyFunction
{
    private readonly int height;
    private readonly int width;
    private readonly TotalVariationKind kind;

    public ImageVariationFunction(int height, int width, TotalVariationKind kind)
    {
        if (height < 1 || width < 1)
            throw new ArgumentException($"An image has at least one row and one column; got {height}×{width}.", nameof(height));
        if (!Enum.IsDefined(kind))
            throw new ArgumentOutOfRangeException(nameof(kind), kind, $"{kind} is not a {nameof(TotalVariationKind)}.");
        (this.height, this.width, this.kind) = (height, width, kind);
    }

    public override string Cause => "an image rougher than those the model knows: noise, streaks or texture that was not there in training";

    public override string Formula(string of) => $"total variation of {of}";

    // No real row is constant.
    public override Sides Sides => Sides.TwoSided;

    public override (int? First, int? Second) Sizes => (height * width, null);

    public override FunctionDescription Describe() => new("TotalVariation2D") { Numbers = { ["height"] = height, ["width"] = width, ["kind"] = (int)kind } };

    public override double Evaluate(ReadOnlySpan<double> first, ReadOnlySpan<double> second) => PropertyMath.TotalVariation(first, height, width, kind);
}

/// <summary>Distance to the nearest of several things.</summary>
internal sealed class SmallestFunction : PropertyFunction
{
    public override string Cause => "an input far from every cluster: another population, a damaged measurement, or a case the model was never shown";

    public override string Formula(string of) => $"smallest entry of {of}";

    public override FunctionDescription Describe() => new("SmallestDistance");

    public override double Evaluate(ReadOnlySpan<double> first, ReadOnlySpan<double> second) => PropertyMath.SmallestDistance(first);
}

/// <summary>‖x − prox(x)‖ with a registered proximal.</summary>
internal sealed class MapFunction(string name, VectorMap proximal) : PropertyFunction
{
    public override string Cause => BuiltInFunctions.ProximalCause;

    public override string Formula(string of) => $"‖x − prox(x)‖ of {of} with {name}";

    public override FunctionDescription Describe() => new(BuiltInFunctions.MapPrefix + name);

    public override double Evaluate(ReadOnlySpan<double> first, ReadOnlySpan<double> second) => PropertyMath.ProximalResidual(first, proximal);
}
