using System.Globalization;
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

    /// <summary>Name, shape and, of few values, all of them; of many, how many there are and their range.</summary>
    public override string ToString()
    {
        const int few = 20;
        static string Number(float value) => value.ToString("G5", CultureInfo.InvariantCulture);
        var values = Values.Length <= few
            ? string.Join(", ", Values.Select(Number))
            : $"{Values.Length.ToString(CultureInfo.InvariantCulture)} values from {Number(Values.Min())} to {Number(Values.Max())}{(Values.Any(float.IsNaN) ? ", NaN among them" : "")}";
        return $"{Name} [{string.Join(", ", Shape)}]: {values}";
    }

    /// <summary>A copy of a tensor, in single precision.</summary>
    internal static NamedArray Of(string name, Tensor values)
    {
        using var plain = values.detach().to(ScalarType.Float32).cpu().contiguous();
        return new NamedArray(name, [.. values.shape], plain.data<float>().ToArray());
    }
}
