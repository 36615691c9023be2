using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>A process that ends in the middle of what it is told to do, with its own exit code.</summary>
internal static class LeavingProcess
{
    public const string Verb = "leave";
    public const int ExitCode = 23;

    /// <summary>Does the work on another thread and leaves after some milliseconds.</summary>
    public static int Run(string work, int milliseconds)
    {
        LibTorch.EnsureLoaded();
        using var begun = new ManualResetEventSlim();
        new Thread(() => Work(work, begun)) { IsBackground = true }.Start();
        begun.Wait();
        Thread.Sleep(milliseconds);
        Environment.Exit(ExitCode);
        return 1;
    }

    private static void Work(string work, ManualResetEventSlim begun)
    {
        var ml = new Microsoft.ML.MLContext(1);
        var rows = ml.Data.LoadFromEnumerable(Fixture.Rows(1, 300));
        var model = work == "solve" ? Fixture.Model : null;
        begun.Set();
        while (true)
        {
            if (model is not null)
                Fixture.Read(model.Transform(rows));
            else if (work == "make")
                Fixture.Trainer(ml);
            else
                Fixture.Trainer(ml).Fit(rows);
        }
    }
}
