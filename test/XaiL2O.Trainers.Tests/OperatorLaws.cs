using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>Laws of every linear operator; a new operator is one more line in the list.</summary>
internal sealed class OperatorLaws
{
    private static readonly (string Name, Func<LinearOperator> Create)[] Operators =
    [
        ("matrix", () => new MatrixOperator(Tensors.Random(1, 7, 5))),
        ("wide matrix", () => new MatrixOperator(Tensors.Random(2, 3, 9))),
        ("identity", () => new IdentityOperator(6)),
        ("cosine transform", () => MatrixOperator.CosineTransform(16, ScalarType.Float64)),
        ("stacked", () => new StackedOperator(new MatrixOperator(Tensors.Random(3, 4, 5)), new MatrixOperator(Tensors.Random(4, 6, 5)))),
    ];

    private static IEnumerable<TestCaseData> Cases() => Operators.Select(o => new TestCaseData(o.Create).SetArgDisplayNames(o.Name));

    [TestCaseSource(nameof(Cases))]
    public void Adjoint_identity_holds(Func<LinearOperator> create)
    {
        using var scope = NewDisposeScope();
        using var S = create();
        var (x, y) = (Tensors.Random(10, 4, S.InputSize), Tensors.Random(11, 4, S.OutputSize));
        var left = (S.Apply(x) * y).sum(1);
        var right = (x * S.ApplyAdjoint(y)).sum(1);
        Assert.That(Tensors.MaxDifference(left, right), Is.LessThan(1e-10));
    }

    [TestCaseSource(nameof(Cases))]
    public void Norm_bound_holds_and_is_not_loose(Func<LinearOperator> create)
    {
        using var scope = NewDisposeScope();
        using var S = create();
        var x = Tensors.Random(12, 1, S.InputSize);
        for (var i = 0; i < 300; i++)
            x = S.ApplyAdjoint(S.Apply(x / x.norm()));
        var norm = S.Apply(x / x.norm()).norm().ToDouble();
        Assert.That(S.NormBound, Is.GreaterThanOrEqualTo(norm * (1 - 1e-9)).And.LessThan(1.5 * norm));
    }

    [Test]
    public void Cosine_transform_is_an_isometry()
    {
        using var scope = NewDisposeScope();
        using var C = MatrixOperator.CosineTransform(250, ScalarType.Float64);
        var x = Tensors.Random(13, 3, 250);
        Assert.That(Tensors.MaxDifference(C.ApplyAdjoint(C.Apply(x)), x), Is.LessThan(1e-12));
        Assert.That(C.Apply(ones(1, 250, dtype: ScalarType.Float64))[0, 0].ToDouble(), Is.EqualTo(Math.Sqrt(250)).Within(1e-10));
    }

    [Test]
    public void Wrong_shapes_are_refused()
    {
        using var scope = NewDisposeScope();
        Assert.That(() => new MatrixOperator(zeros(3)), Throws.ArgumentException.With.Message.Contains("2 dimensions"));
        Assert.That(() => new StackedOperator(new IdentityOperator(3), new IdentityOperator(4)), Throws.ArgumentException.With.Message.Contains("3 and 4"));
        Assert.That(() => new MeasurementGeometry(ones(2, 5, dtype: ScalarType.Float64)), Throws.ArgumentException.With.Message.Contains("dependent"));
        Assert.That(() => new MeasurementGeometry(eye(3)), Throws.ArgumentException.With.Message.Contains("3 rows and 3 columns"));
    }
}
