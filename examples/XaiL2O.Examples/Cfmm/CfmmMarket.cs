using XaiL2O.Data;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>Rows of a market: true and observed reserves (rows × N) and prices (rows × tokens).</summary>
internal sealed record CfmmRowsOf(double[] Reserves, double[] Observed, double[] Prices)
{
    public int Count(CfmmNetwork network) => Reserves.Length / network.ReserveCount;
}

/// <summary>A network with rows to train on, to calibrate on and to test on, and further rows for rare events.</summary>
internal sealed record CfmmMarket(string Title, CfmmNetwork Network, CfmmRowsOf Training, CfmmRowsOf Calibration, CfmmRowsOf Test, CfmmRowsOf Further)
{
    /// <summary>The simulated network of the source: 5 000 rows to train and calibrate, 500 to test.</summary>
    public static CfmmMarket Simulated(double noise, ExampleContext context)
    {
        CfmmRowsOf Rows(int count, int offset)
        {
            var random = new Random((1000 * context.Seed) + offset);
            var reserves = CfmmSimulation.Reserves(count, random);
            var observed = CfmmSimulation.Observe(CfmmSimulation.Network, reserves, noise, random);
            return new(reserves, observed, [.. Enumerable.Range(0, count).SelectMany(_ => CfmmSimulation.Prices)]);
        }

        return new($"Simulated network, noise {noise:0.0 %}", CfmmSimulation.Network, Rows(context.Sized(1_300, 4_000, 4_000), 1), Rows(1_000, 2), Rows(500, 3), Rows(context.Sized(4_000, 20_000, 20_000), 4));
    }

    /// <summary>
    /// Real pools. Each row is the snapshot a little later: liquidity has drifted by about 1 % per pool and prices by about 1 % per
    /// token, which the pools have not yet followed.
    /// </summary>
    public static CfmmMarket Real(string title, RealPools pools, double noise, ExampleContext context)
    {
        var network = pools.Network;
        CfmmRowsOf Rows(int count, int offset)
        {
            var random = new Random((1000 * context.Seed) + offset);
            var (reserves, prices) = (new double[count * network.ReserveCount], new double[count * network.Tokens.Count]);
            for (var row = 0; row < count; row++)
            {
                for (var j = 0; j < network.Cfmms.Count; j++)
                {
                    var liquidity = Math.Exp(0.01 * Gaussian.Next(random));
                    for (var i = network.Offset(j); i < network.Offset(j + 1); i++)
                        reserves[(row * network.ReserveCount) + i] = pools.Reserves[i] * liquidity;
                }

                for (var t = 0; t < network.Tokens.Count; t++)
                    prices[(row * network.Tokens.Count) + t] = pools.Prices[t] * Math.Exp(0.01 * Gaussian.Next(random));
            }

            return new(reserves, CfmmSimulation.Observe(network, reserves, noise, random), prices);
        }

        return new(title, network, Rows(context.Sized(1_000, 3_000, 3_000), 1), Rows(context.Sized(400, 1_000, 1_000), 2), Rows(500, 3), Rows(context.Sized(400, 2_000, 2_000), 4));
    }
}
