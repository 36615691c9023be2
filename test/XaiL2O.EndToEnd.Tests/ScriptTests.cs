using System.Diagnostics;

namespace XaiL2O.EndToEnd.Tests;

/// <summary>
/// The functions of <c>eng/setup.sh</c> and the help of the scripts, with programs of the machine replaced by small ones that say much, or record that
/// they were called.
/// </summary>
[Platform("Linux")]
internal sealed class ScriptTests
{
    /// <summary>As many lines as a desktop's linker cache has: more than the 64 KiB that a pipe holds.</summary>
    private const int ManyLines = 2600;

    private static readonly string Root = Repository.Root;

    private string folder = "";

    [SetUp]
    public void Create() => folder = Directory.CreateTempSubdirectory("xail2o-scripts-").FullName;

    [TearDown]
    public void Delete() => Directory.Delete(folder, recursive: true);

    [TestCase("libjemalloc.so.2", "jemalloc_path")]
    [TestCase("libstdc++.so.6", "libstdcxx_path")]
    public void A_library_is_found_in_a_long_linker_cache(string library, string function)
    {
        Program("ldconfig", $@"
            printf '\t{library} (libc6,x86-64) => /first/{library}\n\t{library} (libc6) => /second/{library}\n'
            for ((i = 0; i < {ManyLines}; i++)); do printf '\tlibnumber%d.so.1 (libc6,x86-64) => /usr/lib/x86_64-linux-gnu/libnumber%d.so.1\n' $i $i; done");
        var (exitCode, output) = Bash($"set -euo pipefail; . '{Root}/eng/setup.sh'; path=$({function}); printf 'found %s' \"$path\"");
        Assert.That((exitCode, output), Is.EqualTo((0, $"found /first/{library}")));
    }

    [Test]
    public void The_sdk_is_found_in_a_long_list()
    {
        Program("dotnet", $"echo '10.0.100 [/sdk]'; for ((i = 0; i < {ManyLines}; i++)); do echo \"9.0.$i [/usr/share/dotnet/sdk/of/some/length]\"; done");
        Assert.That(Bash($"set -euo pipefail; . '{Root}/eng/setup.sh'; require_dotnet; echo found"), Is.EqualTo((0, "found\n")));
    }

    [Test]
    public void Fonts_are_found_without_a_word() =>
        Assert.That(Bash($"set -euo pipefail; . '{Root}/eng/setup.sh'; HOME='{folder}'; mkdir -p \"$HOME/.fonts\"; for ((i = 0; i < 200; i++)); do : >\"$HOME/.fonts/$i.ttf\"; done; ensure_fonts"), Is.EqualTo((0, "")));

    [TestCase("run.sh", "--help")]
    [TestCase("run.sh", "-h")]
    [TestCase("test.sh", "--help")]
    [TestCase("bench.sh", "--help")]
    public void Help_is_that_of_the_script_and_builds_nothing(string script, string argument)
    {
        Program("dotnet", "echo 'dotnet was called'; exit 1");
        var (exitCode, output) = Bash($"'{Root}/{script}' {argument}");
        Assert.That(exitCode, Is.Zero);
        Assert.That(output, Does.Contain($"./{script}").And.Contain("Installs what the machine lacks").And.Not.Contain("dotnet was called").And.Not.Contain("pipefail"));
    }

    [Test]
    public void A_build_happens_when_something_changed_and_else_not()
    {
        // The build writes an assembly. It fails while there is a file "broken", and with a file "edit" someone edits a source while it runs.
        Program("dotnet", """
            if [ "$1" = --list-sdks ]; then cat ../sdks; exit; fi
            echo build >>../calls
            [ ! -e ../broken ] || exit 1
            mkdir -p src/A/bin/Release; echo assembly >src/A/bin/Release/XaiL2O.A.dll
            if [ -e ../edit ]; then rm ../edit; echo edited >>src/A/One.cs; fi
            """);
        var (exitCode, output) = Bash($$"""
            set -euo pipefail
            . '{{Root}}/eng/setup.sh'
            mkdir -p tree/src/A/obj tree/examples; cd tree
            echo 10.0.100 >../sdks; touch global.json src/A/One.cs src/A/Two.cs examples/data.txt; cp -p src/A/Two.cs ../older.cs
            step() {
              : >../calls
              build x.sln src examples 2>/dev/null || echo "$1: failed"
              echo "$1: $(grep -c build ../calls || true)"
            }
            step 'first'
            step 'nothing changed'
            touch src/A/obj/cache; step 'intermediate file'
            echo 1 >>src/A/One.cs; step 'edited'
            touch examples/data.txt; step 'touched data'
            echo 1 >global.json; step 'root file'
            echo 1 >src/A/Three.cs; step 'added'
            rm src/A/Three.cs; step 'deleted'
            echo 1 >src/A/Two.cs; step 'edited again'
            cp -p ../older.cs src/A/Two.cs; step 'replaced by an older one'
            echo 10.0.200 >>../sdks; step 'another SDK'
            rm src/A/bin/Release/XaiL2O.A.dll; step 'output deleted'
            echo other >src/A/bin/Release/XaiL2O.A.dll; step 'output of another build'
            touch ../broken; echo 2 >>src/A/One.cs; step 'broken'
            rm ../broken; step 'mended'
            touch ../edit src/A/One.cs; step 'edited during the build'
            step 'built after that'
            step 'nothing changed'
            """);
        Assert.That(exitCode, Is.Zero, output);
        Assert.That(output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Is.EqualTo(new[]
        {
            "first: 1", "nothing changed: 0", "intermediate file: 0", "edited: 1", "touched data: 1", "root file: 1", "added: 1", "deleted: 1", "edited again: 1",
            "replaced by an older one: 1", "another SDK: 1", "output deleted: 1", "output of another build: 1", "broken: failed", "broken: 1", "mended: 1",
            "edited during the build: 1", "built after that: 1", "nothing changed: 0",
        }));
    }

    /// <summary>A script that stands for a program of the machine.</summary>
    private void Program(string name, string script)
    {
        var path = Path.Combine(folder, "bin", name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "#!/usr/bin/env bash\n" + script + "\n");
    }

    /// <summary>Runs commands in the test's folder, its programs first on the path.</summary>
    private (int ExitCode, string Output) Bash(string commands)
    {
        var start = new ProcessStartInfo("env") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // Programs that .NET starts ignore SIGPIPE; those of a terminal end by it.
        foreach (var argument in (string[])["--default-signal=PIPE", "bash", "-c"])
            start.ArgumentList.Add(argument);
        start.ArgumentList.Add("chmod u+x bin/* 2>/dev/null\n" + commands);
        start.Environment["PATH"] = $"{folder}/bin:{Environment.GetEnvironmentVariable("PATH")}";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}
