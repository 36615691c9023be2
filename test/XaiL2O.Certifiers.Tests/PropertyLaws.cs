using CsCheck;

namespace XaiL2O.Certifiers.Tests;

/// <summary>Property functions against brute force and closed forms; laws of sets over a list.</summary>
internal sealed class PropertyLaws
{
    private static readonly Gen<double> Number = Gen.Double[-5, 5];
    private static readonly Gen<double[]> Vector = Number.Array[4];
    private static readonly DenseMatrix Matrix = new(3, 4, [1, 2, 0, -1, 0.5, 0, 3, 1, -2, 1, 1, 0]);

    private static IEnumerable<TestCaseData> Sets() =>
    [
        new TestCaseData(TargetSet.Box(-1, 2)).SetArgDisplayNames("box"),
        new TestCaseData(TargetSet.Box([-1, 0, 1, -2], [0, 0, 4, double.PositiveInfinity])).SetArgDisplayNames("box each"),
        new TestCaseData(TargetSet.Nonnegative()).SetArgDisplayNames("nonnegative"),
        new TestCaseData(TargetSet.Simplex(1.5)).SetArgDisplayNames("simplex"),
        new TestCaseData(TargetSet.Ball(2)).SetArgDisplayNames("ball"),
        new TestCaseData(TargetSet.Ball(1, [1, -1, 2, 0])).SetArgDisplayNames("ball elsewhere"),
        new TestCaseData(TargetSet.HalfSpace([1, 2, -1, 0.5], 0.5)).SetArgDisplayNames("half-space"),
        new TestCaseData(TargetSet.Hyperplane([1, 2, -1, 0.5], 0.5)).SetArgDisplayNames("hyperplane"),
    ];

    private static double[] Project(TargetSet set, double[] x)
    {
        var result = new double[x.Length];
        set.Project(x, result);
        return result;
    }

    private static double Norm(IEnumerable<double> x) => Math.Sqrt(x.Sum(v => v * v));

    private static double Distance(double[] x, double[] y) => Norm(x.Zip(y, (a, b) => a - b));

    [TestCaseSource(nameof(Sets))]
    public void The_distance_is_that_to_the_projection_and_no_point_of_the_set_is_nearer(TargetSet set) => Vector.Select(Vector).Sample((x, other) =>
    {
        var (nearest, inside) = (Project(set, x), Project(set, other));
        Assert.That(set.Distance(x), Is.EqualTo(Distance(x, nearest)).Within(1e-10));
        Assert.That(set.Distance(x), Is.LessThanOrEqualTo(Distance(x, inside) + 1e-10));
        Assert.That(set.Distance(nearest), Is.EqualTo(0).Within(1e-10));
        Assert.That(Distance(Project(set, nearest), nearest), Is.LessThan(1e-10));
        // Convex sets: the projection is firmly non-expansive.
        var inner = x.Zip(other).Zip(nearest.Zip(inside), (p, q) => (p.First - p.Second) * (q.First - q.Second)).Sum();
        Assert.That(Math.Pow(Distance(nearest, inside), 2), Is.LessThanOrEqualTo(inner + 1e-9));
    });

    [TestCaseSource(nameof(Sets))]
    public void A_vector_with_nan_is_at_no_distance_from_a_set(TargetSet set) =>
        Assert.That(set.Distance([1, double.NaN, 0, 0]), Is.NaN);

    [TestCaseSource(nameof(Sets))]
    public void Distances_to_sets_are_made_again_from_their_description(TargetSet set) => Vector.Sample(x =>
        Assert.That(PropertyRegistry.Create(PropertyFunction.DistanceTo(set).Describe()).Evaluate(x, []), Is.EqualTo(set.Distance(x))));

