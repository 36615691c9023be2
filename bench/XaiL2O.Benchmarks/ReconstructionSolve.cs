using BenchmarkDotNet.Attributes;
using TorchSharp;
using XaiL2O.Trainers;
using static TorchSharp.torch;

namespace XaiL2O.Benchmarks;

/// <summary>Twenty iterations of the implicit reconstruction model on a batch of 8, with A as an operator and as a dense matrix; read the Ratio column.</summary>
[SimpleJob(launchCount: 1, warmupCount: 1, iterationCount: 5)]
public class ReconstructionSolve
{
    private readonly RadonOperator radon = RadonOperator.Shared(new ParallelBeamGeometry());
    private LinearizedAdmm sparse = null!;
    private LinearizedAdmm dense = null!;
    private Tensor data = null!;

    /// <summary>The shape of the shipped model.</summary>
    [GlobalSetup]
    public void Setup()
    {
        using var grad = no_grad();
        var model = new ImplicitReconstruction
        {
            Model = new()
            {
                Regularizer = RegularizerKind.Adaptive, NoiseFloor = 0.1, Channels = 32, TransformKernel = 7, Hidden = 32, Context = 28, Kernel = 3, Stages = 1, Concavity = 0.95,
            },
        }.CreateModel();
        sparse = (LinearizedAdmm)model.CreateSplitting();
        var A = new MatrixOperator(radon.ToDense(), radon.NormBound);
        dense = new LinearizedAdmm(
            sparse.F, new FidelityTerm("Fidelity", A, sparse.Fidelity.Radius, sparse.Fidelity.NoiseFloor), null, sparse.Steps, new GramPreconditioner(A, sparse.Preconditioner!.Strength), sparse.Constraint);
        data = radon.Apply(rand(8, radon.InputSize));
    }

    /// <summary>A as a dense matrix.</summary>
    [Benchmark(Baseline = true)]
    public void Dense() => Solve(dense);

    /// <summary>A as the operator.</summary>
    [Benchmark]
    public void Sparse() => Solve(sparse);

    private void Solve(LinearizedAdmm splitting)
    {
        using var scope = NewDisposeScope();
        _ = FixedPointSolver.Solve(splitting, data, new FixedPointOptions { MaxIterations = 20, CheckEvery = 20 });
    }
}
