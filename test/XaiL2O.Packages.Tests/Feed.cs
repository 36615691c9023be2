using System.IO.Compression;
using System.Xml.Linq;

namespace XaiL2O.Packages.Tests;

/// <summary>The packages of what was built, in a folder that is a package source. Made once, deleted with all that was made from it.</summary>
[SetUpFixture]
internal sealed class Feed
{
    /// <summary>Their names: those of the folders in src/.</summary>
    public static string[] Names { get; } = [.. Directory.GetDirectories(Path.Combine(Repository.Root, "src")).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal)];

    /// <summary>A folder for everything that the tests write.</summary>
    public static string Room { get; private set; } = "";

    /// <summary>The package source.</summary>
    public static string Folder => Path.Combine(Room, "feed");

    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    public static string Version { get; private set; } = "";

    [OneTimeSetUp]
    public void Pack()
    {
        Room = Directory.CreateTempSubdirectory("xail2o-packages-").FullName;
        // Files of a folder above would apply.
        foreach (var file in (string[])["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"])
            File.WriteAllText(Path.Combine(Room, file), "<Project />");
        var (exitCode, output) = DotNet.Run(Repository.Root, "pack", "XaiL2O.Packages.slnf", "--no-build", "-c", Configuration, "-o", Folder, "--nologo");
        Assert.That(exitCode, Is.Zero, output);
        Version = Nuspec(Names[0]).Element("version");
    }

    [OneTimeTearDown]
    public void Delete() => Directory.Delete(Room, recursive: true);

    public static ZipArchive Open(string name, string kind = "nupkg") => ZipFile.OpenRead(Directory.GetFiles(Folder, $"{name}.*.{kind}").Single());

    public static byte[] Content(ZipArchive package, string path)
    {
        using var stream = (package.GetEntry(path) ?? throw new FileNotFoundException($"{path} is not among {string.Join(", ", package.Entries)}.")).Open();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    public static Metadata Nuspec(string name)
    {
        using var package = Open(name);
        return new(XDocument.Load(new MemoryStream(Content(package, name + ".nuspec"))));
    }

    /// <summary>The code of the first block of C# in the README of a package.</summary>
    public static string ReadmeCode(string name)
    {
        using var package = Open(name);
        var readme = System.Text.Encoding.UTF8.GetString(Content(package, "README.md")).ReplaceLineEndings("\n");
        const string Start = "```csharp\n";
        var start = readme.IndexOf(Start, StringComparison.Ordinal) + Start.Length;
        return readme[start..readme.IndexOf("```", start, StringComparison.Ordinal)];
    }

    /// <summary>What a package says of itself.</summary>
    internal sealed class Metadata(XDocument nuspec)
    {
        public IEnumerable<string> Dependencies => nuspec.Descendants().Where(e => e.Name.LocalName == "dependency").Select(e => $"{e.Attribute("id")!.Value} {e.Attribute("version")!.Value}");

        public string Element(string name) => nuspec.Descendants().Where(e => e.Name.LocalName == name).Select(e => e.Value).FirstOrDefault("");

        public string? Attribute(string element, string name) => nuspec.Descendants().First(e => e.Name.LocalName == element).Attribute(name)?.Value;
    }
}
