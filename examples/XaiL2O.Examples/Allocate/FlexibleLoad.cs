using Microsoft.ML;
using Microsoft.ML.Data;
using Spectre.Console;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>
/// A load that takes a day's energy when it is cheap, on the French spot prices of 2016 to 2019: so much in all, no more than the line lets through in any hour, changing by no more than 0.75 MW from hour to hour, and
/// in each of three shifts at least a fifth. Prices are known afterwards. Taking x MW in an hour costs its price and x²/2 € of wear.
/// </summary>
internal sealed class FlexibleLoad(ExampleContext context)
{
    private const int Week = 7;
    private const double Wear = 1;
    private const double Ramp = 0.75;

    /// <summary>An entry may be off by so much before a constraint counts as broken, in MW or MWh.</summary>
    private const double Tolerance = 1e-6;

    private static readonly VectorConstraint[] Constraints =
    [
        VectorConstraint.Sum("Energy", "Energy", "Energy"),
        VectorConstraint.Bounds("Capacity", 0, "Capacities"),
        VectorConstraint.Linear("Ramp", Differences(), -Ramp, Ramp),
        VectorConstraint.LinearByRow("Shifts", RowNumbers.Of(Shifts()), 3, lower: 0),
    ];

    private readonly MLContext ml = new(context.Seed);

    private static DecisionDefinition At(string costs) => new() { Size = PriceDay.Hours, Costs = costs, QuadraticDiagonal = Wear, Constraints = Constraints };

    public void Measure(Dictionary<string, object> summary)
    {
        var (training, test) = Days();
        IDataView View(LoadDay[] rows) => ml.Data.LoadFromEnumerable(rows);
        double[][] Optimal(LoadDay[] rows, string costs) => Values(ml.L2O().Optimize(At(costs)).Fit(View(rows)).Transform(View(rows)), "Decision");
        var best = Optimal(test, "Prices");
        Imitate(training, Optimal(training, "Prices"), test);

        double[][] Learned(DecisionLoss objective)
        {
            var definition = new LearnedDecisionDefinition { Decision = At("Prices"), FeatureCount = PriceDay.FeatureCount + PriceDay.Hours, Objective = objective, Seed = context.Seed };
            var options = new ImplicitModelTrainer.Options { Training = definition.Training with { Epochs = context.Sized(5, 30, 100), LearningRate = 1e-3, Seed = context.Seed }, CancellationToken = context.Cancellation };
            var title = objective == DecisionLoss.Regret ? "Flexible load: training on the value of decisions" : "Flexible load: regression";
            var model = ExampleContext.WithProgress(title, progress => ml.L2O().Train(definition, options with { Progress = progress }).Fit(View(training)));
            return Values(model.Transform(View(test)), "Decision");
        }

        var clock = System.Diagnostics.Stopwatch.StartNew();
        var projected = Values(ml.L2O().ProjectOnto(Constraints, "Imitated", "Allowed").Fit(View(test)).Transform(View(test)), "Allowed");
        summary["project_us_per_row"] = clock.Elapsed.TotalMicroseconds / test.Length;
        var methods = new (string Key, string Name, double[][] Decisions)[]
        {
            ("unconstrained", "imitated, LightGBM", [.. test.Select(d => d.Imitated)]),
            ("projected", "imitated and projected", projected),
            ("forest", "LightGBM, then optimised", Optimal(test, "Forecasts")),
            ("two_stage", "regression, then optimised", Learned(DecisionLoss.PredictionError)),
            ("decision_focused", "decision-focused", Learned(DecisionLoss.Regret)),
        };
        var table = new Table().AddColumns("Allocation", "Regret", "Days that break a constraint", "By at most");
        var regrets = new Dictionary<string, double[]>();
        var scale = best.Zip(test, Cost).Average();
        foreach (var (key, name, decisions) in methods)
        {
            regrets[key] = [.. decisions.Zip(test, Cost).Zip(best.Zip(test, Cost), (a, b) => (a - b) / scale)];
            double[] violations = [.. decisions.Zip(test, Violation)];
            (summary[$"regret_{key}"], summary[$"violation_{key}"], summary[$"violation_max_{key}"]) = (regrets[key].Average(), violations.Average(v => v > Tolerance ? 1.0 : 0), violations.Max());
            table.AddRow(name, key == "unconstrained" ? "–" : $"{regrets[key].Average():P2}", $"{violations.Average(v => v > Tolerance ? 1.0 : 0):P0}", $"{violations.Max():0.0E0}");
        }

        AnsiConsole.Write(table);
        AnsiConsole.WriteLine($"{test.Length} days of 2019; regret in % of what the best allocations cost, which know the prices. By at most: in MW or MWh.");
        foreach (var other in (string[])["projected", "forest", "two_stage"])
        {
            var difference = PairedBootstrap.Of([.. regrets["decision_focused"].Zip(regrets[other], (a, b) => 100 * (a - b)).Chunk(Week).Select(w => w.Average())], context.Seed);
            (summary[$"regret_minus_{other}"], summary[$"regret_minus_{other}_low"], summary[$"regret_minus_{other}_high"]) = (difference.Mean, difference.Low, difference.High);
            AnsiConsole.MarkupLineInterpolated($"Decision-focused less {methods.First(m => m.Key == other).Name}: {difference.ToString()} percentage points, with the 95 % interval of weeks.");
        }
    }

