using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.Data;
using TorchSharp;
using XaiL2O.Examples;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>What a model made from a definition gets for nothing. The definition is OwnDefinition.cs, which nothing outside the tests knows.</summary>
internal sealed class ComposedModelLaws
{
    private const int Size = 32;

    private static readonly MLContext Ml = new(1);

    private static readonly ImplicitModelTrainer.Options Options = new()
    {
        BatchSize = 16,
        Training = new TrainingOptions { Epochs = 6, BatchSize = 25, LearningRate = 3e-2, InitialIterations = 100, FinalIterations = 200 },
        Solver = new FixedPointOptions { MaxIterations = 5000, ResidualTolerance = 1e-5 },
    };

    private static readonly Lazy<ImplicitModelTransformer> Lazy = new(() => Ml.L2O().Train(new Steps(), Options).Fit(View(Rows(1, 200))));

    private sealed class Row
    {
        public int Id { get; set; }

        [VectorType(Size)]
        public float[] Signal { get; set; } = [];

        [VectorType(Size)]
        public float[] Measurements { get; set; } = [];
    }

    private sealed class Output
    {
        public int Id { get; set; }

        [VectorType(Size)]
        public float[] Signal { get; set; } = [];

        [VectorType(Size)]
        public float[] Measurements { get; set; } = [];

        [VectorType(Size)]
        public float[] Estimate { get; set; } = [];

        [ColumnName("Variation.Value")]
        public double Variation { get; set; }

        public int Iterations { get; set; }

        public bool Converged { get; set; }
    }

