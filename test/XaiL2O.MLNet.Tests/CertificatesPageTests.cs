using System.Numerics.Tensors;
using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet.Tests;

/// <summary>The code of docs/certificates.md.</summary>
internal sealed class CertificatesPageTests
{
    private sealed class Row
    {
        public string Truth { get; set; } = "";

        public string Site { get; set; } = "";

        [VectorType(4)]
        public float[] Features { get; set; } = [];
    }

    private sealed class Prediction
    {
        [VectorType(3)]
        public float[] Score { get; set; } = [];

        public string Explanation { get; set; } = "";
    }

    private sealed class LargestEntry(double weight) : PropertyFunction
    {
        public override FunctionDescription Describe() => new("Acme.LargestEntry") { Numbers = { ["weight"] = weight } };

        public override double Evaluate(ReadOnlySpan<double> first, ReadOnlySpan<double> second) => weight * TensorPrimitives.MaxMagnitude(first);
    }

    /// <summary>Three classes at three places of the unit cube.</summary>
    private static Row[] Rows(int seed, int count)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, count).Select(i => new Row
            {
                Truth = "abc"[i % 3].ToString(),
                Site = i % 2 == 0 ? "north" : "south",
                Features = [.. Enumerable.Range(0, 4).Select(j => (float)((j == i % 3 ? 0.6 : 0.1) + (0.3 * random.NextDouble())))],
            }),
        ];
    }

    private sealed class Number
    {
        [VectorType(4)]
        public float[] Features { get; set; } = [];

        public float Label { get; set; }
    }

    private static Number[] Numbers(int seed) => [.. Rows(seed, 60).Select(r => new Number { Features = r.Features, Label = 1 + r.Features[0] })];

    [Test]
    public void The_code_of_the_page_runs()
    {
        var ml = new MLContext(seed: 1);
        var folder = Directory.CreateTempSubdirectory("xail2o-");
        string In(string file) => Path.Combine(folder.FullName, file);
        var training = Rows(1, 150);
        var trainingFeatures = training.Select(r => r.Features).ToArray();
        var (trainingRows, calibrationRows) = (ml.Data.LoadFromEnumerable(training), ml.Data.LoadFromEnumerable(Rows(2, 150)));
        var odd = Rows(4, 3);
        odd[0].Features = [5, 5, 5, 5];
        Row[] newOnes = [.. Rows(3, 60), odd[0]];
        var newRows = ml.Data.LoadFromEnumerable(newOnes);
        var row = odd[0];
        var numberRows = ml.Data.LoadFromEnumerable(Numbers(5));

        // A classifier with certificates
        var classifier = ml.Transforms.Conversion.MapValueToKey("Label", "Truth")
            .Append(ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy("Label", "Features"))
            .Fit(trainingRows);
        var certifier = ml.L2O().Certify(new CertifierOptions
        {
            Properties =
            [
                CertifiedProperty.Of("Confidence", PropertyFunction.ShortOfOneHot(), "Score"),
                CertifiedProperty.Of("Distance", PropertyFunction.NeighbourDistance(trainingFeatures), "Features"),
                CertifiedProperty.Of("Range", PropertyFunction.DistanceTo(TargetSet.Box(0, 1)), "Features"),
            ],
            Joint = new JointPolicy { Rule = JointRule.Holm, FamilyLevel = 0.05 },
        }).Fit(classifier.Transform(calibrationRows));
        var model = classifier.Append(certifier);
        var judged = model.Transform(newRows);
        Assert.That(judged.GetColumn<bool>("Trustworthy").Last(), Is.False);
        Assert.That(judged.GetColumn<string>("Explanation").Last(), Does.Contain("Distance failed: its value").And.Contain("larger than all 150 calibration values"));

        // Regression, two classes, clusters, anomalies
        var regression = ml.Regression.Trainers.Sdca("Label", "Features")
            .Append(ml.Transforms.CopyColumns("Second", "Score"))
            .Append(ml.Regression.Trainers.LbfgsPoissonRegression("Label", "Features"))
            .Fit(numberRows);
        var agreement = CertifiedProperty.Of("Disagreement", PropertyFunction.Disagreement(), "Score", "Second");
        Assert.That(regression.Transform(numberRows).GetColumn<float>("Score"), Is.EqualTo(regression.LastTransformer.Transform(numberRows).GetColumn<float>("Score")));
        Assert.That(ml.L2O().Certify(agreement).Fit(regression.Transform(ml.Data.LoadFromEnumerable(Numbers(6)))).Certifier.Properties[0].Cause, Does.Contain("part ways"));

        // A function of your own
        PropertyRegistry.Register("Acme.LargestEntry", d => new LargestEntry(d.Numbers["weight"]));
        Assert.That(ml.L2O().Certify(CertifiedProperty.Of("Largest", new LargestEntry(2), "Features")).Fit(calibrationRows).Certifier.Properties[0].FailThreshold, Is.InRange(1.2, 1.8));

        // Requirements
        CertifiedProperty[] required =
        [
            CertifiedProperty.Convergence(),
            new("Fidelity") { Limits = new ValueLimits { FailAbove = 1e-2 } },
        ];
        var solved = Fixture.Model.First().Transform(ml.Data.LoadFromEnumerable(Fixture.Rows(3, 60)));
        Assert.That(ml.L2O().Certify(required).Fit(solved).Certifier.Properties.Select(p => p.Limits is not null), Is.All.True);

        // Whose values are usual
        var calibratedOnBoth = CertifiedProperty.Of("Variation", PropertyFunction.TotalVariation(), "Estimate") with
        {
            CalibrateOn = CalibrationSource.Both,
            TruthColumnName = "Signal",
        };
        Assert.That(ml.L2O().Certify(calibratedOnBoth).Fit(solved).Certifier.Properties[0].Truths!.Count, Is.EqualTo(60));

        // Post-conditions
        var guarded = model.Append(ml.L2O().RequireTrust(onWarning: TrustAction.Log, onFail: TrustAction.Drop).Fit(judged));
        ml.Model.Save(guarded, newRows.Schema, In("model.zip"));
        var trusted = new MLContext().Model.Load(In("model.zip"), out _).Transform(newRows);
        using var engine = ml.L2O().CreateTrustedPredictionEngine<Row, Prediction>(guarded);
        var prediction = engine.Predict(row);
        var flags = trusted.GetColumn<bool>("Trustworthy").ToArray();
        Assert.That(flags, Is.All.True);
        Assert.That(flags, Has.Length.InRange(45, 60));
        Assert.That(prediction.Value, Is.Null);
        Assert.That(prediction.Verdict.FailedParts, Does.Contain("Range"));

        // Drift without labels
        var monitor = new DriftMonitor(certifier.Certifier, new DriftOptions { FalseAlarmBound = 0.01 });
        foreach (var status in ml.L2O().ObserveDrift(monitor, judged))
        {
            if (status.Alarm)
                Console.WriteLine($"{status.Part} has changed since the calibration (row {status.AlarmRow}).");
        }

        FileReplacement.Write(In("monitor.json"), monitor.Save);
        using (var file = File.OpenRead(In("monitor.json")))
            Assert.That(DriftMonitor.Load(file, certifier.Certifier).Status, Is.EqualTo(monitor.Status));

        // Report
        ml.L2O().Report(model, judged, new ReportOptions { Title = "My classifier", SetColumnName = "Site" }).Save(In("report.html"));
        Assert.That(File.ReadAllText(In("report.html")), Does.Contain("My classifier").And.Contain("south"));
        Assert.That(File.Exists(In("report.json")), Is.True);
        folder.Delete(recursive: true);
    }
}
