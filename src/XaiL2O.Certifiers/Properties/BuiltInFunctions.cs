namespace XaiL2O.Certifiers;

/// <summary>The functions that need no registration, by kind.</summary>
internal static class BuiltInFunctions
{
    public const string SetPrefix = "DistanceTo.";
    public const string MapPrefix = "ProximalResidual:";
    public const string ProjectionPrefix = SetPrefix + "Projection:";
    public const string ProximalCause = "an inference that the regulariser would still change: structure unlike what it was trained on, noise that was left in, or detail that was smoothed away";

    private static readonly Dictionary<string, Func<FunctionDescription, PropertyFunction>> Factories = new(StringComparer.Ordinal)
    {
        ["Nonzeros"] = d => PropertyFunction.Nonzeros(d.Numbers["tolerance"], Matrix(d)),
        ["L1Norm"] = d => PropertyFunction.L1Norm(Matrix(d)),
        ["RelativeError"] = d => PropertyFunction.RelativeError(Matrix(d)),
        ["TotalVariation"] = _ => PropertyFunction.TotalVariation(),
        ["TotalVariation2D"] = d => PropertyFunction.TotalVariation(Whole(d, "height"), Whole(d, "width"), (TotalVariationKind)Whole(d, "kind")),
        ["ShortOfOneHot"] = d => PropertyFunction.ShortOfOneHot(ConfidenceFunction.ScoresOf(d)),
        ["ShortOfMargin"] = d => PropertyFunction.ShortOfMargin(ConfidenceFunction.ScoresOf(d)),
        ["Entropy"] = d => PropertyFunction.Entropy(ConfidenceFunction.ScoresOf(d)),
        ["Disagreement"] = _ => PropertyFunction.Disagreement(),
        ["SmallestDistance"] = _ => PropertyFunction.SmallestDistance(),
        ["NeighbourDistance"] = d => new NeighbourFunction((d.Arrays["rows"], Whole(d, "width")), Whole(d, "count"), (FeatureScaling)Whole(d, "scaling")),
        ["MahalanobisDistance"] = d => new MahalanobisFunction((d.Arrays["rows"], Whole(d, "width"))),
        ["IterateResidual"] = _ => PropertyFunction.IterateResidual(),
        ["ProximalResidual"] = _ => PropertyFunction.ProximalResidual(),
        [SetPrefix + "Box"] = d => PropertyFunction.DistanceTo(TargetSet.Box(Only(d, "lower"), Only(d, "upper"))),
        [SetPrefix + "BoxEach"] = d => PropertyFunction.DistanceTo(TargetSet.Box(d.Arrays["lower"], d.Arrays["upper"])),
        [SetPrefix + "Simplex"] = d => PropertyFunction.DistanceTo(TargetSet.Simplex(d.Numbers["total"])),
        [SetPrefix + "Ball"] = d => PropertyFunction.DistanceTo(TargetSet.Ball(d.Numbers["radius"], d.Arrays["center"])),
        [SetPrefix + "HalfSpace"] = d => PropertyFunction.DistanceTo(TargetSet.HalfSpace(d.Arrays["normal"], d.Numbers["offset"])),
        [SetPrefix + "Hyperplane"] = d => PropertyFunction.DistanceTo(TargetSet.Hyperplane(d.Arrays["normal"], d.Numbers["offset"])),
        [SetPrefix + "Points"] = d => PropertyFunction.DistanceTo(new PointSet(d.Arrays["points"], Whole(d, "width"))),
    };

    /// <summary>The kinds, apart from those that name a registered map.</summary>
    public static IReadOnlyCollection<string> Kinds => Factories.Keys;

    public static bool Has(string kind) =>
        Factories.ContainsKey(kind) || kind.StartsWith(MapPrefix, StringComparison.Ordinal) || kind.StartsWith(ProjectionPrefix, StringComparison.Ordinal);

    public static PropertyFunction Create(FunctionDescription description)
    {
        var kind = description.Kind;
        if (kind.StartsWith(MapPrefix, StringComparison.Ordinal))
            return PropertyFunction.ProximalResidual(kind[MapPrefix.Length..]);
        if (kind.StartsWith(ProjectionPrefix, StringComparison.Ordinal))
            return PropertyFunction.DistanceTo(TargetSet.Projection(kind[ProjectionPrefix.Length..]));
        return Factories[kind](description);
    }

    public static FunctionDescription With(DenseMatrix? matrix, FunctionDescription description)
    {
        if (matrix is not null)
        {
            (description.Numbers["rows"], description.Numbers["columns"]) = (matrix.Rows, matrix.Columns);
            description.Arrays["matrix"] = matrix.Values.ToArray();
        }

        return description;
    }

    private static int Whole(FunctionDescription description, string name) => description.Numbers[name] is >= int.MinValue and <= int.MaxValue and var number && number == Math.Floor(number)
        ? (int)number
        : throw new ArgumentException($"'{name}' of the function '{description.Kind}' is {description.Numbers[name]}; it must be a whole number.");

    private static double Only(FunctionDescription description, string name) => description.Arrays[name] is [var only]
        ? only
        : throw new ArgumentException($"'{name}' of the function '{description.Kind}' has {description.Arrays[name].Length} values; it has one.");

    private static DenseMatrix? Matrix(FunctionDescription description) => description.Arrays.TryGetValue("matrix", out var values)
        ? new DenseMatrix(Whole(description, "rows"), Whole(description, "columns"), values)
        : null;
}
