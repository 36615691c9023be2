using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>A weight as it is stored: a name, a shape and the values in row-major order.</summary>
/// <param name="Name">Name, unique within a model.</param>
/// <param name="Shape">Length of each dimension.</param>
/// <param name="Values">As many values as the product of <paramref name="Shape"/>.</param>
public sealed record NamedArray(string Name, long[] Shape, float[] Values)
{
    /// <summary>The values as a matrix, a copy.</summary>
    /// <exception cref="InvalidOperationException">The array has not two dimensions.</exception>
    public float[,] ToMatrix()
    {
        if (Shape.Length != 2)
            throw new InvalidOperationException($"'{Name}' has {Shape.Length} dimensions; a matrix has 2.");
        var matrix = new float[Shape[0], Shape[1]];
        Buffer.BlockCopy(Values, 0, matrix, 0, Buffer.ByteLength(Values));
        return matrix;
    }

    /// <summary>A copy of a tensor, in single precision.</summary>
    internal static NamedArray Of(string name, Tensor values)
    {
        using var plain = values.detach().to(ScalarType.Float32).cpu().contiguous();
        return new NamedArray(name, [.. values.shape], plain.data<float>().ToArray());
    }
}
