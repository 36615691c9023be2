using System.Globalization;
using System.IO.Compression;

namespace XaiL2O.Examples;

/// <summary>The public data sets of the guarantees.</summary>
internal static class TabularData
{
    /// <summary>Sound pressure level in dB of airfoils; the features that vary over orders of magnitude, frequency and displacement thickness, as logarithms.</summary>
    public static TabularRow[] Airfoil() =>
        [.. File.ReadLines(ExampleContext.Data("tabular/airfoil.txt")).Select(l => Numbers(l.Split('\t'))).Select(v => Row([MathF.Log(v[0]), .. v[1..4], MathF.Log(v[4])], v[5]))];

    /// <summary>Compressive strength of concrete in MPa.</summary>
    public static TabularRow[] Concrete() => [.. File.ReadLines(ExampleContext.Data("tabular/concrete.csv")).Skip(1).Select(l => Numbers(l.Split(','))).Select(v => Row(v[..^1], v[^1]))];

    /// <summary>Violent crimes per inhabitant of communities, scaled to [0, 1]; columns with missing values and the first five, which name the community, are left out.</summary>
    public static TabularRow[] Communities()
    {
        using var file = new GZipStream(File.OpenRead(ExampleContext.Data("tabular/communities.data.gz")), CompressionMode.Decompress);
        using var reader = new StreamReader(file);
        var rows = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(',')).ToArray();
        int[] known = [.. Enumerable.Range(5, rows[0].Length - 6).Where(c => rows.All(r => r[c] != "?"))];
        return [.. rows.Select(r => Row(Numbers([.. known.Select(c => r[c])]), Numbers([r[^1]])[0]))];
    }

    /// <summary>French spot prices at hour 0 in €/MWh, day by day from 2016-01-08 to 2019-12-31: day of the week, prices of the day and the week before, forecast consumption.</summary>
    public static TabularRow[] Prices() => [.. File.ReadLines(ExampleContext.Data("tabular/prices-hour0.csv")).Skip(1).Select(l => Numbers(l.Split(',')[1..])).Select(v => Row(v[2..], v[0]))];

    /// <summary>Published intervals for the 365 days of 2019.</summary>
    public static (float Lower, float Upper)[] Reference() => [.. File.ReadLines(ExampleContext.Data("tabular/aci-reference.csv")).Skip(1).Select(l => Numbers(l.Split(','))).Select(v => (v[0], v[1]))];

    private static TabularRow Row(float[] features, float label) => new() { Features = features, Label = label };

    private static float[] Numbers(string[] fields) => [.. fields.Select(f => float.Parse(f, CultureInfo.InvariantCulture))];
}
