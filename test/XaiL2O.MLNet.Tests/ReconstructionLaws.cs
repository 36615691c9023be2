using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Data;
using XaiL2O.Examples;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>CT reconstruction as estimators and transformers. A new method is one more line in <see cref="Methods"/>.</summary>
internal sealed class ReconstructionLaws
{
    private const int Size = 16;
    private static readonly ParallelBeamGeometry Geometry = new() { ImageSize = Size, Angles = 8, Bins = 23 };
    private static readonly MLContext Ml = new(1);

    private static readonly ReconstructionDefinition[] Methods =
    [
        new ImplicitReconstruction { Geometry = Geometry, Model = new ReconstructionOptions { Channels = 3, TransformKernel = 3, Hidden = 4, Kernel = 3, Stages = 1, Concavity = 0.2 } },
        new TotalVariationReconstruction { Geometry = Geometry, Radii = [0.01, 0.02, 0.2], TuningRows = 6 },
        new BackProjection { Geometry = Geometry, Filter = BackProjectionFilter.SheppLogan },
        new UNetReconstruction { Geometry = Geometry, Channels = 2, Levels = 3 },
        new FeasibilityReconstruction { Geometry = Geometry, Model = new FeasibilityOptions { Channels = 3, Kernel = 3 } },
        new ImplicitReconstruction { Geometry = Geometry, Model = new ReconstructionOptions { Regularizer = RegularizerKind.Adaptive, Channels = 3, TransformKernel = 3, Hidden = 4, Context = 2, NoiseFloor = 0.1 } },
        new ImplicitReconstruction { Geometry = Geometry, DeadBeams = DeadBeamSource.Detected, Model = new ReconstructionOptions { Regularizer = RegularizerKind.Adaptive, Channels = 3, TransformKernel = 3, Hidden = 4, Context = 2, NoiseFloor = 0.1, Noise = NoiseSource.Estimated, Misfit = 1e-3 } },
    ];

    private static IEnumerable<TestCaseData> MethodCases => Methods.Select(m => new TestCaseData(m).SetArgDisplayNames(m is ImplicitReconstruction i ? $"{m.GetType().Name}, {i.Model.Regularizer}, {i.Model.Noise}" : m.GetType().Name));

    private static ImplicitModelTrainer Trainer(ReconstructionDefinition method, double learningRate = 1e-3) => Ml.L2O().Trainers.CtReconstruction(method, new ImplicitModelTrainer.Options
    {
        BatchSize = 4,
        Solver = new FixedPointOptions { MaxIterations = 300 },
        Training = new TrainingOptions { Epochs = 2, BatchSize = 5, LearningRate = learningRate, InitialIterations = 5, FinalIterations = 10, Solver = new FixedPointOptions { MaxIterations = 10 } },
    });

    private static IDataView Images(int seed, int rows)
    {
        var random = new Random(seed);
        return Ml.Data.LoadFromEnumerable(Enumerable.Range(0, rows).Select(_ =>
        {
            var (x0, y0, r) = (4 + (8 * random.NextDouble()), 4 + (8 * random.NextDouble()), 2 + (4 * random.NextDouble()));
            return new ImageRow { Image = [.. Enumerable.Range(0, Size * Size).Select(i => Math.Pow((i % Size) - x0, 2) + Math.Pow((i / Size) - y0, 2) < r * r ? 0.8f : 0.2f)] };
        }).ToArray());
    }

    private static IDataView Scans(int seed, int rows) => Ml.L2O().SimulateScan(Geometry, 0.015, seed).Fit(Images(seed, rows)).Transform(Images(seed, rows));

    /// <summary>The transformers of XaiL2O.Data are found by a process that has not loaded that assembly.</summary>
    [Test]
    public void A_chain_that_scans_and_measures_gives_the_same_bits_in_a_fresh_process()
    {
        var images = Images(3, 6);
        var model = Ml.L2O().SimulateScan(Geometry).Append(Trainer(Methods[2])).Append(Ml.L2O().ImageQuality(Size)).Fit(images);
        using var folder = new TemporaryFolder();
        var (differing, values, _) = ChainReload.Compare(Ml, model, images, folder.PathOf("model.zip"));
        Assert.That(values, Is.GreaterThan(6 * 7));
        Assert.That(differing, Is.Zero);
    }

