using System.Runtime.ExceptionServices;

namespace XaiL2O.Trainers;

/// <summary>
/// Loops over rows and parts on all cores. They take one thread per core and no more: a loop without that limit always has work waiting in the pool, so what else needs a thread of it, like the timer
/// of a token that is to cancel the loop, waits until the pool grows, a second and longer.
/// </summary>
internal static class ParallelLoop
{
    /// <summary>Multiplications below which other threads would only cost time.</summary>
    private const long SmallWork = 1 << 15;

    private static readonly ParallelOptions OneThreadPerCore = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };

    /// <summary>Runs <paramref name="body"/> for 0 … <paramref name="count"/> − 1.</summary>
    /// <exception cref="OperationCanceledException">Of the body, as itself.</exception>
    /// <exception cref="AggregateException">Of the body, others.</exception>
    public static void For(int count, Action<int> body) => For(count, long.MaxValue, body);

    /// <summary>The same, on the calling thread where there is little to do; then every exception comes as itself.</summary>
    /// <param name="count">How often the body runs.</param>
    /// <param name="work">About how many multiplications all of it takes.</param>
    /// <param name="body">The body.</param>
    public static void For(int count, long work, Action<int> body)
    {
        if (work <= SmallWork)
        {
            for (var i = 0; i < count; i++)
                body(i);
            return;
        }

        try
        {
            Parallel.For(0, count, OneThreadPerCore, body);
        }
        catch (AggregateException e) when (e.InnerExceptions.OfType<OperationCanceledException>().FirstOrDefault() is { } cancelled)
        {
            ExceptionDispatchInfo.Throw(cancelled);
        }
    }
}