    private static Row[] Rows(int seed, int count)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, count).Select(id =>
            {
                var (at, low, high) = (random.Next(4, Size - 4), (float)random.NextDouble(), (float)random.NextDouble());
                var signal = Enumerable.Range(0, Size).Select(i => i < at ? low : high).ToArray();
                return new Row { Id = id, Signal = signal, Measurements = [.. signal.Select(v => v + (float)(0.2 * (random.NextDouble() + random.NextDouble() - 1)))] };
            }),
        ];
    }

    private static IDataView View(Row[] rows) => Ml.Data.LoadFromEnumerable(rows);

    private static Output[] Read(ITransformer model, Row[] rows) => [.. Ml.Data.CreateEnumerable<Output>(model.Transform(View(rows)), reuseRowObject: false)];

    private static double Error(IEnumerable<(float[] X, float[] Truth)> pairs) => pairs.Average(p => p.X.Zip(p.Truth, (a, b) => Math.Pow(a - b, 2)).Average());

    [Test]
    public void A_model_in_one_file_trains_certifies_and_reloads_in_a_fresh_process()
    {
        var model = Lazy.Value;
        var rows = Read(model, Rows(2, 100));
        Assert.That(Error(rows.Select(r => (r.Estimate, r.Signal))), Is.LessThan(0.5 * Error(rows.Select(r => (r.Measurements, r.Signal)))), "worse than it should denoise");
        Assert.That(rows.Average(r => r.Converged ? 1 : 0), Is.GreaterThan(0.99));
        Assert.That(model.Weights.Select(w => w.Name), Is.EqualTo(new[] { "Tau", "Rho" }));
        Assert.That(model.WeightCount, Is.EqualTo(2));

        var certifier = Ml.L2O().Certify(new CertifiedProperty("Fidelity"), new CertifiedProperty("Variation"), new CertifiedProperty("Positive"), new CertifiedProperty("Solved", "Converged"))
            .Fit(model.Transform(View(Rows(3, 100))));
        var folder = Directory.CreateTempSubdirectory("xail2o-");
        Row[] judged = [.. Rows(4, 20), new Row { Id = -1, Signal = new float[Size], Measurements = [.. Enumerable.Range(0, Size).Select(i => i % 2 == 0 ? 3f : -3f)] }];
        var chain = model.Append(certifier);
        Assert.That(chain.Transform(View(judged)).GetColumn<string>("FailedParts").Last(), Does.Contain("Variation"));
        var (differing, values, _) = ChainReload.Compare(Ml, chain, View(judged), Path.Combine(folder.FullName, "model.zip"));
        folder.Delete(recursive: true);
        Assert.That(differing, Is.Zero);
        Assert.That(values, Is.GreaterThan(20 * judged.Length / 2));
    }

    [Test]
    public void Schema_promised_is_schema_produced()
    {
        var view = View(Rows(1, 3));
        var promised = Ml.L2O().Train(new Steps(), Options).GetOutputSchema(Shapes.Of(view.Schema));
        var produced = Lazy.Value.GetOutputSchema(view.Schema);
        Assert.That(promised.Select(c => c.Name), Is.EqualTo(produced.Select(c => c.Name)));
        foreach (var column in promised)
            Assert.That(column.ItemType.RawType, Is.EqualTo((produced[column.Name].Type as VectorDataViewType)?.ItemType.RawType ?? produced[column.Name].Type.RawType), column.Name);
        Assert.That(produced.Select(c => c.Name).Skip(3), Is.EqualTo(new[] { "Estimate", "Fidelity.Value", "Variation.Value", "Positive.Value", "Iterations", "Residual", "Gap", "SolutionDistance", "Converged" }));
    }

    /// <summary>Denoising with the properties of a prior, whose arrays travel in the zip.</summary>
    private sealed class Predicted : ModelDefinition
    {
        public double[,] Precision { get; init; } = new double[1, 1];

        public double[,] Gain { get; init; } = new double[1, 1];

        public override int DataSize => Size;

        public override int InferenceSize => Size;

        public override void Compose(ModelBuilder model)
        {
            var prior = new MeasurementPrior(Precision, Gain);
            model.Add(new LeastSquaresTerm("Fidelity", model.Identity));
            model.Add(TotalVariation.OfSignal("Variation", Size), 0.1);
            model.Report(new PredictionTerm("Prediction", prior));
            model.Report(new AgreementTerm("Agreement", prior));
        }
    }

    [Test]
    public void A_definition_reports_how_its_measurements_predict_each_other()
    {
        var training = Rows(1, 200);
        using var signals = torch.tensor(training.SelectMany(r => r.Signal).ToArray()).reshape(-1, Size).to(torch.float64);
        using var prior = MeasurementPrior.FromSignals(new IdentityOperator(Size), signals, 1e-2);
        var (precision, gain) = prior.Export();
        var model = Ml.L2O().Train(new Predicted { Precision = precision, Gain = gain }, Options).Fit(View(training));
        Row[] rows = [.. Rows(2, 20).Select(r => new Row { Signal = r.Signal, Measurements = r.Signal })];
        Row[] damaged = [.. rows.Select(r => new Row { Measurements = [.. r.Signal.Select((v, i) => i == 7 ? v + 1 : v)] })];
        double[] Values(ITransformer transformer, Row[] judged, string name) => [.. transformer.Transform(View(judged)).GetColumn<double>(name + ".Value")];
        Assert.That(Values(model, damaged, "Prediction").Min(), Is.GreaterThan(Values(model, rows, "Prediction").Max()));
        using var stream = new MemoryStream();
        Ml.Model.Save(model, View(rows).Schema, stream);
        var loaded = new MLContext().Model.Load(new MemoryStream(stream.ToArray()), out _);
        foreach (var name in (string[])["Prediction", "Agreement"])
            Assert.That(Values(loaded, damaged, name), Is.EqualTo(Values(model, damaged, name)));
    }

    [Test]
    public void Batches_and_engines_give_the_same_values()
    {
        var rows = Rows(5, 40);
        var expected = Read(Lazy.Value, rows);
        using var engine = Ml.Model.CreatePredictionEngine<Row, Output>(Lazy.Value);
        foreach (var (row, i) in rows.Select((r, i) => (r, i)))
        {
            var alone = engine.Predict(row);
            Assert.That(alone.Estimate, Is.EqualTo(expected[i].Estimate).Within(1e-6));
            Assert.That(alone.Variation, Is.EqualTo(expected[i].Variation).Within(1e-7));
        }
    }

    [Test]
    public void Wrong_columns_are_refused_by_name()
    {
        var trainer = Ml.L2O().Train(new Steps { Size = 31 }, Options);
        Assert.That(() => trainer.Fit(View(Rows(1, 3))), Throws.InvalidOperationException.With.Message.Contains("'Measurements' must be a vector of 31 numbers"));
        Assert.That(() => Ml.L2O().Train(new Steps(), "Nothing").Fit(View(Rows(1, 3))), Throws.InstanceOf<ArgumentException>().With.Message.Contains("no column 'Nothing'"));
        Assert.That(() => Ml.L2O().Train(new Steps(), "Measurements", targetColumnName: "Nothing").Fit(View(Rows(1, 3))), Throws.InstanceOf<ArgumentException>().With.Message.Contains("no column 'Nothing'"));
        Assert.That(() => Ml.L2O().Train(new Steps(), Options with { BatchSize = 0 }), Throws.InstanceOf<ArgumentException>().With.Message.Contains("BatchSize = 0"));
        Assert.That(() => Ml.L2O().Train(new Steps(), Options with { Training = new TrainingOptions { Epochs = 0 } }), Throws.InstanceOf<ArgumentException>().With.Message.Contains("Epochs = 0"));
    }

    [Test]
    public void Rows_without_measurements_get_no_answer_and_harm_no_other()
    {
        var rows = Rows(6, 3);
        var expected = Read(Lazy.Value, rows);
        rows[1].Measurements = [.. rows[1].Measurements.Select(_ => float.NaN)];
        var actual = Read(Lazy.Value, rows);
        Assert.That(actual[1].Converged, Is.False);
        Assert.That(actual[1].Estimate, Is.All.NaN);
        Assert.That(actual[1].Variation, Is.NaN);
        Assert.That(actual[2].Estimate, Is.EqualTo(expected[2].Estimate).Within(1e-6));
    }

    [Test]
    public void Training_reports_progress_and_can_be_cancelled()
    {
        using var source = new CancellationTokenSource();
        var reports = 0;
        var trainer = Ml.L2O().Train(new Steps(), Options with { Progress = new Report(_ => { reports++; source.Cancel(); }), CancellationToken = source.Token });
        var model = trainer.Fit(View(Rows(1, 100)));
        Assert.That(model.Training!.Cancelled, Is.True);
        Assert.That(reports, Is.EqualTo(1));
        Assert.That(Read(model, Rows(2, 2))[0].Converged, Is.True);
    }

    private sealed class Report(Action<TrainingProgress> action) : IProgress<TrainingProgress>
    {
        void IProgress<TrainingProgress>.Report(TrainingProgress value) => action(value);
    }

    [Test]
    public void A_definition_without_weights_needs_no_targets()
    {
        var library = new float[,] { { 1, 0 }, { 0, 1 }, { 1, 1 } };
        var rows = Ml.Data.LoadFromEnumerable([new Spectrum { Measurements = [0.25f, 0.75f, 1] }]);
        var model = Ml.L2O().Train(new Unmixing { Library = library, Learned = false }).Fit(rows);
        Assert.That(model.Training, Is.Null);
        Assert.That(model.Transform(rows).GetColumn<float[]>("Estimate").Single(), Is.EqualTo(new[] { 0.25f, 0.75f }).Within(1e-4));
    }

    private sealed class Nonnegative : ModelDefinition
    {
        public required float[,] Matrix { get; init; }

        public override int DataSize => Matrix.GetLength(0);

        public override int InferenceSize => Matrix.GetLength(1);

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Fidelity", model.Matrix(Matrix)));
            model.Add(new NonnegativeTerm("Nonnegative", InferenceSize));
        }
    }

    /// <summary>The baseline of the example, by an active set, against the same problem as a definition.</summary>
    [Test]
    public void Nonnegative_least_squares_agrees_with_the_definition_of_the_same_problem()
    {
        var random = new Random(3);
        var matrix = new float[9, 5];
        foreach (var (i, j) in Enumerable.Range(0, 9).SelectMany(i => Enumerable.Range(0, 5).Select(j => (i, j))))
            matrix[i, j] = (float)((2 * random.NextDouble()) - 1);
        var data = Enumerable.Range(0, 50).Select(_ => Enumerable.Range(0, 9).Select(_ => (float)((2 * random.NextDouble()) - 1)).ToArray()).ToArray();
        using var model = new Nonnegative { Matrix = matrix }.CreateModel(torch.ScalarType.Float64);
        using var d = torch.tensor(data.SelectMany(row => row).ToArray()).reshape(50, 9);
        var solve = model.Infer(d, new FixedPointOptions { MaxIterations = 100_000, ResidualTolerance = 1e-12 });
        var solver = new NonnegativeLeastSquares(matrix);
        foreach (var (row, x) in data.Zip(solve.Inference))
            Assert.That(solver.Solve(row), Is.EqualTo(x).Within(1e-6));
        Assert.That(solve.Inference.SelectMany(x => x).Count(v => v == 0), Is.GreaterThan(50), "constraints are active");
    }

    [Test]
    public void A_model_made_inside_a_dispose_scope_outlives_it_and_serves_many_threads()
    {
        var rows = Ml.Data.LoadFromEnumerable([.. Enumerable.Range(0, 30).Select(i => new Mixture { Measurements = [0.03f * i, 1 - (0.03f * i), 1], Shares = [0.03f * i, 1 - (0.03f * i)] })]);
        ImplicitModelTransformer model;
        using (torch.NewDisposeScope())
            model = Ml.L2O().Train(new Unmixing { Library = new float[,] { { 1, 0 }, { 0, 1 }, { 1, 1 } } }, new ImplicitModelTrainer.Options { Training = new TrainingOptions { Epochs = 1 } }).Fit(rows);
        GC.Collect();
        var expected = model.Transform(rows).GetColumn<float[]>("Estimate").ToArray();
        Assert.That(expected[10], Is.EqualTo(new[] { 0.3f, 0.7f }).Within(0.05));
        Parallel.For(0, 8, _ => Assert.That(model.Transform(rows).GetColumn<float[]>("Estimate").ToArray(), Is.EqualTo(expected)));
    }

    private sealed class Mixture
    {
        [VectorType(3)]
        public float[] Measurements { get; set; } = [];

        [VectorType(2)]
        public float[] Shares { get; set; } = [];
    }

    private sealed class Spectrum
    {
        [VectorType(3)]
        public float[] Measurements { get; set; } = [];
    }

    [Test]
    public void Definitions_keep_every_kind_of_option()
    {
        var definition = new ManyOptions
        {
            Count = 3,
            Text = "a",
            Limit = double.PositiveInfinity,
            Matrix = new float[,] { { 1, 2, 3 }, { 4, 5, float.NaN } },
            Precise = new double[,] { { 1e-300 } },
            Vector = [1, 2],
            Inner = new ManyOptions.Nested([0.1, 0.2], [[7f], []]),
            Seed = 9,
        };
        var (stored, arrays) = DefinitionPayload.Of(definition);
        var payload = ModelPayload.Of(0);
        foreach (var (name, shape, values) in arrays)
            payload.Add(name, shape, values);
        var copy = (ManyOptions)stored.Create(ModelPayload.FromBytes(payload.ToBytes()));
        Assert.Multiple(() =>
        {
            Assert.That(definition.DifferencesFrom(copy), Is.Empty);
            Assert.That((copy.Count, copy.Text, copy.Limit, copy.Seed, copy.NotStored), Is.EqualTo((3, "a", double.PositiveInfinity, 9, 5)));
            Assert.That(copy.Matrix, Is.EqualTo(definition.Matrix));
            Assert.That(copy.Precise, Is.EqualTo(definition.Precise));
            Assert.That(copy.Vector, Is.EqualTo(definition.Vector));
            Assert.That(copy.Missing, Is.Null);
            Assert.That(copy.Inner!.Numbers, Is.EqualTo(definition.Inner.Numbers));
            Assert.That(copy.Inner.Ragged, Is.EqualTo(definition.Inner.Ragged));
        });
    }

    private class ManyOptions : ModelDefinition
    {
        public int Count { get; init; }

        public required string Text { get; init; }

        public double Limit { get; set; }

        public float[,]? Matrix { get; init; }

        public double[,]? Precise { get; init; }

        public float[]? Vector { get; init; }

        public float[]? Missing { get; init; }

        public Nested? Inner { get; init; }

        [JsonIgnore]
        public int NotStored { get; set; } = 5;

        public override int DataSize => 2;

        public override int InferenceSize => 2;

        public override void Compose(ModelBuilder model) => model.Add(new LeastSquaresTerm("Fidelity", model.Identity));

        internal sealed record Nested(double[] Numbers, float[][] Ragged);
    }

    private sealed class NoConstructor(int size) : ManyOptions
    {
        public override int InferenceSize => size;
    }

    private sealed class NotStorable : ModelDefinition
    {
        public Func<int>? Function { get; init; } = () => 1;

        public override int DataSize => 2;

        public override int InferenceSize => 2;

        public override void Compose(ModelBuilder model) => model.Add(new LeastSquaresTerm("Fidelity", model.Identity));
    }

    [Test]
    public void Definitions_that_no_zip_can_hold_are_refused_before_training()
    {
        Assert.That(() => Ml.L2O().Train(new NotStorable()), Throws.ArgumentException.With.Message.Contains("NotStorable cannot be stored in a model zip").And.Message.Contains("[JsonIgnore]"));
        Assert.That(() => Ml.L2O().Train(new NoConstructor(2) { Text = "" }), Throws.ArgumentException.With.Message.Contains("NoConstructor could not be loaded from a model zip: its constructor takes 'size'").And.Message.Contains("Size { get; } = size;"));
    }

    /// <summary>Definitions whose state no settable public property holds; each says what a zip would lose.</summary>
    private sealed class ConstructorValue(double limit) : ManyOptions
    {
        public double Largest { get; } = 2 * limit;
    }

    private sealed class Captured(double limit) : ManyOptions
    {
        public Captured()
            : this(1)
        {
        }

        public double Largest => 2 * limit;
    }

    private abstract class PrivateBase : ManyOptions
    {
        private float[] table = [];

        protected void Fill(float value) => table = [value, table.Length];
    }

    private sealed class Inherited : PrivateBase
    {
        public Inherited Filled(float value)
        {
            Fill(value);
            return this;
        }
    }

    private sealed class Nestling : ManyOptions
    {
        public Egg Inside { get; init; } = new();

        internal sealed class Egg
        {
            private int weight;

            public Egg Of(int grams)
            {
                weight = grams;
                return this;
            }

            public override string ToString() => $"{weight} g";
        }
    }

    /// <summary>Least squares whose operator has half of its adjoint.</summary>
    private sealed class WrongAdjoint : ModelDefinition
    {
        public override int DataSize => 4;

        public override int InferenceSize => 4;

        public override void Compose(ModelBuilder model) => model.Add(new LeastSquaresTerm("Fit", new Halved()));

        private sealed class Halved : LinearOperator
        {
            public override int InputSize => 4;

            public override int OutputSize => 4;

            public override double NormBound => 1;

            public override torch.Tensor Apply(torch.Tensor x) => x;

            public override torch.Tensor ApplyAdjoint(torch.Tensor y) => 0.5 * y;
        }
    }

    [Test]
    public void A_wrong_adjoint_is_refused_before_training() => Assert.That(
        () => Ml.L2O().Train(new WrongAdjoint()),
        Throws.ArgumentException.With.Message.Contains("The definition of WrongAdjoint is wrong: ApplyAdjoint of the operator of 'Fit' (Halved) is not the adjoint of Apply"));

    private static readonly (ModelDefinition Definition, string Lost)[] Lossy =
    [
        (new ConstructorValue(2.5) { Text = "" }, "Largest: 5, 0"),
        (new Captured(2.5) { Text = "" }, "limit: 2.5, 1"),
        (new Inherited { Text = "" }.Filled(3), "table: Single [2]"),
        (new Nestling { Text = "", Inside = new Nestling.Egg().Of(3) }, "Inside.weight: 3, 0"),
    ];

    private static IEnumerable<TestCaseData> LossyCases() => Lossy.Select(c => new TestCaseData(c.Definition, c.Lost).SetArgDisplayNames(c.Definition.GetType().Name));

    [TestCaseSource(nameof(LossyCases))]
    public void Definitions_that_would_come_back_as_others_are_refused_before_training(ModelDefinition definition, string lost) => Assert.That(
        () => Ml.L2O().Train(definition),
        Throws.ArgumentException.With.Message.Contains("would be another one after loading from a model zip").And.Message.Contains(lost).And.Message.Contains("[JsonIgnore]"));

    /// <summary>A property without setter that is a parameter of the constructor, a public field, and a table that follows from them.</summary>
    private sealed class Bounded(double limit) : ModelDefinition
    {
        public int Length = 1;

        [JsonIgnore]
        private readonly double[] table = [limit];

        public double Limit { get; } = limit;

        public override int DataSize => Length;

        public override int InferenceSize => Length;

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Fit", model.Identity));
            model.Add(new BoxTerm("Box", Length, 0, table[0]));
        }
    }

    private sealed class Triple
    {
        [VectorType(3)]
        public float[] Measurements { get; set; } = [];

        [VectorType(3)]
        public float[] Estimate { get; set; } = [];
    }

    [Test]
    public void Constructor_parameters_and_fields_come_back_from_a_zip()
    {
        var rows = Ml.Data.LoadFromEnumerable([new Triple { Measurements = [0.5f, 3, 7], Estimate = new float[3] }]);
        var model = Ml.L2O().Train(new Bounded(5) { Length = 3 }, "Measurements", outputColumnName: "Answer").Fit(rows);
        using var stream = new MemoryStream();
        Ml.Model.Save(model, rows.Schema, stream);
        stream.Position = 0;
        var loaded = new MLContext().Model.Load(stream, out _);
        float[] Answer(ITransformer t) => [.. t.Transform(rows).GetColumn<float[]>("Answer").Single()];
        Assert.That(Answer(loaded), Is.EqualTo(Answer(model)).And.EqualTo(new[] { 0.5f, 3, 5 }).Within(1e-4f));
    }

    private static readonly (DefinitionPayload Definition, string Message)[] Missing =
    [
        (new DefinitionPayload("Acme.Definition", "Acme.Models", "{}"), "the assembly Acme.Models, which is not found. Reference it"),
        (new DefinitionPayload("Acme.Definition", "XaiL2O.MLNet.Tests", "{}"), "The assembly XaiL2O.MLNet.Tests has no type Acme.Definition"),
        (new DefinitionPayload("System.Text.StringBuilder", "System.Private.CoreLib", "{}"), "which is not a ModelDefinition"),
        (new DefinitionPayload("XaiL2O.MLNet.Tests.Steps", "XaiL2O.MLNet.Tests", "{\"Size\":\"many\"}"), "does not take the properties that were stored"),
    ];

    [TestCaseSource(nameof(Missing))]
    public void Definitions_that_cannot_be_made_say_why((DefinitionPayload Definition, string Message) missing) =>
        Assert.That(() => missing.Definition.Create(ModelPayload.Of(0)), Throws.InstanceOf<InvalidDataException>().With.Message.Contains(missing.Message));

    private sealed class Measure() : Term("Size", new IdentityOperator(4))
    {
        public override torch.Tensor PropertyValue(torch.Tensor x, torch.Tensor data) => x.norm(1);
    }

    private sealed class Wrong : ModelDefinition
    {
        public override int DataSize => 4;

        public override int InferenceSize => 4;

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Fidelity", model.Identity));
            model.Add(new Measure());
        }
    }

    [Test]
    public void Wrong_compositions_fail_when_the_trainer_is_made() => Assert.That(
        () => Ml.L2O().Train(new Wrong()),
        Throws.ArgumentException.With.Message.Contains("The term 'Size' (Measure) has neither a proximal operator (IProximable) nor a gradient (ISmooth)"));
}
