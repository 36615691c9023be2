using System.Globalization;
using System.IO.Compression;

namespace XaiL2O.Examples;

/// <summary>French spot prices by the hour from 2016-01-15 to 2019-12-31, day by day.</summary>
internal static class DailyPrices
{
    private const int Week = 7;
    private const float PriceUnit = 10;
    private const float ConsumptionUnit = 10_000;

    public static PriceDay[] Load()
    {
        using var file = new GZipStream(File.OpenRead(ExampleContext.Data("tabular/prices-days.csv.gz")), CompressionMode.Decompress);
        using var reader = new StreamReader(file);
        var days = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..].Select(line => line.Split(',')).ToArray();
        DateOnly[] dates = [.. days.Select(d => DateOnly.ParseExact(d[0], "yyyy-MM-dd", CultureInfo.InvariantCulture))];
        float[][] numbers = [.. days.Select(d => d[1..].Select(v => float.Parse(v, CultureInfo.InvariantCulture)).ToArray())];
        float[] Prices(int day) => numbers[day][..PriceDay.Hours];
        float[] Consumption(int day) => numbers[day][PriceDay.Hours..];
        return
        [
            .. Enumerable.Range(Week, days.Length - Week).Select(day => new PriceDay
            {
                Year = dates[day].Year,
                Features =
                [
                    .. Enumerable.Range(0, Week).Select(d => (int)dates[day].DayOfWeek == d ? 1f : 0),
                    .. Prices(day - 1).Concat(Prices(day - Week)).Select(p => p / PriceUnit),
                    .. Consumption(day).Select(c => c / ConsumptionUnit),
                    Prices(day - 1).Average() / PriceUnit,
                    Enumerable.Range(day - Week, Week).Average(d => Prices(d).Average()) / PriceUnit,
                ],
                Prices = Prices(day),
                Consumption = [.. Consumption(day).Select(c => c / 1000)],
                MeanBefore = Prices(day - 1).Average(),
            }),
        ];
    }
}
