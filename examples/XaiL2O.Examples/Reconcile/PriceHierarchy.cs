namespace XaiL2O.Examples;

/// <summary>
/// The products of a day: 24 hours, six blocks of four hours, peak (hours 8 to 19) and off-peak, and the base. The price of each is the mean of its hours, so that
/// 33 forecasts of a day have to satisfy nine equations.
/// </summary>
internal static class PriceHierarchy
{
    private const int BlockLength = 4;
    private const int Blocks = PriceDay.Hours / BlockLength;

    /// <summary>The hours of each product, in the order of the forecasts.</summary>
    public static IReadOnlyList<int[]> Products { get; } =
    [
        .. Enumerable.Range(0, PriceDay.Hours).Select(h => (int[])[h]),
        .. Enumerable.Range(0, Blocks).Select(b => Enumerable.Range(b * BlockLength, BlockLength).ToArray()),
        [.. Enumerable.Range(8, 12)],
        [.. Enumerable.Range(0, 8), .. Enumerable.Range(20, 4)],
        [.. Enumerable.Range(0, PriceDay.Hours)],
    ];

    /// <summary>The levels, each with the places of its products.</summary>
    public static IReadOnlyList<(string Name, Range Products)> Levels { get; } =
    [
        ("hours", ..PriceDay.Hours),
        ("blocks", PriceDay.Hours..(PriceDay.Hours + Blocks)),
        ("peak", (PriceDay.Hours + Blocks)..(PriceDay.Hours + Blocks + 2)),
        ("base", (PriceDay.Hours + Blocks + 2)..(PriceDay.Hours + Blocks + 3)),
    ];

    /// <summary>The nine equations A x = 0 of the products above the hours: the mean of the hours less the product's price.</summary>
    public static double[,] Equations()
    {
        var above = Products.Count - PriceDay.Hours;
        var equations = new double[above, Products.Count];
        for (var product = 0; product < above; product++)
        {
            var hours = Products[PriceDay.Hours + product];
            foreach (var hour in hours)
                equations[product, hour] = 1.0 / hours.Length;
            equations[product, PriceDay.Hours + product] = -1;
        }

        return equations;
    }

    /// <summary>Prices of all products of a day.</summary>
    public static double[] Prices(IReadOnlyList<float> hours) => [.. Products.Select(p => p.Average(h => (double)hours[h]))];
}
