using System.IO.Compression;
using System.Text;
using Microsoft.ML;
using XaiL2O.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>Model zips: round trip, damage, versions.</summary>
internal sealed class PersistenceLaws
{
    private static readonly MLContext Ml = new(1);

    private static byte[] Save()
    {
        using var stream = new MemoryStream();
        Ml.Model.Save(Fixture.Model, Ml.Data.LoadFromEnumerable(Fixture.Rows(1, 1)).Schema, stream);
        return stream.ToArray();
    }

    private static ITransformer Load(byte[] zip) => new MLContext().Model.Load(new MemoryStream(zip), out _);

    [Test]
    public void Saved_and_loaded_models_give_the_same_bits()
    {
        var rows = Ml.Data.LoadFromEnumerable(Fixture.Rows(9, 40));
        var (expected, actual) = (Fixture.Read(Fixture.Model.Transform(rows)), Fixture.Read(Load(Save()).Transform(rows)));
        Assert.That(actual.SelectMany(r => r.Numbers), Is.EqualTo(expected.SelectMany(r => r.Numbers)));
        Assert.That(actual.Select(r => r.FailedParts + r.Label), Is.EqualTo(expected.Select(r => r.FailedParts + r.Label)));
    }

    [Test]
    public void Saving_a_loaded_model_changes_nothing()
    {
        var first = Save();
        using var stream = new MemoryStream();
        Ml.Model.Save(Load(first), Ml.Data.LoadFromEnumerable(Fixture.Rows(1, 1)).Schema, stream);
        Assert.That(Payloads(stream.ToArray()), Is.EqualTo(Payloads(first)));
    }

    [Test]
    public void A_model_without_a_prior_has_none_of_its_arrays_and_columns_before_and_after_loading()
    {
        var rows = Ml.Data.LoadFromEnumerable(Fixture.Rows(1, 60));
        var trainer = Ml.L2O().Trainers.ImplicitDictionary(new DictionaryDefinition { MeasurementMatrix = Fixture.A, InitialTransform = Fixture.Matrix(1, Fixture.N, Fixture.N), LearnTransform = false });
        using var stream = new MemoryStream();
        Ml.Model.Save(trainer.Fit(rows), rows.Schema, stream);
        var loaded = Load(stream.ToArray());
        Assert.That(Encoding.UTF8.GetString(Payloads(stream.ToArray()).MaxBy(p => p.Length)!), Does.Contain("PriorPrecision\\u0022:null").And.Contain("PriorGain\\u0022:null"));
        Assert.That(Encoding.UTF8.GetString(Payloads(Save()).MaxBy(p => p.Length)!), Does.Contain("PriorPrecision\\u0022:\\u0022Definition.").And.Contain("PriorGain\\u0022:\\u0022Definition."));
        foreach (var schema in (DataViewSchema[])[loaded.GetOutputSchema(rows.Schema), trainer.Fit(rows).GetOutputSchema(rows.Schema)])
            Assert.That(schema.Select(c => c.Name), Does.Contain("Fidelity.Value").And.Not.Contain("Prediction.Value").And.Not.Contain("Agreement.Value"));
    }

    [Test]
    public void Truncated_zips_are_refused()
    {
        var zip = Save();
        Assert.That(() => Load(zip[..(zip.Length / 2)]), Throws.Exception);
    }

    [Test]
    public void Every_flipped_byte_of_a_payload_is_noticed()
    {
        var bytes = ModelPayload.Of(new { X = 1 }).Add("A", new float[,] { { 1, 2 }, { 3, 4 } }).Add("v", [3], new double[] { 1, 2, 3 }).ToBytes();
        Assert.That(ModelPayload.FromBytes(bytes).Matrix("A"), Is.EqualTo(new float[,] { { 1, 2 }, { 3, 4 } }));
        Assert.That(ModelPayload.FromBytes(bytes).Array<double>("v"), Is.EqualTo(new double[] { 1, 2, 3 }));
        for (var i = 0; i < bytes.Length; i++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[i] ^= 4;
            Assert.That(() => ModelPayload.FromBytes(damaged), Throws.InstanceOf<InvalidDataException>(), $"byte {i}");
        }

        for (var length = 0; length < bytes.Length; length++)
            Assert.That(() => ModelPayload.FromBytes(bytes[..length]), Throws.InstanceOf<InvalidDataException>());
    }

