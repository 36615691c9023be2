using Microsoft.ML;

namespace XaiL2O.MLNet.Tests;

/// <summary>The README's code.</summary>
internal sealed class ReadmeTests
{
    [Test]
    public void The_pipeline_of_the_readme_runs()
    {
        var measurementMatrix = Fixture.A;
        var data = new MLContext(1).Data;
        var (trainingRows, calibrationRows, newRows) = (data.LoadFromEnumerable(Fixture.Rows(1, 100)), data.LoadFromEnumerable(Fixture.Rows(2, 60)), data.LoadFromEnumerable(Fixture.Rows(3, 5)));
        var path = Path.Combine(Directory.CreateTempSubdirectory("xail2o-").FullName, "model.zip");

        var ml = new MLContext(seed: 1);
        var learned = ml.L2O().Trainers.ImplicitDictionary(measurementMatrix, "Measurements", "Signal", "Estimate").Fit(trainingRows);
        var certifier = ml.L2O().Certify(
                new CertifiedProperty("Sparsity"),
                new CertifiedProperty("Fidelity", Tolerance: 1e-2),
                new CertifiedProperty("Convergence", "Residual", Tolerance: 1e-4))
            .Fit(learned.Transform(calibrationRows));
        var model = learned.Append(certifier);
        ml.Model.Save(model, trainingRows.Schema, path);
        var loaded = new MLContext().Model.Load(path, out _);
        var output = loaded.Transform(newRows);

        Assert.That(Fixture.Read(output).SelectMany(r => r.Numbers), Is.EqualTo(Fixture.Read(model.Transform(newRows)).SelectMany(r => r.Numbers)));
        Assert.That(output.Schema.GetColumnOrNull("Convergence.Label"), Is.Not.Null);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }
}
