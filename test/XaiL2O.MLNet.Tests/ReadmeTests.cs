using Microsoft.ML;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>The README's code.</summary>
internal sealed class ReadmeTests
{
    private sealed class Shares : ModelRecipe
    {
        public required float[,] Library { get; init; }

        public override int DataSize => Library.GetLength(0);

        public override int InferenceSize => Library.GetLength(1);

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Fidelity", model.Matrix(Library)));
            model.Add(new SimplexTerm("Simplex", InferenceSize));
        }
    }

    [Test]
    public void The_recipe_of_the_readme_composes() =>
        Assert.That(() => new MLContext(1).L2O().Train(new Shares { Library = new float[3, 2] { { 1, 0 }, { 0, 1 }, { 1, 1 } } }), Throws.Nothing);

    [Test]
    public void The_pipeline_of_the_readme_runs()
    {
        var measurementMatrix = Fixture.A;
        var data = new MLContext(1).Data;
        var (trainingRows, calibrationRows, newRows) = (data.LoadFromEnumerable(Fixture.Rows(1, 100)), data.LoadFromEnumerable(Fixture.Rows(2, 150)), data.LoadFromEnumerable(Fixture.Rows(3, 5)));
        var path = Path.Combine(Directory.CreateTempSubdirectory("xail2o-").FullName, "model.zip");

        var ml = new MLContext(seed: 1);
        var learned = ml.L2O().Trainers.ImplicitDictionary(measurementMatrix, "Measurements", "Signal", "Estimate").Fit(trainingRows);
        var certifier = ml.L2O().Certify(new CertifierOptions
        {
            Properties =
            [
                new("Sparsity"),
                new("Prediction"),
                new("Fidelity", Tolerance: 1e-2),
                CertifiedProperty.Convergence(),
            ],
            Joint = new JointPolicy { Rule = JointRule.Holm, FamilyLevel = 0.05 },
        }).Fit(learned.Transform(calibrationRows));
        var model = learned.Append(certifier);
        ml.Model.Save(model, trainingRows.Schema, path);
        var loaded = new MLContext().Model.Load(path, out _);
        var output = loaded.Transform(newRows);

        Assert.That(Fixture.Read(output).SelectMany(r => r.Numbers), Is.EqualTo(Fixture.Read(model.Transform(newRows)).SelectMany(r => r.Numbers)));
        Assert.That(output.Schema.GetColumnOrNull("Convergence.Label"), Is.Not.Null);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }
}
