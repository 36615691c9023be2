using System.Runtime.ExceptionServices;

namespace XaiL2O.Trainers;

/// <summary>
/// Loops over rows and parts on all cores. They take one thread per core and no more: a loop without that limit always has work waiting in the pool, so what else needs a thread of it, like the timer
/// of a token that is to cancel the loop, waits until the pool grows, a second and longer.
/// </summary>
internal static class ParallelLoop
{
    private static readonly ParallelOptions OneThreadPerCore = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };

    /// <summary>Runs <paramref name="body"/> for 0 … <paramref name="count"/> − 1.</summary>
    /// <exception cref="OperationCanceledException">Of the body, as itself.</exception>
    /// <exception cref="AggregateException">Of the body, others.</exception>
    public static void For(int count, Action<int> body)
    {
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
