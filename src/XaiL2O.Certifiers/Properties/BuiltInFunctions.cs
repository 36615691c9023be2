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
        ["ShortOfOneHot"] = _ => PropertyFunction.ShortOfOneHot(),
        ["Disagreement"] = _ => PropertyFunction.Disagreement(),
        ["SmallestDistance"] = _ => PropertyFunction.SmallestDistance(),
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

    /// <summary>What a function computes of the columns named, as a report says it; of an own function its kind.</summary>
    public static string Formula(FunctionDescription description, string columns)
    {
        var x = description.Arrays.ContainsKey("matrix") ? "Kx" : "x";
        return description.Kind switch
        {
            "Nonzeros" => $"‖{x}‖₀, the number of nonzeros, of {columns}",
            "L1Norm" => $"‖{x}‖₁ of {columns}",
            "RelativeError" => $"relative error ‖Ax − d‖/‖d‖ of {columns}",
            "TotalVariation" or "TotalVariation2D" => $"total variation of {columns}",
            "ShortOfOneHot" => $"1 − max xᵢ, what the largest probability lacks to 1, of {columns}",
            "Disagreement" => $"disagreement ‖x − y‖ of {columns}",
            "SmallestDistance" => $"smallest entry of {columns}",
            "IterateResidual" => $"‖x − y‖ of {columns}, the last two iterates",
            "ProximalResidual" => $"‖x − prox(x)‖ of {columns}",
            SetPrefix + "Box" or SetPrefix + "BoxEach" => $"distance of {columns} from its range",
            SetPrefix + "Simplex" => $"distance of {columns} from the simplex",
            SetPrefix + "Ball" => $"distance of {columns} from a ball",
            SetPrefix + "HalfSpace" => $"distance of {columns} from a half-space",
            SetPrefix + "Hyperplane" => $"distance of {columns} from a hyperplane",
            SetPrefix + "Points" => $"distance of {columns} from the nearest of {description.Arrays["points"].Length / description.Numbers["width"]} known points",
            var kind when kind.StartsWith(ProjectionPrefix, StringComparison.Ordinal) => $"distance of {columns} from the set {kind[ProjectionPrefix.Length..]}",
            var kind when kind.StartsWith(MapPrefix, StringComparison.Ordinal) => $"‖x − prox(x)‖ of {columns} with {kind[MapPrefix.Length..]}",
            var kind => $"{kind} of {columns}",
        };
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