    private static Output[] Read(IDataView view) => [.. Ml.Data.CreateEnumerable<Output>(view, reuseRowObject: false, ignoreMissingColumns: true)];

    [TestCaseSource(nameof(MethodCases))]
    public void Schema_promised_is_schema_produced_and_zips_give_the_same_bits(ReconstructionDefinition method)
    {
        var (train, test) = (Scans(1, 12), Scans(2, 6));
        var trainer = Trainer(method);
        var model = trainer.Fit(train);
        var promised = trainer.GetOutputSchema(Shapes.Of(train.Schema));
        Assert.That(promised.Select(c => c.Name), Is.EquivalentTo(model.GetOutputSchema(train.Schema).Select(c => c.Name)));

        var expected = Read(model.Transform(test));
        using var stream = new MemoryStream();
        Ml.Model.Save(model, train.Schema, stream);
        var loaded = (ImplicitModelTransformer)new MLContext().Model.Load(new MemoryStream(stream.ToArray()), out _);
        var actual = Read(loaded.Transform(test));
        Assert.That(actual.SelectMany(r => r.Reconstruction), Is.EqualTo(expected.SelectMany(r => r.Reconstruction)));
        Assert.That(loaded.WeightCount, Is.EqualTo(model.WeightCount));
        Assert.That(actual.Select(r => r.Fidelity), Is.EqualTo(expected.Select(r => r.Fidelity)));
        if (method is TotalVariationReconstruction)
            Assert.That(((TotalVariationReconstruction)loaded.Definition).Model.Radius, Is.LessThan(0.2), "the radius was chosen");
    }

    [Test]
    public void Training_on_from_a_fitted_model_starts_at_its_weights_whatever_the_scan()
    {
        var method = Methods[5];
        var first = Trainer(method).Fit(Scans(1, 12));
        var fewer = Geometry with { Angles = 5 };
        var rows = Scans(2, 12);
        var images = Ml.Data.LoadFromEnumerable(Ml.Data.CreateEnumerable<ScanRow>(rows, false).Select(r => new ImageRow { Image = r.Image }).ToArray());
        var other = Ml.L2O().SimulateScan(fewer, 0.015, 2).Fit(images).Transform(images);

        // Steps too small to change a weight leave what training started from, up to the rounding of kernels that are kept at sum 0: one step of single precision, 1.2e-7 from 1 on.
        var same = Trainer(method.With(fewer), learningRate: 1e-20).Fit(other, first);
        Assert.That(Weights(same), Is.EqualTo(Weights(first)).Within(1.2e-7));
        Assert.That(Read(same.Transform(other)).SelectMany(r => r.Reconstruction), Is.EqualTo(Read(first.WithDefinition(((ReconstructionDefinition)first.Definition).With(fewer)).Transform(other)).SelectMany(r => r.Reconstruction)).Within(1e-4));

        var before = Weights(first);
        Assert.That(Weights(Trainer(method.With(fewer)).Fit(other, first)), Is.Not.EqualTo(before).Within(1e-5));
        Assert.That(Weights(first), Is.EqualTo(before), "the model that training starts from stays as it was");

        Assert.That(() => Trainer(Methods[2]).Fit(rows, first), Throws.ArgumentException.With.Message.Contains("no weights"));
        Assert.That(() => Trainer(Methods[0]).Fit(rows, first), Throws.ArgumentException.With.Message.Contains("weight"));
    }

    [Test]
    public void Other_tolerances_keep_the_weights_and_change_the_solve()
    {
        var model = Trainer(Methods[5]).Fit(Scans(1, 12));
        var rows = Scans(3, 4);
        var brief = model.WithSolver(new FixedPointOptions { MaxIterations = 3 });
        Assert.Multiple(() =>
        {
            Assert.That(Weights(brief), Is.EqualTo(Weights(model)));
            Assert.That(brief.Transform(rows).GetColumn<int>("Iterations"), Has.All.EqualTo(3));
            Assert.That(brief.Transform(rows).GetColumn<bool>("Converged"), Has.All.False);
            Assert.That(() => model.WithSolver(new FixedPointOptions { MaxIterations = 0 }), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("MaxIterations"));
        });
    }

