using System.Text.Json.Serialization;

namespace XaiL2O.Trainers;

/// <summary>
/// Concentrated liquidity of two tokens (Uniswap v3; Adams et al. 2021, <i>Uniswap v3 Core</i>): between two ticks the pool behaves like a constant product pool of liquidity L, of which only the part
/// between the ticks' prices is there. The best trade is a formula per interval: x = ΣL·Δ(1/s) and y = ΣL·Δs over the root prices s that the price passes.
/// </summary>
/// <remarks>
/// State: the price of the first token in units of the second, and a factor on all liquidity, 1 for that of the constructor and 0 for an empty pool. A price beyond the outer ticks counts as that of the
/// outer tick. A trade takes O(log ticks): prefix sums over ticks are made once, in twice the precision, since those of real pools span twenty orders of magnitude.
/// </remarks>
public sealed class ConcentratedPool : LiquidityPool
{
    private const double TickBase = 1.0001;

    private readonly double[] root;
    private readonly double[] liquidity;
    private readonly PrefixSum first;
    private readonly PrefixSum second;
    private readonly double[] worth;

    /// <summary>A pool of intervals.</summary>
    /// <param name="name">Name in messages.</param>
    /// <param name="tokens">Names of its two tokens.</param>
    /// <param name="feeFactor">γ in (0, 1].</param>
    /// <param name="tickPrices">Ends of the intervals, rising: prices of the first token in units of the second.</param>
    /// <param name="liquidity">L of each interval, in √(first · second) tokens, at least 0; one fewer than <paramref name="tickPrices"/>.</param>
    /// <exception cref="ArgumentException">A value is out of its range; the message names it.</exception>
    [JsonConstructor]
    public ConcentratedPool(string name, IReadOnlyList<string> tokens, double feeFactor, IReadOnlyList<double> tickPrices, IReadOnlyList<double> liquidity)
        : base(name, tokens, feeFactor)
    {
        ArgumentNullException.ThrowIfNull(tickPrices);
        ArgumentNullException.ThrowIfNull(liquidity);
        if (tokens.Count != 2)
            throw new ArgumentException($"Pool '{name}' holds {tokens.Count} tokens; concentrated liquidity is of 2.", nameof(tokens));
        if (tickPrices.Count < 2 || liquidity.Count != tickPrices.Count - 1)
            throw new ArgumentException($"Pool '{name}' has {tickPrices.Count} tick prices and {liquidity.Count} liquidities; it needs at least 2 ticks and a liquidity for each interval between them.", nameof(liquidity));
        for (var k = 0; k < tickPrices.Count; k++)
        {
            if (!(tickPrices[k] > (k == 0 ? 0 : tickPrices[k - 1]) && double.IsFinite(tickPrices[k])))
                throw new ArgumentException($"Pool '{name}' has tick price {tickPrices[k]} at place {k}; tick prices are positive, finite and rise.", nameof(tickPrices));
        }

        if (liquidity.FirstOrDefault(l => !(l >= 0 && double.IsFinite(l)), 0) is var wrong && wrong != 0)
            throw new ArgumentException($"Pool '{name}' has liquidity {wrong}; liquidities are finite and at least 0.", nameof(liquidity));
        (TickPrices, Liquidity) = ([.. tickPrices], [.. liquidity]);
        (root, this.liquidity) = ([.. tickPrices.Select(Math.Sqrt)], [.. liquidity]);
        // Each sum grows with what the pool holds on its own side, so that differences near the price are not lost in what lies far away.
        first = new PrefixSum([.. Enumerable.Range(0, this.liquidity.Length).Reverse().Select(i => this.liquidity[i] * (root[i + 1] - root[i]) / (root[i] * root[i + 1]))]);
        second = new PrefixSum([.. Enumerable.Range(0, this.liquidity.Length).Select(i => this.liquidity[i] * (root[i + 1] - root[i]))]);
        worth = new double[root.Length];
        for (var k = 1; k < worth.Length; k++)
            worth[k] = worth[k - 1] + Worth(k, root[k - 1], root[k]);
    }

    /// <summary>Ends of the intervals, rising.</summary>
    public IReadOnlyList<double> TickPrices { get; }