    /// <summary>Days of 2016 to 2018 whose forecasts come from the other years, and days of 2019.</summary>
    private (LoadDay[] Training, LoadDay[] Test) Days()
    {
        var days = DailyPrices.Load();
        LoadDay[] With(PriceDay[] training, PriceDay[] of)
        {
            ExampleContext.Say($"Flexible load: forecasting the prices of {of[0].Year}");
            var forecasts = PriceForecasts.Of(ml, training, of, d => [.. d.Prices.Select(p => (double)p - d.MeanBefore)], context.Sized(20, 150, 400));
            return [.. of.Zip(forecasts, (d, f) => LoadDay.Of(d, [.. f.Select(v => v + d.MeanBefore)]))];
        }

        PriceDay[] Of(Func<int, bool> year) => [.. days.Where(d => year(d.Year))];
        return ([.. Enumerable.Range(2016, 3).SelectMany(y => With(Of(other => other < 2019 && other != y), Of(other => other == y)))], With(Of(y => y < 2019), Of(y => y == 2019)));
    }

    /// <summary>Learns to imitate the best allocations, hour by hour, without knowing of constraints.</summary>
    private void Imitate(LoadDay[] training, double[][] best, LoadDay[] test)
    {
        ExampleContext.Say("Flexible load: learning to imitate the best allocations");
        PriceDay Day(LoadDay d, float label) => new() { Features = d.Features[..PriceDay.FeatureCount], Prices = d.Prices, Consumption = new float[PriceDay.Hours], Label = label };
        for (var hour = 0; hour < PriceDay.Hours; hour++)
        {
            var imitated = PriceForecasts.Of(ml, [.. training.Zip(best, (d, x) => Day(d, (float)x[hour]))], [.. test.Select(d => Day(d, 0))], d => [d.Label], context.Sized(20, 150, 400));
            for (var day = 0; day < test.Length; day++)
                test[day].Imitated[hour] = imitated[day][0];
        }
    }

    private static double Cost(double[] x, LoadDay day) => x.Zip(day.Prices, (a, p) => (a * p) + (0.5 * Wear * a * a)).Sum();

    /// <summary>By how much an allocation breaks the constraints, computed apart from the library.</summary>
    private static double Violation(double[] x, LoadDay day)
    {
        var worst = Math.Abs(x.Sum() - day.Energy);
        for (var h = 0; h < x.Length; h++)
        {
            worst = Math.Max(worst, Math.Max(-x[h], x[h] - day.Capacities[h]));
            if (h > 0)
                worst = Math.Max(worst, Math.Abs(x[h] - x[h - 1]) - Ramp);
        }

        for (var shift = 0; shift < 3; shift++)
            worst = Math.Max(worst, (0.2 * x.Sum()) - x.Skip(8 * shift).Take(8).Sum());
        return worst;
    }

    private static double[][] Values(IDataView view, string column) => [.. view.GetColumn<VBuffer<double>>(column).Select(v => v.DenseValues().ToArray())];

    private static double[,] Differences()
    {
        var D = new double[PriceDay.Hours - 1, PriceDay.Hours];
        for (var h = 0; h < PriceDay.Hours - 1; h++)
            (D[h, h], D[h, h + 1]) = (-1, 1);
        return D;
    }

    /// <summary>What each shift of eight hours takes beyond a fifth of the day.</summary>
    private static double[] Shifts() => [.. Enumerable.Range(0, 3 * PriceDay.Hours).Select(i => (i % PriceDay.Hours / 8 == i / PriceDay.Hours ? 1 : 0) - 0.2)];
}