    /// <summary>As by augmentation, with validation rows of other patients.</summary>
    [Test]
    public void Training_takes_fresh_scans_in_every_epoch_and_given_ones_for_validation()
    {
        var asked = new List<int>();
        ImplicitModelTrainer Fresh(bool warm) => Ml.L2O().Trainers.CtReconstruction(Methods[3], new ImplicitModelTrainer.Options
        {
            Training = new TrainingOptions { Epochs = 3, BatchSize = 5, LearningRate = 1e-3, WarmStart = warm, Gradient = GradientMode.AttachedSteps, InitialIterations = 1, FinalIterations = 1, Solver = new FixedPointOptions { MaxIterations = 1, CheckEvery = 1 } },
        });
        IDataView Epoch(int epoch)
        {
            asked.Add(epoch);
            return Scans(epoch, 10);
        }

        var model = Fresh(false).Fit(Epoch, Scans(9, 6));
        Assert.That(asked, Is.EqualTo((int[])[1, 2, 3]));
        Assert.That(model.Training!.Epochs.Select(e => e.ValidationLoss), Has.None.Null);
        var images = Read(model.Transform(Scans(9, 6)));
        Assert.That(images.Zip(Ml.Data.CreateEnumerable<ScanRow>(Scans(9, 6), reuseRowObject: false), (r, t) => r.Reconstruction.Zip(t.Image, (a, b) => (a - b) * (a - b)).Average()).Average(), Is.EqualTo(model.Training.Epochs.Min(e => e.ValidationLoss)).Within(1).Percent);
        Assert.That(Weights(Fresh(false).Fit(Epoch, Scans(9, 6), model)), Is.Not.EqualTo(Weights(model)), "training goes on from given weights");
        Assert.That(() => Fresh(true).Fit(Epoch, Scans(9, 6)), Throws.ArgumentException.With.Message.Contains("WarmStart"));
        Assert.That(() => Trainer(Methods[2]).Fit(Epoch, Scans(9, 6)), Throws.ArgumentException.With.Message.Contains("no weights"));
        Assert.That(() => Fresh(false).Fit(Epoch, Images(9, 6)), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("Measurements"));
    }

    [Test]
    public void A_trained_model_takes_a_noise_level_for_each_scan_as_a_column()
    {
        var model = Trainer(Methods[5]).Fit(Scans(1, 12));
        var definition = new ImplicitReconstruction { Geometry = Geometry, Model = ((ImplicitReconstruction)model.Definition).Model with { Noise = NoiseSource.Column, Misfit = 1e-3 } };
        var given = model.WithDefinition(definition);
        Assert.That(Weights(given), Is.EqualTo(Weights(model)));
        var rows = Ml.Data.CreateEnumerable<ScanRow>(Scans(3, 4), reuseRowObject: false).ToArray();
        IDataView Leveled(float level) => Ml.Data.LoadFromEnumerable(rows.Select(r => new LeveledRow { Image = r.Image, Measurements = r.Measurements, NoiseLevel = [level] }).ToArray());
        double[] Truths(float level) => [.. given.PropertiesOf("Image", "Truth.").Transform(Leveled(level)).GetColumn<double>("Truth.Fidelity.Value")];
        using var stream = new MemoryStream();
        Ml.Model.Save(given, Leveled(1).Schema, stream);
        var loaded = new MLContext().Model.Load(new MemoryStream(stream.ToArray()), out _);
        var (low, high) = (Read(loaded.Transform(Leveled(0.015f))), Read(loaded.Transform(Leveled(0.6f)))); // outside its ball the pull to a scan is the same for all levels
        Assert.Multiple(() =>
        {
            Assert.That(low.SelectMany(r => r.Reconstruction), Is.EqualTo(Read(given.Transform(Leveled(0.015f))).SelectMany(r => r.Reconstruction)));
            Assert.That(Truths(0.015f).Zip(Truths(0.6f), (l, h) => l / h), Has.All.EqualTo(40).Within(0.1).Percent, "relative to the row's noise");
            Assert.That(high.SelectMany(r => r.Reconstruction), Is.Not.EqualTo(low.SelectMany(r => r.Reconstruction)).Within(1e-4));
            Assert.That(() => given.Transform(Scans(3, 4)), Throws.Exception.With.Message.Contains("NoiseLevel"));
            Assert.That(Read(loaded.Transform(Leveled(0))).Select(r => r.Converged), Has.All.False);
        });
    }

    private static float[] Weights(ImplicitModelTransformer model) => [.. model.Model.ExportWeights().SelectMany(w => w.Values)];

