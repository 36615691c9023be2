using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>Laws of every proximable term; a new term is one more line in the list.</summary>
internal sealed class TermLaws
{
    private const double Step = 0.7;

    /// <summary>A term, its value as a function of a point in its own space (∞ outside a constraint), and a point x that satisfies it.</summary>
    private sealed record Case(string Name, Func<Term> Create, Func<Tensor, Tensor, double> Value, bool IsConstraint, Func<Tensor, Tensor> Satisfying);

    private static readonly Case[] Terms =
    [
        new("l1", () => new L1Term("Sparsity", new MatrixOperator(Tensors.Random(1, 6, 5))), (u, _) => u.abs().sum().ToDouble(), false, d => zeros(1, 5, dtype: ScalarType.Float64)),
        new("equality", () => new FidelityTerm("Fidelity", new IdentityOperator(5)), (u, d) => (u - d).norm().ToDouble() < 1e-9 ? 0 : double.PositiveInfinity, true, d => d),
        new("ball", () => new FidelityTerm("Fidelity", new IdentityOperator(5), 0.3), (u, d) => (u - d).norm().ToDouble() <= (0.3 * d.norm().ToDouble()) + 1e-9 ? 0 : double.PositiveInfinity, true, d => d),
        new("box", () => new BoxTerm("Box", 5, -0.2, 0.5), (u, _) => u.min().ToDouble() >= -0.2 - 1e-12 && u.max().ToDouble() <= 0.5 + 1e-12 ? 0 : double.PositiveInfinity, true, _ => full(1, 5, 0.1, dtype: ScalarType.Float64)),
    ];

    private static IEnumerable<TestCaseData> Cases() => Terms.Select(t => new TestCaseData(t).SetArgDisplayNames(t.Name));

    [TestCaseSource(nameof(Cases))]
    public void Proximal_minimises_its_objective(object test)
    {
        var (_, create, value, _, _) = (Case)test;
        using var scope = NewDisposeScope();
        var term = create();
        var (u, d) = (Tensors.Random(20, 1, term.Operator.OutputSize), Tensors.Random(21, 1, term.Operator.OutputSize));
        var p = ((IProximable)term).Proximal(u, Step, d);
        double Objective(Tensor v) => (Step * value(v, d)) + (0.5 * (v - u).pow(2).sum().ToDouble());
        var best = Objective(p);
        Assert.That(double.IsFinite(best), Is.True);
        for (var i = 0; i < 200; i++)
            Assert.That(Objective(p + (Tensors.Random(100 + i, 1, p.shape[1]) * Math.Pow(10, -(i % 5)))), Is.GreaterThanOrEqualTo(best - 1e-12));
    }

    [TestCaseSource(nameof(Cases))]
    public void Proximal_is_firmly_nonexpansive(object test)
    {
        using var scope = NewDisposeScope();
        var term = ((Case)test).Create();
        var (u, v) = (Tensors.Random(22, 50, term.Operator.OutputSize), Tensors.Random(23, 50, term.Operator.OutputSize));
        var d = Tensors.Random(24, 50, term.Operator.OutputSize);
        var (Pu, Pv) = (((IProximable)term).Proximal(u, Step, d), ((IProximable)term).Proximal(v, Step, d));
        var slack = ((Pu - Pv) * (u - v)).sum(1) - (Pu - Pv).pow(2).sum(1);
        Assert.That(slack.min().ToDouble(), Is.GreaterThan(-1e-10));
    }

    [TestCaseSource(nameof(Cases))]
    public void Projections_are_idempotent(object test)
    {
        var (_, create, _, isConstraint, _) = (Case)test;
        if (!isConstraint)
            return;
        using var scope = NewDisposeScope();
        var term = create();
        var (u, d) = (Tensors.Random(25, 9, term.Operator.OutputSize), Tensors.Random(26, 9, term.Operator.OutputSize));
        var once = ((IProximable)term).Proximal(u, Step, d);
        Assert.That(Tensors.MaxDifference(((IProximable)term).Proximal(once, Step, d), once), Is.LessThan(1e-12));
    }

    [TestCaseSource(nameof(Cases))]
    public void Property_value_is_zero_where_satisfied_and_positive_elsewhere(object test)
    {
        var (_, create, _, _, satisfying) = (Case)test;
        using var scope = NewDisposeScope();
        var term = create();
        var d = Tensors.Random(27, 1, term.Operator.OutputSize);
        Assert.That(term.PropertyValue(satisfying(d), d).ToDouble(), Is.EqualTo(0).Within(1e-12));
        Assert.That(term.PropertyValue(satisfying(d) + 3, d).ToDouble(), Is.GreaterThan(0.1));
    }

    [Test]
    public void Property_values_agree_with_closed_forms()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new double[,] { { 3, -4 } });
        var d = tensor(new double[,] { { 0, 2 } });
        Assert.That(new L1Term("s", new IdentityOperator(2)).PropertyValue(x, d).ToDouble(), Is.EqualTo(7));
        Assert.That(new L1Term("s", new IdentityOperator(2), relativeToData: true).PropertyValue(x, d).ToDouble(), Is.EqualTo(3.5));
        Assert.That(new FidelityTerm("f", new IdentityOperator(2)).PropertyValue(x, d).ToDouble(), Is.EqualTo(Math.Sqrt(45) / 2).Within(1e-12));
        Assert.That(new BoxTerm("b", 2, 0, 1).PropertyValue(x, d).ToDouble(), Is.EqualTo(Math.Sqrt(4 + 16)).Within(1e-12));
        Assert.That(new L1Term("s", new IdentityOperator(2), relativeToData: true).PropertyValue(x * 0, d * 0).ToDouble(), Is.EqualTo(0));
    }
}
