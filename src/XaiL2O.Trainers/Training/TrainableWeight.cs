using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>How models make the tensors that training changes.</summary>
internal static class TrainableWeight
{
    /// <summary>A weight with values of its own, outside of dispose scopes: whoever makes it disposes it.</summary>
    /// <param name="start">Values before training; not kept.</param>
    /// <param name="dtype">Type of the weight.</param>
    /// <param name="device">Device of the weight.</param>
    public static Parameter Create(Tensor start, ScalarType dtype, Device device) =>
        (Parameter)nn.Parameter(start.to(dtype).to(device).clone()).DetachFromDisposeScope();
}
