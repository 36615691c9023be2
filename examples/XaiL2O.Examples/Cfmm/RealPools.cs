using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>A network of pools as they stood on Ethereum: reserves in tokens, prices in ETH.</summary>
internal sealed record RealPools(CfmmNetwork Network, double[] Reserves, double[] Prices, int LeftOut)
{
    private sealed record Pool(Cfmm Cfmm, double[] Reserves);

    /// <summary>
    /// The CoW Protocol snapshot: constant product and weighted pools worth at least 1 ETH by the prices in the file. Left out are
    /// smaller pools, the stable one, whose rule is another, and one with a token without a price.
    /// </summary>
    public static RealPools Cow()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(ExampleContext.Data(Path.Combine("cfmm", "cow-mainnet-pools.json"))));
        var tokens = document.RootElement.GetProperty("tokens");
        double Unit(string address) => Math.Pow(10, tokens.GetProperty(address).GetProperty("decimals").GetInt32());
        // The file prices the smallest unit of a token in wei.
        double Price(string address) => tokens.GetProperty(address).GetProperty("external_price") is { ValueKind: JsonValueKind.Number } price ? price.GetDouble() * Unit(address) / 1e18 : double.NaN;
        string Name(string address) => tokens.GetProperty(address).TryGetProperty("alias", out var alias) && alias.ValueKind == JsonValueKind.String ? $"{alias.GetString()} {address[..6]}" : address[..10];

        var (pools, leftOut) = (new List<Pool>(), 0);
        foreach (var entry in document.RootElement.GetProperty("amms").EnumerateObject())
        {
            var addresses = entry.Value.GetProperty("reserves").EnumerateObject().ToArray();
            double Amount(JsonProperty r) => double.Parse((r.Value.ValueKind == JsonValueKind.Object ? r.Value.GetProperty("balance") : r.Value).GetString()!, CultureInfo.InvariantCulture) / Unit(r.Name);
            double Weight(JsonProperty r) => r.Value.ValueKind == JsonValueKind.Object && r.Value.TryGetProperty("weight", out var w) ? double.Parse(w.ToString(), CultureInfo.InvariantCulture) : 1;
            var reserves = addresses.Select(Amount).ToArray();
            var value = addresses.Select((r, i) => reserves[i] * Price(r.Name)).Sum();
            if (entry.Value.GetProperty("kind").GetString() == "Stable" || !(value >= 1))
            {
                leftOut++;
                continue;
            }

            var fee = double.Parse(entry.Value.GetProperty("fee").ToString(), CultureInfo.InvariantCulture);
            pools.Add(new(new Cfmm($"pool {entry.Name}", [.. addresses.Select(r => Name(r.Name))], [.. addresses.Select(Weight)], 1 - fee, ExchangeRule.Geometric), reserves));
        }

        var prices = tokens.EnumerateObject().GroupBy(t => Name(t.Name)).ToDictionary(g => g.Key, g => Price(g.First().Name));
        return Join(pools, prices, leftOut);
    }

    /// <summary>
    /// Pairs with WETH that trade on both Uniswap and Sushi in the Bancor snapshot, each pool's latest entry, worth at least 10 ETH. A
    /// token's price is that of its deepest pool.
    /// </summary>
    public static RealPools UniswapAndSushi()
    {
        const string weth = "WETH-6Cc2";
        var curves = ReadCurves().Where(c => c.Constraint == "uv2" && c.Pair.Split('/').Contains(weth))
            .Select(c => (Curve: c, Exchange: Between(c.Parameters, "'exchange': '", "'"), Block: long.Parse(Between(c.Parameters, "'blocklud': ", "}").Split(',')[0], CultureInfo.InvariantCulture)))
            .Where(c => c.Exchange is "uniswap_v2" or "sushiswap_v2" && c.Curve.X > 0 && c.Curve.Y > 0)
            .GroupBy(c => (c.Exchange, c.Curve.Pair))
            .Select(g => g.MaxBy(c => c.Block))
            .GroupBy(c => c.Curve.Pair)
            .Where(g => g.Count() == 2)
            .OrderBy(g => g.Key, StringComparer.Ordinal);
        var (pools, prices, leftOut) = (new List<Pool>(), new Dictionary<string, double> { [weth] = 1 }, 0);
        foreach (var pair in curves)
        {
            var names = pair.Key.Split('/');
            var (token, ether) = names[0] == weth ? (names[1], 0) : (names[0], 1);
            double Ether(Curve c) => ether == 0 ? c.X : c.Y;
            var deep = pair.Where(c => 2 * Ether(c.Curve) >= 10).ToArray();
            leftOut += pair.Count() - deep.Length;
            if (deep.Length == 0)
                continue;
            var deepest = deep.MaxBy(c => Ether(c.Curve)).Curve;
            prices[token] = ether == 0 ? deepest.X / deepest.Y : deepest.Y / deepest.X;
            pools.AddRange(deep.Select(c => new Pool(new Cfmm($"{c.Exchange} {pair.Key}", names, [1, 1], 1 - c.Curve.Fee, ExchangeRule.Geometric), [c.Curve.X, c.Curve.Y])));
        }

        return Join(pools, prices, leftOut);
    }

    private static RealPools Join(List<Pool> pools, Dictionary<string, double> prices, int leftOut)
    {
        string[] tokens = [.. pools.SelectMany(p => p.Cfmm.Tokens).Distinct()];
        return new(new CfmmNetwork(tokens, [.. pools.Select(p => p.Cfmm)]), [.. pools.SelectMany(p => p.Reserves)], [.. tokens.Select(t => prices[t])], leftOut);
    }

    private static Curve[] ReadCurves()
    {
        var text = Path.GetTempFileName();
        try
        {
            using (var packed = new GZipStream(File.OpenRead(ExampleContext.Data(Path.Combine("cfmm", "bancor-mainnet-curves.csv.gz"))), CompressionMode.Decompress))
            using (var file = File.Create(text))
                packed.CopyTo(file);
            var ml = new MLContext();
            return [.. ml.Data.CreateEnumerable<Curve>(ml.Data.LoadFromTextFile<Curve>(text, separatorChar: ',', hasHeader: true, allowQuoting: true), reuseRowObject: false)];
        }
        finally
        {
            File.Delete(text);
        }
    }

    private static string Between(string text, string before, string after)
    {
        var start = text.IndexOf(before, StringComparison.Ordinal) + before.Length;
        return text[start..text.IndexOf(after, start, StringComparison.Ordinal)];
    }

    private sealed class Curve
    {
        [LoadColumn(3)]
        public double X { get; set; }

        [LoadColumn(4)]
        public double Y { get; set; }

        [LoadColumn(5)]
        public string Pair { get; set; } = "";

        [LoadColumn(6)]
        public double Fee { get; set; }

        [LoadColumn(8)]
        public string Constraint { get; set; } = "";

        [LoadColumn(9)]
        public string Parameters { get; set; } = "";
    }
}
