namespace XaiL2O.Certifiers;

/// <summary>A set given by a registered projection.</summary>
internal sealed class ProjectionSet(string name, VectorMap projection) : TargetSet
{
    internal override FunctionDescription Description => new("Projection:" + name);

    internal override string Cause => $"a constraint that the inference does not keep (set '{name}')";

    internal override string Distant => $"from the set {name}";

    public override void Project(ReadOnlySpan<double> x, Span<double> result) => projection(x, result);
}
