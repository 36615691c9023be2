using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>What a definition hands to the builder is refused with a name where it is null, and what training keeps can be read.</summary>
internal sealed class BuilderArgumentLaws : TorchLaws
{
    private const int N = 9;

    private static readonly Case<(string Name, Action<ModelBuilder> Use)>[] Nulls =
    [
        new("Input", () => ("name", m => m.Input(null!))),
        new("Matrix", () => ("values", m => m.Matrix(null!))),
        new("Vector", () => ("values", m => m.Vector(null!))),
        new("Learned, name", () => ("name", m => m.Learned(null!, WeightStart.Zero, [2]))),
        new("Learned, start", () => ("start", m => m.Learned("W", null!, [2]))),
        new("Learned, shape", () => ("shape", m => m.Learned("W", WeightStart.Zero, null!))),
        new("LearnedMatrix, name", () => ("name", m => m.LearnedMatrix(null!, 2, N, WeightStart.Zero))),
        new("LearnedMatrix, start", () => ("start", m => m.LearnedMatrix("W", 2, N, null!))),
        new("LearnedPositive", () => ("name", m => m.LearnedPositive(null!, 1))),
        new("LearnedPositive, size", () => ("name", m => m.LearnedPositive(null!, 3, 1))),
        new("LearnedConvolution, name", () => ("name", m => m.LearnedConvolution(null!, 2, 3, 3, WeightStart.Zero))),
        new("LearnedConvolution, start", () => ("start", m => m.LearnedConvolution("K", 2, 3, 3, null!))),
        new("LearnedRegularizer, name", () => ("name", m => m.LearnedRegularizer(null!, (_, _) => null!))),
        new("LearnedRegularizer, make", () => ("make", m => m.LearnedRegularizer("R", null!))),
        new("Add", () => ("term", m => m.Add(null!))),
        new("Report", () => ("measure", m => m.Report(null!))),
        new("SolveWith", () => ("make", m => m.SolveWith(null!))),
        new("LearnedUnitMatrix, name", () => ("name", m => m.LearnedUnitMatrix(null!, 2, N, WeightStart.Identity()))),
        new("LearnedUnitMatrix, start", () => ("start", m => m.LearnedUnitMatrix("W", 2, N, null!))),
        new("Shared, name", () => ("name", m => m.Shared(null!, () => ""))),
        new("Shared, make", () => ("make", m => m.Shared<string>("S", null!))),
        new("Show, weight", () => ("weight", m => m.Show(null!, () => null!))),
        new("Show, value", () => ("value", m => m.Show("W", null!))),
        new("StartFrom", () => ("estimate", m => m.StartFrom(null!))),
        new("AddLoss", () => ("loss", m => m.AddLoss(null!))),
        new("WeightStart.Made", () => ("make", _ => WeightStart.Made(null!))),
        new("Steps", () => ("Steps", m => m.Steps = null!)),
        new("WeightStart.Values, matrix", () => ("values", _ => WeightStart.Values((float[,])null!))),
        new("WeightStart.Values, vector", () => ("values", _ => WeightStart.Values((float[])null!))),
    ];

    private sealed class Definition(Action<ModelBuilder> use) : ModelDefinition
    {
        public override int DataSize => N;

        public override int InferenceSize => N;

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Fit", model.Identity));
            use(model);
        }
    }

    [Test]
    public void Every_method_of_the_builder_names_what_is_null([ValueSource(nameof(Nulls))] Case<(string Name, Action<ModelBuilder> Use)> wrong)
    {
        var (name, use) = wrong.Make();
        Assert.That(() => new DefinedModel(new Definition(use)), Throws.ArgumentNullException.With.Property(nameof(ArgumentException.ParamName)).EqualTo(name));
    }

    [Test]
    public void A_named_array_shows_few_values_and_the_range_of_many()
    {
        Assert.That(new NamedArray("Tau", [1], [0.25f]).ToString(), Is.EqualTo("Tau [1]: 0.25"));
        Assert.That(new NamedArray("K", [2, 2], [1, -0.5f, 0, 3]).ToString(), Is.EqualTo("K [2, 2]: 1, -0.5, 0, 3"));
        Assert.That(new NamedArray("K", [10, 10], [.. Enumerable.Range(0, 100).Select(i => i - 50f)]).ToString(), Is.EqualTo("K [10, 10]: 100 values from -50 to 49"));
        Assert.That(new NamedArray("W", [0], []).ToString(), Is.EqualTo("W [0]: "));
    }
}
