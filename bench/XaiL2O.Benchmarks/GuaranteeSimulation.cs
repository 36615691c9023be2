using System.Globalization;
using XaiL2O.Certifiers;

namespace XaiL2O.Benchmarks;

/// <summary>
/// Every promise of conformal guarantees against simulated rows of which the truth is known: rows that depend on each other though they are exchangeable (a common effect that each
/// repetition draws anew), and values that are rounded, so that many are equal.
/// </summary>
internal static class GuaranteeSimulation
{
    private const int Calibrating = 199;
    private const int Testing = 100;
    private const double Alpha = 0.1;

    /// <summary>A row of a regression with noise that grows with the input.</summary>
    private readonly record struct Row(double Input, double Truth, double Prediction)
    {
        public double Difficulty => 0.2 + Input;
    }

    public static IEnumerable<(string Name, Func<int, GuaranteeFigure> Measure)> All()
    {
        foreach (var (data, correlation, rounding) in new[] { ("independent rows", 0.0, 0.0), ("dependent rows", 0.7, 0.0), ("ties", 0.0, 0.5), ("dependent rows with ties", 0.7, 0.5) })
        {
            Row[] Rows(Random random, int count) => Draw(random, count, correlation, rounding);
            yield return Interval("constant difficulty", data, Rows, BoundSides.Symmetric, _ => 1, 0);
            yield return Interval("fitted difficulty", data, Rows, BoundSides.Symmetric, r => r.Difficulty, 0);
            yield return Interval("two tails", data, Rows, BoundSides.TwoTailed, _ => 1, 0);
            yield return Interval("from above", data, Rows, BoundSides.Upper, _ => 1, 0);
            yield return Interval("quantile columns that are too narrow", data, Rows, BoundSides.Symmetric, _ => 1, 0.3);
            yield return Interval("quantile columns that are too wide", data, Rows, BoundSides.Symmetric, _ => 1, 3);
            yield return Groups(data, Rows);
            yield return Components(data, correlation, rounding);
            yield return Loss(data, correlation, rounding);
            yield return Batch(data, correlation, rounding);
            yield return Stream(data, correlation, rounding);
        }

        foreach (var rounding in new[] { 0.0, 0.1 })
        {
            var data = rounding > 0 ? "ties" : "no ties";
            yield return Weighted(data, rounding);
            yield return FalseWarnings(data, rounding);
            yield return Subjects("rows of new subjects that break their bound", data, rounding, every: false);
            yield return Subjects("new subjects with a row that breaks its bound", data, rounding, every: true);
            yield return WeightedPValue(data, rounding);
            yield return Confidence(data, rounding);
            yield return Rate(data, rounding);
            yield return FalseFails("one side", data, rounding, Sides.Upper, JointRule.AllPass);
            yield return FalseFails("two sides", data, rounding, Sides.TwoSided, JointRule.AllPass);
            yield return FalseFails("Holm over three", data, rounding, Sides.Upper, JointRule.Holm);
        }

        yield return Alarms("losses of 0 and 1", (random, risk) => random.NextDouble() < risk ? 1 : 0);
        yield return Alarms("losses of many sizes", (random, risk) => Math.Min(1, 2 * risk * random.NextDouble()));
        yield return Alarms("risks that follow the losses before", null);
        yield return ("adaptive level against an adversary", Adversary);
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static double Round(double value, double rounding) => rounding == 0 ? value : rounding * Math.Round(value / rounding);

    private static Row[] Draw(Random random, int count, double correlation, double rounding)
    {
        var common = Normal(random);
        return
        [
            .. Enumerable.Range(0, count).Select(_ =>
            {
                var input = random.NextDouble();
                var noise = (Math.Sqrt(correlation) * common) + (Math.Sqrt(1 - correlation) * Normal(random));
                return new Row(input, Round(Math.Sin(6 * input) + ((0.2 + input) * noise), rounding), Round(Math.Sin(6 * input) + 0.1, rounding));
            }),
        ];
    }

    private static GuaranteeFigure Repeat(string name, double promise, int repetitions, string beside, Func<Random, (double Value, double Beside)> once)
    {
        var results = new (double Value, double Beside)[repetitions];
        Parallel.For(0, repetitions, r => results[r] = once(new Random(77_000 + r)));
        var mean = results.Average(r => r.Value);
        var variance = results.Sum(r => (r.Value - mean) * (r.Value - mean)) / Math.Max(1, repetitions - 1);
        return new GuaranteeFigure(name, promise, mean, Math.Sqrt(variance / repetitions), string.Create(CultureInfo.InvariantCulture, $"{beside} {results.Average(r => r.Beside):0.000}"));
    }

    private static (string, Func<int, GuaranteeFigure>) Interval(string kind, string data, Func<Random, int, Row[]> draw, BoundSides sides, Func<Row, double> difficulty, double half)
    {
        var name = $"miscoverage, {kind}, {data}";
        return (name, repetitions => Repeat(name, Alpha, repetitions, "mean width", random =>
        {
            var rows = draw(random, Calibrating + Testing);
            double Half(Row r) => half * r.Difficulty;
            var known = rows[..Calibrating];
            var interval = new ConformalInterval(
                [.. known.Select(r => (r.Prediction - Half(r) - r.Truth) / difficulty(r))],
                [.. known.Select(r => (r.Truth - r.Prediction - Half(r)) / difficulty(r))],
                new ConformalLevel { Miscoverage = Alpha },
                sides);
            var (low, high) = interval.Offsets();
            var test = rows[Calibrating..];
            bool Missed(Row r) => r.Truth < r.Prediction - Half(r) - (low * difficulty(r)) - 1e-12 || r.Truth > r.Prediction + Half(r) + (high * difficulty(r)) + 1e-12;
            return (test.Average(r => Missed(r) ? 1.0 : 0), test.Average(r => (2 * Half(r)) + (((double.IsFinite(low) ? low : 0) + high) * difficulty(r))));
        }));
    }

    private static (string, Func<int, GuaranteeFigure>) Groups(string data, Func<Random, int, Row[]> draw)
    {
        var name = $"miscoverage within the noisier of two groups, {data}";
        return (name, repetitions => Repeat(name, Alpha, repetitions, "share of its rows", random =>
        {
            var rows = draw(random, Calibrating + Testing);
            ConformalQuantileOf Of(IEnumerable<Row> of) => new(ConformalQuantile.Of([.. of.Select(r => Math.Abs(r.Truth - r.Prediction))], new ConformalLevel { Miscoverage = Alpha }));
            var known = rows[..Calibrating];
            var groups = new CalibratedGroups<ConformalQuantileOf>(Of(known), known.GroupBy(r => r.Input > 0.7 ? "noisy" : "quiet").ToDictionary(g => g.Key, Of));
            var test = rows[Calibrating..].Where(r => r.Input > 0.7).ToArray();
            return (test.Average(r => Math.Abs(r.Truth - r.Prediction) > groups.For("noisy")!.Value ? 1.0 : 0), (double)test.Length / Testing);
        }));
    }

    private sealed record ConformalQuantileOf(double Value);

    /// <summary>Signals whose components have a noise in common, at a level of their own.</summary>
    private static double[][] Signals(Random random, int count, double correlation, double rounding)
    {
        var common = Normal(random);
        return
        [
            .. Enumerable.Range(0, count).Select(_ =>
            {
                var level = Math.Exp(0.5 * ((Math.Sqrt(correlation) * common) + (Math.Sqrt(1 - correlation) * Normal(random))));
                return Enumerable.Range(0, 20).Select(_ => Round(Math.Abs(level * Normal(random)), rounding)).ToArray();
            }),
        ];
    }

    private static (string, Func<int, GuaranteeFigure>) Components(string data, double correlation, double rounding)
    {
        var name = $"share of components outside, {data}";
        return (name, repetitions => Repeat(name, Alpha, repetitions, "factor", random =>
        {
            var rows = Signals(random, Calibrating + Testing, correlation, rounding);
            var factor = RiskControl.ComponentFactor(rows[..Calibrating], Alpha);
            return (rows[Calibrating..].Average(r => r.Average(v => v > factor ? 1.0 : 0)), factor);
        }));
    }

    private static (string, Func<int, GuaranteeFigure>) Loss(string data, double correlation, double rounding)
    {
        var name = $"expected loss of the user's, {data}";
        return (name, repetitions => Repeat(name, Alpha, repetitions, "parameter", random =>
        {
            var rows = Signals(random, Calibrating + Testing, correlation, rounding);
            // What of a signal's sum is above the parameter, up to all of it.
            double Loss(double[] row, double parameter) => row.Sum() is > 0 and var sum ? row.Sum(v => Math.Max(0, v - parameter)) / sum : 0;
            var parameter = RiskControl.SmallestParameter([.. Enumerable.Range(0, 201).Select(i => 0.1 * i)], Calibrating, (i, p) => Math.Min(1, Loss(rows[i], p)), Alpha);
            return (rows[Calibrating..].Average(r => Loss(r, parameter)), parameter);
        }));
    }

    /// <summary>Goodness and whether a row is bad: goodness tells much of it, and the common effect shifts both.</summary>
    private static (double Goodness, bool Bad)[] Judged(Random random, int count, double correlation, double rounding)
    {
        var common = Normal(random);
        return
        [
            .. Enumerable.Range(0, count).Select(_ =>
            {
                var noise = (Math.Sqrt(correlation) * common) + (Math.Sqrt(1 - correlation) * Normal(random));
                var error = Math.Exp(Normal(random));
                return (Round(-Math.Log(error) + (0.5 * noise), rounding), error > 1.5);
            }),
        ];
    }

    private static (string, Func<int, GuaranteeFigure>) Batch(string data, double correlation, double rounding)
    {
        var name = $"false discovery proportion of a batch, {data}";
        return (name, repetitions => Repeat(name, Alpha, repetitions, "power", random =>
        {
            var rows = Judged(random, Calibrating + Testing, correlation, rounding);
            var selection = new ConformalSelection([.. rows[..Calibrating].Select(r => r.Goodness)], [.. rows[..Calibrating].Select(r => r.Bad)]);
            var test = rows[Calibrating..];
            return Discoveries(test, BenjaminiHochberg.Select([.. test.Select(r => selection.PValue(r.Goodness))], Alpha));
        }));
    }

    private static (string, Func<int, GuaranteeFigure>) Stream(string data, double correlation, double rounding)
    {
        const int calibrating = 1999;
        var name = $"false discovery proportion of a stream, {data}";
        return (name, repetitions => Repeat(name, Alpha, repetitions, "power", random =>
        {
            var rows = Judged(random, calibrating + Testing, correlation, rounding);
            var selection = new StreamSelection(new ConformalSelection([.. rows[..calibrating].Select(r => r.Goodness)], [.. rows[..calibrating].Select(r => r.Bad)]), new StreamOptions { FalseDiscoveryRate = Alpha, Window = Testing });
            var test = rows[calibrating..];
            return Discoveries(test, [.. test.Select(r => selection.Observe(r.Goodness))]);
        }));
    }

    private static (double, double) Discoveries((double Goodness, bool Bad)[] test, bool[] selected)
    {
        var good = test.Zip(selected).Where(r => !r.First.Bad).ToArray();
        return (test.Zip(selected).Count(r => r.First.Bad && r.Second) / Math.Max(1.0, selected.Count(s => s)), good.Average(r => r.Second ? 1.0 : 0));
    }

    /// <summary>Inputs of new rows have density 2x against 1, and scores grow with the input.</summary>
    private static (double Score, double Weight)[] Shifted(Random random, int count, bool shifted, double rounding) =>
    [
        .. Enumerable.Range(0, count).Select(_ =>
        {
            var input = shifted ? Math.Sqrt(random.NextDouble()) : random.NextDouble();
            return (Round(Math.Abs((0.1 + (input * input)) * Normal(random)), rounding), 2 * input);
        }),
    ];

    private static (string, Func<int, GuaranteeFigure>) Weighted(string data, double rounding)
    {
        var name = $"miscoverage elsewhere with known weights, {data}";
        return (name, repetitions => Repeat(name, Alpha, repetitions, "and without weights", random =>
        {
            var (known, test) = (Shifted(random, Calibrating, false, rounding), Shifted(random, Testing, true, rounding));
            double[] scores = [.. known.Select(r => r.Score)];
            var weighted = new WeightedScores(scores, [.. known.Select(r => r.Weight)]);
            var plain = ConformalQuantile.Of(scores, new ConformalLevel { Miscoverage = Alpha });
            return (test.Average(r => r.Score > weighted.Quantile(r.Weight, Alpha) ? 1.0 : 0), test.Average(r => r.Score > plain ? 1.0 : 0));
        }));
    }

    private static (string, Func<int, GuaranteeFigure>) WeightedPValue(string data, double rounding)
    {
        var name = $"weighted p-values of at most {Alpha.ToString(CultureInfo.InvariantCulture)}, {data}";
        return (name, repetitions => Repeat(name, Alpha, repetitions, "effective sample size", random =>
        {
            var (known, test) = (Shifted(random, Calibrating, false, rounding), Shifted(random, Testing, true, rounding));
            var weighted = new WeightedScores([.. known.Select(r => r.Score)], [.. known.Select(r => r.Weight)]);
            return (test.Average(r => weighted.PValue(r.Score, r.Weight) <= Alpha ? 1.0 : 0), weighted.EffectiveSampleSize);
        }));
    }

    private static (string, Func<int, GuaranteeFigure>) Confidence(string data, double rounding)
    {
        const double delta = 0.05;
        var name = $"calibrations whose rate exceeds its bound, {data}";
        return (name, repetitions => Repeat(name, delta, repetitions, "mean rate", random =>
        {
            // Uniform scores, so that the rate given the calibration rows is known: with rounding, the share of numbers that round to more.
            var q = ConformalQuantile.Of([.. Enumerable.Range(0, Calibrating).Select(_ => Round(random.NextDouble(), rounding))], new ConformalLevel { Miscoverage = Alpha, Confidence = 1 - delta });
            var rate = Math.Max(0, 1 - q - (rounding / 2));
            return (rate > Alpha ? 1 : 0, rate);
        }));
    }

    private static (string, Func<int, GuaranteeFigure>) Rate(string data, double rounding)
    {
        const double share = 0.2;
        var name = $"calibrations whose rate exceeds what Beta says that a fifth do, {data}";
        return (name, repetitions => Repeat(name, share, repetitions, "mean rate", random =>
        {
            var level = new ConformalLevel { Miscoverage = Alpha };
            var q = ConformalQuantile.Of([.. Enumerable.Range(0, Calibrating).Select(_ => Round(random.NextDouble(), rounding))], level);
            var rate = Math.Max(0, 1 - q - (rounding / 2));
            return (rate > level.RateGiven(Calibrating).Quantile(1 - share) ? 1 : 0, rate);
        }));
    }

    /// <summary>Certificates whose levels hold with a confidence, of uniform values, whose share of false fails is known.</summary>
    private static (string, Func<int, GuaranteeFigure>) FalseFails(string kind, string data, double rounding, Sides sides, JointRule rule)
    {
        const double delta = 0.05;
        var properties = rule == JointRule.AllPass ? 1 : 3;
        var name = $"calibrations whose share of false fails exceeds its level, {kind}, {data}";
        return (name, repetitions => Repeat(name, delta, repetitions, "mean share", random =>
        {
            PropertyCertifier Part(int i) => new(
                $"{i}",
                new EmpiricalDistribution(Enumerable.Range(0, 2 * Calibrating).Select(_ => Round(random.NextDouble(), rounding))),
                new LabelPolicy { PassProbability = 1 - Alpha, FailProbability = Alpha, Confidence = 1 - delta },
                Calibration.Conformal,
                sides: sides);
            var certifier = new Certifier(Enumerable.Range(0, properties).Select(Part), new JointPolicy { Rule = rule, FamilyLevel = Alpha });
            // The last value of a part that does not fail, where the others are usual.
            double Last(int part, double beyond)
            {
                var (passes, fails) = (0.5, beyond);
                for (var i = 0; i < 50; i++)
                {
                    var middle = (passes + fails) / 2;
                    (passes, fails) = certifier.Certify([.. Enumerable.Range(0, properties).Select(p => p == part ? Math.Max(0, middle) : 0.5)]).Trustworthy ? (middle, fails) : (passes, middle);
                }

                return passes;
            }

            double Share(int part) => Math.Max(0, 1 - Last(part, 2) - (rounding / 2)) + (sides == Sides.Upper ? 0 : Math.Max(0, Last(part, -1) - (rounding / 2)));
            var share = 1 - Enumerable.Range(0, properties).Aggregate(1.0, (passes, part) => passes * (1 - Share(part)));
            return (share > Alpha + 1e-9 ? 1 : 0, share);
        }));
    }

    /// <summary>Streams whose risk is that of the reference throughout, or, where it follows the losses before, at most that.</summary>
    private static (string, Func<int, GuaranteeFigure>) Alarms(string data, Func<Random, double, double>? draw)
    {
        const double delta = 0.05;
        const double risk = 0.1;
        var name = $"monitors with a false alarm within 3 000 rows, {data}";
        return (name, repetitions => Repeat(name, delta, repetitions, "share that sees the risk doubled", random =>
        {
            bool Alarm(double factor)
            {
                double Loss(double of) => draw?.Invoke(random, of) ?? (random.NextDouble() < of ? 1 : 0);
                var monitor = new RiskMonitor([.. Enumerable.Range(0, 1000).Select(_ => Loss(risk))], new RiskMonitorOptions { Confidence = 1 - delta, Tolerance = 0 });
                for (var t = 0; t < 3000; t++)
                    monitor.Observe(Loss(factor * risk * (draw is null && monitor.MeanLoss < risk / 2 ? 0.5 : 1)));
                return monitor.AlarmAt > 0;
            }

            return (Alarm(1) ? 1 : 0, Alarm(2) ? 1 : 0);
        }));
    }

    /// <summary>Two sets of rows from one distribution, whose columns depend on each other.</summary>
    private static (string, Func<int, GuaranteeFigure>) FalseWarnings(string data, double rounding)
    {
        var name = $"sets of rows that are alike and taken for different, {data}";
        return (name, repetitions => Repeat(name, Alpha, repetitions, "share of different ones that are seen", random =>
        {
            double[][] Rows(int count, double shift) => [.. Draw(random, count, 0, rounding).Select(r => (double[])[r.Input + shift, r.Truth, r.Prediction])];
            var options = new ExchangeabilityOptions { Significance = Alpha, Permutations = 99, Seed = random.Next() };
            double Warns(double shift) => ExchangeabilityTest.Compare(Rows(60, shift), Rows(90, 0), options).PValue <= Alpha ? 1 : 0;
            return (Warns(0), Warns(0.2));
        }));
    }

    /// <summary>Subjects whose errors are alike; those with large ones have few rows.</summary>
    private static (string, Func<int, GuaranteeFigure>) Subjects(string what, string data, double rounding, bool every)
    {
        var name = $"{what}, {data}";
        return (name, repetitions => Repeat(name, Alpha, repetitions, "of rows where rows are counted", random =>
        {
            double[] Subject()
            {
                var level = Math.Exp(Normal(random));
                return [.. Enumerable.Range(0, level > 1.5 ? 2 : 30).Select(_ => Round(Math.Abs(level * (1 + (0.2 * Normal(random)))), rounding))];
            }

            double[][] known = [.. Enumerable.Range(0, 40).Select(_ => Subject())], test = [.. Enumerable.Range(0, Testing).Select(_ => Subject())];
            double[] rows = [.. known.SelectMany(s => s)];
            var level = new ConformalLevel { Miscoverage = Alpha };
            var bound = every
                ? ConformalQuantile.Of([.. known.Select(s => s.Max())], level)
                : new ConformalInterval([], rows, level, BoundSides.Upper, [.. known.SelectMany(s => s.Select(_ => 1.0 / s.Length))]).Offsets().Upper;
            var plain = ConformalQuantile.Of(rows, level);
            return (test.Average(s => every ? s.Any(e => e > bound) ? 1.0 : 0 : s.Average(e => e > bound ? 1.0 : 0)), test.Average(s => s.Average(e => e > plain ? 1.0 : 0)));
        }));
    }

    /// <summary>An adversary who knows the bound breaks it where it can for a part of every 400 rows, and keeps it in the rest.</summary>
    private static GuaranteeFigure Adversary(int repetitions)
    {
        var excesses = new double[repetitions];
        Parallel.For(0, repetitions, r =>
        {
            var random = new Random(88_000 + r);
            var adaptive = new AdaptiveConformal(new AdaptiveOptions { Miscoverage = Alpha, StepSize = 0.005 + (0.2 * random.NextDouble()) });
            double[] scores = [.. Enumerable.Range(0, 50).Select(_ => random.NextDouble())];
            var stubborn = random.NextDouble();
            excesses[r] = double.NegativeInfinity;
            for (var t = 0; t < 2000; t++)
            {
                adaptive.Observe((t % 400 < 400 * stubborn ? double.MaxValue : 0) > adaptive.Quantile(scores));
                excesses[r] = Math.Max(excesses[r], Math.Abs(adaptive.Rate - Alpha) - adaptive.RateDeviation());
            }
        });
        return new GuaranteeFigure("adaptive level against an adversary: how much farther the rate ever was from α than its bound", 0, excesses.Max(), 0, "");
    }
}
