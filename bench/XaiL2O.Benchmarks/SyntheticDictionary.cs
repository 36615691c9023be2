using TorchSharp;
using XaiL2O.Trainers;
using static TorchSharp.torch;

namespace XaiL2O.Benchmarks;

/// <summary>Problems of the size of the dictionary experiment: n = 250, m = 100, signals from 50 atoms.</summary>
internal static class SyntheticDictionary
{
    public const int SignalLength = 250;
    public const int Measurements = 100;

    public static float[,] MeasurementMatrix()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var A = randn(Measurements, SignalLength, generator: generator);
        return ToArray(A / A.norm(0, true));
    }

    public static (Tensor Data, Tensor Signals) Draw(int rows)
    {
        using var generator = new Generator(2);
        using var A = tensor(MeasurementMatrix());
        using var synthesis = randn(50, SignalLength, generator: generator);
        using var codes = randn(rows, 50, generator: generator) * (rand(rows, 50, generator: generator) < 0.1);
        var signals = mm(codes, synthesis);
        return (mm(signals, A.t()), signals);
    }

    public static float[,] CosineTransform()
    {
        using var transform = MatrixOperator.CosineTransform(SignalLength);
        return ToArray(transform.Matrix);
    }

    private static float[,] ToArray(Tensor t)
    {
        var values = t.contiguous().data<float>().ToArray();
        var matrix = new float[t.shape[0], t.shape[1]];
        Buffer.BlockCopy(values, 0, matrix, 0, values.Length * sizeof(float));
        return matrix;
    }
}
