using System.Runtime.CompilerServices;
using BenchmarkDotNet.Attributes;
using XaiL2O.Examples;
using XaiL2O.Trainers;

namespace XaiL2O.Benchmarks;

/// <summary>
/// One trade through 19 real pools of Uniswap, 17 with ticks, and through copies of them whose prices and liquidity differ: each pool on its own, and within what the trader holds, to a certified gap of 10⁻⁶.
/// </summary>
[SimpleJob(launchCount: 1, warmupCount: 3, iterationCount: 10)]
public class PoolRouting
{
    private PoolNetwork network = null!;
    private double[] states = [];
    private double[] prices = [];
    private double[] holdings = [];

    /// <summary>Number of pools.</summary>
    [Params(19, 100, 1_000, 10_000)]
    public int Pools { get; set; }

    /// <summary>Makes the network and its row.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var real = TickPools.Read(Path.Combine(Folder(), "..", "..", "examples", "data", "cfmm", "ethereum-v3-pools.json"));
        var random = new Random(1);
        double Factor(double size) => Math.Exp(size * ((2 * random.NextDouble()) - 1));
        var all = Enumerable.Range(0, Pools).Select(k => (Copy: k, Pool: k % real.Network.Pools.Count)).ToArray();
        network = new PoolNetwork(real.Network.Tokens, [.. all.Select(a => real.Network.Pools[a.Pool])]);
        states = [.. all.SelectMany(a =>
        {
            var (first, second) = (real.States[real.Network.Offset(a.Pool)], real.States[real.Network.Offset(a.Pool) + 1]);
            return real.Network.Pools[a.Pool] is ConcentratedPool ? new[] { first * Factor(0.01), Factor(0.5) } : [first * Factor(0.01), second];
        })];
        prices = [.. real.Prices.Select(p => p * Factor(0.01))];
        holdings = [.. prices.Select(p => 10 / p)];
        if (Within() > 1e-6 || Separate() > 1e-6)
            throw new InvalidOperationException("The trade is not certified.");
    }

    /// <summary>Every pool on its own; returns the gap.</summary>
    [Benchmark]
    public double Separate() => PoolRouter.Route(network, states, prices).Gap[0];

    /// <summary>With ten ETH of each token.</summary>
    [Benchmark]
    public double Within() => PoolRouter.Route(network, states, prices, holdings).Gap[0];

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
