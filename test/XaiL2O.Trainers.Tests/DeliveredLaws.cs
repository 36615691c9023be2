using TorchSharp;
using XaiL2O.Certifiers;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>Property values are those of the estimate that is delivered, and none where it holds NaN or ∞.</summary>
internal sealed class DeliveredLaws : TorchLaws
{
    private const int N = 4;

    private sealed class Definition : ModelDefinition
    {
        public override int DataSize => N;

        public override int InferenceSize => N;

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Fit", model.Matrix(new float[N, N] { { 1, 0, 0, 0.3f }, { 0.1f, 1, 0, 0 }, { 0, 0, 1, 0.7f }, { 0, 0.9f, 0, 1 } })));
            model.Report(new HalfSpaceTerm("HalfSpace", ones(N, dtype: float64), 1));
            model.Report(new BoxTerm("Box", N, -1, 2));
            model.Report(new NonnegativeTerm("Nonnegative", N));
            model.Report(new SimplexTerm("Simplex", N));
            model.Report("Confidence", PropertyFunction.ShortOfOneHot());
            model.Report(new L1Term("L1", model.Identity));
            model.Report(new SquaredL2Term("Energy", model.Identity));
        }
    }

    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    [TestCase(double.NegativeInfinity)]
    public void No_property_of_an_estimate_that_is_not_finite_has_a_value(double odd)
    {
        using var model = new DefinedModel(new Definition(), float64);
        using var scope = NewDisposeScope();
        var x = full([N + 1, N], 0.25, float64);
        for (var i = 0; i < N; i++)
            x[i, i] = odd;
        var values = model.Evaluate(x, ones(N + 1, N, dtype: float64));
        Assert.That(values, Has.Length.EqualTo(8));
        foreach (var (property, value) in model.Properties.Zip(values))
        {
            Assert.That(value[..N], Is.All.NaN, property.Name);
            Assert.That(double.IsFinite(value[N]), Is.True, property.Name);
        }
    }

    [Test]
    public void Property_values_are_those_of_the_estimate_in_single_precision()
    {
        using var model = new DefinedModel(new Definition(), float64);
        using var scope = NewDisposeScope();
        var d = Normal(1, 6, N).to(float64);
        var inference = model.Infer(d, new FixedPointOptions { MaxIterations = 3000, ResidualTolerance = 1e-12 });
        var delivered = tensor(inference.Inference.SelectMany(v => v).ToArray()).reshape(6, N);
        Assert.That(inference.PropertyValues, Is.EqualTo(model.Evaluate(delivered, d)));
        // The solution in double precision explains the measurements better than anything that single precision can hold.
        Assert.That(inference.PropertyValues[0], Is.All.InRange(1e-10, 1e-6));
    }
}
