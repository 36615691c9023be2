using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers.LightGbm;

namespace XaiL2O.Examples;

/// <summary>Forecasts of numbers of a day, each by a boosted forest of its own of what was known the day before.</summary>
internal static class PriceForecasts
{
    /// <summary>One thread: with several, the result differs from run to run.</summary>
    private static LightGbmRegressionTrainer Trainer(MLContext ml, int trees) =>
        ml.Regression.Trainers.LightGbm(new LightGbmRegressionTrainer.Options { NumberOfIterations = trees, NumberOfLeaves = 16, MinimumExampleCountPerLeaf = 10, LearningRate = 0.05, NumberOfThreads = 1, Seed = 1 });

    /// <summary>Forecasts of every number of every day.</summary>
    /// <param name="ml">The context.</param>
    /// <param name="training">Days that the models are trained on.</param>
    /// <param name="days">Days to forecast.</param>
    /// <param name="numbers">What is forecast of a day, as many numbers for each.</param>
    /// <param name="trees">Trees of each forest.</param>
    /// <returns>One array per day.</returns>
    public static double[][] Of(MLContext ml, PriceDay[] training, PriceDay[] days, Func<PriceDay, double[]> numbers, int trees)
    {
        var (before, now) = (training.Select(numbers).ToArray(), days.Select(day => new double[numbers(day).Length]).ToArray());
        for (var k = 0; k < before[0].Length; k++)
        {
            var model = Trainer(ml, trees).Fit(PriceDay.View(ml, training.Select((day, i) => day.With((float)before[i][k]))));
            foreach (var (score, row) in model.Transform(PriceDay.View(ml, days)).GetColumn<float>("Score").Zip(now))
                row[k] = score;
        }

        return now;
    }
}
