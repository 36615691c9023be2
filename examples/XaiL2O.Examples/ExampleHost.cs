using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Spectre.Console;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>
/// Runs an example until it is done or a signal comes. The first Ctrl-C or SIGTERM cancels the work, wherever it is; what has not ended a moment later, or at a
/// second signal, is left behind. Either way the process ends within two seconds, with one sentence and without temporary files.
/// </summary>
internal sealed class ExampleHost : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1.2);

    /// <summary>How long the end of the process may wait for threads that are within one native operation.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(0.5);

    private readonly DirectoryInfo folder;
    private readonly FolderLease lease;
    private readonly CancellationTokenSource source = new();
    private readonly ManualResetEventSlim ended = new();
    private readonly DateTime started = DateTime.UtcNow;
    private int exitCode;
    private int told;

    private ExampleHost(DirectoryInfo folder)
    {
        this.folder = folder;
        folder.Create();
        lease = new FolderLease(folder);
    }

    /// <summary>Runs an example that writes to a folder and returns the exit code: 0, or 128 plus the signal's number, as shells have it.</summary>
    public static int Run(DirectoryInfo folder, Action<CancellationToken> example)
    {
        using var host = new ExampleHost(folder);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => host.Stop(context, 128 + 2));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => host.Stop(context, 128 + 15));
        return host.Work(example);
    }

    private int Work(Action<CancellationToken> example)
    {
        ExceptionDispatchInfo? failure = null;
        // On a thread of its own, so that this one can end the process though the work does not end.
        var worker = new Thread(() =>
        {
            try
            {
                using var scope = Interruption.Scope(source.Token);
                example(source.Token);
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }

            ended.Set();
        }) { IsBackground = true };
        worker.Start();
        ended.Wait();
        if (Volatile.Read(ref exitCode) is not 0 and var code)
        {
            // Whatever exception came of it.
            SayGoodbye();
            return code;
        }

        failure?.Throw();
        return 0;
    }

    private void Stop(PosixSignalContext context, int code)
    {
        context.Cancel = true;
        if (Interlocked.CompareExchange(ref exitCode, code, 0) == 0)
        {
            // Callbacks of the token run where it is cancelled and may take their time.
            ThreadPool.QueueUserWorkItem(_ => source.Cancel());
            if (ended.Wait(Grace))
                return;
        }

        SayGoodbye();
        TemporaryFolder.DeleteAll();
        lease.Dispose();
        new Thread(() => Environment.Exit(code)) { IsBackground = true }.Start();
        Thread.Sleep(Patience);
        if (!OperatingSystem.IsWindows())
            LeaveUnix(code);
    }

    private void SayGoodbye()
    {
        if (Interlocked.Exchange(ref told, 1) != 0)
            return;
        AnsiConsole.Cursor.Show(true);
        var where = Path.GetRelativePath(Environment.CurrentDirectory, folder.FullName);
        var what = OutputFolder.Written(folder, started).Length == 0 ? $"nothing was written to {where}" : $"the files in {where} are incomplete";
        AnsiConsole.MarkupLineInterpolated($"[yellow]Stopped before the end; {what}.[/]");
    }

    /// <summary>Ends the process without taking down what threads still use.</summary>
    [DllImport("libc", EntryPoint = "_exit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void LeaveUnix(int status);

    public void Dispose()
    {
        lease.Dispose();
        source.Dispose();
        ended.Dispose();
    }
}
