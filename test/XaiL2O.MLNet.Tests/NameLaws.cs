using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>Names and values that would be misread are refused, with what to do.</summary>
internal sealed class NameLaws
{
    private static readonly MLContext Ml = new(1);

    private sealed class Row
    {
        public float Single { get; set; }

        public double Double { get; set; }
    }

    private static IDataView View(params double[] values) => Ml.Data.LoadFromEnumerable(values.Select(v => new Row { Single = (float)v, Double = v }).ToArray());

    /// <summary>Files of users import other namespaces beside ours, where a type of the same name would have to be written out.</summary>
    [Test]
    public void No_type_has_the_name_of_one_that_is_imported_beside_it()
    {
        string[] imported = ["System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Runtime.InteropServices", "System.Threading", "System.Threading.Tasks", "Microsoft.ML", "Microsoft.ML.Data", "Microsoft.ML.Trainers", "TorchSharp"];
        // Of Microsoft.ML.AutoML and Microsoft.ML.SearchSpace, which are not referenced here.
        string[] ofAutoMl = ["AutoMLExperiment", "AutoCatalog", "ExperimentSettings", "GridSearchTuner", "Parameter", "RandomTuner", "RunDetail", "SearchSpace", "TrialResult", "TrialSettings"];
        var others = Types(typeof(object), typeof(Enumerable), typeof(MLContext), typeof(IDataView), typeof(SchemaShape), typeof(TorchSharp.torch)).Where(t => imported.Contains(t.Namespace)).Select(t => t.Name).Concat(ofAutoMl).ToHashSet();
        var ours = Types(typeof(Certifier), typeof(ModelDefinition), typeof(L2OCatalog), typeof(LodopabOptions)).Select(t => t.Name);
        Assert.That(ours.Where(others.Contains), Is.Empty);
        static IEnumerable<Type> Types(params Type[] ofAssemblies) => ofAssemblies.SelectMany(t => t.Assembly.GetExportedTypes()).Where(t => !t.IsNested);
    }

    [Test]
    public void A_name_that_holds_the_separator_is_refused() =>
        Assert.That(() => Ml.L2O().Certify(new CertifiedProperty("Size, total", "Double")), Throws.ArgumentException.With.Message.Contains("'Size, total'").And.Message.Contains("FailedParts"));

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

    [Test]
    public void Output_columns_that_would_hide_each_other_are_refused()
    {
        var network = new CfmmNetwork(["a", "b"], [new Cfmm("pool", ["a", "b"], [0.5, 0.5], 0.99, ExchangeRule.Geometric)]);
        var trade = new CfmmTradeDefinition { Network = network, Prices = [1, 1] };
        static ImplicitModelTrainer.Options Named(params (string From, string To)[] names) => new() { ColumnNames = names.ToDictionary(n => n.From, n => n.To) };
        var geometry = new ParallelBeamGeometry { ImageSize = 8, Angles = 4, Bins = 12 };
        var pictures = Ml.Data.LoadFromEnumerable(new[] { new Picture() });
        var scans = Ml.L2O().SimulateScan(geometry).Fit(pictures).Transform(pictures);
        (string Name, Action Make)[] cases =
        [
            ("Residual", () => Ml.L2O().Trainers.ImplicitDictionary(Fixture.A, outputColumnName: "Residual")),
            ("Prediction.Value", () => Ml.L2O().Trainers.ImplicitDictionary(Fixture.A, outputColumnName: "Prediction.Value")),
            ("Converged", () => Ml.L2O().Train(new Shares(), "Measurements", outputColumnName: "Converged")),
            ("Simplex.Value", () => Ml.L2O().Train(new Shares(), "Measurements", outputColumnName: "Simplex.Value")),
            ("Trade", () => Ml.L2O().Trainers.CfmmTrade(trade, Named(("Tender", "Trade"), ("Receive", "Trade")))),
            ("Profit.Value", () => Ml.L2O().Trainers.CfmmTrade(trade, Named(("Utility", "Profit.Value")))),
            ("Iterations", () => Ml.L2O().Trainers.CtReconstruction(new BackProjection { Geometry = geometry }, Named(("Reconstruction", "Iterations"))).Fit(scans)),
        ];
        foreach (var (name, make) in cases)
            Assert.That(() => make(), Throws.ArgumentException.With.Message.Contains($"'{name}'").And.Message.Contains("another name"), name);
    }

    private sealed class Solved
    {
        [VectorType(3)]
        public float[] Measurements { get; set; } = [0.2f, 0.5f, 0.3f];

        [VectorType(3)]
        public float[] Signal { get; set; } = [1, 1, 1];
    }

