using Microsoft.ML;
using Microsoft.ML.Data;
using Spectre.Console;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>
/// Forecasts that must add up: prices of the hours, blocks, peak and base of a day, each forecast by a boosted forest of its own, and projected onto what their definitions say (reconciliation,
/// Wickramasuriya, Athanasopoulos and Hyndman 2019, doi 10.1080/01621459.2018.1448825; of products of one day: Athanasopoulos et al. 2017, doi 10.1016/j.ejor.2017.02.046).
/// </summary>
internal sealed class ReconcileExample : IExample
{
    /// <summary>Days that are alike are drawn together when intervals are computed.</summary>
    private const int Week = 7;

    private static readonly VectorConstraint[] AddsUp = [VectorConstraint.Equality("AddsUp", PriceHierarchy.Equations(), 0)];

    public string Name => "reconcile";

    public string Description => "Forecasts of hourly, block, peak and base prices by ML.NET that must add up: projected onto their equations.";

    public string FullDescription => "Forests of 400 trees in place of 150.";

    public string QuickDescription => "Forests of 30 trees in place of 150.";

    public void Run(ExampleContext context)
    {
        var ml = new MLContext(context.Seed);
        var days = DailyPrices.Load();
        var trees = context.Sized(30, 150, 400);
        PriceDay[] Years(params int[] years) => [.. days.Where(d => years.Contains(d.Year))];
        double[][] Forecast(PriceDay[] training, PriceDay[] of)
        {
            // Forests forecast nothing beyond what they have seen, so they forecast the difference from the day before.
            var differences = PriceForecasts.Of(ml, training, of, d => [.. PriceHierarchy.Prices(d.Prices).Select(p => p - d.MeanBefore)], trees);
            return [.. differences.Zip(of, (row, d) => row.Select(v => v + d.MeanBefore).ToArray())];
        }

        ExampleContext.Say($"Forecasting {PriceHierarchy.Products.Count} products of the days of 2018, to learn how exact each forecast is");
        var validation = Years(2018);
        var errors = Forecast(Years(2016, 2017), validation).Zip(validation, (f, d) => f.Zip(PriceHierarchy.Prices(d.Prices), (a, b) => a - b).ToArray()).ToArray();
        double[] weights = [.. Enumerable.Range(0, PriceHierarchy.Products.Count).Select(k => 1 / errors.Average(e => e[k] * e[k]))];
        var precision = ErrorCovariance.ShrunkInverse(errors);

        ExampleContext.Say("Forecasting the days of 2019");
        var test = Years(2019);
        var rows = Forecast(Years(2016, 2017, 2018), test).Zip(test, (f, d) => new DayForecast { Forecasts = f, Prices = PriceHierarchy.Prices(d.Prices), Pull = ErrorCovariance.Times(precision, f, -1) }).ToArray();
        var view = ml.Data.LoadFromEnumerable(rows);
        double[][] Projected(double[]? norm)
        {
            var projection = ml.L2O().ProjectOnto(AddsUp, "Forecasts", "Coherent", norm is null ? null : RowNumbers.Of(norm)).Fit(view);
            return [.. projection.Transform(view).GetColumn<VBuffer<double>>("Coherent").Select(v => v.DenseValues().ToArray())];
        }

        // ½(x − f)ᵀΣ⁻¹(x − f) up to a constant: Σ⁻¹ for all rows, and −Σ⁻¹f of the row.
        var least = ml.L2O().Optimize(new DecisionDefinition { Size = weights.Length, Quadratic = precision, Costs = nameof(DayForecast.Pull), Constraints = AddsUp }).Fit(view).Transform(view);
        var methods = new (string Key, string Name, double[][] Forecasts)[]
        {
            ("base", "as forecast", [.. rows.Select(r => r.Forecasts)]),
            ("bottom_up", "sums of the hours", [.. rows.Select(r => PriceHierarchy.Prices([.. r.Forecasts[..PriceDay.Hours].Select(v => (float)v)]))]),
            ("euclidean", "nearest coherent", Projected(null)),
            ("projected", "weighted by precision", Projected(weights)),
            ("covariance", "by covariance of errors", [.. least.GetColumn<VBuffer<double>>("Decision").Select(v => v.DenseValues().ToArray())]),
        };
        var summary = new Dictionary<string, object> { ["rows_test"] = rows.Length };
        var table = new Table().AddColumns(["Forecasts", .. PriceHierarchy.Levels.Select(l => l.Name), "mean", "apart"]);
        var means = new Dictionary<string, double[]>();
        foreach (var (key, name, forecasts) in methods)
        {
            double Error(int row, Range level) => forecasts[row][level].Zip(rows[row].Prices[level], (a, b) => Math.Abs(a - b)).Average();
            double[] levels = [.. PriceHierarchy.Levels.Select(l => Enumerable.Range(0, rows.Length).Average(row => Error(row, l.Products)))];
            // Levels count alike, however many products they have.
            means[key] = [.. Enumerable.Range(0, rows.Length).Select(row => PriceHierarchy.Levels.Average(l => Error(row, l.Products)))];
            var apart = forecasts.Max(Incoherence);
            foreach (var (level, error) in PriceHierarchy.Levels.Zip(levels))
                summary[$"reconcile_error_{level.Name}_{key}"] = error;
            (summary[$"reconcile_error_{key}"], summary[$"incoherence_{key}"]) = (means[key].Average(), apart);
            table.AddRow([name, .. levels.Select(e => $"{e:0.000}"), $"{means[key].Average():0.000}", $"{apart:0.0E0}"]);
        }

        AnsiConsole.Write(table);
        AnsiConsole.WriteLine("Mean absolute errors on the days of 2019 in €/MWh, by level and as the mean of the levels; apart: the largest difference between a product and the mean of its hours.");
        foreach (var other in (string[])["base", "bottom_up", "euclidean", "covariance"])
        {
            var difference = PairedBootstrap.Of([.. means["projected"].Zip(means[other], (a, b) => a - b).Chunk(Week).Select(w => w.Average())], context.Seed);
            (summary[$"difference_to_{other}"], summary[$"difference_to_{other}_low"], summary[$"difference_to_{other}_high"]) = (difference.Mean, difference.Low, difference.High);
            AnsiConsole.MarkupLineInterpolated($"Weighted by precision against {methods.First(m => m.Key == other).Name}: {difference.ToString()} €/MWh, with the 95 % interval of weeks.");
        }

        context.WriteSummary(summary);
    }

    private static double Incoherence(double[] forecast)
    {
        var (equations, largest) = (PriceHierarchy.Equations(), 0.0);
        for (var i = 0; i < equations.GetLength(0); i++)
        {
            var sum = 0.0;
            for (var k = 0; k < forecast.Length; k++)
                sum += equations[i, k] * forecast[k];
            largest = Math.Max(largest, Math.Abs(sum));
        }

        return largest;
    }
}
