using Microsoft.ML;
using Microsoft.ML.Data;
using Spectre.Console;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>Fewer measurements, and noisy ones: a model is trained for each condition as the main one is, and compared with baselines that know the condition.</summary>
internal static class EcgConditions
{
    /// <summary>Measurements of 250 samples, and the energy of the signal's measurements against that of their noise in decibels.</summary>
    private static readonly (int Measurements, double? Decibels)[] All = [(100, null), (62, null), (25, null), (100, 30), (100, 20)];

    /// <summary>Trains, compares, prints the table and adds its figures to the summary.</summary>
    public static void Add(Dictionary<string, object> summary, ExampleContext context, MLContext ml, EcgWindow[] training, EcgWindow[] calibration, EcgWindow[] test, ImplicitModelTrainer.Options options)
    {
        var table = new Table().AddColumns("Measurements", "Linear", "DCT", "Learned", "Learned − linear", "Converged");
        foreach (var (measurements, decibels) in All)
        {
            var random = new Random(context.Seed);
            var A = Gaussian.UnitColumns(measurements, EcgWindow.SignalLength, random);
            var name = $"{measurements}{(decibels is { } dB ? $", noise at {dB} dB" : "")}";
            EcgWindow[] Measure(EcgWindow[] windows) => [.. windows.Select(w =>
            {
                var d = MatrixMath.Multiply(A, w.Signal);
                return new EcgWindow { Record = w.Record, Signal = w.Signal, Measurements = decibels is { } noise ? EcgCorruption.AddNoise(d, noise, random) : d };
            })];
            var (trained, chosen, tested) = (Measure(training), Measure(calibration), Measure(test));
            var schema = SchemaDefinition.Create(typeof(EcgWindow));
            schema[nameof(EcgWindow.Measurements)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, measurements);
            IDataView View(EcgWindow[] windows) => ml.Data.LoadFromEnumerable(windows, schema);
            EcgInference[] Read(IDataView view) => [.. ml.Data.CreateEnumerable<EcgInference>(view, reuseRowObject: false, ignoreMissingColumns: true)];

            // The noise is known; the default is what the main model has.
            var definition = new SignalRecoveryDefinition { MeasurementMatrix = A, Seed = context.Seed };
            definition = decibels is { } known ? new SignalRecoveryDefinition { MeasurementMatrix = A, Seed = context.Seed, Noise = Math.Max(definition.Noise, Math.Pow(10, -known / 10)) } : definition;
            var learned = Read(ExampleContext.WithProgress($"Training with {name} measurements", progress => ml.L2O().Trainers.SignalRecovery(definition, options with { Progress = progress }).Fit(View(trained))).Transform(View(tested)));
            // Of two covariances the one that is better on the calibration patients, whose windows choose its ridge too.
            var linear = new[] { PriorCovariance.Sample, PriorCovariance.Stationary }
                .Select(covariance => LinearEstimator.FromPrior(A, [.. trained.Select(w => w.Signal)], covariance, [.. chosen.Select(w => w.Signal)], [.. chosen.Select(w => w.Measurements)]))
                .MinBy(estimator => estimator.ValidationError)!;
            var estimated = tested.Select(w => new EcgInference { Record = w.Record, Signal = w.Signal, Estimate = linear.Estimate(w.Measurements) }).ToArray();
            var dct = Read(ml.L2O().Trainers.ImplicitDictionary(new DictionaryDefinition { MeasurementMatrix = A, LearnTransform = false, InitialTransform = MatrixMath.CosineTransform(EcgWindow.SignalLength) }, new ImplicitModelTrainer.Options { CancellationToken = context.Cancellation }).Fit(View(tested)).Transform(View(tested)));
            var interval = PairedBootstrap.Of([.. learned.Zip(estimated, (ours, other) => ours.Prd - other.Prd)], context.Seed);
            double Prd(EcgInference[] rows) => rows.Average(r => r.Prd);
            table.AddRow(name, $"{Prd(estimated):0.00} %", $"{Prd(dct):0.00} %", $"{Prd(learned):0.00} %", Markup.Escape(interval.ToString()), $"{EcgCertificates.Share(learned, r => r.Converged):P1}");
            var key = $"{measurements}{(decibels is { } level ? $"_{level}_db" : "")}";
            (summary[$"prd_linear_{key}"], summary[$"prd_dct_{key}"], summary[$"prd_learned_{key}"]) = (Prd(estimated), Prd(dct), Prd(learned));
            (summary[$"prd_difference_to_linear_{key}_low"], summary[$"prd_difference_to_linear_{key}_high"]) = (interval.Low, interval.High);
            summary[$"converged_rate_{key}"] = EcgCertificates.Share(learned, r => r.Converged);
        }

        AnsiConsole.MarkupLine("PRD of the clean test windows by number of measurements and their noise; every model is trained, and every linear estimate tuned, for its condition.");
        AnsiConsole.Write(table);
    }
}
