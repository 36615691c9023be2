using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>A certifier that is calibrated on training rows says so.</summary>
internal sealed class TrainingRowsLaws
{
    private sealed class Row
    {
        [VectorType(2)]
        public float[] Features { get; set; } = [];

        public float Label { get; set; }
    }

    private static (MLContext Ml, List<string> Log) Context()
    {
        var (ml, log) = (new MLContext(1), new List<string>());
        ml.Log += (_, e) =>
        {
            if (e.Source.Contains("Certify", StringComparison.Ordinal) && e.Kind == ChannelMessageKind.Warning)
                log.Add(e.RawMessage);
        };
        return (ml, log);
    }

    private static IDataView Rows(MLContext ml, int seed)
    {
        var random = new Random(seed);
        return ml.Data.LoadFromEnumerable(Enumerable.Range(0, 60).Select(_ =>
        {
            float[] x = [(float)random.NextDouble(), (float)random.NextDouble()];
            return new Row { Features = x, Label = x[0] - x[1] };
        }).ToArray());
    }

    private static CertifiedProperty Error => CertifiedProperty.Of("Error", PropertyFunction.Disagreement(), "Score", "Label");

    [Test]
    public void Our_trainers_tell_their_rows()
    {
        var (ml, log) = Context();
        var (training, heldOut) = (ml.Data.LoadFromEnumerable(Fixture.Rows(1, 60)), ml.Data.LoadFromEnumerable(Fixture.Rows(2, 60)));
        Fixture.Trainer(ml).Append(Fixture.Certifier(ml)).Fit(training);
        Assert.That(log.Single(), Does.Contain("model of the column 'Estimate' was trained on").And.Contain("rows that training has not seen"));
        var model = Fixture.Trainer(ml).Fit(training);
        Fixture.Certifier(ml).Fit(ml.Transforms.CopyColumns("Copy", "Id").Fit(training).Transform(model.Transform(training)));
        Assert.That(log, Has.Count.EqualTo(2));
        Fixture.Certifier(ml).Fit(model.WithSolver(new FixedPointOptions { MaxIterations = 3000 }).Transform(training));
        Fixture.Certifier(ml).Fit(model.WithDefinition(model.Definition).Transform(training));
        Assert.That(log, Has.Count.EqualTo(4), "the same weights");
        Fixture.Certifier(ml).Fit(model.Transform(heldOut));
        ml.L2O().Certify(new CertifiedProperty("Number", "Id")).Fit(training);
        Assert.That(log, Has.Count.EqualTo(4));
    }

    [Test]
    public void A_chain_with_a_trainer_of_ml_net_is_warned_of()
    {
        var (ml, log) = Context();
        var trainer = ml.Regression.Trainers.Sdca();
        trainer.Append(ml.L2O().Certify(Error)).Fit(Rows(ml, 1));
        Assert.That(log.Single(), Does.Contain("in one chain with a model of ML.NET"));
        ml.L2O().Certify(Error).Fit(trainer.Fit(Rows(ml, 1)).Transform(Rows(ml, 2)));
        ml.L2O().Certify(new CertifiedProperty("Small", "Label") { Limits = new ValueLimits { FailAbove = 1 } }).Append(ml.L2O().RequireTrust()).Fit(Rows(ml, 1));
        Assert.That(log, Has.Count.EqualTo(1));
    }
}
