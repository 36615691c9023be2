using System.Text;

namespace XaiL2O.Packages.Tests;

/// <summary>The templates, installed from their package into a place of their own, give projects that build, run and pass their tests.</summary>
internal sealed class TemplateTests
{
    private static string Hive => Path.Combine(Feed.Room, "hive");

    [OneTimeSetUp]
    public void Install() => Consumer.Succeed(Feed.Room, "new", "install", Directory.GetFiles(Feed.Folder, "XaiL2O.Templates.*.nupkg").Single(), "--debug:custom-hive", Hive);

    [Test]
    public void A_template_asks_for_the_version_it_comes_with()
    {
        using var package = Feed.Open("XaiL2O.Templates");
        var projects = package.Entries.Where(e => e.Name.EndsWith(".csproj", StringComparison.Ordinal)).Select(e => Encoding.UTF8.GetString(Feed.Content(package, e.FullName))).ToArray();
        Assert.That(projects, Has.Exactly(2).Contains($"""<PackageReference Include="XaiL2O.MLNet" Version="{Feed.Version}" />"""));
    }

    [Test]
    public void A_certified_classifier_runs()
    {
        var output = Consumer.Succeed(Create("xail2o-certify", "Sorting"), "run");
        Assert.That(output, Does.Not.Contain("warning").And.Contain("A strange row: loose, trustworthy: False. Distance failed").And.Match(@"test rows: \d{3} trustworthy"));
    }

    /// <summary>A name that is none of a C# type, which projects often have.</summary>
    [Test]
    public void A_model_runs_and_passes_its_tests()
    {
        if (!TestRun.Full)
            Assert.Ignore("Only in the long run: ./test.sh --full.");
        var folder = Create("xail2o-model", "De-noising");
        Assert.That(Consumer.Succeed(folder, "test", "--nologo"), Does.Not.Contain("warning").And.Contain("Passed:     4"));
        Assert.That(Consumer.Succeed(folder, "run", "--project", "De-noising", "--no-build"), Does.Match(@"\d{2} of 100 rows are trustworthy").And.Contain("A damaged row is trustworthy: False. Variation failed"));
    }

    private static string Create(string template, string name)
    {
        var folder = Path.Combine(Feed.Room, template + "-" + name);
        Consumer.Succeed(Feed.Room, "new", template, "-n", name, "-o", folder, "--debug:custom-hive", Hive);
        Consumer.UseFeed(folder);
        return folder;
    }
}