    [Test]
    public void Closed_forms_hold()
    {
        Assert.That(TargetSet.Box(0, 1).Distance([-3, 0.5, 5]), Is.EqualTo(5).Within(1e-12));
        Assert.That(TargetSet.Simplex().Distance([1, 1]), Is.EqualTo(Math.Sqrt(0.5)).Within(1e-12));
        Assert.That(TargetSet.Simplex().Distance([0.2, 0.3, 0.5]), Is.EqualTo(0).Within(1e-12));
        Assert.That(TargetSet.Ball(1).Distance([3, 4]), Is.EqualTo(4).Within(1e-12));
        Assert.That(TargetSet.HalfSpace([3, 4], 5).Distance([3, 4]), Is.EqualTo(4).Within(1e-12));
        Assert.That(TargetSet.HalfSpace([3, 4], 5).Distance([0, 0]), Is.EqualTo(0));
        Assert.That(TargetSet.Hyperplane([3, 4], 5).Distance([0, 0]), Is.EqualTo(1).Within(1e-12));
        Assert.That(TargetSet.Points([[0, 0], [10, 0]]).Distance([7, 4]), Is.EqualTo(5).Within(1e-12));
        Assert.That(PropertyMath.TotalVariation([1, 3, 2, 2]), Is.EqualTo(3));
        // A step edge of height 2 along 3 rows, and a corner where both differences are 1.
        Assert.That(PropertyMath.TotalVariation([0, 2, 0, 2, 0, 2], 3, 2, TotalVariationKind.Anisotropic), Is.EqualTo(6));
        Assert.That(PropertyMath.TotalVariation([0, 1, 1, 1], 2, 2, TotalVariationKind.Isotropic), Is.EqualTo(Math.Sqrt(2)).Within(1e-12));
        Assert.That(PropertyMath.TotalVariation([0, 1, 1, 1], 2, 2, TotalVariationKind.Anisotropic), Is.EqualTo(2));
        Assert.That(PropertyFunction.ShortOfOneHot().Evaluate([0.1f, 0.7f, 0.2f], []), Is.EqualTo(0.3).Within(1e-7));
        Assert.That(PropertyFunction.ShortOfOneHot().Evaluate([3, 4], []), Is.NaN);
        // One number is the probability of one of two classes.
        double[] probabilities = [0, 0.2, 0.5, 0.9, 1.0005, -0.0005, 1.2, -0.2, double.NaN];
        Assert.That(probabilities.Select(p => PropertyFunction.ShortOfOneHot().Evaluate([p], [])), Is.EqualTo(new[] { 0, 0.2, 0.5, 0.1, 0, 0, double.NaN, double.NaN, double.NaN }).Within(1e-12));
        Assert.That(PropertyMath.SmallestDistance([3, 1, 2]), Is.EqualTo(1));
        Assert.That(PropertyMath.SmallestDistance([3, -1e-9]), Is.EqualTo(0), "rounding");
        Assert.That(PropertyMath.SmallestDistance([3, -1]), Is.NaN, "no distance");
        Assert.That(PropertyMath.SmallestDistance([]), Is.NaN);
        Assert.That(PropertyMath.RelativeError([3, 4], [0, 4]), Is.EqualTo(0.75));
        Assert.That(PropertyMath.RelativeError([0, 0], [0, 0]), Is.EqualTo(0));
        Assert.That(PropertyMath.RelativeError([1, 0], [0, 0]), Is.EqualTo(double.PositiveInfinity));
        Assert.That(PropertyMath.Nonzeros([0, 1e-9, -2, 3], 1e-6), Is.EqualTo(2));
    }

