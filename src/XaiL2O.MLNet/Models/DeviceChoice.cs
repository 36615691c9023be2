using Microsoft.ML;
using Microsoft.ML.Runtime;
using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>The device by ML.NET's convention: <c>MLContext.GpuDeviceId</c>, and <c>FallbackToCpu</c> where there is none.</summary>
internal static class DeviceChoice
{
    /// <exception cref="InvalidOperationException">A GPU is asked for, none is there, and falling back is not allowed.</exception>
    public static torch.Device From(IHostEnvironment environment)
    {
        LibTorch.EnsureLoaded();
        var settings = (IHostEnvironmentInternal)environment;
        if (settings.GpuDeviceId is not { } index)
            return torch.CPU;
        if (torch.cuda.is_available() && index >= 0 && index < torch.cuda.device_count())
            return torch.device(DeviceType.CUDA, index);
        if (settings.FallbackToCpu)
            return torch.CPU;
        throw new InvalidOperationException(
            $"MLContext.GpuDeviceId = {index}, but libtorch finds {(torch.cuda.is_available() ? torch.cuda.device_count() : 0)} CUDA devices. "
            + "Set MLContext.FallbackToCpu = true, or reference a TorchSharp-cuda package for your GPU.");
    }
}
