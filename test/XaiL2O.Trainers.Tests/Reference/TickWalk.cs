namespace XaiL2O.Trainers.Tests;

/// <summary>
/// A pool of concentrated liquidity as its exchange walks it, tick by tick, and its best trade by bisection over the amount that is tendered. Shares nothing with the product but the ticks.
/// </summary>
internal sealed class TickWalk(IReadOnlyList<double> tickPrices, IReadOnlyList<double> liquidity, double price, double scale, double feeFactor)
{
    private readonly double[] ticks = [.. tickPrices.Select(Math.Sqrt)];

    /// <summary>What comes out for an amount, and at which root price the walk ends.</summary>
    public (double Output, double Root) Sell(bool first, double amount)
    {
        var s = Math.Clamp(Math.Sqrt(price), ticks[0], ticks[^1]);
        var (left, output) = (feeFactor * amount, 0.0);
        for (var guard = 0; guard <= ticks.Length; guard++)
        {
            // The interval that the price enters next.
            var i = first ? Array.FindLastIndex(ticks, t => t < s) : Array.FindIndex(ticks, t => t > s) - 1;
            if (first ? i < 0 : i < 0 || i >= liquidity.Count)
                break;
            var (L, end) = (scale * liquidity[i], first ? ticks[i] : ticks[i + 1]);
            var whole = first ? L * ((1 / end) - (1 / s)) : L * (end - s);
            if (left < whole)
            {
                var stop = first ? 1 / ((1 / s) + (left / L)) : s + (left / L);
                // The same difference without cancellation.
                output += first ? left * s * stop : left / (s * stop);
                return (output, stop);
            }

            output += first ? L * (s - end) : L * ((1 / s) - (1 / end));
            (left, s) = (left - whole, end);
        }

        return (output, s);
    }

    /// <summary>y − x of the best trade at prices.</summary>
    public double[] Best(double priceFirst, double priceSecond)
    {
        var best = new double[2];
        foreach (var first in new[] { true, false })
        {
            // One more of the token tendered brings γs² of the second token, or γ/s² of the first.
            bool Pays(double root) => first ? feeFactor * root * root * priceSecond > priceFirst : feeFactor * priceFirst > priceSecond * root * root;
            var start = Math.Clamp(Math.Sqrt(price), ticks[0], ticks[^1]);
            if (!Pays(start))
                continue;
            var (low, high) = (0.0, 1e-300);
            // Amounts span many orders of magnitude.
            while (high < 1e300 && Pays(Sell(first, high).Root))
                (low, high) = (high, high * 4);
            for (var k = 0; k < 200; k++)
            {
                var middle = (low + high) / 2;
                (low, high) = Pays(Sell(first, middle).Root) ? (middle, high) : (low, middle);
            }

            var amount = Math.Min(high, Capacity(first));
            var output = Sell(first, amount).Output;
            (best[0], best[1]) = first ? (-amount, output) : (output, -amount);
        }

        return best;
    }

    /// <summary>The most that can be tendered.</summary>
    public double Capacity(bool first)
    {
        var s = Math.Clamp(Math.Sqrt(price), ticks[0], ticks[^1]);
        var sum = 0.0;
        for (var i = 0; i < liquidity.Count; i++)
        {
            var (low, high) = first ? (ticks[i], Math.Min(ticks[i + 1], s)) : (Math.Max(ticks[i], s), ticks[i + 1]);
            if (low < high)
                sum += scale * liquidity[i] * (first ? (high - low) / (low * high) : high - low);
        }

        return sum / feeFactor;
    }
}