    [Test]
    public void Functions_agree_with_brute_force() => Vector.Select(Vector, Number.Array[3]).Sample((x, y, d) =>
    {
        var Kx = Enumerable.Range(0, 3).Select(i => Enumerable.Range(0, 4).Sum(j => Matrix.Values[(i * 4) + j] * x[j])).ToArray();
        void Same(PropertyFunction function, double[] second, double expected) =>
            Assert.That(function.Evaluate(x, second), Is.EqualTo(expected).Within(1e-9 * Math.Max(1, expected)));
        Same(PropertyFunction.L1Norm(), [], x.Sum(Math.Abs));
        Same(PropertyFunction.L1Norm(Matrix), [], Kx.Sum(Math.Abs));
        Same(PropertyFunction.Nonzeros(1), [], x.Count(v => Math.Abs(v) > 1));
        Same(PropertyFunction.Nonzeros(1, Matrix), [], Kx.Count(v => Math.Abs(v) > 1));
        Same(PropertyFunction.RelativeError(Matrix), d, Norm(Kx.Zip(d, (a, b) => a - b)) / Norm(d));
        Same(PropertyFunction.RelativeError(), y, Distance(x, y) / Norm(y));
        Same(PropertyFunction.IterateResidual(), y, Distance(x, y));
        Same(PropertyFunction.ProximalResidual(), y, Distance(x, y));
        Same(PropertyFunction.TotalVariation(), [], Enumerable.Range(0, 3).Sum(i => Math.Abs(x[i + 1] - x[i])));
        var (d1, d2) = (x[2] - x[0], x[3] - x[1]);
        var (r1, r2) = (x[1] - x[0], x[3] - x[2]);
        Same(PropertyFunction.TotalVariation(2, 2, TotalVariationKind.Anisotropic), [], Math.Abs(d1) + Math.Abs(d2) + Math.Abs(r1) + Math.Abs(r2));
        Same(PropertyFunction.TotalVariation(2, 2, TotalVariationKind.Isotropic), [], Math.Sqrt((d1 * d1) + (r1 * r1)) + Math.Abs(d2) + Math.Abs(r2));
        double[] probabilities = [.. x.Select(v => Math.Exp(v) / x.Sum(Math.Exp))];
        // Of probabilities and of the logits that they are the softmax of, which no number that is added to all changes.
        foreach (var (scores, given) in new[] { (ClassScores.Probabilities, probabilities), (ClassScores.Logits, x), (ClassScores.Logits, [.. x.Select(v => v + 900)]) })
        {
            var two = probabilities.OrderDescending().ToArray();
            Assert.That(PropertyFunction.ShortOfOneHot(scores).Evaluate(given, []), Is.EqualTo(1 - two[0]).Within(1e-9), scores.ToString());
            Assert.That(PropertyFunction.ShortOfMargin(scores).Evaluate(given, []), Is.EqualTo(1 - (two[0] - two[1])).Within(1e-9), scores.ToString());
            Assert.That(PropertyFunction.Entropy(scores).Evaluate(given, []), Is.EqualTo(-two.Sum(p => p > 0 ? p * Math.Log(p) : 0)).Within(1e-9), scores.ToString());
        }

        // One logit is that of the second of two classes.
        var σ = 1 / (1 + Math.Exp(-x[0]));
        Assert.That(PropertyFunction.ShortOfOneHot(ClassScores.Logits).Evaluate([x[0]], []), Is.EqualTo(Math.Min(σ, 1 - σ)).Within(1e-9));
        Assert.That(PropertyFunction.ShortOfMargin().Evaluate([σ], []), Is.EqualTo(1 - Math.Abs((2 * σ) - 1)).Within(1e-9));
    });

    private static IEnumerable<TestCaseData> Functions()
    {
        PropertyRegistry.RegisterMap("test.halve", (x, result) =>
        {
            for (var i = 0; i < x.Length; i++)
                result[i] = x[i] / 2;
        });
        PropertyFunction[] functions =
        [
            PropertyFunction.Nonzeros(0.5), PropertyFunction.Nonzeros(0.5, Matrix), PropertyFunction.L1Norm(), PropertyFunction.L1Norm(Matrix),
            PropertyFunction.TotalVariation(), PropertyFunction.TotalVariation(2, 2, TotalVariationKind.Isotropic), PropertyFunction.DistanceTo(TargetSet.Points([[1, 2, 3, 4], [0, 0, 0, 0]])),
            PropertyFunction.ShortOfOneHot(), PropertyFunction.ShortOfOneHot(ClassScores.Logits), PropertyFunction.ShortOfMargin(), PropertyFunction.ShortOfMargin(ClassScores.Logits), PropertyFunction.Entropy(),
            PropertyFunction.Entropy(ClassScores.Logits), PropertyFunction.SmallestDistance(), PropertyFunction.Disagreement(), PropertyFunction.IterateResidual(), PropertyFunction.ProximalResidual(), PropertyFunction.RelativeError(),
            PropertyFunction.ProximalResidual("test.halve"), PropertyFunction.DistanceTo(TargetSet.Projection("test.halve")),
        ];
        return functions.Select(f => new TestCaseData(f).SetArgDisplayNames($"{f.Describe().Kind} {f.Describe().Numbers.Count}"));
    }

