using Microsoft.ML;

namespace XaiL2O.MLNet;

/// <summary>Entry point from <see cref="MLContext"/>.</summary>
public static class MLContextExtensions
{
    /// <summary>The catalog of learned optimisation models and certificates.</summary>
    /// <param name="mlContext">The context; its <c>GpuDeviceId</c> and <c>FallbackToCpu</c> choose the device.</param>
    public static L2OCatalog L2O(this MLContext mlContext)
    {
        ArgumentNullException.ThrowIfNull(mlContext);
        return new L2OCatalog(mlContext);
    }
}
