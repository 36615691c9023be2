using TorchSharp;

namespace XaiL2O.MLNet;

/// <summary>Makes what holds tensors and outlives its maker.</summary>
internal static class LastingTensors
{
    /// <summary>
    /// Makes something without gradients, on a thread of its own: tensors computed from weights belong to the dispose scope that is open on the
    /// thread, and would end with the caller's.
    /// </summary>
    public static T Make<T>(Func<T> make)
    {
        T Make()
        {
            using var grad = torch.no_grad();
            return make();
        }

        return Task.Factory.StartNew(Make, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).GetAwaiter().GetResult();
    }
}
