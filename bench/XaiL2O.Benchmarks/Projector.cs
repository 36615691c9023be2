using BenchmarkDotNet.Attributes;
using TorchSharp;
using XaiL2O.Trainers;
using static TorchSharp.torch;

namespace XaiL2O.Benchmarks;

/// <summary>One forward and one adjoint projection of a batch of 8 images, 128×128, 30 angles × 183 bins; read the Ratio column.</summary>
[SimpleJob(launchCount: 1, warmupCount: 2, iterationCount: 10)]
public class Projector
{
    private readonly RadonOperator radon = RadonOperator.Shared(new ParallelBeamGeometry());
    private Tensor dense = null!;
    private Tensor x = null!;
    private Tensor y = null!;

    /// <summary>Makes the dense matrix and the batch.</summary>
    [GlobalSetup]
    public void Setup() => (dense, x, y) = (radon.ToDense(), rand(8, radon.InputSize), rand(8, radon.OutputSize));

    /// <summary>The dense matrix by libtorch.</summary>
    [Benchmark(Baseline = true)]
    public void Dense()
    {
        using var scope = NewDisposeScope();
        _ = mm(x, dense.t());
        _ = mm(y, dense);
    }

    /// <summary>The operator.</summary>
    [Benchmark]
    public void Sparse()
    {
        using var scope = NewDisposeScope();
        _ = radon.Apply(x);
        _ = radon.ApplyAdjoint(y);
    }
}
