using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>A model of ours cannot be written as ONNX; converting one is refused, and no graph comes out that only copies our outputs.</summary>
internal sealed class OnnxLaws
{
    private static readonly MLContext Ml = new(1);

    private sealed class Row
    {
        [VectorType(Fixture.N)]
        public float[] Signal { get; set; } = new float[Fixture.N];

        [VectorType(Fixture.M)]
        public float[] Measurements { get; set; } = new float[Fixture.M];

        [VectorType(64)]
        public float[] Image { get; set; } = new float[64];

        [VectorType(3)]
        public float[] Reserves { get; set; } = [1, 2, 3];

        public float Number { get; set; }
    }

    /// <summary>Nothing is learned.</summary>
    private sealed class Shares : ModelDefinition
    {
        public override int DataSize => 3;

        public override int InferenceSize => 3;

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Fidelity", model.Identity));
            model.Add(new SimplexTerm("Simplex", 3));
        }
    }

    private static IDataView View => Ml.Data.LoadFromEnumerable(Enumerable.Range(0, 30).Select(i => new Row { Number = i }));

    private static ParallelBeamGeometry Geometry => new() { ImageSize = 8, Angles = 4, Bins = 12 };

    private static IEnumerable<TestCaseData> Models()
    {
        var limited = Ml.L2O().Certify(new CertifiedProperty("Size", "Number") { Limits = new ValueLimits { FailAbove = 2 } });
        ITransformer certifier = limited.Fit(View);
        var judged = certifier.Transform(View);
        var scan = Ml.L2O().SimulateScan(Geometry, measurementColumnName: "Scan").Fit(View);
        var network = new CfmmNetwork(["a", "b", "c"], [new Cfmm("pool", ["a", "b", "c"], [0.2, 0.3, 0.5], 0.99, ExchangeRule.Geometric)]);
        ITransformer back = Ml.L2O().Trainers.CtReconstruction(new BackProjection { Geometry = Geometry }, new ImplicitModelTrainer.Options { ColumnNames = new Dictionary<string, string> { ["Measurements"] = "Scan" } }).Fit(scan.Transform(View));
        (string Name, ITransformer Model)[] models =
        [
            ("dictionary", Fixture.Model.First()),
            ("dictionary, certified", Fixture.Model),
            ("certifier", certifier),
            ("post-condition", new TransformerChain<ITransformer>(certifier, Ml.L2O().RequireTrust(TrustAction.Pass, TrustAction.Pass).Fit(judged))),
            ("composed", Ml.L2O().Train(new Shares(), "Reserves").Fit(View)),
            ("trade", Ml.L2O().Trainers.CfmmTrade(new CfmmTradeDefinition { Network = network, Prices = [1, 1, 1], LearnTrades = false }).Fit(View)),
            ("scan", scan),
            ("reconstruction", new TransformerChain<ITransformer>(scan, back)),
            ("image properties", new TransformerChain<ITransformer>(scan, back, ((ImplicitModelTransformer)back).PropertiesOf("Image", "Judged."))),
            ("image quality", Ml.L2O().ImageQuality(8, "Image", "Image").Fit(View)),
            ("followed by ML.NET's", new TransformerChain<ITransformer>(certifier, Ml.Transforms.CopyColumns("Copy", "Size.Value").Fit(judged))),
        ];
        return models.Select(m => new TestCaseData(m.Model).SetArgDisplayNames(m.Name));
    }

    [TestCaseSource(nameof(Models))]
    public void Converting_is_refused(ITransformer model)
    {
        using var stream = new MemoryStream();
        Assert.That(() => Ml.Model.ConvertToOnnx(model, View, stream), Throws.InvalidOperationException.With.Message.Contains("can not be fully converted"));
    }

    [Test]
    public void The_refusal_names_the_step_in_the_log()
    {
        var (ml, log) = (new MLContext(1), new List<string>());
        ml.Log += (_, e) => log.Add(e.RawMessage);
        using var stream = new MemoryStream();
        Assert.That(() => ml.Model.ConvertToOnnx(Fixture.Model, View, stream), Throws.InvalidOperationException);
        Assert.That(log, Has.Some.Contains("cannot save itself as ONNX"));
    }
}
