using System.Diagnostics;

namespace XaiL2O.EndToEnd.Tests;

/// <summary>Ctrl-C and SIGTERM at several moments of the examples: the process ends soon, with one sentence, and leaves no temporary files.</summary>
[Platform("Linux")]
[NonParallelizable] // the time to the end is limited
internal sealed class InterruptTests
{
    private string folder = "";

    [SetUp]
    public void Create() => folder = Directory.CreateTempSubdirectory("xail2o-interrupt-").FullName;

    [TearDown]
    public void Delete() => Directory.Delete(folder, recursive: true);

    [TestCase("ecg", "Loading")]
    [TestCase("ecg", "epoch 1/", TestName = "Ctrl_C_ends_training_of_ecg")]
    [TestCase("dictionary", "epoch 1/")]
    [TestCase("cfmm", "epoch 1/")]
    [TestCase("certify", "Saving classifier", TestName = "Ctrl_C_ends_the_reload_in_a_child_process")]
    [TestCase("compose", "Tuning the lasso's", TestName = "Ctrl_C_ends_solves_outside_of_views")]
    [TestCase("ct", "Calibrating", TestName = "Ctrl_C_ends_solves_in_calibration")]
    [TestCase("certify", "Judging", TestName = "Ctrl_C_ends_judging_and_metrics")]
    [TestCase("guarantees", "airfoil: split 2", TestName = "Ctrl_C_ends_fits_of_ml_net")]
    [TestCase("experiment", "Tuning for", TestName = "Ctrl_C_ends_an_experiment")]
    public void Ctrl_C_ends_an_example(string example, string moment)
    {
        var (exitCode, output, elapsed) = Interrupt(example, moment, "-INT");
        Assert.That(exitCode, Is.EqualTo(130), output);
        AssertGoodEnd(output, elapsed);
    }

    [Test]
    public void A_second_Ctrl_C_ends_at_once_and_without_an_exception()
    {
        var (exitCode, output, elapsed) = Interrupt("ct", "Calibrating", "-INT", "-INT");
        Assert.That(exitCode, Is.EqualTo(130), output);
        AssertGoodEnd(output, elapsed);
    }

    [Test]
    public void Sigterm_ends_like_Ctrl_C()
    {
        var (exitCode, output, elapsed) = Interrupt("ct", "Calibrating", "-TERM");
        Assert.That(exitCode, Is.EqualTo(143), output);
        AssertGoodEnd(output, elapsed);
    }

    [Test]
    public void A_second_run_in_the_same_folder_is_refused_at_its_start()
    {
        using var first = Start("ct");
        ReadUntil(first, "Reading slices");
        using var second = Start("certify");
        var output = second.StandardOutput.ReadToEnd();
        second.WaitForExit();
        Assert.That(second.ExitCode, Is.EqualTo(1));
        Assert.That(output.ReplaceLineEndings(""), Does.Contain("Another run writes to").And.Not.Contain("   at "));
        Signal(first, "-INT");
        first.WaitForExit();
        Assert.That(Path.Combine(folder, "out", ".running"), Does.Not.Exist);
    }

    private void AssertGoodEnd(string output, TimeSpan elapsed)
    {
        Assert.That(output.Split("Stopped before the end"), Has.Length.EqualTo(2), output);
        Assert.That(output, Does.Not.Contain("Unhandled").And.Not.Contain("   at ").And.Not.Contain("Exception"));
        Assert.That(elapsed.TotalSeconds, Is.LessThan(2), output);
        // Nothing is announced that will not be done, and no file is called incomplete that is not there.
        var after = output[output.IndexOf("Stopped before the end", StringComparison.Ordinal)..];
        Assert.That(after.Split('\n').Where(line => line.Length > 8 && line[2] == ':' && line[5] == ':'), Is.Empty, output);
        Assert.That(after.ReplaceLineEndings(" "), Does.Contain(Directory.GetFiles(Path.Combine(folder, "out")).Length == 0 ? "nothing was written" : "incomplete"), output);
        // Figures and reports that were finished may stay.
        var left = Directory.GetFiles(Path.Combine(folder, "out")).Where(f => Path.GetExtension(f) is not (".html" or ".json" or ".png"))
            .Concat(Directory.GetDirectories(Path.Combine(folder, "temporary"), "xail2o-*"));
        Assert.That(left, Is.Empty);
    }

    /// <summary>Starts an example, sends signals once it has printed a text, and says how it ended and how long that took.</summary>
    private (int ExitCode, string Output, TimeSpan Elapsed) Interrupt(string example, string moment, params string[] signals)
    {
        using var process = Start(example);
        var errors = process.StandardError.ReadToEndAsync();
        var output = ReadUntil(process, moment);
        Thread.Sleep(300);
        var clock = Stopwatch.StartNew();
        foreach (var signal in signals)
        {
            Signal(process, signal);
            Thread.Sleep(30);
        }

        if (!process.WaitForExit(TimeSpan.FromSeconds(20)))
            process.Kill();
        process.WaitForExit();
        return (process.ExitCode, output + process.StandardOutput.ReadToEnd() + errors.Result, clock.Elapsed);
    }

    private Process Start(string example)
    {
        // A shell starts what it puts into the background with the interrupt ignored, and what tests start would inherit that.
        var plain = OperatingSystem.IsLinux();
        var start = new ProcessStartInfo(plain ? "env" : "dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        if (plain)
        {
            start.ArgumentList.Add("--default-signal=INT,TERM");
            start.ArgumentList.Add("dotnet");
        }

        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "XaiL2O.Examples.dll"), example, .. TestRun.Full ? Array.Empty<string>() : ["--quick"], "--out", Path.Combine(folder, "out")])
            start.ArgumentList.Add(argument);
        start.Environment["TMPDIR"] = Directory.CreateDirectory(Path.Combine(folder, "temporary")).FullName;
        return Process.Start(start)!;
    }

    private static string ReadUntil(Process process, string moment)
    {
        var read = new List<string>();
        while (read.Count == 0 || !read[^1].Contains(moment, StringComparison.Ordinal))
            read.Add(process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"The example ended before '{moment}': {string.Join('\n', read)}"));
        return string.Join('\n', read);
    }

    private static void Signal(Process process, string signal)
    {
        using var kill = Process.Start("kill", [signal, $"{process.Id}"]);
        kill.WaitForExit();
    }
}