    /// <summary>L of each interval.</summary>
    public IReadOnlyList<double> Liquidity { get; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override IReadOnlyList<string> StateNames => ["price", "liquidity"];

    /// <summary>A pool from the ticks of the exchange, whose prices and liquidity are in smallest units of the tokens.</summary>
    /// <param name="name">Name in messages.</param>
    /// <param name="tokens">Names of its two tokens.</param>
    /// <param name="decimals">Decimals of the two tokens.</param>
    /// <param name="feeFactor">γ.</param>
    /// <param name="ticks">Indices i, rising, of prices 1.0001ⁱ, and by how much the liquidity changes where the price rises through them; the changes sum to 0.</param>
    /// <param name="fixedCost">What using the pool costs.</param>
    /// <exception cref="ArgumentException">The liquidity is negative somewhere, or does not end at 0.</exception>
    public static ConcentratedPool FromTicks(string name, IReadOnlyList<string> tokens, (int First, int Second) decimals, double feeFactor, IReadOnlyList<(int Index, Int128 NetLiquidity)> ticks, double fixedCost = 0)
    {
        ArgumentNullException.ThrowIfNull(ticks);
        var (sum, liquidity) = ((Int128)0, new List<double>());
        foreach (var (index, net) in ticks)
        {
            if (sum + net < 0)
                throw new ArgumentException($"Pool '{name}' has negative liquidity above tick {index}.", nameof(ticks));
            // Summed as whole numbers, so that nothing is left where there is none.
            sum += net;
            liquidity.Add((double)sum * Math.Pow(10, -0.5 * (decimals.First + decimals.Second)));
        }

        if (sum != 0)
            throw new ArgumentException($"The liquidity of pool '{name}' does not end at its last tick: {sum} is left.", nameof(ticks));
        return new(name, tokens, feeFactor, [.. ticks.Select(t => Math.Pow(TickBase, t.Index) * Math.Pow(10, decimals.First - decimals.Second))], [.. liquidity.SkipLast(1)]) { FixedCost = fixedCost };
    }

    internal override bool IsValid(ReadOnlySpan<double> state) => state[0] > 0 && double.IsFinite(state[0]) && state[1] >= 0 && double.IsFinite(state[1]);

    internal override void MarginalPrices(ReadOnlySpan<double> state, Span<double> prices)
    {
        var s = Start(state);
        (prices[0], prices[1]) = (s * s, 1);
    }

    internal override double Best(ReadOnlySpan<double> state, double feeFactor, ReadOnlySpan<double> prices, Span<double> net, Span<double> hessian)
    {
        net.Clear();
        hessian.Clear();
        var (start, scale, ratio) = (Start(state), state[1], prices[0] / prices[1]);
        // Selling the first token drives the price down until one more of it, tendered, brings no more than it is worth; buying it drives the price up.
        var (down, up) = (Math.Sqrt(ratio / feeFactor), Math.Sqrt(ratio * feeFactor));
        if (down < start)
        {
            var end = Math.Max(down, root[0]);
            var (x, y, last) = Passed(end, start, fromAbove: true);
            (net[0], net[1]) = (-scale * x / feeFactor, scale * y);
            Curve(hessian, end == down ? scale * last / (2 * down * feeFactor) : 0, prices);
        }
        else if (up > start)
        {
            var end = Math.Min(up, root[^1]);
            var (x, y, last) = Passed(start, end, fromAbove: false);
            (net[0], net[1]) = (scale * x, -scale * y / feeFactor);
            Curve(hessian, end == up ? scale * last / (2 * up) : 0, prices);
        }

        return Math.Max(0, (prices[0] * net[0]) + (prices[1] * net[1]));
    }

    /// <remarks>
    /// V(q) = q₂v(ln q₁/q₂), and the mean of v needs its integral. With P(s) the worth of all that the pool holds where its price is s², in the second token, v = P₀(s) − P(s), where P₀ is what the pool holds
    /// now at that price; within an interval P(s) = a + 2Ls + bs², whose integral over ln s² is 2a·ln s + 4Ls + bs².
    /// </remarks>
    internal override double Smoothed(ReadOnlySpan<double> state, double feeFactor, ReadOnlySpan<double> prices, double range, Span<double> net, Span<double> hessian)
    {
        var (factor, ratio, start) = (Math.Exp(range), prices[0] / prices[1], Start(state));
        Span<double> moved = [prices[0] * factor, prices[1]];
        var above = Best(state, feeFactor, moved, net, []);
        var slope = factor * net[0];
        moved[0] = prices[0] / factor;
        var below = Best(state, feeFactor, moved, net, []);
        slope -= net[0] / factor;
        var (low, high) = (Math.Sqrt(ratio / factor), Math.Sqrt(ratio * factor));
        var (sold, bought) = (Math.Sqrt(1 / feeFactor), Math.Sqrt(feeFactor));
        var integral = Gained(start, low * sold, Math.Min(start, high * sold)) + (Gained(start, Math.Max(start, low * bought), high * bought) / feeFactor);
        var value = prices[1] * state[1] * integral / (2 * range);
        net[0] = (above - below) / (2 * range * prices[0]);
        net[1] = (value - (prices[0] * net[0])) / prices[1];
        Curve(hessian, Math.Max(0, (slope / (2 * range)) - net[0]), prices);
        return value;
    }

    private protected override bool Allows(ReadOnlySpan<double> state, ReadOnlySpan<double> tender, ReadOnlySpan<double> receive)
    {
        var sold = tender[0] > 0 ? 0 : 1;
        // One token is exchanged for the other.
        if (tender[1 - sold] > 0 || receive[sold] > 0)
            return false;
        var (start, scale) = (Start(state), state[1]);
        if (scale == 0)
            return false;
        var output = scale * Output(start, sold, FeeFactor * tender[sold] / scale);
        var here = scale * liquidity[Interval(start)];
        var reserve = sold == 0 ? here * start : here / start;
        return receive[1 - sold] <= output + (Rounding * (output + reserve));
    }

    private static void Curve(Span<double> hessian, double slope, ReadOnlySpan<double> prices)
    {
        if (hessian.Length == 0)
            return;
        // V is homogeneous, so that its second derivatives have rank one.
        var ratio = prices[0] / prices[1];
        hessian[0] = slope / prices[0];
        hessian[1] = hessian[2] = -slope / prices[1];
        hessian[3] = slope * ratio / prices[1];
    }

    /// <summary>What a pool of liquidity factor 1 gives for an amount that counts wholly.</summary>
    private double Output(double start, int sold, double amount)
    {
        var i = Interval(start);
        // The tick that the price stops short of, by bisection over the amounts up to each.
        if (sold == 0)
        {
            double Up(int k) => Passed(root[k], start, fromAbove: true).First;
            var (low, high) = (-1, root[i] == start ? i : i + 1);
            while (high - low > 1)
            {
                var middle = (low + high) / 2;
                (low, high) = Up(middle) >= amount ? (middle, high) : (low, middle);
            }

            var (top, before) = high <= i ? (root[high], Passed(root[high], start, fromAbove: true)) : (start, default);
            // Beyond all ticks, or by rounding alone into an interval without liquidity, nothing more comes.
            if (low < 0 || liquidity[low] == 0)
                return before.Second;
            var rest = (amount - before.First) / liquidity[low] * top;
            return before.Second + (liquidity[low] * top * rest / (1 + rest));
        }
        else
        {
            double Up(int k) => Passed(start, root[k], fromAbove: false).Second;
            var (low, high) = (i, root.Length);
            while (high - low > 1)
            {
                var middle = (low + high) / 2;
                (low, high) = Up(middle) >= amount ? (low, middle) : (middle, high);
            }

            var (bottom, before) = low > i ? (root[low], Passed(start, root[low], fromAbove: false)) : (start, default);
            if (high == root.Length || liquidity[low] == 0)
                return before.First;
            var rest = (amount - before.Second) / (liquidity[low] * bottom);
            return before.First + (liquidity[low] / bottom * rest / (1 + rest));
        }
    }

    /// <summary>Amounts of both tokens between two root prices, for a liquidity factor of 1, and the liquidity where the price stops.</summary>
    private (double First, double Second, double Last) Passed(double low, double high, bool fromAbove)
    {
        if (!(low < high))
            return default;
        var (i, k) = (Interval(low), Interval(high));
        // The upper end of an interval belongs to it here.
        if (root[k] == high)
            k--;
        if (i == k)
        {
            var y = liquidity[i] * (high - low);
            return (y / (low * high), y, liquidity[i]);
        }

        var n = liquidity.Length;
        var (below, above) = (liquidity[i] * (root[i + 1] - low), liquidity[k] * (high - root[k]));
        return (
            (below / (low * root[i + 1])) + first.Between(n - k, n - i - 1) + (above / (root[k] * high)),
            below + second.Between(i + 1, k) + above,
            liquidity[fromAbove ? i : k]);
    }

    /// <summary>The integral of P₀(s) − P(s) over ln s² between two root prices, for a liquidity factor of 1; 0 where they are not in order.</summary>
    private double Gained(double start, double low, double high)
    {
        if (!(low < high))
            return 0;
        var (x, y) = (Passed(start, root[^1], fromAbove: false).First, Passed(root[0], start, fromAbove: true).Second);
        return (2 * y * Math.Log(high / low)) + (x * (high - low) * (high + low)) - (WorthUpTo(high) - WorthUpTo(low));
    }

    private double WorthUpTo(double s)
    {
        var k = s < root[0] ? 0 : s >= root[^1] ? root.Length : Interval(s) + 1;
        return k == 0 ? -Worth(0, s, root[0]) : worth[k - 1] + Worth(k, root[k - 1], s);
    }

    /// <summary>The integral of P over ln s² between two root prices of one interval: 0 is the one below all ticks, k that below tick k.</summary>
    private double Worth(int k, double low, double high)
    {
        var n = liquidity.Length;
        var (L, bottom, top) = k == 0 || k > n ? (0, 1, 1) : (liquidity[k - 1], root[k - 1], root[k]);
        var (a, b) = (second.Between(0, Math.Clamp(k - 1, 0, n)) - (L * bottom), first.Between(0, Math.Clamp(n - k, 0, n)) - (L / top));
        return (2 * a * Math.Log(high / low)) + (4 * L * (high - low)) + (b * (high - low) * (high + low));
    }

    private double Start(ReadOnlySpan<double> state) => Math.Clamp(Math.Sqrt(state[0]), root[0], root[^1]);

    /// <summary>The interval with root[i] ≤ s &lt; root[i + 1]; the last one for the last tick.</summary>
    private int Interval(double s)
    {
        var (low, high) = (0, root.Length - 1);
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            (low, high) = root[middle] <= s ? (middle, high) : (low, middle);
        }

        return low;
    }
}
