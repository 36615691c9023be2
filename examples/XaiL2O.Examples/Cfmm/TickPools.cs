using System.Globalization;
using System.Numerics;
using System.Text.Json;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>Pools of Uniswap as they stood on Ethereum, most of them with concentrated liquidity: states in tokens, prices in ETH.</summary>
internal sealed record TickPools(PoolNetwork Network, double[] States, double[] Prices)
{
    private const string Ether = "WETH";

    /// <summary>Fees of v3 by their names in the file; pools of v2 all take 0.3 %.</summary>
    private static readonly Dictionary<string, double> Fees = new() { ["Lowest"] = 1e-4, ["Low"] = 5e-4, ["Medium"] = 3e-3, ["High"] = 1e-2 };

    /// <summary>
    /// All pools of a file. A token is priced by the deepest pool that links it to one with a price, beginning with ether. Two pools trade tokens that no other pool has: there the first token counts as one ether.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="fixedCost">What using a pool costs, in ETH.</param>
    public static TickPools Read(string path, double fixedCost = 0)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(path));
        var (pools, states) = (new List<LiquidityPool>(), new List<double[]>());
        foreach (var entry in document.RootElement.EnumerateArray())
        {
            var (tokens, state) = (entry.GetProperty("tokens").EnumerateArray().ToArray(), entry.GetProperty("state").GetProperty("state"));
            string[] symbols = [.. tokens.Select(t => t.GetProperty("symbol").GetString()!)];
            int[] decimals = [.. tokens.Select(t => t.GetProperty("decimals").GetInt32())];
            var name = $"{symbols[0]}/{symbols[1]}";
            if (!state.TryGetProperty("ticks", out var ticks))
            {
                pools.Add(new WeightedPool($"{name} v2", symbols, [1, 1], 0.997) { FixedCost = fixedCost });
                states.Add([.. decimals.Select((d, i) => Whole(state.GetProperty($"reserve{i}")) / Math.Pow(10, d))]);
                continue;
            }

            var fee = Fees[state.GetProperty("fee").GetString()!];
            pools.Add(ConcentratedPool.FromTicks(
                $"{name} {fee.ToString("0.## %", CultureInfo.InvariantCulture)}",
                symbols,
                (decimals[0], decimals[1]),
                1 - fee,
                [.. ticks.GetProperty("ticks").EnumerateArray().Select(t => (t.GetProperty("index").GetInt32(), Int128.Parse(t.GetProperty("net_liquidity").GetRawText(), CultureInfo.InvariantCulture)))],
                fixedCost));
            // The root of the price in smallest units, in 2⁻⁹⁶.
            var root = Whole(state.GetProperty("sqrt_price")) / Math.Pow(2, 96);
            states.Add([root * root * Math.Pow(10, decimals[0] - decimals[1]), 1]);
        }

        string[] all = [.. pools.SelectMany(p => p.Tokens).Distinct()];
        return new(new PoolNetwork(all, pools), [.. states.SelectMany(s => s)], PricesOf(pools, states, all));
    }

    /// <summary>The price of the first token in the second, and how much of the second token stands behind it.</summary>
    private static (double Price, double Depth) Quote(LiquidityPool pool, double[] state)
    {
        if (pool is not ConcentratedPool concentrated)
            return (state[1] / state[0], state[1]);
        var price = Math.Clamp(state[0], concentrated.TickPrices[0], concentrated.TickPrices[^1]);
        var interval = Math.Max(0, Enumerable.Range(0, concentrated.Liquidity.Count).LastOrDefault(i => concentrated.TickPrices[i] <= price));
        return (price, concentrated.Liquidity[interval] * Math.Sqrt(price));
    }

    private static double[] PricesOf(List<LiquidityPool> pools, List<double[]> states, string[] tokens)
    {
        var prices = new Dictionary<string, double> { [Ether] = 1 };
        while (prices.Count < tokens.Length)
        {
            var links = pools.Zip(states).Select(p => (p.First.Tokens, Quote: Quote(p.First, p.Second))).Where(p => prices.ContainsKey(p.Tokens[0]) != prices.ContainsKey(p.Tokens[1])).ToArray();
            if (links.Length == 0)
            {
                prices[tokens.First(t => !prices.ContainsKey(t))] = 1;
                continue;
            }

            double Second(IReadOnlyList<string> pair, double price) => prices.TryGetValue(pair[1], out var known) ? known : prices[pair[0]] / price;
            var (deepest, quote) = links.MaxBy(p => p.Quote.Depth * Second(p.Tokens, p.Quote.Price));
            var second = Second(deepest, quote.Price);
            (prices[deepest[0]], prices[deepest[1]]) = (second * quote.Price, second);
        }

        return [.. tokens.Select(t => prices[t])];
    }

    private static double Whole(JsonElement hexadecimal) => (double)BigInteger.Parse("0" + hexadecimal.GetString()![2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
