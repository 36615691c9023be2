using System.Buffers.Binary;
using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;

namespace XaiL2O.Packages.Tests;

/// <summary>What is in the packages, what they say of themselves, and what they demand.</summary>
internal sealed class ContentTests
{
    /// <summary>Custom debug information that is the source of a document.</summary>
    private static readonly Guid EmbeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    private static readonly Dictionary<string, string[]> Dependencies = new()
    {
        ["XaiL2O.Certifiers"] = ["System.Numerics.Tensors 10.0.0"],
        ["XaiL2O.Trainers"] = ["System.Numerics.Tensors 10.0.0", "TorchSharp [0.107.0, 0.108.0)", "XaiL2O.Certifiers [V]"],
        ["XaiL2O.MLNet"] = ["Microsoft.ML [5.0.1, 6.0.0)", "XaiL2O.Trainers [V]"],
        ["XaiL2O.Data"] = ["PureHDF 2.2.0", "XaiL2O.MLNet [V]"],
    };

    private static readonly Dictionary<string, string[]> FurtherFiles = new() { ["XaiL2O.Trainers"] = ["buildTransitive/XaiL2O.Trainers.targets"] };

    private static string[] Libraries => Feed.Names;

    private static string[] Packages => [.. Feed.Names, "XaiL2O.Templates"];

    [Test]
    public void Every_project_of_src_is_a_package_and_so_are_the_templates() =>
        Assert.That(Directory.GetFiles(Feed.Folder, "*.nupkg").Select(Path.GetFileName), Is.EquivalentTo(Feed.Names.Append("XaiL2O.Templates").Select(n => $"{n}.{Feed.Version}.nupkg")));

    [Test]
    public void Templates_are_templates_and_demand_nothing()
    {
        var nuspec = Feed.Nuspec("XaiL2O.Templates");
        Assert.That(nuspec.Attribute("packageType", "name"), Is.EqualTo("Template"));
        Assert.That(nuspec.Dependencies, Is.Empty);
        using var package = Feed.Open("XaiL2O.Templates");
        Assert.That(package.Entries.Select(e => e.FullName), Has.Exactly(2).EndsWith(".template.config/template.json").And.None.EndsWith(".dll").And.None.Contain("/obj/"));
    }

    [TestCaseSource(nameof(Libraries))]
    public void A_package_demands_what_its_project_names_and_nothing_else(string name) =>
        Assert.That(Feed.Nuspec(name).Dependencies, Is.EquivalentTo(Dependencies[name].Select(d => d.Replace("[V]", $"[{Feed.Version}]", StringComparison.Ordinal))));

    [TestCaseSource(nameof(Libraries))]
    public void A_package_holds_its_assembly_with_documentation_and_no_other(string name)
    {
        using var package = Feed.Open(name);
        var files = package.Entries.Select(e => e.FullName).Where(f => !f.StartsWith("_rels", StringComparison.Ordinal) && !f.StartsWith("package/", StringComparison.Ordinal) && f != "[Content_Types].xml");
        string[] expected = [$"{name}.nuspec", "README.md", "icon.png", $"lib/net10.0/{name}.dll", $"lib/net10.0/{name}.xml", .. FurtherFiles.GetValueOrDefault(name, [])];
        Assert.That(files, Is.EquivalentTo(expected));
        Assert.That(Encoding.UTF8.GetString(Feed.Content(package, $"lib/net10.0/{name}.xml")), Does.Contain("<summary>"));
    }

    [TestCaseSource(nameof(Packages))]
    public void A_package_says_what_it_is(string name)
    {
        var nuspec = Feed.Nuspec(name);
        Assert.Multiple(() =>
        {
            Assert.That(nuspec.Element("license"), Is.EqualTo("MIT"));
            Assert.That(nuspec.Element("readme"), Is.EqualTo("README.md"));
            Assert.That(nuspec.Element("icon"), Is.EqualTo("icon.png"));
            Assert.That(nuspec.Element("description"), Has.Length.GreaterThan(40));
            Assert.That(nuspec.Element("tags"), Does.Contain("ML.NET"));
            Assert.That(nuspec.Element("projectUrl"), Is.Empty, "there is no public address");
        });
        using var package = Feed.Open(name);
        Assert.That(Encoding.UTF8.GetString(Feed.Content(package, "README.md")), Does.StartWith($"# {name}\n").And.Length.GreaterThan(300));
        var icon = Feed.Content(package, "icon.png");
        Assert.That(icon.AsSpan(1, 3).SequenceEqual("PNG"u8) && BinaryPrimitives.ReadInt32BigEndian(icon.AsSpan(16)) is >= 128 and <= 512 && icon.Length < 100_000, Is.True, "icon");
    }

