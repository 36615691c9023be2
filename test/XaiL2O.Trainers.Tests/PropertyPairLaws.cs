using TorchSharp;
using XaiL2O.Certifiers;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>What a term says of an inference is what the property function of the same name says of a column: a certificate does not depend on which of the two made the value.</summary>
internal sealed class PropertyPairLaws
{
    private const int N = 6;
    private static readonly double[] Normal = [1, -2, 0.5, 0, 3, 1];
    private static readonly double[,] Matrix = { { 1, 0, 2, -1, 0, 1 }, { 0, 3, -1, 0, 1, 0 }, { 2, 1, 0, 0, -2, 1 }, { 1, -1, 1, -1, 1, -1 } };

    private static DenseMatrix Dense => new(4, N, [.. Matrix.Cast<double>()]);

    private static MatrixOperator Operator => new(tensor(Matrix));

    private static IdentityOperator Identity => new(N);

    private static IEnumerable<TestCaseData> Pairs()
    {
        (string Name, Func<Term> Term, Func<PropertyFunction> Function)[] pairs =
        [
            ("norm", () => new L1Term("P", Identity), () => PropertyFunction.L1Norm()),
            ("norm of a transform", () => new L1Term("P", Operator), () => PropertyFunction.L1Norm(Dense)),
            ("fidelity", () => new FidelityTerm("P", Operator), () => PropertyFunction.RelativeError(Dense)),
            ("least squares", () => new LeastSquaresTerm("P", Operator), () => PropertyFunction.RelativeError(Dense)),
            ("variation of a signal", () => TotalVariation.OfSignal("P", N), () => PropertyFunction.TotalVariation()),
            ("box", () => new BoxTerm("P", N, -0.5, 1), () => PropertyFunction.DistanceTo(TargetSet.Box(-0.5, 1))),
            ("nonnegative", () => new NonnegativeTerm("P", N), () => PropertyFunction.DistanceTo(TargetSet.Nonnegative())),
            ("simplex", () => new SimplexTerm("P", N, 2), () => PropertyFunction.DistanceTo(TargetSet.Simplex(2))),
            ("ball", () => new BallTerm("P", N, 0.7, tensor(Normal)), () => PropertyFunction.DistanceTo(TargetSet.Ball(0.7, Normal))),
            ("half-space", () => new HalfSpaceTerm("P", tensor(Normal), 0.3), () => PropertyFunction.DistanceTo(TargetSet.HalfSpace(Normal, 0.3))),
            ("hyperplane", () => new HyperplaneTerm("P", tensor(Normal), 0.3), () => PropertyFunction.DistanceTo(TargetSet.Hyperplane(Normal, 0.3))),
            ("shares", () => new FunctionTerm("P", PropertyFunction.ShortOfOneHot(), Identity), PropertyFunction.ShortOfOneHot),
            ("a function of both", () => new FunctionTerm("P", PropertyFunction.RelativeError(), Operator), () => PropertyFunction.RelativeError(Dense)),
        ];
        return pairs.Select(p => new TestCaseData(p.Term, p.Function).SetArgDisplayNames(p.Name));
    }

    /// <summary>Rows within the sets and without, at their edges, of any scale, and 0.</summary>
    private static double[][] Rows()
    {
        var random = new Random(3);
        double[] Drawn(double scale) => [.. Enumerable.Range(0, N).Select(_ => scale * ((2 * random.NextDouble()) - 1))];
        return
        [
            new double[N], [.. Enumerable.Repeat(1.0 / N, N)], [1, 0, 0, 0, 0, 0], [0.7, 0.3, 0, 0, 0, 0], Normal, [.. Enumerable.Repeat(2.0 / N, N)],
            .. Enumerable.Range(0, 40).Select(i => Drawn(Math.Pow(10, (i % 7) - 3))),
        ];
    }

