using XaiL2O.Examples;
using XaiL2O.Trainers;
using XaiL2O.Trainers.Tests;

namespace XaiL2O.EndToEnd.Tests;

/// <summary>The pools of Uniswap that ship with the examples.</summary>
internal sealed class TickPoolTests
{
    private static readonly Lazy<TickPools> Pools = new(() => TickPools.Read(ExampleContext.Data(Path.Combine("cfmm", "ethereum-v3-pools.json"))));

    [Test]
    public void Seventeen_pools_are_read_with_their_ticks_and_prices()
    {
        var (network, states, prices) = Pools.Value;
        var concentrated = network.Pools.OfType<ConcentratedPool>().ToArray();
        Assert.That(concentrated, Has.Length.EqualTo(17));
        Assert.That(network.Pools, Has.Count.EqualTo(19));
        Assert.That(concentrated.Max(p => p.TickPrices.Count), Is.EqualTo(1415));
        Assert.That(prices, Has.All.Positive);
        double Price(string token) => prices[network.Tokens.ToList().IndexOf(token)];
        Assert.That(Price("WETH"), Is.EqualTo(1));
        Assert.That(1 / Price("USDC"), Is.InRange(2_500, 3_000));
        Assert.That(Price("USDT") / Price("USDC"), Is.InRange(0.99, 1.01));
        Assert.That(Price("WBTC"), Is.InRange(28, 32));
        Assert.That(states[network.Offset(network.Pools.ToList().FindIndex(p => p.Name.StartsWith("WBTC/USDC", StringComparison.Ordinal)))], Is.EqualTo(82_509.13).Within(0.01));
    }

    /// <summary>Over all pools, prices near theirs and far beyond their ticks, in both directions.</summary>
    [Test]
    public void Trades_equal_a_walk_from_tick_to_tick()
    {
        var (network, states, prices) = Pools.Value;
        var (random, traded) = (new Random(1), 0);
        for (var j = 0; j < network.Pools.Count; j++)
        {
            if (network.Pools[j] is not ConcentratedPool pool)
                continue;
            var start = network.Offset(j);
            var single = new PoolNetwork(pool.Tokens, [pool]);
            for (var trial = 0; trial < 40; trial++)
            {
                double[] state = [states[start] * Math.Exp(0.002 * random.NextDouble()), Math.Exp(random.NextDouble() - 0.5)];
                var size = (trial % 4) switch { 0 => 1e-3, 1 => 1e-2, 2 => 0.2, _ => 5 };
                double[] p = [prices[network.TokenOf(start)] * Math.Exp(size * (random.NextDouble() - 0.5)), prices[network.TokenOf(start + 1)]];
                var trade = PoolRouter.Route(single, state, p);
                var walk = new TickWalk(pool.TickPrices, pool.Liquidity, state[0], state[1], pool.FeeFactor).Best(p[0], p[1]);
                for (var i = 0; i < 2; i++)
                    Assert.That(trade.Receive[i] - trade.Tender[i], Is.EqualTo(walk[i]).Within(1e-9 * Math.Abs(walk[i])), $"{pool.Name}, trial {trial}");
                traded += walk[0] != 0 ? 1 : 0;
            }
        }

        Assert.That(traded, Is.InRange(200, 17 * 40));
    }
}
