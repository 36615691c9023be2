using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>Models of this library, made as users make them.</summary>
internal static class BuiltIn
{
    public static ImplicitModel Dictionary(float[,] A, float[,] K, ImplicitDictionaryOptions? options = null, ScalarType dtype = ScalarType.Float32) =>
        new DictionaryDefinition { MeasurementMatrix = A, InitialTransform = K, Model = options ?? new() }.CreateModel(dtype);

    /// <summary>Independent Gaussian entries.</summary>
    public static float[,] Random(int rows, int columns, int seed)
    {
        LibTorch.EnsureLoaded();
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)(uint)seed);
        return new NamedArray("", [rows, columns], randn(rows, columns, dtype: ScalarType.Float32, generator: generator).data<float>().ToArray()).ToMatrix();
    }
}
