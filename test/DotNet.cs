using System.Diagnostics;

namespace XaiL2O;

/// <summary>The <c>dotnet</c> command, as a user calls it.</summary>
internal static class DotNet
{
    /// <summary>Runs it in a folder and gives its exit code and what it writes, errors last.</summary>
    public static (int ExitCode, string Output) Run(string folder, params string[] arguments) => Execute("dotnet", folder, null, arguments);

    /// <summary>Runs a program in the same way, if need be with another place for NuGet's packages.</summary>
    public static (int ExitCode, string Output) Execute(string program, string folder, string? packages, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        // Variables of the process that runs the tests would choose another build.
        foreach (var variable in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(variable);
        // No server outlives the test: it would keep files of folders that are deleted.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        if (packages is not null)
            start.Environment["NUGET_PACKAGES"] = packages;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}
