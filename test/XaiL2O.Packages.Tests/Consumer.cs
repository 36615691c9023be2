namespace XaiL2O.Packages.Tests;

/// <summary>A project outside the repository that takes our packages from <see cref="Feed"/> and everything else from the sources that the machine is set up with.</summary>
internal sealed class Consumer
{
    /// <summary>Makes the project.</summary>
    /// <param name="name">Its name and that of its folder.</param>
    /// <param name="program">Its program.</param>
    /// <param name="packages">Packages with versions, "XaiL2O.MLNet 0.2.0".</param>
    /// <param name="properties">Further properties, as XML.</param>
    public Consumer(string name, string program, string[] packages, string properties = "")
    {
        (Name, Folder) = (name, Directory.CreateDirectory(Path.Combine(Feed.Room, name)).FullName);
        UseFeed(Folder);
        File.WriteAllText(Path.Combine(Folder, name + ".csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <InvariantGlobalization>true</InvariantGlobalization>
                <WarningsAsErrors>NU1605;NU1107;NU1608</WarningsAsErrors>
                {properties}
              </PropertyGroup>
              <ItemGroup>
                {string.Join('\n', packages.Select(p => p.Split(' ')).Select(p => $"""<PackageReference Include="{p[0]}" Version="{p[1]}" />"""))}
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(Folder, "Program.cs"), program);
    }

    public string Name { get; }

    public string Folder { get; }

    public string Output => Path.Combine(Folder, "bin", "Debug", "net10.0");

    /// <summary>
    /// Makes our packages come from the feed, and others from where the machine gets its packages. Ours are unpacked into a folder of their own, since a former build of
    /// the same version may lie in that of the machine; others need not be fetched again.
    /// </summary>
    public static void UseFeed(string folder)
    {
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var clean = Directory.Exists(cache) && Directory.GetDirectories(cache, "xail2o.*").Length == 0;
        File.WriteAllText(Path.Combine(folder, "nuget.config"), $"""
            <configuration>
              <packageSources>
                <add key="xail2o-feed" value="{Feed.Folder}" />
              </packageSources>
            </configuration>
            """);
        File.WriteAllText(Path.Combine(folder, "Directory.Build.props"), $"""
            <Project>
              <PropertyGroup>
                <RestorePackagesPath>{Path.Combine(Feed.Room, "packages")}</RestorePackagesPath>
                {(clean ? $"<RestoreFallbackFolders>{cache}</RestoreFallbackFolders>" : "")}
                <CreateHardLinksForCopyLocalIfPossible>true</CreateHardLinksForCopyLocalIfPossible>
              </PropertyGroup>
            </Project>
            """);
    }

    /// <summary>Restores and builds; what the build said. Without a package source to reach the test is left out.</summary>
    public string Build() => Succeed(Folder, "build", "--nologo");

    /// <summary>Runs what was built.</summary>
    public string Run(params string[] arguments) => Succeed(Folder, [Path.Combine(Output, Name + ".dll"), .. arguments]);

    /// <summary>Runs <c>dotnet</c>, which must succeed.</summary>
    public static string Succeed(string folder, params string[] arguments)
    {
        var (exitCode, output) = DotNet.Run(folder, arguments);
        if (exitCode != 0 && output.Contains("NU1301", StringComparison.Ordinal))
            Assert.Ignore("No package source can be reached.");
        Assert.That(exitCode, Is.Zero, $"dotnet {string.Join(' ', arguments)}\n{output}");
        return output;
    }
}
