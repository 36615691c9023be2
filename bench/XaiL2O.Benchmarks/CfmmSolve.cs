using BenchmarkDotNet.Attributes;
using TorchSharp;
using XaiL2O.Data;
using XaiL2O.Trainers;
using static TorchSharp.torch;

namespace XaiL2O.Benchmarks;

/// <summary>
/// 500 trades on the simulated network by the solver of the product against the same Davis–Yin iteration operation by operation on
/// TorchSharp tensors, 2 000 iterations from zero; read the Ratio column.
/// </summary>
[SimpleJob(launchCount: 1, warmupCount: 1, iterationCount: 5)]
public class CfmmSolve
{
    private readonly FixedPointOptions options = new() { MaxIterations = 5000, ResidualTolerance = 1e-11, CheckEvery = 20 };
    private readonly double[] prices = [.. CfmmSimulation.Prices];
    private double[] reserves = [];
    private CfmmTradeModel model = null!;
    private Splitting splitting = null!;
    private Tensor data = null!;

    /// <summary>Makes data and model.</summary>
    [GlobalSetup]
    public void Setup()
    {
        LibTorch.EnsureLoaded();
        // For tensors of a few thousand numbers one thread is the faster choice.
        set_num_threads(1);
        reserves = CfmmSimulation.Reserves(500, new Random(1));
        model = new CfmmTradeModel(CfmmSimulation.Network, new CfmmTradeOptions());
        splitting = model.CreateSplitting();
        data = cat([tensor(reserves).reshape(500, 11), tensor(prices).expand(500, 3)], 1);
    }

    /// <summary>Plain iteration on tensors.</summary>
    [Benchmark(Baseline = true)]
    public double Tensors()
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var state = splitting.Initialize(data);
        for (var k = 0; k < 2000; k++)
        {
            using var step = NewDisposeScope();
            var next = splitting.Step(state, data);
            state = next.With([.. next.Tensors.Select(t => t.MoveToOuterDisposeScope())]);
        }

        return splitting.Inference(state, data).sum().ToDouble();
    }

    /// <summary>SIMD over rows on all cores, finished by Newton's method.</summary>
    [Benchmark]
    public double Solver() => model.Decide(reserves, prices, options).Tender.Sum();
}

/// <summary>How the cost of a solve grows with the number of CFMMs and of rows.</summary>
[SimpleJob(launchCount: 1, warmupCount: 1, iterationCount: 5)]
public class CfmmScale
{
    private readonly FixedPointOptions options = new() { MaxIterations = 5000, ResidualTolerance = 1e-11, CheckEvery = 20 };
    private readonly double[] prices = [.. CfmmSimulation.Prices];
    private double[] reserves = [];
    private CfmmTradeModel model = null!;

    /// <summary>CFMMs (a multiple of 5: the simulated network repeated) and rows.</summary>
    [ParamsSource(nameof(Sizes))]
    public (int Cfmms, int Rows) Size { get; set; }

    /// <summary>One grows while the other stays.</summary>
    public static IEnumerable<(int Cfmms, int Rows)> Sizes => [(5, 1), (5, 10), (5, 100), (5, 1_000), (5, 10_000), (50, 100), (200, 100), (1_000, 100)];

    /// <summary>Makes data and model.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var copies = Size.Cfmms / 5;
        var network = CfmmSimulation.Network;
        model = new CfmmTradeModel(
            new CfmmNetwork(network.Tokens, [.. Enumerable.Range(0, copies).SelectMany(k => network.Cfmms.Select(c => c with { Name = $"{c.Name}, copy {k}" }))]),
            new CfmmTradeOptions());
        reserves = CfmmSimulation.Reserves(Size.Rows * copies, new Random(1));
    }

    /// <summary>Solves all rows.</summary>
    [Benchmark]
    public double Solve() => model.Decide(reserves, prices, options).Tender.Sum();
}