    [Test]
    public void Properties_quality_and_certificates_work_on_images_of_any_origin()
    {
        var (train, test) = (Scans(1, 12), Scans(2, 24));
        var l2o = Trainer(Methods[0]).Fit(train);
        var fbp = Trainer(Methods[2]).Fit(train);
        var calibrated = l2o.PropertiesOf("Reconstruction", "Judged.").Transform(l2o.Transform(test));
        var certifier = Ml.L2O().Certify(new CertifiedProperty("Regularizer", "Judged.Regularizer.Value"), new CertifiedProperty("Box", "Judged.Box.Value")).Fit(calibrated);
        var properties = l2o.PropertiesOf("Reconstruction", "Judged.");
        var judged = certifier.Transform(properties.Transform(fbp.Transform(test)));
        var rows = Read(judged);
        Assert.That(rows.Select(r => r.Judged), Has.All.GreaterThan(0));
        Assert.That(rows.Count(r => r.Label == "Fail"), Is.GreaterThan(12), "noise of back-projections is told");

        // An inference's own properties are those of its image.
        var own = Read(calibrated);
        Assert.That(own.Select(r => r.Judged), Is.EqualTo(own.Select(r => r.Regularizer)).Within(1).Percent);

        var metrics = Ml.L2O().EvaluateImages(fbp.Transform(test));
        var measured = Ml.L2O().ImageQuality(Size).Fit(fbp.Transform(test));
        var quality = Read(measured.Transform(fbp.Transform(test)));
        Assert.That(metrics.RowPsnr, Is.EqualTo(quality.Select(r => r.Psnr)));
        Assert.That(metrics.Psnr, Is.EqualTo(quality.Average(r => r.Psnr)).Within(1e-9));
        Assert.That(metrics.Ssim, Is.EqualTo(quality.Average(r => r.Ssim)).Within(1e-9));

        using var stream = new MemoryStream();
        Ml.Model.Save(new TransformerChain<ITransformer>(fbp, properties, measured).Append(certifier), test.Schema, stream);
        var reloaded = Read(new MLContext().Model.Load(new MemoryStream(stream.ToArray()), out _).Transform(test));
        Assert.That(reloaded.Select(r => (r.Judged, r.Label, r.Psnr)), Is.EqualTo(rows.Zip(quality, (r, q) => (r.Judged, r.Label, q.Psnr))));
    }

    [Test]
    public void Truths_pass_what_is_calibrated_on_them_and_wrong_images_fail()
    {
        const double level = 0.05;
        // The data ball is smaller than the noise, as training makes it: a part of the noise is explained.
        var method = new ImplicitReconstruction { Geometry = Geometry, Model = ((ImplicitReconstruction)Methods[0]).Model with { InitialRadius = 0.009 } };
        var l2o = Trainer(method).Fit(Scans(1, 12));
        var (calibration, test) = (Scans(5, 60), Scans(6, 60));
        IDataView Judged(IDataView rows) => l2o.PropertiesOf("Image", "Truth.").Transform(l2o.PropertiesOf("Reconstruction", "Judged.").Transform(l2o.Transform(rows)));
        CertifierTransformer Calibrated(CalibrationSource source) => Ml.L2O().Certify([.. ((string[])["Fidelity", "Regularizer", "Whiteness", "LocalMisfit"]).Select(name =>
            new CertifiedProperty(name, $"Judged.{name}.Value") { CalibrateOn = source, TruthColumnName = source == CalibrationSource.Inferences ? null : $"Truth.{name}.Value" })]).Fit(Judged(calibration));
        double[] Failed(CertifierTransformer certifier, IEnumerable<(float[] Image, float[] Measurements)> images)
        {
            var view = certifier.Transform(l2o.PropertiesOf("Reconstruction", "Judged.").Transform(Ml.Data.LoadFromEnumerable(images.Select(i => new JudgedImage { Reconstruction = i.Image, Measurements = i.Measurements }).ToArray())));
            return [.. ((string[])["Fidelity", "Regularizer", "Whiteness", "LocalMisfit"]).Select(name => view.GetColumn<string>(name + ".Label").Average(l => l == "Fail" ? 1.0 : 0))];
        }

        var rows = Ml.Data.CreateEnumerable<ScanRow>(test, reuseRowObject: false).ToArray();
        var truths = rows.Select(r => (r.Image, r.Measurements)).ToArray();
        var inferences = Read(l2o.Transform(test)).Zip(rows, (o, r) => (o.Reconstruction, r.Measurements)).ToArray();
        var both = Calibrated(CalibrationSource.Both);
        Assert.Multiple(() =>
        {
            Assert.That(Failed(Calibrated(CalibrationSource.Inferences), truths)[0], Is.GreaterThan(0.9), "inferences explain their scans better than truths do");
            // Three standard deviations of 60 rows.
            Assert.That(Failed(both, truths), Has.All.LessThan(level + (3 * Math.Sqrt(level * (1 - level) / 60))));
            Assert.That(Failed(both, inferences), Has.All.LessThan(level + (3 * Math.Sqrt(level * (1 - level) / 60))));
            var shifted = Failed(both, truths.Select(t => ((float[])[.. t.Image[1..], t.Image[^1]], t.Measurements)));
            Assert.That(shifted[2], Is.GreaterThan(0.8), "a misplaced image leaves correlated residuals");
            Assert.That(shifted[3], Is.GreaterThan(0.95), "and is contradicted at its edges");
            var causes = both.Certifier.Properties.ToDictionary(p => p.Name, p => p.Cause);
            Assert.That(causes["LocalMisfit"], Does.Contain("at one place"));
            Assert.That(causes["Whiteness"], Does.Contain("structure"));
        });
    }

