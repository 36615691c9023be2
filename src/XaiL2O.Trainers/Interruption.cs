namespace XaiL2O.Trainers;

/// <summary>
/// Cancellation of work that takes no token. Views of rows are lazy, so a model is solved wherever rows are read, be it in a certifier's calibration or in a
/// metric of ML.NET, and none of these hands on a token. A scope does: solves, trainings and rows of this library look for one.
/// </summary>
public static class Interruption
{
    private static readonly AsyncLocal<Entry?> Current = new();

    /// <summary>
    /// Until disposed, long work of this library in the caller's flow of execution, threads and tasks started from it included, ends with an
    /// <see cref="OperationCanceledException"/> soon after the token fires: a solve after its current iteration, a view before its next row.
    /// Scopes nest: the tokens of outer ones count too. ML.NET's cache, which reads on a thread of its own, wraps the exception in an
    /// <see cref="InvalidOperationException"/>.
    /// </summary>
    /// <param name="cancellationToken">Ends the work.</param>
    public static IDisposable Scope(CancellationToken cancellationToken)
    {
        var entry = new Entry(Current.Value, cancellationToken);
        Current.Value = entry;
        return entry;
    }

    /// <summary>Looks for a token that has fired; for long work in terms, definitions and estimators of your own.</summary>
    /// <exception cref="OperationCanceledException">A scope's token has fired.</exception>
    public static void Check()
    {
        NativeWork.SafePoint();
        for (var entry = Current.Value; entry is not null; entry = entry.Outer)
        {
            if (entry.HasFired)
                entry.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Whether a token of the scopes that hold here has fired, wherever it is asked: under native code nothing may be thrown, and its threads know no scope.</summary>
    internal static Func<bool> Watch()
    {
        var here = Current.Value;
        return () =>
        {
            NativeWork.SafePoint();
            for (var entry = here; entry is not null; entry = entry.Outer)
            {
                if (entry.HasFired)
                    return true;
            }

            return false;
        };
    }

    private sealed class Entry(Entry? outer, CancellationToken token) : IDisposable
    {
        private volatile bool ended;

        public CancellationToken Token => token;

        public Entry? Outer => outer;

        /// <summary>Not after its end: ML.NET keeps threads for work that comes later, from anywhere, and these hold on to the scope that they were started in.</summary>
        public bool HasFired => !ended && token.IsCancellationRequested;

        public void Dispose()
        {
            ended = true;
            Current.Value = outer;
        }
    }
}
