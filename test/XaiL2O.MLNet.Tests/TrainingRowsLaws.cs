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
            if ((e.Source.Contains("Certify", StringComparison.Ordinal) || e.Source.Contains("SelectTrustworthy", StringComparison.Ordinal)) && e.Kind == ChannelMessageKind.Warning)
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

    [Test]
    public void The_rows_of_a_fitted_difficulty_are_training_rows_and_those_of_a_quantile_are_not()
    {
        var (ml, log) = Context();
        void Select(ErrorBoundOptions options, int seed)
        {
            var rows = Rows(ml, 1);
            var bound = ml.L2O().BoundError(options with { OutputColumnName = "Label", ErrorColumnName = "Label" }).Fit(Positive(ml, rows));
            ml.L2O().SelectTrustworthy(new SelectionOptions { RankColumnName = "Label.ErrorBound", OutputColumnName = "Label", TruthColumnName = "Label", ErrorLimit = 1 })
                .Fit(bound.Transform(seed == 1 ? Positive(ml, rows) : Positive(ml, Rows(ml, seed))));
        }

        var learned = new ErrorBoundOptions { Difficulty = new DifficultyModel(ml.Regression.Trainers.LbfgsPoissonRegression(), ["Features"]) };
        Select(new ErrorBoundOptions(), 1);
        Select(learned, 2);
        Assert.That(log, Is.Empty);
        Select(learned, 1);
        Assert.That(log.Single(), Does.Contain("selection is calibrated on rows that the model of the column 'Label.ErrorBound' was trained on"));
    }

    private static IDataView Positive(MLContext ml, IDataView rows) => ml.Transforms.Expression("Label", "x => abs(x)", "Label").Fit(rows).Transform(rows);

    /// <summary>A model whose training looks at a few rows, behind another step.</summary>
    private static TransformerChain<ImplicitModelTransformer> Fit(MLContext ml, IDataView rows) => ml.Transforms.CopyColumns("Copy", "Id").Append(Fixture.Trainer(ml)).Fit(rows);

    /// <summary>Where calibration rows come from, given the training rows, and whether training has seen any of them.</summary>
    private static readonly (string Name, Func<MLContext, IDataView, IDataView> Of, bool Seen)[] Calibrations =
    [
        ("the same", (_, rows) => rows, true),
        ("some of them", (ml, rows) => ml.Data.TakeRows(rows, 50), true),
        ("all but some", (ml, rows) => ml.Data.SkipRows(rows, 10), true),
        ("in another order", (ml, rows) => ml.Data.ShuffleRows(rows, seed: 1), true),
        ("cached", (ml, rows) => ml.Data.Cache(rows), true),
        ("split off afterwards", (ml, rows) => ml.Data.TrainTestSplit(rows, 0.5, seed: 1).TestSet, true),
        ("other rows", (ml, _) => ml.Data.LoadFromEnumerable(Fixture.Rows(2, 60)), false),
    ];

    [Test]
    public void Rows_are_known_by_the_view_that_they_come_from()
    {
        var (ml, log) = Context();
        var training = ml.Data.LoadFromEnumerable(Fixture.Rows(1, 120));
        var model = Fit(ml, training);
        foreach (var (name, of, seen) in Calibrations)
        {
            log.Clear();
            Fixture.Certifier(ml).Fit(model.Transform(of(ml, training)));
            Fixture.Certifier(ml).Fit(ml.Data.Cache(model.Transform(of(ml, training))));
            Assert.That(log, Has.Count.EqualTo(seen ? 2 : 0), name);
        }

        Assert.That(log, Is.Empty);
        // Training that went on from the model has seen what that had seen.
        var later = Fixture.Trainer(ml).Fit(ml.Data.LoadFromEnumerable(Fixture.Rows(3, 60)), model.LastTransformer);
        Fixture.Certifier(ml).Fit(later.Transform(training));
        Assert.That(log, Has.Count.EqualTo(1));
    }

    [Test]
    public void Rows_that_were_held_out_of_the_same_data_are_not_taken_for_training_rows()
    {
        var (ml, log) = Context();
        var all = ml.Data.LoadFromEnumerable(Fixture.Rows(1, 200));
        var split = ml.Data.TrainTestSplit(all, 0.5, seed: 1);
        var model = Fit(ml, split.TrainSet);
        Fixture.Certifier(ml).Fit(model.Transform(split.TestSet));
        Fixture.Certifier(ml).Fit(ml.Data.Cache(model.Transform(ml.Data.Cache(split.TestSet))));
        var first = ml.Data.TakeRows(all, 100);
        Fixture.Certifier(ml).Fit(Fit(ml, first).Transform(ml.Data.SkipRows(all, 100)));
        Fixture.Certifier(ml).Fit(ml.Data.SkipRows(model.Transform(all), 100));
        Assert.That(log, Is.Empty);
        Fixture.Certifier(ml).Fit(model.Transform(all));
        Assert.That(log, Has.Count.EqualTo(1), "training took its rows from these");
    }
}