    /// <summary>Without the attribute the runtime would refuse what the compiler, which saw a copy with everything public, let pass.</summary>
    [TestCase("XaiL2O.MLNet")]
    [TestCase("XaiL2O.Data")]
    public void An_assembly_that_uses_internals_of_ML_NET_says_so(string name)
    {
        using var package = Feed.Open(name);
        using var assembly = new PEReader(new MemoryStream(Feed.Content(package, $"lib/net10.0/{name}.dll")));
        var reader = assembly.GetMetadataReader();
        var opened = reader.GetAssemblyDefinition().GetCustomAttributes().Select(reader.GetCustomAttribute)
            .Where(a => TypeName(reader, a.Constructor) == "IgnoresAccessChecksToAttribute")
            .Select(a =>
            {
                var value = reader.GetBlobReader(a.Value);
                value.ReadUInt16();
                return value.ReadSerializedString();
            });
        Assert.That(opened, Does.Contain("Microsoft.ML.Core"));
    }

    /// <summary>The type of an attribute: of this assembly, or of another one of ours.</summary>
    private static string TypeName(MetadataReader reader, EntityHandle constructor) => constructor.Kind == HandleKind.MethodDefinition
        ? reader.GetString(reader.GetTypeDefinition(reader.GetMethodDefinition((MethodDefinitionHandle)constructor).GetDeclaringType()).Name)
        : reader.GetString(reader.GetTypeReference((TypeReferenceHandle)reader.GetMemberReference((MemberReferenceHandle)constructor).Parent).Name);

    [TestCaseSource(nameof(Libraries))]
    public void Symbols_hold_the_sources_and_nothing_says_where_they_were_built(string name)
    {
        Assume.That(Feed.Configuration, Is.EqualTo("Release"), "debug builds keep the paths for debuggers");
        string[] places = [Repository.Root, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + Path.DirectorySeparatorChar];
        using var package = Feed.Open(name);
        using var symbols = Feed.Open(name, "snupkg");
        var pdb = Feed.Content(symbols, $"lib/net10.0/{name}.pdb");
        foreach (var bytes in (byte[][])[Feed.Content(package, $"lib/net10.0/{name}.dll"), pdb])
            foreach (var place in places)
                Assert.That(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(place)) < 0 && bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes(place)) < 0, Is.True, place);

        using var provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(pdb));
        var reader = provider.GetMetadataReader();
        var sources = reader.CustomDebugInformation.Select(reader.GetCustomDebugInformation).Where(i => reader.GetGuid(i.Kind) == EmbeddedSource).ToDictionary(i => (DocumentHandle)i.Parent, i => Source(reader.GetBlobBytes(i.Value)));
        Assert.That(reader.Documents, Is.Not.Empty);
        foreach (var handle in reader.Documents)
        {
            var path = reader.GetString(reader.GetDocument(handle).Name);
            Assert.That(path, Does.StartWith("/_/"));
            Assert.That(sources, Does.ContainKey(handle), path);
            foreach (var place in places)
                Assert.That(sources[handle], Does.Not.Contain(place), path);
        }
    }

    /// <summary>A length, 0 where the text is not compressed, and the text.</summary>
    private static string Source(byte[] blob)
    {
        if (BitConverter.ToInt32(blob) == 0)
            return Encoding.UTF8.GetString(blob, 4, blob.Length - 4);
        using var reader = new StreamReader(new DeflateStream(new MemoryStream(blob, 4, blob.Length - 4), CompressionMode.Decompress));
        return reader.ReadToEnd();
    }
}
