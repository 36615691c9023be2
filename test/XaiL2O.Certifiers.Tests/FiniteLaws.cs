using CsCheck;

namespace XaiL2O.Certifiers.Tests;

/// <summary>Every property function where numbers end: not finite, nothing at all, too small and too large to be squared.</summary>
internal sealed class FiniteLaws
{
    private static readonly double[] Odd = [double.NaN, double.PositiveInfinity, double.NegativeInfinity];
    private static readonly DenseMatrix Matrix = new(4, 4, [1, 2, 0, -1, 0.5, 0, 3, 1, -2, 1, 1, 0, 0, 0, 0, 1]);

    private static PropertyFunction[] All()
    {
        PropertyRegistry.RegisterMap("finite.identity", (x, result) => x.CopyTo(result));
        PropertyRegistry.RegisterMap("finite.zero", (_, result) => result.Clear());
        return
        [
            PropertyFunction.Nonzeros(), PropertyFunction.Nonzeros(0.5), PropertyFunction.Nonzeros(0, Matrix), PropertyFunction.L1Norm(), PropertyFunction.L1Norm(Matrix),
            PropertyFunction.RelativeError(), PropertyFunction.RelativeError(Matrix), PropertyFunction.TotalVariation(),
            PropertyFunction.TotalVariation(2, 2, TotalVariationKind.Isotropic), PropertyFunction.TotalVariation(2, 2, TotalVariationKind.Anisotropic),
            PropertyFunction.TotalVariation(1, 4), PropertyFunction.TotalVariation(4, 1), PropertyFunction.ShortOfOneHot(), PropertyFunction.ShortOfOneHot(ClassScores.Logits), PropertyFunction.ShortOfMargin(), PropertyFunction.Entropy(ClassScores.Logits), PropertyFunction.SmallestDistance(), PropertyFunction.Disagreement(), PropertyFunction.IterateResidual(), PropertyFunction.ProximalResidual(),
            PropertyFunction.ProximalResidual("finite.identity"), PropertyFunction.ProximalResidual("finite.zero"),
            PropertyFunction.NeighbourDistance<double>([[1, 2, 3, 4], [0, 0, 0, 0], [1, 0, 0, 2]], 2), PropertyFunction.NeighbourDistance<double>([[1, 2, 3, 4], [0, 0, 0, 0], [1, 0, 0, 2]], 1, FeatureScaling.Whitened),
            PropertyFunction.MahalanobisDistance<double>([[1, 2, 3, 4], [0, 0, 0, 0], [1, 0, 0, 2]]),
            .. Sets().Select(PropertyFunction.DistanceTo),
        ];
    }

    private static TargetSet[] Sets() =>
    [
        TargetSet.Box(-1, 2), TargetSet.Box(double.NegativeInfinity, double.PositiveInfinity), TargetSet.Box([-1, 0, 1, double.NegativeInfinity], [0, 0, 4, double.PositiveInfinity]), TargetSet.Nonnegative(),
        TargetSet.Simplex(), TargetSet.Simplex(3), TargetSet.Ball(1), TargetSet.Ball(2, [1, 0, 0, 0]), TargetSet.HalfSpace([1, 1, 1, 1], 1), TargetSet.HalfSpace([1, -1, 0, 2], 1),
        TargetSet.Hyperplane([1, 1, 1, 1], 1), TargetSet.Points([[1, 2, 3, 4], [0, 0, 0, 0]]), TargetSet.Projection("finite.identity"),
    ];

    private static IEnumerable<TestCaseData> Functions() =>
        All().Select((f, i) => new TestCaseData(f).SetArgDisplayNames($"{i} {f.Describe().Kind}"));

    private static CertificateLabel Judge(double value) =>
        new PropertyCertifier("P", new EmpiricalDistribution(Enumerable.Range(0, 100).Select(i => i * 1e300)), new LabelPolicy(), Calibration.Conformal).Certify(value).Label;

    [Test]
    public void The_list_holds_every_built_in_function()
    {
        var kinds = All().Select(f => f.Describe().Kind).ToArray();
        Assert.That(BuiltInFunctions.Kinds.Except(kinds), Is.Empty);
        // A report says what they compute, which their kind in a file does not.
        foreach (var function in All())
            Assert.That(function.Formula("Pixels"), Does.Contain("Pixels").And.Not.StartsWith(function.Describe().Kind), function.Describe().Kind);
        Assert.That(kinds, Has.Some.StartsWith(BuiltInFunctions.MapPrefix).And.Some.StartsWith(BuiltInFunctions.ProjectionPrefix));
    }

