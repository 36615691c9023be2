using Microsoft.ML;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>The code of docs/experiments.md.</summary>
internal sealed class ExperimentsPageTests
{
    [Test]
    public void The_first_block_of_the_page_runs()
    {
        var folder = Directory.CreateTempSubdirectory("xail2o-").FullName;
        string In(string file) => Path.Combine(folder, file);
        var ml = new MLContext(seed: 1);
        var measurementMatrix = Fixture.A;
        IDataView Rows(int seed, int count) => ml.Data.LoadFromEnumerable(Fixture.Rows(seed, count).Select(r =>
        {
            r.Name = $"{seed}: {r.Name}";
            return r;
        }));
        var (trainingRows, validationRows, calibrationRows) = (Rows(1, 100), Rows(2, 40), Rows(3, 60));
        var reported = 0;
        IProgress<TrialOutcome> progress = new ExperimentLaws.Report(_ => reported++);
        var cancellationToken = CancellationToken.None;

        var space = new OptionSpace();
        var learningRate = space.Range("LearningRate", 1e-3, 1e-1, logarithmic: true, initial: 2e-3);
        var batchSize = space.IntegerRange("BatchSize", 10, 100, initial: 50);
        var transformSize = space.Choice("TransformSize", [24, 32], 24);

        var experiment = ml.L2O().Experiment(space, trial => trial.Context.L2O().Trainers.ImplicitDictionary(new DictionaryDefinition { MeasurementMatrix = measurementMatrix, TransformSize = trial.Value(transformSize) }, new ImplicitModelTrainer.Options
            {
                Training = new TrainingOptions { Epochs = trial.Scaled(9), LearningRate = trial.Value(learningRate), BatchSize = trial.Value(batchSize) },
                CancellationToken = trial.CancellationToken,
            }))
            .SetTrainingData(trainingRows, validationRows, groupColumnName: "Name")
            .Certify(calibrationRows, new CertifiedProperty("Sparsity"), new CertifiedProperty("Fidelity", Tolerance: 1e-2))
            .Minimize(Metric.Prd("Estimate", "Signal"))
            .SubjectTo(Constraint.FailRate(0.3))
            .SetTuner(new SuccessiveHalving(Seed: 1))
            .SetBudget(seconds: 60, trials: 6)
            .SaveTo(In("experiment.json"));

        var result = experiment.Run(progress, cancellationToken);

        Console.WriteLine($"{result.BestTrial.Metric} with {result.BestTrial.Options}, fail rate {result.BestTrial.FailRate}");
        var bestRate = result.BestTrial.Value(learningRate);
        ml.Model.Save(result.Model, trainingRows.Schema, In("model.zip"));
        result.SaveCsv(In("trials.csv"));
        var history = result.ToDataView();

        Assert.That(bestRate, Is.InRange(1e-3, 1e-1));
        Assert.That(history.GetRowCount(), Is.EqualTo(reported));
        Assert.That(reported, Is.EqualTo(6));
        var loaded = new MLContext().Model.Load(In("model.zip"), out _);
        Assert.That(Metric.Prd("Estimate", "Signal").Measure(loaded.Transform(validationRows)), Is.EqualTo(result.BestTrial.Metric).Within(1e-6));
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public void The_second_block_of_the_page_runs()
    {
        var ml = new MLContext(seed: 1);
        var rows = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 90).Select(i => new ExperimentLaws.Row { Group = $"{i % 9}", Features = [i % 2, i % 3, i % 5], Label = (i % 2) - (i % 3) }));
        rows = ml.Transforms.CopyColumns("Site", "Group").Fit(rows).Transform(rows);

        var regressionSpace = new OptionSpace();
        var regularization = regressionSpace.Range("L2", 1e-6, 1e-1, logarithmic: true);
        var regression = ml.L2O().Experiment(regressionSpace, trial => trial.Context.Regression.Trainers.OnlineGradientDescent("Label", "Features", l2Regularization: (float)trial.Value(regularization)))
            .CrossValidate(rows, folds: 3, groupColumnName: "Site")
            .Minimize(Metric.MeanSquaredError("Score", "Label"))
            .SetBudget(trials: 5)
            .Run();

        Assert.That(regression.BestTrial.Metric, Is.LessThan(0.2));
        Assert.That(regression.Trials, Has.Count.EqualTo(5));
    }
}
