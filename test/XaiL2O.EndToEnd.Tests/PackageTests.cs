using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;

namespace XaiL2O.EndToEnd.Tests;

/// <summary>The packages as others get them: what they demand, and that they live beside ML.NET's own.</summary>
internal sealed class PackageTests
{
    private static readonly Dictionary<string, string[]> Expected = new()
    {
        ["XaiL2O.Certifiers"] = ["System.Numerics.Tensors"],
        ["XaiL2O.Trainers"] = ["System.Numerics.Tensors", "TorchSharp", "XaiL2O.Certifiers"],
        ["XaiL2O.MLNet"] = ["Microsoft.ML", "XaiL2O.Trainers"],
        ["XaiL2O.Data"] = ["PureHDF", "XaiL2O.MLNet"],
    };

    private string folder = "";

    [OneTimeSetUp]
    public void Pack()
    {
        folder = Directory.CreateTempSubdirectory("xail2o-packages-").FullName;
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        foreach (var name in Expected.Keys)
        {
            var (exitCode, output) = DotNet(Repository.Root, "pack", $"src/{name}", "--no-build", "-c", configuration, "-o", folder, "--nologo");
            Assert.That(exitCode, Is.Zero, output);
        }
    }

    [OneTimeTearDown]
    public void Delete() => Directory.Delete(folder, recursive: true);

    [Test]
    public void A_package_demands_what_its_project_names_and_nothing_else()
    {
        foreach (var (name, expected) in Expected)
        {
            using var package = ZipFile.OpenRead(Directory.GetFiles(folder, name + ".*.nupkg").Single());
            using var stream = package.GetEntry(name + ".nuspec")!.Open();
            var dependencies = XDocument.Load(stream).Descendants().Where(e => e.Name.LocalName == "dependency").Select(e => e.Attribute("id")!.Value);
            Assert.That(dependencies, Is.EquivalentTo(expected), name);
        }
    }

    /// <summary>ML.NET's image package brings its own SkiaSharp, whose native half must fit: an image is made, which loads both halves.</summary>
    [Test]
    public void Packages_restore_and_run_beside_those_of_image_analytics()
    {
        var consumer = Directory.CreateDirectory(Path.Combine(folder, "consumer")).FullName;
        // What others need is there already; ours go to a folder that is deleted.
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        Directory.CreateDirectory(cache);
        // Files of a folder above would apply.
        File.WriteAllText(Path.Combine(consumer, "Directory.Build.props"), "<Project />");
        File.WriteAllText(Path.Combine(consumer, "Directory.Packages.props"), "<Project />");
        File.WriteAllText(Path.Combine(consumer, "Consumer.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <InvariantGlobalization>true</InvariantGlobalization>
                <WarningsAsErrors>NU1605;NU1107;NU1608</WarningsAsErrors>
                <RestorePackagesPath>{consumer}/packages</RestorePackagesPath>
                <RestoreFallbackFolders>{cache}</RestoreFallbackFolders>
                <RestoreAdditionalProjectSources>{folder}</RestoreAdditionalProjectSources>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="XaiL2O.MLNet" Version="0.1.0" />
                <PackageReference Include="Microsoft.ML.ImageAnalytics" Version="5.0.1" />
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(consumer, "Program.cs"), """
            using Microsoft.ML;
            using Microsoft.ML.Data;
            using XaiL2O.MLNet;

            using var image = MLImage.CreateFromPixels(2, 1, MLPixelFormat.Rgba32, new byte[8]);
            Console.WriteLine($"{new MLContext(1).L2O().GetType().Name} and {image.Width} × {image.Height} pixels");
            """);
        var (restored, log) = DotNet(consumer, "restore", "--nologo");
        if (log.Contains("NU1301", StringComparison.Ordinal))
            Assert.Ignore("No package source can be reached.");
        Assert.That(restored, Is.Zero, log);
        var (exitCode, output) = DotNet(consumer, "run", "--no-restore");
        Assert.That(exitCode, Is.Zero, output);
        Assert.That(output, Does.Contain("L2OCatalog and 2 × 1 pixels"));
    }

    internal static (int ExitCode, string Output) DotNet(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        // Variables of the process that runs the tests would choose another build.
        foreach (var variable in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(variable);
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}