    [TestCaseSource(nameof(Functions))]
    public void What_is_not_finite_fails_in_every_place_of_every_argument(PropertyFunction function)
    {
        double[][] starts = [[0.25, 0.25, 0.25, 0.25], [0, 0, 0, 0], [1, 0, 0, 0], [3e38, -3e38, 1, 0]];
        foreach (var start in starts)
        {
            foreach (var odd in Odd)
            {
                for (var place = 0; place < 4; place++)
                {
                    double[] bad = [.. start];
                    bad[place] = odd;
                    foreach (var (first, second) in function.Arity == 1 ? [(bad, [])] : new (double[], double[])[] { (bad, start), (start, bad), (bad, bad) })
                        Assert.That(Judge(function.Evaluate(first, second)), Is.EqualTo(CertificateLabel.Fail), $"{odd} at {place} of [{string.Join(", ", first)}], [{string.Join(", ", second)}]");
                }
            }
        }

        foreach (var a in Odd)
        {
            foreach (var b in Odd)
            {
                double[] bad = [a, b, a, b];
                Assert.That(Judge(function.Evaluate(bad, function.Arity == 2 ? bad : [])), Is.EqualTo(CertificateLabel.Fail), $"{a}, {b}");
            }
        }
    }

    [TestCaseSource(nameof(Functions))]
    public void What_is_missing_fails_or_is_refused(PropertyFunction function)
    {
        try
        {
            Assert.That(Judge(function.Evaluate([], [])), Is.EqualTo(CertificateLabel.Fail));
        }
        catch (ArgumentException e)
        {
            Assert.That(function.Sizes.First ?? function.Sizes.Second, Is.Not.Null, e.Message);
        }
    }

    private static IEnumerable<TestCaseData> Homogeneous() =>
        All().Where(f => f.Describe().Kind is "L1Norm" or "TotalVariation" or "TotalVariation2D" or "IterateResidual" or "Disagreement" or "ProximalResidual" or "ProximalResidual:finite.zero")
            .Append(PropertyFunction.DistanceTo(TargetSet.Nonnegative())).Append(PropertyFunction.DistanceTo(TargetSet.Ball(0))).Append(PropertyFunction.DistanceTo(TargetSet.Points([[0, 0, 0, 0]])))
            .Append(PropertyFunction.DistanceTo(TargetSet.HalfSpace([1, -1, 0, 2], 0))).Append(PropertyFunction.DistanceTo(TargetSet.Hyperplane([1e-170, 1e-170, 0, 1e-170], 0)))
            .Select((f, i) => new TestCaseData(f).SetArgDisplayNames($"{i} {f.Describe().Kind}"));

    [TestCaseSource(nameof(Homogeneous))]
    public void Norms_and_distances_neither_vanish_nor_overflow_where_squares_do(PropertyFunction function) => Gen.Double[-5, 5].Array[4].Select(Gen.Double[-5, 5].Array[4]).Sample((x, y) =>
    {
        double At(double scale) => function.Evaluate([.. x.Select(v => v * scale)], function.Arity == 2 ? [.. y.Select(v => v * scale)] : []);
        var expected = At(1);
        foreach (var scale in new[] { 3e38, 1e200, 1e-200, 1e-300 })
            Assert.That(At(scale) / scale, Is.EqualTo(expected).Within(1e-9 * Math.Max(1e-3, expected)), $"scale {scale}");
    });

    [Test]
    public void A_relative_error_does_not_depend_on_the_scale() => Gen.Double[-5, 5].Array[4].Select(Gen.Double[1, 5].Array[4]).Sample((y, d) =>
    {
        var expected = PropertyMath.RelativeError(y, d);
        foreach (var scale in new[] { 3e38, 1e200, 1e307, 1e-200, 1e-300 })
            Assert.That(PropertyMath.RelativeError([.. y.Select(v => v * scale)], [.. d.Select(v => v * scale)]), Is.EqualTo(expected).Within(1e-9 * Math.Max(1, expected)), $"scale {scale}");
    });

    [Test]
    public void Errors_at_the_ends_of_the_numbers_are_no_perfect_fits()
    {
        Assert.That(PropertyMath.RelativeError([2e-200, 0], [1e-200, 0]), Is.EqualTo(1).Within(1e-12));
        Assert.That(PropertyMath.RelativeError([double.Epsilon, 0], [2 * double.Epsilon, 0]), Is.GreaterThan(0));
        Assert.That(PropertyMath.RelativeError([0, 0], [double.MaxValue, double.MaxValue]), Is.NaN.Or.EqualTo(1).Within(1e-12));
        Assert.That(PropertyMath.RelativeError([1e308, 1e308], [double.MaxValue, double.MaxValue]), Is.NaN.Or.GreaterThan(0.1));
        Assert.That(PropertyMath.Nonzeros([double.Epsilon, 0, 3e38]), Is.EqualTo(2));
    }

    [Test]
    public void A_vector_far_from_the_simplex_is_far_from_it_however_large([Values(1e9, 1e16, 1e20, 3e38, 1e308)] double size)
    {
        Assert.That(TargetSet.Simplex().Distance([size, 0]), Is.EqualTo(size).Within(1e-6 * size));
        Assert.That(TargetSet.Simplex().Distance([size, -size, size]), Is.GreaterThan(size));
    }
}
