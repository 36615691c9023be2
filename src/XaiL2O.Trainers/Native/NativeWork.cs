namespace XaiL2O.Trainers;

/// <summary>
/// The end of the process waits for native work. When a process exits, libtorch takes down what its operations need, while threads that are in the
/// middle of one go on: the process then ends with a segmentation fault in place of its exit code. So threads say when they work, and when the process
/// ends they stop for good between two operations.
/// </summary>
internal static class NativeWork
{
    /// <summary>Longest wait for threads that are within one operation; then the process ends all the same.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    [ThreadStatic]
    private static int depth;

    private static int working;
    private static int leaver;
    private static volatile bool leaving;

    static NativeWork() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Leave();

    /// <summary>Until disposed, this thread calls the native library. May be nested.</summary>
    public static Region Enter()
    {
        if (depth++ == 0)
            Interlocked.Increment(ref working);
        SafePoint();
        return default;
    }

    /// <summary>A place between two operations: the thread stops here, for good, if the process is ending.</summary>
    public static void SafePoint()
    {
        if (!leaving || depth == 0 || Environment.CurrentManagedThreadId == leaver)
            return;
        Interlocked.Decrement(ref working);
        Thread.Sleep(Timeout.Infinite);
    }

    private static void Leave()
    {
        leaver = Environment.CurrentManagedThreadId;
        leaving = true;
        // The thread that ends the process may be at work itself, say in a progress report.
        var own = depth > 0 ? 1 : 0;
        SpinWait.SpinUntil(() => Volatile.Read(ref working) <= own, Patience);
    }

    /// <summary>What <see cref="Enter"/> returns.</summary>
    internal readonly struct Region : IDisposable
    {
        public void Dispose()
        {
            if (--depth == 0)
                Interlocked.Decrement(ref working);
        }
    }
}