    [Test]
    public void Rows_with_bad_measurements_come_out_as_nan()
    {
        var rows = Ml.Data.CreateEnumerable<ScanRow>(Scans(3, 5), reuseRowObject: false).ToArray();
        rows[2].Measurements[4] = float.NaN;
        foreach (var method in Methods)
        {
            var result = Read(Trainer(method).Fit(Scans(1, 12)).Transform(Ml.Data.LoadFromEnumerable(rows)));
            Assert.That(result[2].Reconstruction, Has.All.NaN, method.GetType().Name);
            Assert.That(result[2].Converged, Is.False);
            Assert.That(result[3].Reconstruction, Has.None.NaN);
        }
    }

    [Test]
    public void Wrong_columns_and_options_are_refused()
    {
        var scans = Scans(1, 6);
        Assert.That(() => Trainer(Methods[0]).Fit(Ml.Data.LoadFromEnumerable(new[] { new ImageRow() })), Throws.Exception.With.Message.Contains("Measurements"));
        var other = Ml.L2O().Trainers.CtReconstruction(Geometry with { Bins = 24 });
        Assert.That(() => other.Fit(scans), Throws.InvalidOperationException.With.Message.Contains($"a vector of {8 * 24} numbers"));
        Assert.That(() => Trainer(new UNetReconstruction { Geometry = Geometry, Filter = BackProjectionFilter.Ramp, Levels = 6 }).Fit(scans), Throws.ArgumentException.With.Message.Contains("multiple of 32"));
        Assert.That(() => Trainer(new UNetReconstruction { Geometry = Geometry, Filter = BackProjectionFilter.Ramp, Levels = 1 }), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("Levels = 1"));
    }

    private class ImageRow
    {
        [VectorType(Size * Size)]
        public float[] Image { get; set; } = new float[Size * Size];
    }

    private sealed class JudgedImage
    {
        [VectorType(Size * Size)]
        public float[] Reconstruction { get; set; } = [];

        [VectorType(8 * 23)]
        public float[] Measurements { get; set; } = [];
    }

    private class ScanRow : ImageRow
    {
        [VectorType(8 * 23)]
        public float[] Measurements { get; set; } = new float[8 * 23];
    }

    private sealed class LeveledRow : ScanRow
    {
        [VectorType(1)]
        public float[] NoiseLevel { get; set; } = [];
    }

    private sealed class Output
    {
        public float[] Reconstruction { get; set; } = [];

        [ColumnName("Fidelity.Value")]
        public double Fidelity { get; set; }

        [ColumnName("Regularizer.Value")]
        public double Regularizer { get; set; }

        [ColumnName("Judged.Regularizer.Value")]
        public double Judged { get; set; }

        [ColumnName("Regularizer.Label")]
        public string Label { get; set; } = "";

        public double Psnr { get; set; }

        public double Ssim { get; set; }

        public bool Converged { get; set; }
    }
}
