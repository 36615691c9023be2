using Microsoft.ML;
using XaiL2O.Certifiers;

namespace XaiL2O.Examples;

/// <summary>
/// Adaptive intervals for the price at hour 0 on every day of 2019, beside published ones. The model of a day is fitted on the three years before: quantiles of a forest on the older half, and
/// their scores on the newer, as in conformalised quantile regression; it is fitted anew every week.
/// </summary>
internal static class PriceSeries
{
    private const int Days = 365;
    private const int Window = 3 * Days;
    private const double Miscoverage = 0.1;

    public static IReadOnlyDictionary<string, object> Measure(ExampleContext context)
    {
        var ml = new MLContext(context.Seed);
        var (rows, reference) = (TabularData.Prices(), TabularData.Reference());
        var adaptive = new AdaptiveConformal(new AdaptiveOptions { Miscoverage = Miscoverage, StepSize = 0.04 });
        var (covered, width, first) = (0, 0.0, rows.Length - Days);
        QuantileForest? forest = null;
        double[] scores = [];
        for (var day = 0; day < Days; day++)
        {
            var now = first + day;
            if (day % context.Sized(91, 7, 1) == 0)
            {
                ExampleContext.Say($"prices: fitting the model of day {day + 1} of {Days}");
                var before = rows[Math.Max(0, now - Window)..now];
                forest = new QuantileForest(ml, before[..(before.Length / 2)], numberOfTrees: 100, leaves: 64, smallestLeaf: 5);
                scores = [.. before[(before.Length / 2)..].Select(r => Score(forest, r))];
            }

            var (low, _, high) = forest!.Quantiles(rows[now].Features, Miscoverage / 2, 1 - (Miscoverage / 2));
            // An interval without end, and one that is empty, are as wide as the truths known so far.
            var offset = adaptive.Quantile(scores);
            var known = rows[..now].Max(r => r.Label) - rows[..now].Min(r => r.Label);
            width += double.IsPositiveInfinity(offset) ? known : double.IsNegativeInfinity(offset) ? 0 : Math.Max(0, high - low + (2 * offset));
            var score = Score(forest, rows[now]);
            covered += score <= offset ? 1 : 0;
            adaptive.Observe(score > offset);
            scores = [.. scores[1..], score];
        }

        var truths = rows[first..];
        return new Dictionary<string, object>
        {
            ["aci_coverage"] = (double)covered / Days,
            ["aci_width"] = width / Days,
            ["aci_reference_coverage"] = truths.Zip(reference, (r, i) => r.Label >= i.Lower && r.Label <= i.Upper ? 1.0 : 0).Average(),
            ["aci_reference_width"] = reference.Average(i => (double)i.Upper - i.Lower),
        };
    }

    private static double Score(QuantileForest forest, TabularRow row)
    {
        var (low, _, high) = forest.Quantiles(row.Features, Miscoverage / 2, 1 - (Miscoverage / 2));
        return Math.Max(low - row.Label, row.Label - high);
    }
}
