using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.Data;
using TorchSharp;
using XaiL2O.Trainers;
using static TorchSharp.torch;

namespace XaiL2O.MLNet.Tests;

/// <summary>What a definition holds, wherever it holds it, comes back from a zip or is refused before training, and belongs to a checkpoint.</summary>
internal sealed class DefinitionStateLaws
{
    private static readonly MLContext Ml = new(1);

    private static readonly IDataView Rows = Ml.Data.LoadFromEnumerable([.. Enumerable.Range(0, 20).Select(i => new Row { Measurements = [0.3f * i, 2, 1], Signal = [0.2f * i, 1.5f, 0.5f] })]);

    private sealed class Row
    {
        [VectorType(3)]
        public float[] Measurements { get; set; } = [];

        [VectorType(3)]
        public float[] Signal { get; set; } = [];
    }

    /// <summary>Values in [0, <see cref="Limit"/>]; with a weight to train, so that checkpoints are written.</summary>
    private abstract class Limited : ModelDefinition
    {
        public override int DataSize => 3;

        public override int InferenceSize => 3;

        protected abstract double Limit { get; }

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Fit", model.Identity));
            model.Add(new L1Term("Small", model.Identity), model.LearnedPositive("Tau", 0.1));
            model.Add(new BoxTerm("Box", 3, 0, Limit));
        }
    }

    private sealed class InBox : Limited
    {
        private readonly StrongBox<double> limit = new(3);

        protected override double Limit => limit.Value;

        public InBox With(double value)
        {
            limit.Value = value;
            return this;
        }
    }

    private sealed class InTuple : Limited
    {
        private Tuple<double> limit = Tuple.Create(3.0);

        protected override double Limit => limit.Item1;

        public InTuple With(double value)
        {
            limit = Tuple.Create(value);
            return this;
        }
    }

    private sealed class InLazy : Limited
    {
        private Lazy<double> limit = new(3.0);

        protected override double Limit => limit.Value;

        public InLazy With(double value)
        {
            limit = new(value);
            return this;
        }
    }

    private sealed class InArray : Limited
    {
        private readonly Range[] ranges = [new(0, 3)];

        protected override double Limit => ranges[0].To;

        public InArray With(double value)
        {
            ranges[0] = new(0, value);
            return this;
        }
    }

    private sealed class InModule : Limited
    {
        private readonly TorchSharp.Modules.Linear layer = nn.Linear(1, 1);

        protected override double Limit => 3 + Math.Abs(layer.bias!.ToDouble());
    }

    private sealed class Conditional : Limited
    {
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
        public double Largest { get; init; } = 3;

        protected override double Limit => 1 + Largest;
    }

    private sealed class Texts : Limited
    {
        public Dictionary<string, double> Limits { get; init; } = [];

        protected override double Limit => Limits.GetValueOrDefault("box", 3);
    }

    /// <summary>An option of a type; its text decides the limit.</summary>
    private sealed class Holder<T> : Limited
    {
        public T? First { get; init; }

        public T? Second { get; init; }

        protected override double Limit => 1 + (JsonSerializer.Serialize(First) + JsonSerializer.Serialize(Second)).Length;
    }

    /// <summary>State of the framework that follows from nothing but the class.</summary>
    private sealed class Constants : Limited
    {
        private readonly Lock gate = new();
        private readonly StrongBox<double> limit = new(3);
        private readonly Random random = new(1);
        private readonly ConditionalWeakTable<object, object> cache = [];

        protected override double Limit
        {
            get
            {
                lock (gate)
                    cache.AddOrUpdate(this, random);
                return limit.Value;
            }
        }
    }

    private sealed record Range(double From, double To);

    private static Holder<T> Twice<T>(T value) => new() { First = value, Second = value };

    private static readonly (string Name, ModelDefinition Definition, string Lost)[] Lost =
    [
        ("box", new InBox().With(5), "limit.Value: 5, 3"),
        ("tuple", new InTuple().With(5), "limit.m_Item1: 5, 3"),
        ("lazy", new InLazy().With(5), "limit._value: 5, 3"),
        ("array of records", new InArray().With(5), "ranges[0].To: 5, 3"),
        ("module", new InModule(), "layer.weight: Float32 [1, 1]"),
        ("left out where it is the type's default", new Conditional { Largest = 0 }, "Largest: 0, 3"),
        ("number in an object", new Holder<object> { First = 5.0 }, "First: 5 (System.Double), 5 (System.Text.Json.JsonElement)"),
        ("text in an object", new Holder<object> { First = "5" }, "First: "),
        ("comparer", new Texts { Limits = new(StringComparer.OrdinalIgnoreCase) { ["BOX"] = 5 } }, "Limits.Comparer"),
    ];

    private static readonly (string Name, ModelDefinition Definition)[] Kept =
    [
        ("one record twice", Twice(new Range(0, 5))),
        ("one list twice", Twice(new List<string> { "5" })),
        ("array of records", Twice<Range[]>([new(0, 5)])),
        ("empty arrays", Twice<double[]>([])),
        ("empty arrays of texts", Twice<string[]>([])),
        ("collection expression of numbers", Twice<IReadOnlyList<int>>([1, 5])),
        ("collection expression of texts", Twice<IReadOnlyList<string>>(["1", "5"])),
        ("collection expression of one text", Twice<IReadOnlyList<string>>(["5"])),
        ("array as a list", Twice<IReadOnlyList<int>>(new[] { 1, 5 })),
        ("dictionary", new Texts { Limits = new() { ["box"] = 5 } }),
        ("the usual comparer", new Texts { Limits = new(StringComparer.Ordinal) { ["box"] = 5 } }),
        ("time", Twice(new DateTime(2026, 1, 2, 3, 4, 5, 6, 7, DateTimeKind.Utc))),
        ("address", Twice(new Uri("http://there/5"))),
        ("JSON", Twice(JsonDocument.Parse("{ \"w\":  5 }").RootElement.Clone())),
        ("name with half a surrogate pair", Twice("W\ud800")),
        ("constants", new Constants()),
    ];

    private static IEnumerable<TestCaseData> LostCases() => Lost.Select(c => new TestCaseData(c.Definition, c.Lost).SetArgDisplayNames(c.Name));

    private static IEnumerable<TestCaseData> KeptCases() => Kept.Select(c => new TestCaseData(c.Definition).SetArgDisplayNames(c.Name));

    private static ImplicitModelTransformer Fit(ModelDefinition definition, string? checkpoint = null) =>
        Ml.L2O().Train(definition, new ImplicitModelTrainer.Options { Training = new TrainingOptions { Epochs = 1, CheckGradient = false, CheckpointPath = checkpoint } }).Fit(Rows);

    [TestCaseSource(nameof(LostCases))]
    public void State_that_a_zip_would_lose_is_refused_before_training(ModelDefinition definition, string lost) =>
        Assert.That(() => Fit(definition), Throws.ArgumentException.With.Message.Contains("would be another one after loading from a model zip").And.Message.Contains(lost));

    [TestCaseSource(nameof(KeptCases))]
    public void State_that_comes_back_is_not_refused(ModelDefinition definition)
    {
        var model = Fit(definition);
        using var stream = new MemoryStream();
        Ml.Model.Save(model, Rows.Schema, stream);
        stream.Position = 0;
        float[][] Estimates(ITransformer m) => [.. m.Transform(Rows).GetColumn<float[]>("Estimate")];
        Assert.That(Estimates(new MLContext().Model.Load(stream, out _)), Is.EqualTo(Estimates(model)));
    }

    private sealed class Chooses : Limited
    {
        private double limit = 3;

        public override int RowsToChoose => 5;

        protected override double Limit => limit;

        public override ModelDefinition Choose(Tensor data, Tensor targets, FixedPointOptions solver, Device device, CancellationToken cancellationToken)
        {
            var chosen = (Chooses)MemberwiseClone();
            chosen.limit = 5;
            return chosen;
        }
    }

    [Test]
    public void State_that_comes_later_is_refused_too()
    {
        var changed = new InBox();
        var trainer = Ml.L2O().Train(changed);
        var model = Fit(new InBox());
        (string Name, Action Make)[] late =
        [
            ("changed after Train", () => { changed.With(5); trainer.Fit(Rows); }),
            ("chosen", () => Fit(new Chooses())),
            ("another definition", () => model.WithDefinition(new InBox().With(5))),
        ];
        foreach (var (name, make) in late)
            Assert.That(() => make(), Throws.ArgumentException.With.Message.Contains("would be another one after loading from a model zip").And.Message.Contains("5, 3"), name);
    }

    private sealed class Sized : Limited
    {
        public float[] Sizes { get; init; } = [1, 2];

        public override IReadOnlyList<ModelColumn> Inputs => [new("Measurements", Sizes.Length + 1)];

        protected override double Limit => Sizes[1];
    }

    [Test]
    public void A_definition_of_which_a_part_is_missing_in_the_file_is_refused_in_a_sentence()
    {
        var payload = Fit(new Sized()).Payload();
        var settings = JsonNode.Parse(payload.Settings)!;
        settings["Definition"]!["Properties"] = """{"Seed":1,"Sizes":null}""";
        var hostile = new ModelPayload { Settings = settings.ToJsonString() };
        Assert.That(() => ImplicitModelTransformer.FromPayload(hostile, Ml), Throws.ArgumentException.With.Message.Contains("the definition Sized makes no model of the properties that were stored"));
    }

    private sealed class Ignored : Limited
    {
        [JsonIgnore]
        public double Largest { get; init; } = 3;

        protected override double Limit => Largest;
    }

    private static readonly (string Name, ModelDefinition First, ModelDefinition Second)[] Others =
    [
        ("tuple", new Holder<Tuple<double>> { First = Tuple.Create(1.0) }, new Holder<Tuple<double>> { First = Tuple.Create(2.0) }),
        ("time of day", new Holder<TimeOnly> { First = new(1, 1, 1) }, new Holder<TimeOnly> { First = new(1, 1, 2) }),
        ("time", new Holder<DateTime> { First = DateTime.UnixEpoch.AddMilliseconds(1) }, new Holder<DateTime> { First = DateTime.UnixEpoch.AddMilliseconds(2) }),
        ("address", new Holder<Uri> { First = new("http://there/1") }, new Holder<Uri> { First = new("http://there/2") }),
        ("JSON", Twice(JsonDocument.Parse("[1]").RootElement.Clone()), Twice(JsonDocument.Parse("[2]").RootElement.Clone())),
        ("array of records", Twice<Range[]>([new(0, 1)]), Twice<Range[]>([new(0, 2)])),
        ("not in zips", new Ignored { Largest = 3 }, new Ignored { Largest = 5 }),
    ];

    private static IEnumerable<TestCaseData> OtherCases() => Others.Select(c => new TestCaseData(c.First, c.Second).SetArgDisplayNames(c.Name));

    [TestCaseSource(nameof(OtherCases))]
    public void A_checkpoint_belongs_to_all_that_a_definition_holds(ModelDefinition first, ModelDefinition second)
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var path = Path.Combine(folder.FullName, "a.checkpoint");
            Fit(first, path);
            Assert.That(() => Fit(first, path), Throws.Nothing);
            Assert.That(() => Fit(second, path), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("belongs to another training"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
