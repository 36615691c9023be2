using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Examples;

namespace XaiL2O.MLNet.Tests;

/// <summary>Certificates of ML.NET's regression, binary classification, clustering and anomaly detection catch what is unlike the training rows.</summary>
internal sealed class OtherModelLaws
{
    private static readonly MLContext Ml = new(1);

    private sealed class Row
    {
        [VectorType(3)]
        public float[] Features { get; set; } = [];

        public float Label { get; set; }

        public bool Positive { get; set; }
    }

    private static Row[] Draw(int seed, int count, float scale = 1)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, count).Select(i =>
            {
                // Near the plane x₂ = x₀ + x₁, around the two places ±1.
                var centre = i % 2 == 0 ? 1 : -1;
                float[] x = [.. Enumerable.Range(0, 2).Select(_ => (float)(centre + (0.6 * random.NextDouble()) - 0.3))];
                float[] features = [x[0], x[1], x[0] + x[1] + (0.05f * (float)random.NextDouble())];
                return new Row { Features = [.. features.Select(v => scale * v)], Label = 2 + (x[0] * x[0]) - x[1], Positive = centre + (0.8 * (random.NextDouble() - 0.5)) > 0 };
            }),
        ];
    }

    private static IDataView View(Row[] rows) => Ml.Data.LoadFromEnumerable(rows);

    /// <summary>Shares of good rows and of odd ones that are not trustworthy.</summary>
    private static (double Good, double Odd) Fails(ITransformer model, CertifiedProperty property, Row[] odd)
    {
        var certified = Ml.L2O().Certify(property).Fit(model.Transform(View(Draw(2, 300))));
        double Share(Row[] rows) => certified.Transform(model.Transform(View(rows))).GetColumn<bool>("Trustworthy").Average(t => t ? 0.0 : 1);
        return (Share(Draw(3, 300)), Share(odd));
    }

    private sealed class Logits
    {
        [VectorType(3)]
        public float[] Score { get; set; } = [];
    }

    /// <summary>Networks give logits: certified as what they are they calibrate and reload; taken for probabilities they are refused with what to do.</summary>
    [Test]
    public void Logits_are_certified_by_confidence_margin_and_entropy_and_refused_as_probabilities()
    {
        var random = new Random(3);
        IDataView View(int rows, double scale) => Ml.Data.LoadFromEnumerable(Enumerable.Range(0, rows).Select(i => new Logits { Score = [.. Enumerable.Range(0, 3).Select(c => (float)((c == i % 3 ? scale : 0) + random.NextDouble()))] }).ToArray());
        CertifiedProperty[] Properties(ClassScores scores) =>
        [
            CertifiedProperty.Of("Confidence", PropertyFunction.ShortOfOneHot(scores), "Score"), CertifiedProperty.Of("Margin", PropertyFunction.ShortOfMargin(scores), "Score"),
            CertifiedProperty.Of("Entropy", PropertyFunction.Entropy(scores), "Score"),
        ];
        var certifier = Ml.L2O().Certify(Properties(ClassScores.Logits)).Fit(View(300, 6));
        Assert.That(certifier.Transform(View(100, 6)).GetColumn<bool>("Trustworthy").Count(t => t), Is.GreaterThan(75));
        Assert.That(certifier.Transform(View(100, 0)).GetColumn<bool>("Trustworthy"), Has.All.False, "undecided rows");
        using var folder = new TemporaryFolder();
        Assert.That(ChainReload.Compare(Ml, certifier, View(20, 3), folder.PathOf("model.zip")).Differing, Is.Zero);
        Assert.That(
            () => Ml.L2O().Certify(Properties(ClassScores.Probabilities)).Fit(View(300, 6)),
            Throws.InvalidOperationException.With.Message.Contains("ShortOfOneHot(ClassScores.Logits)").And.Message.Contains("'Score'"));
    }

    [Test]
    public void Two_regressions_disagree_where_neither_knows()
    {
        var model = Ml.Regression.Trainers.LbfgsPoissonRegression("Label", "Features").Append(Ml.Transforms.CopyColumns("First", "Score")).Append(Ml.Regression.Trainers.Sdca("Label", "Features")).Fit(View(Draw(1, 300)));
        var property = CertifiedProperty.Of("Disagreement", PropertyFunction.Disagreement(), "First", "Score");
        var (good, odd) = Fails(model, property, Draw(4, 100, scale: 10));
        Assert.That(good, Is.LessThan(0.1));
        Assert.That(odd, Is.GreaterThan(0.9));
        var explained = Ml.L2O().Certify(property).Fit(model.Transform(View(Draw(2, 300)))).Transform(model.Transform(View(Draw(4, 100, scale: 10))));
        Assert.That(explained.GetColumn<string>("Explanation").First(), Does.Contain("models that agree on those part ways"));
    }

    [Test]
    public void A_probability_of_two_classes_is_a_confidence()
    {
        var model = Ml.BinaryClassification.Trainers.LbfgsLogisticRegression("Positive", "Features").Fit(View(Draw(1, 300)));
        var between = Draw(4, 100);
        foreach (var row in between)
            row.Features = [0, 0, 0];
        var (good, odd) = Fails(model, CertifiedProperty.Of("Confidence", PropertyFunction.ShortOfOneHot(), "Probability"), between);
        Assert.That(good, Is.LessThan(0.1));
        Assert.That(odd, Is.GreaterThan(0.9));
    }

    [Test]
    public void The_distance_to_the_nearest_cluster_is_a_property_and_a_vector_says_how_to_take_it()
    {
        var model = Ml.Clustering.Trainers.KMeans("Features", numberOfClusters: 2).Fit(View(Draw(1, 300)));
        Assert.That(() => Ml.L2O().Certify(new CertifiedProperty("Cluster", "Score")).Fit(model.Transform(View(Draw(2, 300)))), Throws.InvalidOperationException.With.Message.Contains("CertifiedProperty.Of"));
        var (good, odd) = Fails(model, CertifiedProperty.Of("Cluster", PropertyFunction.SmallestDistance(), "Score"), Draw(4, 100, scale: 3));
        Assert.That(good, Is.LessThan(0.1));
        Assert.That(odd, Is.GreaterThan(0.9));
    }

    /// <summary>The score is an error relative to the input, so that it may be small where the input is out of all proportion; the input's size is a property of its own.</summary>
    [Test]
    public void Principal_components_see_inputs_out_of_all_proportion_with_the_size_of_the_input_beside_them()
    {
        // A context of its own: its generator would be where other tests have left it.
        var model = new MLContext(1).AnomalyDetection.Trainers.RandomizedPca("Features", rank: 2).Fit(View(Draw(1, 300)));
        var calibration = model.Transform(View(Draw(2, 600)));
        var certified = Ml.L2O().Certify(new CertifierOptions
        {
            Properties = [new("Anomaly", "Score") { Sides = Sides.TwoSided }, CertifiedProperty.Of("Size", PropertyFunction.L1Norm(), "Features")],
            Joint = new JointPolicy { Rule = JointRule.Holm },
        }).Fit(calibration);
        double Fails(Row[] rows) => certified.Transform(model.Transform(View(rows))).GetColumn<bool>("Trustworthy").Average(t => t ? 0.0 : 1);
        Assert.That(Fails(Draw(3, 600)), Is.LessThan(0.1));
        Assert.That(Fails(Draw(4, 100, scale: 100)), Is.EqualTo(1));
        Assert.That(Fails(Draw(4, 100, scale: 0.01f)), Is.EqualTo(1));
    }
}
