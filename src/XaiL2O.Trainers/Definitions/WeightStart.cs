using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>What a trained weight is at the start of training.</summary>
public sealed class WeightStart
{
    private readonly Func<long[], Generator, Tensor> make;

    private WeightStart(Func<long[], Generator, Tensor> make) => this.make = make;

    /// <summary>All zeros.</summary>
    public static WeightStart Zero { get; } = new((shape, _) => zeros(shape, dtype: ScalarType.Float32));

    /// <summary>A multiple of the identity, for matrices.</summary>
    /// <param name="scale">The factor.</param>
    public static WeightStart Identity(double scale = 1) => new((shape, _) => shape.Length == 2
        ? scale * eye(shape[0], shape[1], dtype: ScalarType.Float32)
        : throw new ArgumentException($"The identity is a matrix; the weight has {shape.Length} dimensions."));

    /// <summary>The orthonormal cosine transform, for square matrices; its first rows where there are fewer rows than columns.</summary>
    public static WeightStart CosineTransform { get; } = new((shape, _) =>
    {
        if (shape.Length != 2 || shape[0] > shape[1])
            throw new ArgumentException($"The cosine transform is a matrix with at most as many rows as columns; the weight has shape [{string.Join(", ", shape)}].");
        using var cosines = MatrixOperator.CosineTransform((int)shape[1]);
        return cosines.Matrix.slice(0, 0, shape[0], 1).to(ScalarType.Float32).clone();
    });

    /// <summary>Independent Gaussian entries with mean 0; the definition's seed decides them.</summary>
    /// <param name="deviation">Standard deviation.</param>
    public static WeightStart Gaussian(double deviation) => new((shape, generator) => deviation * randn(shape, dtype: ScalarType.Float32, generator: generator));

    /// <summary>A matrix.</summary>
    /// <param name="values">As many rows and columns as the weight.</param>
    public static WeightStart Values(float[,] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return new((_, _) => tensor(values));
    }

    /// <summary>A vector.</summary>
    /// <param name="values">As many values as the weight.</param>
    public static WeightStart Values(float[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return new((_, _) => tensor(values));
    }

    /// <summary>What a function makes, for starts that the others do not know.</summary>
    /// <param name="make">Makes the values of a shape; called once, when the weight is declared for the first time. The generator draws from the definition's seed.</param>
    public static WeightStart Made(Func<long[], Generator, Tensor> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        return new(make);
    }

    internal Tensor Make(string name, long[] shape, Generator generator)
    {
        var values = make(shape, generator);
        return values.shape.SequenceEqual(shape)
            ? values
            : throw new ArgumentException($"The weight '{name}' has shape [{string.Join(", ", shape)}] and starts with values of shape [{string.Join(", ", values.shape)}].");
    }
}
