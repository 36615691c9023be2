using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>A weight as it is stored: a name, a shape and the values in row-major order.</summary>
/// <param name="Name">Name, unique within a model.</param>
/// <param name="Shape">Length of each dimension.</param>
/// <param name="Values">As many values as the product of <paramref name="Shape"/>.</param>
public sealed record NamedArray(string Name, long[] Shape, float[] Values)
{
    /// <summary>A copy of a tensor, in single precision.</summary>
    internal static NamedArray Of(string name, Tensor values)
    {
        using var plain = values.detach().to(ScalarType.Float32).cpu().contiguous();
        return new NamedArray(name, [.. values.shape], plain.data<float>().ToArray());
    }
}
