using System.Text.Json;

namespace XaiL2O.EndToEnd.Tests;

/// <summary>The copies of ML.NET's assemblies that the compiler gets follow the version that is referenced, whatever the times of its files.</summary>
internal sealed class PublicizedReferenceTests
{
    [Test]
    public void Another_version_of_ML_NET_gets_copies_of_its_own()
    {
        var folder = Directory.CreateTempSubdirectory("xail2o-publicized-").FullName;
        try
        {
            // The files of the second version are as old as those of the first, and older than the copies.
            foreach (var version in (string[])["first", "second"])
            {
                var libraries = Directory.CreateDirectory(Path.Combine(folder, version)).FullName;
                foreach (var library in Directory.GetFiles(AppContext.BaseDirectory, "Microsoft.ML*.dll"))
                    File.Copy(library, Path.Combine(libraries, Path.GetFileName(library)));
            }

            File.WriteAllText(Path.Combine(folder, "Directory.Build.props"), "<Project />");
            File.WriteAllText(Path.Combine(folder, "Directory.Packages.props"), $"""<Project><Import Project="{Repository.Root}/Directory.Packages.props" /></Project>""");
            File.WriteAllText(Path.Combine(folder, "Consumer.csproj"), $"""
                <Project Sdk="Microsoft.NET.Sdk">
                  <PropertyGroup>
                    <TargetFramework>net10.0</TargetFramework>
                  </PropertyGroup>
                  <ItemGroup>
                    <Reference Include="$(MLVersion)/Microsoft.ML.Core.dll;$(MLVersion)/Microsoft.ML.Data.dll" />
                  </ItemGroup>
                  <Import Project="{Repository.Root}/src/XaiL2O.MLNet/Persistence/PublicizedReference.targets" />
                </Project>
                """);
            var (restored, log) = DotNet.Run(folder, "restore", "-p:MLVersion=first", "--nologo");
            Assert.That(restored, Is.Zero, log);
            string Copy(string version)
            {
                var (exitCode, output) = DotNet.Run(folder, "msbuild", "-t:FindReferenceAssembliesForReferences", $"-p:MLVersion={version}", "-getItem:ReferencePathWithRefAssemblies", "-nologo");
                Assert.That(exitCode, Is.Zero, output);
                using var items = JsonDocument.Parse(output);
                return items.RootElement.GetProperty("Items").GetProperty("ReferencePathWithRefAssemblies").EnumerateArray().Select(i => i.GetProperty("FullPath").GetString()!).Single(path => Path.GetFileName(path) == "Microsoft.ML.Core.dll");
            }

            var (first, second) = (Copy("first"), Copy("second"));
            Assert.Multiple(() =>
            {
                Assert.That(first, Does.Contain("publicized").And.Exist);
                Assert.That(second, Does.Contain("publicized").And.Exist.And.Not.EqualTo(first));
                Assert.That(Copy("first"), Is.EqualTo(first));
            });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
