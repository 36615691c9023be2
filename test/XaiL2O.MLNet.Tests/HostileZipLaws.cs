using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>
/// Zips whose payloads were changed by somebody who knows to renew the checksum. Every transformer is one line in <see cref="Models"/>: it loads,
/// or says in a sentence what is wrong where, and never allocates by what it has not compared.
/// </summary>
[NonParallelizable] // the memory of the process is measured
internal sealed class HostileZipLaws
{
    private static readonly MLContext Ml = new(1);
    private static readonly ParallelBeamGeometry Geometry = new() { ImageSize = 8, Angles = 3, Bins = 5 };
    private static readonly Dictionary<string, byte[]> Saved = [];

    private static readonly Dictionary<string, Func<(ITransformer Model, DataViewSchema Schema)>> Models = new()
    {
        ["dictionary and certifier"] = () => (Fixture.Model, Ml.Data.LoadFromEnumerable(Fixture.Rows(1, 1)).Schema),
        ["composed"] = () => Fitted(Ml.L2O().Train(new Ranged { Size = 8 }, new ImplicitModelTrainer.Options { Training = new TrainingOptions { Epochs = 1, BatchSize = 4, InitialIterations = 5, FinalIterations = 5 } }), Vectors),
        ["inpainting"] = () => Fitted(Ml.L2O().Trainers.Inpainting(new InpaintingDefinition { MeasurementMatrix = new float[2, 8] { { 1, 0, 1, 0, 1, 0, 1, 0 }, { 0, 1, 0, 1, 0, 1, 0, 1 } } }, new ImplicitModelTrainer.Options { ColumnNames = new Dictionary<string, string> { ["Measurements"] = "Reserves" }, Training = new TrainingOptions { Epochs = 1, BatchSize = 4, InitialIterations = 5, FinalIterations = 5 } }), Vectors),
        ["expected trades"] = () => Fitted(Ml.L2O().Trainers.ExpectedTrade(new ExpectedTradeDefinition { Network = Pools, Prices = [1, 2], Errors = ObservationErrors.Independent(Pools, [1e-3]) }), Vectors),
        ["trades"] = () => Fitted(Ml.L2O().Trainers.CfmmTrade(new CfmmTradeDefinition { Network = Pools, Prices = [1, 2], LearnTrades = false }), Vectors),
        ["implicit CT"] = () => Fitted(Ct(new ImplicitReconstruction { Geometry = Geometry, Model = new ReconstructionOptions { Channels = 2, TransformKernel = 3, Hidden = 2, Kernel = 3, Stages = 1, Concavity = 0.2 } }), Scans),
        ["adaptive CT"] = () => Fitted(Ct(new ImplicitReconstruction { Geometry = Geometry, Model = new ReconstructionOptions { Regularizer = RegularizerKind.Adaptive, Channels = 2, TransformKernel = 3, Hidden = 2, Context = 2, Kernel = 3, Stages = 1 } }), Scans),
        ["total variation"] = () => Fitted(Ct(new TotalVariationReconstruction { Geometry = Geometry }), Scans),
        ["U-Net"] = () => Fitted(Ct(new UNetReconstruction { Geometry = Geometry, Channels = 1, Levels = 2 }), Scans),
        ["F-FPN"] = () => Fitted(Ct(new FeasibilityReconstruction { Geometry = Geometry, Model = new FeasibilityOptions { Channels = 2, Kernel = 3 } }), Scans),
        ["back-projection and properties"] = () =>
        {
            var model = Ct(new BackProjection { Geometry = Geometry }).Fit(Scans);
            return (model.PropertiesOf("Image", "T."), Scans.Schema);
        },
        ["scan"] = () => Fitted(Ml.L2O().SimulateScan(Geometry, measurementColumnName: "Beams"), Vectors),
        ["image quality"] = () => Fitted(Ml.L2O().ImageQuality(8, "Image", "Image"), Vectors),
        ["trust, groups and functions"] = Judged,
        ["bound with groups and difficulty"] = () => Fitted(Ml.L2O().BoundError(new ErrorBoundOptions { OutputColumnName = "Mask", TruthColumnName = "Reserves", Measure = ErrorMeasure.PeakSignalToNoise(2), GroupColumnName = "Group", Difficulty = new DifficultyModel(Ml.Regression.Trainers.LbfgsPoissonRegression(), ["Weight", "Mask"]) }), Vectors),
        ["bound with weights and a function"] = () => Fitted(Ml.L2O().BoundError(new ErrorBoundOptions { OutputColumnName = "Mask", TruthColumnName = "Reserves", Measure = ErrorMeasure.Of(PropertyFunction.RelativeError(new DenseMatrix(2, 2, [1, 0, 0, 1]))), WeightColumnName = "Weight", OutputPrefix = "B." }), Vectors),
        ["bound of subjects"] = () => Fitted(Ml.L2O().BoundError(new ErrorBoundOptions { OutputColumnName = "Mask", TruthColumnName = "Reserves", SubjectColumnName = "Group", Level = new ConformalLevel { Miscoverage = 0.5 } }), Vectors),
        ["bound of components"] = () => Fitted(Ml.L2O().BoundComponents("Mask", "Reserves"), Vectors),
        ["density ratio"] = () => Fitted(Ml.L2O().EstimateDensityRatio(Vectors, new DensityRatioOptions(Ml.BinaryClassification.Trainers.LbfgsLogisticRegression(), ["Weight", "Mask"])), Vectors),
        ["selection"] = () => Fitted(Ml.L2O().SelectTrustworthy(new SelectionOptions { RankColumnName = "Weight", OutputColumnName = "Mask", TruthColumnName = "Reserves", ErrorLimit = 230, Measure = ErrorMeasure.Of(PropertyFunction.Disagreement()) }), Vectors),
        ["selection of a stream"] = () => Fitted(Ml.L2O().SelectTrustworthy(new SelectionOptions { RankColumnName = "Weight", BadColumnName = "IsBad", Stream = true, Window = 5, FalseDiscoveryRate = 0.3, OutputPrefix = "S." }), Vectors),
    };

