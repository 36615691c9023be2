using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace XaiL2O.EndToEnd.Tests;

/// <summary>
/// The code of the pages compiles as a reader copies it: with the usings that the page states at its top, those that every new project has, and nothing else. What a page
/// takes for granted, such as rows, is declared here.
/// </summary>
internal sealed partial class PageCodeTests
{
    private sealed record Page(string File, string Given, string Members = "");

    private static readonly Page[] Pages =
    [
        new(
            "docs/certificates.md",
            "MLContext ml, IDataView trainingRows, float[][] trainingFeatures, IDataView calibrationRows, IDataView newRows, IDataView numberRows, Row row",
            "class Row { } class Prediction { }"),
        new("docs/guarantees.md", "MLContext ml, IDataView trainingRows, IDataView calibrationRows, IDataView selectionRows, IDataView newRows, IDataView calibrationSignals"),
        new("docs/experiments.md", "MLContext ml, float[,] measurementMatrix, IDataView trainingRows, IDataView validationRows, IDataView calibrationRows, IDataView rows, IProgress<TrialOutcome> progress, CancellationToken cancellationToken"),
        new("docs/adding-a-model.md", "float[,] A, IDataView trainingRows, IDataView calibrationRows, string path"),
        new("docs/decisions-under-constraints.md", "MLContext ml, IDataView forecastRows, IDataView calibrationRows, IDataView newRows, IDataView marketRows, IDataView pastDays"),
        new("README.md", "float[,] measurementMatrix, IDataView trainingRows, IDataView calibrationRows, IDataView newRows"),
    ];

    /// <summary>Those of <c>ImplicitUsings</c>.</summary>
    private const string Implicit = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static IEnumerable<string> Files() => Pages.Select(p => p.File);

    [TestCaseSource(nameof(Files))]
    public void The_code_of_a_page_compiles_with_the_usings_it_states(string file)
    {
        var page = Pages.Single(p => p.File == file);
        var blocks = CodeBlocks().Matches(File.ReadAllText(Path.Combine(Repository.Root, file))).Select(match => match.Groups[1].Value).ToArray();
        // Usings come first: before any other code.
        var usings = string.Concat(UsingLines().Matches(blocks[0]).Select(match => match.Value));
        Assert.That(usings, Is.Not.Empty, "the first block states the usings");
        blocks[0] = UsingLines().Replace(blocks[0], "");
        Assert.That(blocks.Where(block => UsingLines().IsMatch(block)), Is.Empty, "usings are stated once");
        var (types, members, statements) = ("", "", "");
        foreach (var block in blocks)
        {
            if (block.StartsWith("public override", StringComparison.Ordinal))
                members += block;
            else if (TypeStart().IsMatch(block))
                types += block;
            else
                statements += block;
        }

        var source = $$"""
            {{Implicit}}
            {{usings}}
            {{types}}
            {{page.Members}}
            class Statements { void Run({{page.Given}}) {
            {{statements}}
            } }
            {{(members.Length == 0 ? "" : $"class Members : ModelDefinition {{ public required float[,] Library {{ get; init; }} public override int DataSize => 1; public override int InferenceSize => 1; {members} }}")}}
            """;
        Assert.That(Compile(source), Is.Empty);
    }

    /// <summary>Errors of the compiler that comes with the SDK.</summary>
    private static string Compile(string source)
    {
        var folder = Directory.CreateTempSubdirectory("xail2o-page-").FullName;
        try
        {
            var runtime = RuntimeEnvironment.GetRuntimeDirectory();
            var compiler = Directory.GetFiles(Path.GetFullPath(Path.Combine(runtime, "..", "..", "..", "sdk")), "csc.dll", SearchOption.AllDirectories).Max(StringComparer.Ordinal)!;
            var file = Path.Combine(folder, "Page.cs");
            File.WriteAllText(file, source);
            // The test's own folder holds what the library references; native libraries are none of the compiler's.
            string[] names = ["XaiL2O.*.dll", "Microsoft.ML*.dll", "TorchSharp.dll", "System.Numerics.Tensors.dll"];
            var references = names.SelectMany(pattern => Directory.GetFiles(AppContext.BaseDirectory, pattern)).Where(path => !path.Contains("Native", StringComparison.Ordinal) && !path.EndsWith("Tests.dll", StringComparison.Ordinal))
                .Concat(Directory.GetFiles(runtime, "System.*.dll")).Concat(Directory.GetFiles(runtime, "netstandard.dll")).Concat(Directory.GetFiles(runtime, "Microsoft.Win32*.dll"))
                .DistinctBy(Path.GetFileName).Where(path => !path.Contains("Native", StringComparison.Ordinal));
            var arguments = Path.Combine(folder, "Page.rsp");
            File.WriteAllLines(arguments, ["-nologo", "-target:library", "-nullable:enable", "-langversion:latest", "-warn:0", $"-out:\"{Path.Combine(folder, "Page.dll")}\"", .. references.Select(r => $"-r:\"{r}\""), $"\"{file}\""]);
            var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
            start.ArgumentList.Add(compiler);
            start.ArgumentList.Add("@" + arguments);
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd() + errors.Result;
            process.WaitForExit();
            return process.ExitCode == 0 ? "" : output + "\n" + source;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlocks();

    [GeneratedRegex(@"^using (static )?[\w.]+;[^\n]*\n", RegexOptions.Multiline)]
    private static partial Regex UsingLines();

    [GeneratedRegex(@"^(public |internal )?(sealed |abstract )*(class|record|struct) ")]
    private static partial Regex TypeStart();
}
