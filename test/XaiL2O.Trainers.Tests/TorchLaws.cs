using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>One line in a list of cases; made anew for every test.</summary>
public sealed record Case<T>(string Name, Func<T> Make)
{
    public override string ToString() => Name;
}

/// <summary>Double-precision helpers, and a dispose scope around every test.</summary>
public abstract class TorchLaws
{
    private DisposeScope? scope;

    [SetUp]
    public void OpenScope() => scope = NewDisposeScope();

    [TearDown]
    public void CloseScope()
    {
        scope?.Dispose();
        scope = null;
    }

    protected static Tensor Normal(int seed, params long[] shape)
    {
        using var generator = new Generator((ulong)seed);
        return randn(shape, dtype: float64, generator: generator);
    }

    protected static MatrixOperator Matrix(int seed, int rows, int columns) => new(Normal(seed, rows, columns));

    protected static double[] Values(Tensor t) => t.detach().to(float64).cpu().contiguous().data<double>().ToArray();

    protected static float[,] ToArray(Tensor matrix)
    {
        var values = matrix.detach().to(float32).contiguous().data<float>().ToArray();
        var array = new float[matrix.shape[0], matrix.shape[1]];
        Buffer.BlockCopy(values, 0, array, 0, values.Length * sizeof(float));
        return array;
    }

    /// <summary>The largest absolute difference of two tensors.</summary>
    protected static double Gap(Tensor a, Tensor b)
    {
        Assert.That(a.shape, Is.EqualTo(b.shape));
        return (a - b).detach().abs().max().ToDouble();
    }

    /// <summary>⟨a, b⟩ row by row.</summary>
    protected static Tensor Dot(Tensor a, Tensor b) => (a * b).sum(1);

    protected static void AssertNoneAbove(Tensor values, double limit, string what) =>
        Assert.That(values.max().ToDouble(), Is.LessThanOrEqualTo(limit), what);
}
