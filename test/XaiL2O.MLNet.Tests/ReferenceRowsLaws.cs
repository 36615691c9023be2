using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet.Tests;

/// <summary>Calibration rows that are compared with a reference when an estimator is fitted.</summary>
internal sealed class ReferenceRowsLaws
{
    private sealed class Row
    {
        [VectorType(2)]
        public float[] Features { get; set; } = [];

        public float Score { get; set; }

        public float Label { get; set; }
    }

    private static IDataView Draw(int seed, int count, float shift = 0)
    {
        var random = new Random(seed);
        return new MLContext(1).Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(_ => new Row { Features = [random.NextSingle(), random.NextSingle() + shift], Score = random.NextSingle(), Label = random.NextSingle() }).ToArray());
    }

    private static readonly (string Name, Func<MLContext, ReferenceRows, IEstimator<ITransformer>> Estimator)[] Estimators =
    [
        ("certifier", (ml, reference) => ml.L2O().Certify(new CertifierOptions { Properties = [new("P", "Score")], Reference = reference })),
        ("error bound", (ml, reference) => ml.L2O().BoundError(new ErrorBoundOptions { Reference = reference })),
    ];

    private static IEnumerable<string> Names() => Estimators.Select(e => e.Name);

    [TestCaseSource(nameof(Names))]
    public void A_difference_is_a_warning_with_its_statistic_and_none_is_said_too(string name)
    {
        var ml = new MLContext(1);
        var warnings = new List<string>();
        var all = new List<string>();
        ml.Log += (_, e) =>
        {
            all.Add(e.Message);
            if (e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning)
                warnings.Add(e.Message);
        };
        IEstimator<ITransformer> Estimator(IDataView reference) => Estimators.Single(e => e.Name == name).Estimator(ml, new ReferenceRows(reference, ["Score", "Features"]));
        var calibration = Draw(1, 200);
        var model = Estimator(Draw(2, 300)).Fit(calibration);
        Assert.That(warnings, Is.Empty);
        Assert.That(all.Where(m => m.Contains("not seen to differ", StringComparison.Ordinal)), Is.Not.Empty);
        Assert.That(ConformanceLaws.Reloaded(model, calibration).Transform(calibration).Schema.Count, Is.EqualTo(model.Transform(calibration).Schema.Count), "what is tested is not saved");
        Estimator(Draw(2, 300, 0.3f)).Fit(calibration);
        Assert.That(warnings.Single(), Does.Contain("largest Kolmogorov–Smirnov distance").And.Contain("'Features[1]'").And.Contain("p = 0.001").And.Contain("200 against 300 rows"));
        Assert.That(() => Estimator(ml.Transforms.DropColumns("Features").Fit(calibration).Transform(calibration)).Fit(calibration), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("'Features'"));
        Assert.That(() => Estimators.Single(e => e.Name == name).Estimator(ml, new ReferenceRows(calibration, [])), Throws.ArgumentException.With.Message.Contains("ColumnNames"));
    }
}
