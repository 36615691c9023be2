using Microsoft.ML;
using NUnit.Framework;
using XaiL2O.Trainers;

public sealed class ModelTests
{
    private static readonly MLContext ML = new(seed: 1);

    private static readonly Lazy<ITransformer> Trained = new(() => Pipeline.Train(ML, Signal.Simulate(150, seed: 1), Signal.Simulate(200, seed: 2)));

    /// <summary>Gradients, proximal operators and bounds of the terms are what they claim to be.</summary>
    [Test]
    public void Definition_keeps_its_promises() => Assert.That(ModelCheck.Of(new Denoiser()), Is.Empty);

    [Test]
    public void Estimate_is_better_than_the_measurement()
    {
        var rows = Signal.Simulate(50, seed: 3);
        var answers = Pipeline.Ask(ML, Trained.Value, rows);
        var (error, noise) = (Pipeline.Error(answers.Select(a => a.Estimate), rows.Select(r => r.Truth)), Pipeline.Error(rows.Select(r => r.Measured), rows.Select(r => r.Truth)));
        Assert.That(error, Is.LessThan(0.8 * noise));
        Assert.That(answers.Count(a => a.Trustworthy), Is.GreaterThan(40));
    }

    [Test]
    public void Damaged_row_is_not_trusted()
    {
        var row = Signal.Simulate(1, seed: 4);
        for (var i = 10; i < 30; i++)
            row[0].Measured[i] = i % 2 * 3;
        Assert.That(Pipeline.Ask(ML, Trained.Value, row).Single().Trustworthy, Is.False);
    }

    [Test]
    public void Saved_model_gives_the_same_answers()
    {
        var path = Path.GetTempFileName();
        ML.Model.Save(Trained.Value, ML.Data.LoadFromEnumerable(Signal.Simulate(1, seed: 1)).Schema, path);
        var loaded = new MLContext().Model.Load(path, out _);
        File.Delete(path);
        var rows = Signal.Simulate(5, seed: 5);
        Assert.That(Pipeline.Ask(ML, loaded, rows).Select(a => a.Estimate), Is.EqualTo(Pipeline.Ask(ML, Trained.Value, rows).Select(a => a.Estimate)));
    }
}
