using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>A term that compares Kx with the measurements.</summary>
internal interface IDataTerm
{
    /// <summary>‖d‖ in the units of Kx, shape <c>[batch]</c>: the scale of agreement where Kx itself is 0.</summary>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    Tensor DataNorm(Tensor data);

    /// <summary>The measurements in d that Kx is compared with, shape <c>[batch, Operator.OutputSize]</c>.</summary>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    Tensor Target(Tensor data);
}
