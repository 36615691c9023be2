using XaiL2O.Trainers;

namespace XaiL2O.Data;

/// <summary>The network of the source's trading experiment, and draws of its reserves.</summary>
public static class CfmmSimulation
{
    private static readonly double[] MeanLiquidity = [50, 30, 23.5, 35.7, 46.9];

    /// <summary>Five CFMMs over three tokens; the fifth is arithmetic.</summary>
    public static CfmmNetwork Network { get; } = new(
        ["1", "2", "3"],
        [
            new("CFMM 1", ["1", "2", "3"], [0.2, 0.3, 0.5], 0.98, ExchangeRule.Geometric),
            new("CFMM 2", ["1", "2"], [0.4, 0.6], 0.99, ExchangeRule.Geometric),
            new("CFMM 3", ["2", "3"], [0.5, 0.5], 0.98, ExchangeRule.Geometric),
            new("CFMM 4", ["1", "3"], [0.6, 0.4], 0.99, ExchangeRule.Geometric),
            new("CFMM 5", ["1", "3"], [0.6, 0.4], 0.98, ExchangeRule.Arithmetic),
        ]);

    /// <summary>p of the experiment, one per token.</summary>
    public static IReadOnlyList<double> Prices { get; } = [1, 1.9, 0.5];

    /// <summary>
    /// Draws true reserves: each CFMM has local prices p̂ = (1 + 0.1·N(0, 1))p and rᵢ = wᵢp̂₁ρᵢ/(w₁p̂ᵢ) with ρᵢ = (1 + 0.1·N(0, 1))ρ̄ⱼ.
    /// </summary>
    /// <param name="rows">Number of draws.</param>
    /// <param name="random">Source of the draws.</param>
    /// <returns>Rows × N, row-major.</returns>
    public static double[] Reserves(int rows, Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var reserves = new double[rows * Network.ReserveCount];
        for (var row = 0; row < rows; row++)
        {
            for (var j = 0; j < Network.Cfmms.Count; j++)
            {
                var cfmm = Network.Cfmms[j];
                double[] local = [.. Enumerable.Range(0, cfmm.Tokens.Count).Select(i => (1 + (0.1 * Normal(random))) * Prices[Network.TokenOf(Network.Offset(j) + i)])];
                for (var i = 0; i < local.Length; i++)
                {
                    var liquidity = (1 + (0.1 * Normal(random))) * MeanLiquidity[j];
                    reserves[(row * Network.ReserveCount) + Network.Offset(j) + i] = cfmm.Weights[i] * local[0] * liquidity / (cfmm.Weights[0] * local[i]);
                }
            }
        }

        return reserves;
    }

    /// <summary>Noisy observations d = (1 + ε)r with ε ~ N(0, σ²), σ drawn per row from U(0, <paramref name="largestDeviation"/>).</summary>
    /// <param name="network">The network.</param>
    /// <param name="reserves">r, rows × N.</param>
    /// <param name="largestDeviation">Largest σ, for instance 0.001.</param>
    /// <param name="random">Source of the draws.</param>
    public static double[] Observe(CfmmNetwork network, double[] reserves, double largestDeviation, Random random)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(reserves);
        ArgumentNullException.ThrowIfNull(random);
        var observed = new double[reserves.Length];
        var n = network.ReserveCount;
        for (var start = 0; start < reserves.Length; start += n)
        {
            var deviation = largestDeviation * random.NextDouble();
            for (var i = start; i < start + n; i++)
                observed[i] = reserves[i] * (1 + (deviation * Normal(random)));
        }

        return observed;
    }

    /// <summary>A standard normal draw (Box and Muller 1958, doi 10.1214/aoms/1177706645).</summary>
    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