    [Test]
    public void A_newer_format_says_so()
    {
        var bytes = ModelPayload.Of(new { X = 1 }).ToBytes();
        bytes[4] = 9;
        Assert.That(() => ModelPayload.FromBytes(bytes), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("newer XaiL2O"));
    }

    /// <summary>Models of every kind had a format of their own, told apart by the name of what loads it.</summary>
    [TestCase("XaiL2OImplicitDictionary")]
    [TestCase("XaiL2OComposedModel")]
    [TestCase("XaiL2OCtReconstruction")]
    [TestCase("XaiL2OCtProperties")]
    [TestCase("XaiL2OCfmmTrade")]
    public void Former_formats_are_refused_with_what_to_do(string loader)
    {
        const int width = 24;
        var today = Encoding.ASCII.GetBytes(ImplicitModelTransformer.LoaderSignature.PadRight(width, '\0'));
        var former = Changed(Save(), content =>
        {
            var at = content.AsSpan().IndexOf(today);
            Assert.That(at, Is.GreaterThan(0));
            Encoding.ASCII.GetBytes(loader.PadRight(width, '\0')).CopyTo(content, at);
        });
        RefusesAsFormer(former);
    }

    [Test]
    public void A_zip_that_was_saved_in_a_former_format_is_refused_with_what_to_do() =>
        RefusesAsFormer(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Data", "former-format.zip")));

    private static void RefusesAsFormer(byte[] zip)
    {
        var error = Assert.Catch(() => Load(zip));
        while (error is not InvalidDataException && error!.InnerException is { } inner)
            error = inner;
        Assert.That(error, Is.InstanceOf<InvalidDataException>());
        Assert.That(error!.Message, Does.Contain("was saved in a format that this version does not read. Fit the model again and save it, or load it with the version that saved it.").And.Contain("The entry 'TransformerChain"));
    }

    [Test]
    public void A_zip_with_a_damaged_payload_is_refused_with_a_clear_error()
    {
        var damaged = Changed(Save(), content => content[content.Length / 2] ^= 1);
        var error = Assert.Catch(() => Load(damaged));
        Assert.That(error!.ToString(), Does.Contain("The model file is damaged"));
    }

    /// <summary>A zip whose largest model entry was changed.</summary>
    private static byte[] Changed(byte[] zip, Action<byte[]> change)
    {
        using var stream = new MemoryStream();
        stream.Write(zip);
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Update, leaveOpen: true))
        {
            var entry = archive.Entries.Where(e => e.Name == "Model.key").MaxBy(e => e.Length)!;
            byte[] content;
            using (var reader = entry.Open())
            using (var copy = new MemoryStream())
            {
                reader.CopyTo(copy);
                content = copy.ToArray();
            }

            change(content);
            var name = entry.FullName;
            entry.Delete();
            using var writer = archive.CreateEntry(name).Open();
            writer.Write(content);
        }

        return stream.ToArray();
    }

    [Test]
    public void The_arrow_of_references_points_one_way()
    {
        static IEnumerable<string> References(Type type) => type.Assembly.GetReferencedAssemblies().Select(a => a.Name!);
        Assert.That(References(typeof(Certifiers.Certifier)), Has.None.StartsWith("XaiL2O").And.None.StartsWith("Microsoft.ML").And.None.EqualTo("TorchSharp"));
        Assert.That(References(typeof(ImplicitModel)), Has.None.StartsWith("Microsoft.ML").And.None.EqualTo("XaiL2O.MLNet").And.None.EqualTo("XaiL2O.Data"));
        Assert.That(References(typeof(L2OCatalog)), Has.Member("XaiL2O.Trainers").And.Member("XaiL2O.Certifiers").And.None.EqualTo("XaiL2O.Data").And.None.EqualTo("PureHDF"));
        Assert.That(References(typeof(LodopabOptions)), Has.Member("XaiL2O.MLNet").And.Member("PureHDF"));
    }

    private static List<byte[]> Payloads(byte[] zip)
    {
        using var archive = new ZipArchive(new MemoryStream(zip));
        return
        [
            .. archive.Entries.Where(e => e.Name == "Model.key").OrderBy(e => e.FullName, StringComparer.Ordinal).Select(e =>
            {
                using var stream = e.Open();
                using var copy = new MemoryStream();
                stream.CopyTo(copy);
                return copy.ToArray();
            }),
        ];
    }
}