    [TestCaseSource(nameof(Functions))]
    public void Functions_are_made_again_from_their_description(PropertyFunction function)
    {
        var again = PropertyRegistry.Create(function.Describe());
        Assert.That((again.Arity, again.Sizes, again.Cause), Is.EqualTo((function.Arity, function.Sizes, function.Cause)));
        Vector.Select(Vector).Sample((x, y) => Assert.That(again.Evaluate(x, function.Arity == 2 ? y : []), Is.EqualTo(function.Evaluate(x, function.Arity == 2 ? y : []))));
        Assert.That(function.Cause, Is.Not.Empty);
    }

    [TestCaseSource(nameof(Functions))]
    public void Values_are_at_least_zero_and_nan_is_never_small(PropertyFunction function)
    {
        Vector.Select(Vector).Sample((x, y) => Assert.That(function.Evaluate(x, function.Arity == 2 ? y : []), Is.NaN.Or.GreaterThanOrEqualTo(0)));
        Assert.That(double.IsFinite(function.Evaluate([1, double.NaN, 2, 3], function.Arity == 2 ? [1, 2, 3, 4] : [])), Is.False);
    }

    [Test]
    public void A_proximal_by_name_gives_the_residual() =>
        Assert.That(PropertyMath.ProximalResidual([3, -4, 0.5], (x, result) => Shrink(x, result, 1)), Is.EqualTo(Norm([1, 1, 0.5])).Within(1e-12));

    [Test]
    public void What_is_not_registered_is_named_with_what_to_do()
    {
        Assert.That(() => PropertyFunction.ProximalResidual("nosuch"), Throws.InvalidOperationException.With.Message.Contains("'nosuch' is not registered").And.Message.Contains("RegisterMap"));
        Assert.That(() => PropertyRegistry.Create(new FunctionDescription("Acme.Missing")), Throws.InvalidOperationException.With.Message.Contains("Acme.Missing").And.Message.Contains("before the model is loaded"));
        Assert.That(() => PropertyRegistry.Register("L1Norm", _ => PropertyFunction.L1Norm()), Throws.ArgumentException.With.Message.Contains("built-in"));
    }

    [Test]
    public void Wrong_sizes_are_refused()
    {
        Assert.That(() => TargetSet.Box([0, 0], [1]), Throws.ArgumentException);
        Assert.That(() => TargetSet.Box(1, 0), Throws.ArgumentException);
        Assert.That(() => TargetSet.Ball(1, [1, 2]).Distance([1]), Throws.ArgumentException.With.Message.Contains("2 values; got 1"));
        Assert.That(() => PropertyMath.Distance([1], [1, 2]), Throws.ArgumentException);
        Assert.That(() => PropertyMath.TotalVariation([1, 2, 3], 2, 2, TotalVariationKind.Isotropic), Throws.ArgumentException);
        Assert.That(() => Matrix.Multiply([1], new double[3]), Throws.ArgumentException);
        Assert.That(() => TargetSet.Points([[1, double.NaN]]), Throws.ArgumentException);
    }

    private static void Shrink(ReadOnlySpan<double> x, Span<double> result, double threshold)
    {
        for (var i = 0; i < x.Length; i++)
            result[i] = Math.Sign(x[i]) * Math.Max(Math.Abs(x[i]) - threshold, 0);
    }

    /// <summary>Columns of ML.NET hold single precision; users hold either.</summary>
    [Test]
    public void Points_and_matrices_come_in_either_precision()
    {
        float[][] single = [[0.5f, 1], [2, -3]];
        double[][] twice = [[0.5, 1], [2, -3]];
        double[] x = [1.5, -1];
        Assert.That(TargetSet.Points(single).Distance(x), Is.EqualTo(TargetSet.Points(twice).Distance(x)));
        var result = new double[2];
        foreach (var matrix in (DenseMatrix[])[new(new float[,] { { 1, 2 }, { 3, 4 } }), new(new double[,] { { 1, 2 }, { 3, 4 } })])
        {
            matrix.Multiply(x, result);
            Assert.That(result, Is.EqualTo(new[] { -0.5, 0.5 }));
        }

        Assert.That(() => TargetSet.Points((float[][])null!), Throws.ArgumentNullException);
        Assert.That(() => new DenseMatrix((double[,])null!), Throws.ArgumentNullException);
        Assert.That(() => new DenseMatrix(new[,] { { double.NaN } }), Throws.ArgumentException.With.Message.Contains("finite"));
    }
}