    private static double[] Values(Term term, double[][] x, double[][] d)
    {
        using var scope = NewDisposeScope();
        Tensor Stack(double[][] rows) => stack(rows.Select(r => tensor(r)).ToArray());
        return term.PropertyValue(Stack(x), Stack(d)).data<double>().ToArray();
    }

    [TestCaseSource(nameof(Pairs))]
    public void A_term_and_the_function_of_the_same_property_agree(Func<Term> makeTerm, Func<PropertyFunction> makeFunction)
    {
        using var scope = NewDisposeScope();
        var (term, function) = (makeTerm(), makeFunction());
        // Measurements that are met, missed, and 0.
        var x = Rows();
        double[][] d = [.. x.Select((row, i) => (double[])[.. Enumerable.Range(0, 4).Select(k => i % 5 == 0 ? 0 : Enumerable.Range(0, N).Sum(j => Matrix[k, j] * row[j]) * (i % 3 == 0 ? 1 : 0.9))])];
        var values = Values(term, x, d);
        for (var i = 0; i < x.Length; i++)
        {
            var expected = function.Evaluate(x[i], function.Arity == 1 ? [] : d[i]);
            // Rounding is relative to the row.
            var tolerance = 1e-12 * (1 + x[i].Sum(Math.Abs));
            Assert.That(values[i], double.IsNaN(expected) || double.IsInfinity(expected) ? Is.EqualTo(expected) : Is.EqualTo(expected).Within(tolerance), $"row {i}: {string.Join(", ", x[i])}");
        }

        Assert.That(term.Sides, Is.EqualTo(function.Sides));
    }

    [TestCase(TotalVariationKind.Anisotropic)]
    [TestCase(TotalVariationKind.Isotropic)]
    public void Variations_of_images_agree(TotalVariationKind kind)
    {
        using var scope = NewDisposeScope();
        var random = new Random(4);
        double[][] images = [.. Enumerable.Range(0, 20).Select(i => (double[])[.. Enumerable.Range(0, 25).Select(_ => Math.Round(random.NextDouble(), i % 2) * i)])];
        Term term = kind == TotalVariationKind.Isotropic ? TotalVariation.OfImageGradient("P", 5) : TotalVariation.OfImage("P", 5);
        var function = PropertyFunction.TotalVariation(5, 5, kind);
        var values = Values(term, images, images);
        for (var i = 0; i < images.Length; i++)
            Assert.That(values[i], Is.EqualTo(function.Evaluate(images[i], [])).Within(1e-10));
        Assert.That(term.Sides, Is.EqualTo(function.Sides));
    }

    [Test]
    public void A_function_is_reported_under_its_name_and_refused_where_sizes_differ()
    {
        using var model = new DefinedModel(new Reported(PropertyFunction.Nonzeros(0.5)), float64);
        using var scope = NewDisposeScope();
        Assert.That(model.Properties.Select(p => (p.Name, p.Formula, p.Sides)), Has.Member(("Count", "‖x‖₀, the number of nonzeros, of Kx", Sides.TwoSided)));
        Assert.That(model.Evaluate(ones(1, N, dtype: float64), ones(1, 4, dtype: float64))[1][0], Is.EqualTo(Enumerable.Range(0, 4).Count(k => Math.Abs(Enumerable.Range(0, N).Sum(j => Matrix[k, j])) > 0.5)));
        Assert.That(() => new DefinedModel(new Reported(PropertyFunction.L1Norm(Dense)), float64), Throws.ArgumentException.With.Message.Contains("'Count' takes vectors of 6 numbers and gets 4"));
    }

    private sealed class Reported(PropertyFunction function) : ModelDefinition
    {
        public override int DataSize => 4;

        public override int InferenceSize => N;

        public override void Compose(ModelBuilder model)
        {
            var matrix = new float[4, N];
            for (var i = 0; i < 4; i++)
                for (var j = 0; j < N; j++)
                    matrix[i, j] = (float)Matrix[i, j];
            model.Add(new LeastSquaresTerm("Fit", model.Matrix(matrix)));
            model.Report("Count", function, model.Matrix(matrix));
        }
    }
}