    /// <summary>A definition of a user's that says which sizes it takes; one that does not is made of whatever a file says.</summary>
    private sealed class Ranged : ModelDefinition
    {
        public int Size { get; init; }

        public double Weight { get; init; } = 0.1;

        public float[] Offsets { get; init; } = [1, 2, 3];

        public override int DataSize => Size;

        public override int InferenceSize => Size;

        public override void Validate()
        {
            if (Size is < 2 or > 100)
                throw new ArgumentOutOfRangeException(nameof(Size), Size, $"Size = {Size} is out of range; it must lie in [2, 100].");
            ArgumentNullException.ThrowIfNull(Offsets);
        }

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Fidelity", model.Identity));
            model.Add(TotalVariation.OfSignal("Variation", Size), model.LearnedPositive("Tau", Weight));
        }
    }

    private static CfmmNetwork Pools => new(["a", "b"], [new Cfmm("pool", ["a", "b"], [1, 1], 0.997, ExchangeRule.Geometric)]);

    private static IDataView Vectors => Ml.Data.LoadFromEnumerable(Enumerable.Range(0, 80).Select(i => new Row
    {
        Group = i % 2 == 0 ? "even" : "odd",
        Image = [.. Enumerable.Range(0, 64).Select(j => (float)Math.Abs(Math.Sin(i + j)))],
        Signal = [.. Enumerable.Range(0, 8).Select(j => (float)Math.Sin(i + j))],
        Measurements = [.. Enumerable.Range(0, 8).Select(j => (float)Math.Sin(i + j))],
        Reserves = [100 + i, 200],
        Mask = [1, i % 3 == 0 ? 0 : 1],
        Weight = 1 + (i % 4),
        IsBad = i % 5 == 0,
    }).ToArray());

    private static IDataView Scans => Ml.L2O().SimulateScan(Geometry, measurementColumnName: "Beams").Fit(Vectors).Transform(Ml.Data.TakeRows(Vectors, 6));

    private static ImplicitModelTrainer Ct(ReconstructionDefinition method) => Ml.L2O().Trainers.CtReconstruction(method, new ImplicitModelTrainer.Options
    {
        ColumnNames = new Dictionary<string, string> { ["Measurements"] = "Beams" },
        Training = new TrainingOptions { Epochs = 1, BatchSize = 4, InitialIterations = 3, FinalIterations = 3, Solver = new FixedPointOptions { MaxIterations = 5 } },
    });

    private static (ITransformer Model, DataViewSchema Schema) Fitted<T>(IEstimator<T> estimator, IDataView rows)
        where T : class, ITransformer => (estimator.Fit(rows), rows.Schema);

    private static (ITransformer Model, DataViewSchema Schema) Judged()
    {
        var rows = Vectors;
        var certifier = Ml.L2O().Certify(new CertifierOptions
        {
            Properties =
            [
                CertifiedProperty.Of("Variation", PropertyFunction.TotalVariation(8, 8), "Image"),
                CertifiedProperty.Of("Box", PropertyFunction.DistanceTo(TargetSet.Box(0, 1)), "Signal"),
                CertifiedProperty.Of("Ball", PropertyFunction.DistanceTo(TargetSet.Ball(1, new double[8])), "Signal"),
                CertifiedProperty.Of("Misfit", PropertyFunction.RelativeError(new DenseMatrix(8, 8, Enumerable.Range(0, 64).Select(i => i % 9 == 0 ? 1.0 : 0).ToArray())), "Signal", "Measurements"),
            ],
            GroupColumnName = "Group",
            Joint = new JointPolicy { Rule = JointRule.Holm, FamilyLevel = 0.2 },
            OutputPrefix = "P.",
        }).Fit(rows);
        return (certifier.Append(Ml.L2O().RequireTrust(onFail: TrustAction.Log).Fit(certifier.Transform(rows))), rows.Schema);
    }

    private static IEnumerable<string> Names => Models.Keys;

    private static byte[] Zip(string name)
    {
        lock (Saved)
        {
            if (Saved.TryGetValue(name, out var zip))
                return zip;
            var (model, schema) = Models[name]();
            using var stream = new MemoryStream();
            Ml.Model.Save(model, schema, stream);
            return Saved[name] = stream.ToArray();
        }
    }

    private static void Load(byte[] zip) => new MLContext(1).Model.Load(new MemoryStream(zip), out _);

    /// <summary>Loads, or is refused by us: in a sentence that names the entry.</summary>
    private static bool IsRefused(byte[] zip, string change)
    {
        try
        {
            Load(zip);
            return false;
        }
        catch (Exception e)
        {
            // A function of the user's is registered by the program, so its absence says nothing of the file.
            if (Chain(e).Any(inner => inner is InvalidOperationException && inner.Message.Contains("is not registered in this process", StringComparison.Ordinal)))
                return true;
            var ours = Chain(e).OfType<InvalidDataException>().FirstOrDefault();
            Assert.That(ours, Is.Not.Null, $"{change}: {e}");
            Assert.That(ours!.Message, Does.EndWith(".").And.Contain("entry"), $"{change}: {e}");
            return true;
        }
    }

    private static IEnumerable<Exception> Chain(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
            yield return e;
    }

    [TestCaseSource(nameof(Names))]
    public void Settings_out_of_range_are_refused_in_a_sentence_before_anything_is_allocated(string name)
    {
        var zip = Zip(name);
        Load(zip);
        var (changes, refused, most) = (0, 0, 0L);
        var before = Process.GetCurrentProcess().PeakWorkingSet64;
        foreach (var (entry, at) in Payloads(zip))
        {
            var settings = Settings(Content(zip, entry), at);
            foreach (var path in Paths(settings, ""))
            {
                foreach (var replacement in (string?[])["null", "0", "-1", "40000", "1000000", "100000001", "2147483647", "1e300", "-0.5", "\"NaN\"", "\"\"", "[]", "{}", "[null]", null])
                {
                    var changed = settings.DeepClone();
                    Replace(changed, path, replacement);
                    if (JsonNode.DeepEquals(changed, settings))
                        continue;
                    var start = GC.GetTotalAllocatedBytes();
                    var hostile = With(zip, entry, content => WithPayload(content, at, payload => WithSettings(payload, changed)));
                    var made = GC.GetTotalAllocatedBytes();
                    refused += IsRefused(hostile, $"{entry}: {path} = {replacement}") ? 1 : 0;
                    most = Math.Max(most, GC.GetTotalAllocatedBytes() - made);
                    changes++;
                }
            }
        }

        TestContext.Out.WriteLine($"{name}: {changes} mutations, {refused} refused, at most {most / 1e6:0.0} MB allocated for one");
        Assert.That(refused, Is.GreaterThan(changes / 2));
        Assert.That(most, Is.LessThan(100_000_000));
        Assert.That(Process.GetCurrentProcess().PeakWorkingSet64 - before, Is.LessThan(1_500_000_000), "native memory too");
    }

    [TestCase("scan", "Geometry/ImageSize", "0", "ImageSize = 0 is out of range; it must lie in [1, 46340]. Save the model again or restore the file from a copy. The entry is 'TransformerChain'.")]
    [TestCase("composed", "BatchSize", "0", "no model has: BatchSize = 0 is out of range; it must lie in [1, 1048576]. Save")]
    [TestCase("trades", "Definition/Properties/Model/Smoothing", "-2", "Smoothing = -2 is out of range; it must be positive and at most 1E+30. Save")]
    [TestCase("dictionary and certifier", "Definition/Properties/PriorNoise", "-1", "PriorNoise = -1 is out of range; it must be positive and at most 1E+30. Save")]
    [TestCase("dictionary and certifier", "Definition/Properties/Model", "null", "no model has: Model: Value cannot be null. Save")]
    [TestCase("implicit CT", "Definition/Properties/Geometry/ImageSize", "0", "ImageSize = 0 is out of range; it must lie in [1, 46340]. Save")]
    [TestCase("implicit CT", "ColumnNames", "{\"Nothing\":\"X\"}", "renames 'Nothing', which is no column of ImplicitReconstruction")]
    [TestCase("back-projection and properties", "Estimate", "\" \"", "estimateColumnName: The value cannot be an empty string")]
    [TestCase("image quality", "Prefix", "null", "Prefix")]
    [TestCase("bound with weights and a function", "Options/WeightColumnName", "null", "a bound with 80 weights and 0 groups")]
    [TestCase("bound with groups and difficulty", "Options/GroupColumnName", "null", "a bound with 0 weights and 2 groups")]
    [TestCase("bound with groups and difficulty", "Difficulty/Sizes/0", "-1", "sizes are at least 0")]
    [TestCase("selection of a stream", "Options/FalseDiscoveryRate", "1E-9", "needs at least")]
    public void A_refusal_names_entry_field_value_and_range(string name, string path, string value, string message)
    {
        var zip = Zip(name);
        var (entry, at) = Payloads(zip)[0];
        var settings = Settings(Content(zip, entry), at);
        Replace(settings, "/" + path, value);
        var error = Assert.Catch(() => Load(With(zip, entry, content => WithPayload(content, at, payload => WithSettings(payload, settings)))));
        TestContext.Out.WriteLine(Chain(error).OfType<InvalidDataException>().First().Message);
        Assert.That(Chain(error).OfType<InvalidDataException>().First().Message, Does.Contain(message).And.Contain("The entry is '").And.Not.Contain("Parameter"));
    }

    /// <summary>Arrays of a definition stand beside its settings and are its options all the same.</summary>
    [Test]
    public void A_number_in_an_array_of_a_definition_is_refused_as_the_option_is()
    {
        var zip = Zip("trades");
        var (entry, at) = Payloads(zip)[0];
        var name = (string)Settings(Content(zip, entry), at)["Definition"]!["Properties"]!["Prices"]!;
        var error = Assert.Catch(() => Load(With(zip, entry, content => WithPayload(content, at, bytes =>
        {
            var payload = ModelPayload.FromBytes(bytes);
            payload.Array<double>(name)[1] = -2;
            return payload.ToBytes();
        }))));
        Assert.That(Chain(error).OfType<InvalidDataException>().First().Message, Does.Contain("Prices must be positive and finite; got 1, -2. Save").And.Contain("The entry is '"));
    }

    [TestCaseSource(nameof(Names))]
    public void Arrays_that_do_not_fit_are_refused_in_a_sentence(string name)
    {
        var zip = Zip(name);
        var (random, refused, changes) = (new Random(1), 0, 0);
        foreach (var (entry, at) in Payloads(zip))
        {
            for (var i = 0; i < 150; i++)
            {
                // Names, shapes and types of arrays stand near the beginning, behind the settings.
                var hostile = With(zip, entry, content => WithPayload(content, at, payload =>
                {
                    var body = payload[..^32];
                    var first = body.Length - Behind(payload);
                    var index = Math.Min(body.Length - 1, first + (int)((body.Length - first) * Math.Pow(random.NextDouble(), 3)));
                    body[index] = (byte)(random.Next(3) switch { 0 => 255, 1 => body[index] ^ (1 << random.Next(8)), _ => random.Next(256) });
                    return [.. body, .. SHA256.HashData(body)];
                }));
                refused += IsRefused(hostile, $"{entry}: {i}") ? 1 : 0;
                changes++;
            }
        }

        TestContext.Out.WriteLine($"{name}: {changes} mutations, {refused} refused");
        Assert.That(refused, Is.GreaterThan(0));
    }

    [TestCaseSource(nameof(Names))]
    public void A_length_that_the_file_does_not_have_allocates_nothing(string name)
    {
        var zip = Zip(name);
        foreach (var (entry, at) in Payloads(zip))
        {
            var hostile = With(zip, entry, content =>
            {
                BinaryPrimitives.WriteInt32LittleEndian(content.AsSpan(at - 4), int.MaxValue);
                return content;
            });
            var start = GC.GetTotalAllocatedBytes();
            Assert.That(IsRefused(hostile, entry), Is.True);
            Assert.That(GC.GetTotalAllocatedBytes() - start, Is.LessThan(50_000_000));
        }
    }

    [Test]
    public void The_size_of_the_schema_is_compared_before_the_matrix_of_a_scan_is_built()
    {
        foreach (var name in (string[])["back-projection and properties", "total variation", "scan", "implicit CT"])
        {
            var zip = Zip(name);
            var (entry, at) = Payloads(zip)[^1];
            var hostile = With(zip, entry, content => WithPayload(content, at, payload =>
            {
                var settings = Settings(content, at);
                var geometry = (settings["Geometry"] ?? settings["Definition"]!["Properties"]!["Geometry"])!;
                geometry["ImageSize"] = 30_000;
                geometry["Angles"] = 100;
                geometry["Bins"] = 700;
                return WithSettings(payload, settings);
            }));
            var start = GC.GetTotalAllocatedBytes();
            var model = new MLContext(1).Model.Load(new MemoryStream(hostile), out _);
            Assert.That(() => model.Transform(name == "scan" ? Vectors : Scans), Throws.Exception.With.Message.Contains("900000000").Or.Message.Contains("70000"));
            Assert.That(GC.GetTotalAllocatedBytes() - start, Is.LessThan(50_000_000));
        }
    }

    [Test]
    public void Every_entry_of_ours_survives_random_damage_of_its_bytes([Values("dictionary and certifier", "implicit CT", "trust, groups and functions", "trades", "bound with groups and difficulty", "bound with weights and a function", "selection of a stream")] string name)
    {
        var zip = Zip(name);
        var random = new Random(2);
        foreach (var (entry, at) in Payloads(zip))
        {
            for (var i = 0; i < 100; i++)
            {
                var hostile = With(zip, entry, content =>
                {
                    content[random.Next(at - 4, at + BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(at - 4)))] ^= (byte)(1 << random.Next(8));
                    return content;
                });
                Assert.That(() => Load(hostile), Throws.Exception, $"{entry}: {i}");
            }
        }
    }

    private static byte[] Content(byte[] zip, string entry)
    {
        using var archive = new ZipArchive(new MemoryStream(zip));
        using var stream = archive.GetEntry(entry)!.Open();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    /// <summary>Our payloads: the entry and where the payload's bytes begin, behind their length.</summary>
    private static List<(string Entry, int At)> Payloads(byte[] zip)
    {
        var found = new List<(string, int)>();
        using var archive = new ZipArchive(new MemoryStream(zip));
        foreach (var entry in archive.Entries.Select(e => e.FullName))
        {
            var content = Content(zip, entry);
            ReadOnlySpan<byte> start = [.. "XL2O"u8, 1, 0, 0, 0];
            for (var at = content.AsSpan().IndexOf(start); at >= 0;)
            {
                found.Add((entry, at));
                var next = content.AsSpan(at + 8).IndexOf(start);
                at = next < 0 ? -1 : at + 8 + next;
            }
        }

        Assert.That(found, Is.Not.Empty);
        return found;
    }

    private static byte[] With(byte[] zip, string entry, Func<byte[], byte[]> change)
    {
        var changed = change(Content(zip, entry));
        using var stream = new MemoryStream();
        stream.Write(zip);
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Update, leaveOpen: true))
        {
            archive.GetEntry(entry)!.Delete();
            using var writer = archive.CreateEntry(entry).Open();
            writer.Write(changed);
        }

        return stream.ToArray();
    }

    /// <summary>Changes a payload and, with it, the places in ML.NET's header that stand behind it.</summary>
    private static byte[] WithPayload(byte[] content, int at, Func<byte[], byte[]> change)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(at - 4));
        var payload = change(content[at..(at + length)]);
        byte[] result = [.. content[..(at - 4)], .. BitConverter.GetBytes(payload.Length), .. payload, .. content[(at + length)..]];
        const int header = 256, modelLength = 24;
        for (var offset = 16; offset < header; offset += 8)
        {
            var value = BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(offset));
            if (offset == modelLength || (value >= at + length && value <= content.Length))
                BinaryPrimitives.WriteInt64LittleEndian(result.AsSpan(offset), value + payload.Length - length);
        }

        return result;
    }

    /// <summary>Settings, with the properties of a definition, which are JSON in a text, as a part of them.</summary>
    private static JsonNode Settings(byte[] content, int at)
    {
        using var reader = new BinaryReader(new MemoryStream(content, at + 8, content.Length - at - 8), Encoding.UTF8);
        var settings = JsonNode.Parse(reader.ReadString())!;
        if (settings is JsonObject o && o["Definition"] is JsonObject definition)
            definition["Properties"] = JsonNode.Parse((string)definition["Properties"]!);
        return settings;
    }

    /// <summary>Bytes behind the settings, without the checksum.</summary>
    private static int Behind(byte[] payload)
    {
        using var reader = new BinaryReader(new MemoryStream(payload, 8, payload.Length - 8 - 32), Encoding.UTF8);
        _ = reader.ReadString();
        return (int)(reader.BaseStream.Length - reader.BaseStream.Position);
    }

    private static byte[] WithSettings(byte[] payload, JsonNode changed)
    {
        var settings = changed.DeepClone();
        if (settings is JsonObject o && o["Definition"] is JsonObject definition && definition["Properties"] is JsonObject properties)
            definition["Properties"] = properties.ToJsonString();
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(payload.AsSpan(0, 8));
            writer.Write(settings.ToJsonString());
            writer.Write(payload.AsSpan(payload.Length - 32 - Behind(payload), Behind(payload)));
        }

        return [.. stream.ToArray(), .. SHA256.HashData(stream.ToArray())];
    }

    private static IEnumerable<string> Paths(JsonNode? node, string path) => node switch
    {
        JsonObject o => o.SelectMany(p => Paths(p.Value, $"{path}/{p.Key}").Prepend($"{path}/{p.Key}")),
        JsonArray a => a.SelectMany((v, i) => Paths(v, $"{path}/{i}").Prepend($"{path}/{i}")),
        _ => [],
    };

    private static void Replace(JsonNode root, string path, string? json)
    {
        var keys = path.Split('/')[1..];
        var parent = keys[..^1].Aggregate(root, (node, key) => node is JsonArray a ? a[int.Parse(key, null)]! : node[key]!);
        if (parent is JsonArray array)
        {
            if (json is null)
                array.RemoveAt(int.Parse(keys[^1], null));
            else
                array[int.Parse(keys[^1], null)] = JsonNode.Parse(json);
        }
        else if (json is null)
            ((JsonObject)parent).Remove(keys[^1]);
        else
            parent[keys[^1]] = JsonNode.Parse(json);
    }

    private sealed class Row
    {
        public string Group { get; set; } = "";

        [VectorType(64)]
        public float[] Image { get; set; } = [];

        [VectorType(8)]
        public float[] Signal { get; set; } = [];

        [VectorType(8)]
        public float[] Measurements { get; set; } = [];

        [VectorType(2)]
        public double[] Reserves { get; set; } = [];

        [VectorType(2)]
        public float[] Mask { get; set; } = [];

        public float Weight { get; set; }

        public bool IsBad { get; set; }
    }
}
