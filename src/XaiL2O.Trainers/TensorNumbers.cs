using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The numbers of a tensor, for what computes on arrays.</summary>
internal static class TensorNumbers
{
    /// <summary>All values in row-major order and double precision, a copy without gradients.</summary>
    public static double[] Of(Tensor t)
    {
        using var scope = NewDisposeScope();
        return t.detach().to(ScalarType.Float64).cpu().contiguous().data<double>().ToArray();
    }
}