    [Test]
    public void Columns_of_a_model_are_not_hidden_whatever_comes_after_it()
    {
        var rows = Ml.Data.LoadFromEnumerable(Enumerable.Range(0, 60).Select(_ => new Solved()).ToArray());
        var model = Ml.L2O().Train(new Shares()).Fit(rows);
        var solved = model.Transform(rows);
        (string Name, Action Make)[] cases =
        [
            ("properties", () => model.PropertiesOf("Signal", "").Transform(solved)),
            ("another column", () => Ml.L2O().Certify(new CertifiedProperty("Simplex", "Residual")).Fit(solved)),
            ("function", () => Ml.L2O().Certify(CertifiedProperty.Of("Simplex", PropertyFunction.L1Norm(), "Estimate")).Fit(solved)),
        ];
        foreach (var (name, make) in cases)
            Assert.That(() => make(), Throws.InvalidOperationException.With.Message.Contains(".Value' of a model before this one").And.Message.Contains("another name"), name);
        var judged = Ml.L2O().Certify(CertifiedProperty.Of("Simplex", PropertyFunction.L1Norm(), "Signal")).Fit(rows).Transform(rows);
        Assert.That(() => model.Transform(judged), Throws.InvalidOperationException.With.Message.Contains("'Simplex.Value' of a certifier before this one"));
        Assert.That(() => model.PropertiesOf("Signal", "").Transform(judged), Throws.InvalidOperationException.With.Message.Contains("'Simplex.Value' of a certifier before this one"));
        var properties = model.PropertiesOf("Signal", "Truth.").Transform(solved);
        Assert.That(() => Ml.L2O().Certify(new CertifiedProperty("Truth.Simplex", "Residual")).Fit(properties), Throws.InvalidOperationException.With.Message.Contains("'Truth.Simplex.Value' of a model before this one"));
        var named = Ml.L2O().Train(new Shares(), "Measurements", outputColumnName: "Trustworthy").Fit(rows).Transform(rows);
        Assert.That(() => Ml.L2O().Certify(new CertifiedProperty("Simplex")).Fit(named), Throws.InvalidOperationException.With.Message.Contains("'Trustworthy' of a model before this one"));
        Assert.That(model.PropertiesOf("Signal", "Truth.").Transform(solved).GetColumn<double>("Truth.Simplex.Value").First(), Is.GreaterThan(0.5));
    }

    [TestCase("Measurements")]
    [TestCase("Signal")]
    public void A_model_does_not_hide_what_it_reads_or_is_compared_with(string output) =>
        Assert.That(() => Ml.L2O().Train(new Shares(), "Measurements", "Signal", output), Throws.ArgumentException.With.Message.Contains($"'{output}'").And.Message.Contains("another name"));

    private sealed class Broken : ModelDefinition
    {
        public override int DataSize => 3;

        public override int InferenceSize => 3;

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Fidelity", model.Identity));
            model.Add(new L1Term("Small", model.Identity), model.LearnedPositive("W\ud800", 0.1));
        }
    }

    [Test]
    public void A_name_of_a_weight_that_no_file_holds_is_refused() =>
        Assert.That(() => Ml.L2O().Train(new Broken()), Throws.ArgumentException.With.Message.Contains("half a surrogate pair").And.Message.Contains("another name"));

    private sealed class Picture
    {
        [VectorType(64)]
        public float[] Image { get; set; } = new float[64];
    }

    [TestCase(0.1)]
    [TestCase(0.7)]
    [TestCase(1.1)]
    public void A_limit_means_the_same_in_single_precision(double limit)
    {
        foreach (var column in new[] { "Single", "Double" })
        {
            var model = Ml.L2O().Certify(new CertifiedProperty("V", column) { Limits = new ValueLimits { FailAbove = 2 * limit, WarnAbove = limit } }).Fit(View(0));
            using var stream = new MemoryStream();
            Ml.Model.Save(model, View(0).Schema, stream);
            stream.Position = 0;
            foreach (var m in (ITransformer[])[model, new MLContext().Model.Load(stream, out _)])
                Assert.That(m.Transform(View(limit, limit * 1.000001, 2 * limit, 2 * limit * 1.000001)).GetColumn<string>("V.Label"), Is.EqualTo(new[] { "Pass", "Warning", "Warning", "Fail" }), column);
        }
    }

    [Test]
    public void Negative_values_fail_and_do_not_calibrate()
    {
        double[] usual = [.. Enumerable.Range(0, 60).Select(i => (double)i)];
        CertifiedProperty[] properties = [new("Upper", "Double"), new("Two", "Double") { Sides = Sides.TwoSided }, new("Limited", "Double") { Limits = new ValueLimits { FailAbove = 100 } }];
        foreach (var property in properties)
        {
            var judged = Ml.L2O().Certify(property).Fit(View(usual)).Transform(View(-1, -1e-12, -0.0, 30));
            Assert.That(judged.GetColumn<bool>("Trustworthy").Take(2), Is.All.False, property.Name);
            Assert.That(judged.GetColumn<bool>("Trustworthy").Last(), Is.True, property.Name);
            Assert.That(judged.GetColumn<string>("Explanation").First(), Does.Contain("its value -1 is negative"));
        }

        Assert.That(Ml.L2O().Certify(properties[0]).Fit(View(usual)).Transform(View(-1)).GetColumn<double>("Upper.PValue").Single(), Is.EqualTo(1 / 61.0).Within(1e-12));
        Assert.That(() => Ml.L2O().Certify(properties[0]).Fit(View([.. usual, -3])), Throws.InvalidOperationException.With.Message.Contains("'Upper'").And.Message.Contains("1 of the 61").And.Message.Contains("-3").And.Message.Contains("magnitude"));
    }
}
