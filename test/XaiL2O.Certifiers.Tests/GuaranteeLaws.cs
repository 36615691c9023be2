using XaiL2O.Benchmarks;

namespace XaiL2O.Certifiers.Tests;

/// <summary>Bounds and selections: quantiles against their definitions, every promise by simulation, levels that are refused, states that go on.</summary>
internal sealed class GuaranteeLaws
{
    private const int Repetitions = 200;

    private static readonly ConformalLevel Tenth = new();

    private static IEnumerable<string> Promises() => GuaranteeSimulation.All().Select(p => p.Name);

    [TestCaseSource(nameof(Promises))]
    public void A_promise_holds(string name)
    {
        var figure = GuaranteeSimulation.All().Single(p => p.Name == name).Measure(Repetitions);
        TestContext.Out.WriteLine(figure);
        Assert.That(figure.Holds, figure.ToString());
    }

    [Test]
    public void A_quantile_is_exceeded_by_as_few_of_the_rows_as_it_may_whatever_the_ties()
    {
        var random = new Random(1);
        for (var n = 9; n < 60; n++)
        {
            double[] scores = [.. Enumerable.Range(0, n).Select(_ => (double)random.Next(12))];
            var q = ConformalQuantile.Of(scores, Tenth);
            // The smallest value of which (N + 1)(1 − α) calibration scores are not above.
            var expected = scores.Where(s => scores.Count(t => t <= s) >= ((n + 1) * 0.9) - 1e-9).Min();
            Assert.That(q, Is.EqualTo(expected), $"{n} rows");
        }
    }

    [TestCase(0.1, null, 9)]
    [TestCase(0.05, null, 19)]
    [TestCase(0.3, null, 3)]
    [TestCase(0.01, null, 99)]
    [TestCase(0.1, 0.9, 22)]
    [TestCase(0.05, 0.95, 59)]
    public void The_number_of_rows_that_is_asked_for_is_the_least(double miscoverage, double? confidence, int needed)
    {
        var level = new ConformalLevel { Miscoverage = miscoverage, Confidence = confidence };
        Assert.That(level.RowsNeeded, Is.EqualTo(needed));
        double[] scores = [.. Enumerable.Range(0, needed).Select(i => (double)i)];
        Assert.That(ConformalQuantile.Of(scores, level), Is.EqualTo(needed - 1));
        Assert.That(() => ConformalQuantile.Of(scores.AsSpan(1), level), Throws.ArgumentException.With.Message.Contains($"at least {needed} calibration rows").And.Message.Contains($"there are {needed - 1}"));
    }

    [Test]
    public void Scores_that_are_no_numbers_count_as_the_largest_and_are_refused_where_they_are_too_many()
    {
        double[] scores = [.. Enumerable.Range(1, 18).Select(i => (double)i), double.NaN];
        Assert.That(ConformalQuantile.Of(scores, Tenth), Is.EqualTo(18));
        scores[0] = double.PositiveInfinity;
        Assert.That(() => ConformalQuantile.Of(scores, Tenth), Throws.ArgumentException.With.Message.Contains("2 of 19 calibration scores are NaN or infinite"));
    }

    [Test]
    public void Two_tails_need_rows_for_half_the_level_each()
    {
        double[] scores = [.. Enumerable.Range(0, 18).Select(i => (double)i)];
        Assert.That(() => new ConformalInterval(scores, scores, Tenth, BoundSides.TwoTailed), Throws.ArgumentException.With.Message.Contains("at least 19"));
        Assert.That(new ConformalInterval(scores, scores, Tenth).Rows, Is.EqualTo(18));
        Assert.That(new ConformalInterval([], scores, Tenth, BoundSides.Upper).Offsets().Lower, Is.EqualTo(double.PositiveInfinity));
        Assert.That(new ConformalInterval(scores, [], Tenth, BoundSides.Lower).Offsets().Upper, Is.EqualTo(double.PositiveInfinity));
    }

    [Test]
    public void The_rate_given_the_calibration_rows_is_that_of_the_source()
    {
        // N = 38 at 5 %: 2.6 % on average, below 7.6 % for 95 % of calibrations.
        var rate = new ConformalLevel { Miscoverage = 0.05 }.RateGiven(38);
        Assert.That((rate.Rows, rate.Exceedances), Is.EqualTo((38, 1)));
        Assert.That(rate.Mean, Is.EqualTo(1.0 / 39));
        Assert.That(rate.Quantile(0.95), Is.EqualTo(1 - Math.Pow(0.05, 1.0 / 38)).Within(1e-12));
        Assert.That(rate.ToString(), Is.EqualTo("With 38 calibration rows the rate is Beta(1, 38) over calibrations: 2.56 % on average, and below 7.58 % for 95 % of them."));
        // Many rows, of which no binomial probability is a number of double precision at 0.
        var many = new ConformalLevel { Miscoverage = 0.5 }.RateGiven(99_999);
        Assert.That(many.ProbabilityAbove(0.5), Is.EqualTo(0.5).Within(0.01));
        Assert.That(many.Quantile(0.975), Is.EqualTo(0.5 + (1.96 * 0.5 / Math.Sqrt(100_000))).Within(1e-5));
        foreach (var n in (int[])[59, 100, 1000])
        {
            var level = new ConformalLevel { Miscoverage = 0.05, Confidence = 0.95 };
            Assert.That(level.RateGiven(n).ProbabilityAbove(0.05), Is.LessThanOrEqualTo(0.05 + 1e-9), "the level holds");
            Assert.That(new RateGivenCalibration(n, level.Exceedances(n) + 1).ProbabilityAbove(0.05), Is.GreaterThan(0.05), "and no larger one does");
        }
    }

    [Test]
    public void Weights_of_one_change_nothing_and_large_ones_leave_no_bound()
    {
        var random = new Random(2);
        double[] scores = [.. Enumerable.Range(0, 57).Select(_ => (double)random.Next(20))];
        var weighted = new WeightedScores(scores, [.. scores.Select(_ => 2.0)]);
        foreach (var alpha in new[] { 0.02, 0.1, 0.3, 0.5 })
            Assert.That(weighted.Quantile(2, alpha), Is.EqualTo(ConformalQuantile.Of(scores, new ConformalLevel { Miscoverage = alpha })));
        Assert.That(weighted.EffectiveSampleSize, Is.EqualTo(57).Within(1e-9));
        Assert.That(weighted.Quantile(1000, 0.1), Is.EqualTo(double.PositiveInfinity));
        Assert.That(weighted.Quantile(double.NaN, 0.1), Is.EqualTo(double.PositiveInfinity));
        foreach (var score in new[] { -1.0, 7, 19, 30, double.NaN })
            Assert.That(weighted.PValue(score, 2), Is.EqualTo((1.0 + scores.Count(s => s >= score)) / 58).Within(1e-12));
        // Sums of weights that are no binary fractions do not cost the last row that a level needs.
        foreach (var weight in new[] { 0.1, 1.0 / 3, 1.1 })
            Assert.That(() => new WeightedScores([1, 2, 3, 4, 5, 6, 7, 8, 9], [.. Enumerable.Repeat(weight, 9)]).Require(new ConformalLevel()), Throws.Nothing);
        const int many = 100_000;
        var shared = new WeightedScores([.. Enumerable.Range(0, 9 * many).Select(i => (double)i)], [.. Enumerable.Repeat(1.0 / many, 9 * many)]);
        Assert.That(shared.Quantile(1, 0.1), Is.EqualTo((9 * many) - 1));
        Assert.That(() => new WeightedScores([1, 2], [1, -1]), Throws.ArgumentException.With.Message.Contains("The weight of calibration row 1 is -1"));
        Assert.That(() => new ConformalInterval([], scores, Tenth, BoundSides.Upper, [.. scores.Select((_, i) => i < 3 ? 100.0 : 0.01)]), Throws.ArgumentException.With.Message.Contains("effective sample size").And.Message.Contains("at least 9"));
        Assert.That(() => new ConformalInterval([], scores, Tenth with { Confidence = 0.9 }, BoundSides.Upper, [.. scores.Select(_ => 1.0)]), Throws.ArgumentException.With.Message.Contains("Confidence"));
    }

    [Test]
    public void Groups_without_a_calibration_fall_back_as_asked()
    {
        var own = new Dictionary<string, string> { ["a"] = "own" };
        Assert.That(new CalibratedGroups<string>("all", own).For("b"), Is.EqualTo("all"));
        Assert.That(new CalibratedGroups<string>("all", own, GroupFallback.Fail).For("b"), Is.Null);
        Assert.That(new CalibratedGroups<string>("all", own, GroupFallback.Fail).For("a"), Is.EqualTo("own"));
        Assert.That(new CalibratedGroups<string>("all", null, GroupFallback.Fail).For("b"), Is.EqualTo("all"), "where there are no groups");
    }

    [Test]
    public void A_controlled_risk_is_that_of_the_definition()
    {
        var random = new Random(3);
        for (var trial = 0; trial < 20; trial++)
        {
            double[][] rows = [.. Enumerable.Range(0, 30).Select(_ => Enumerable.Range(0, 1 + random.Next(5)).Select(_ => (double)random.Next(15)).ToArray())];
            double Risk(double factor) => (rows.Sum(r => r.Average(v => v > factor ? 1.0 : 0)) + 1) / 31;
            var factor = RiskControl.ComponentFactor(rows, 0.2);
            Assert.That(Risk(factor), Is.LessThanOrEqualTo(0.2 + 1e-12));
            Assert.That(factor == 0 || Risk(factor - 1) > 0.2, "and no smaller factor keeps it");
            Assert.That(RiskControl.SmallestParameter([.. Enumerable.Range(0, 15).Select(i => (double)i)], 30, (i, p) => rows[i].Average(v => v > p ? 1.0 : 0), 0.2), Is.EqualTo(factor));
        }

        Assert.That(RiskControl.RowsNeeded(0.1, 2), Is.EqualTo(19));
        Assert.That(() => RiskControl.ComponentFactor([[1], [2]], 0.1), Throws.ArgumentException.With.Message.Contains("at least 9 calibration rows"));
        Assert.That(() => RiskControl.SmallestParameter([0, 1], 20, (_, p) => p / 2, 0.1), Throws.ArgumentException.With.Message.Contains("rises from 0 to 0.5"));
        Assert.That(() => RiskControl.SmallestParameter([0, 1], 20, (_, _) => 2, 0.1), Throws.ArgumentException.With.Message.Contains("losses lie in [0, 1]"));
        Assert.That(() => RiskControl.SmallestParameter([0, 1], 20, (_, _) => 1, 0.1), Throws.ArgumentException.With.Message.Contains("No parameter keeps a risk of 0.1"));
        Assert.That(() => RiskControl.ComponentFactor([.. Enumerable.Range(0, 20).Select(i => i < 5 ? [double.NaN] : (double[])[1])], 0.1), Throws.ArgumentException.With.Message.Contains("NaN or infinite"));
    }

    [Test]
    public void P_values_of_selection_count_bad_rows_that_look_as_good()
    {
        var selection = new ConformalSelection([5, 4, 4, double.NaN, 1], [false, true, true, true, false]);
        Assert.That(((double[])[6, 4, 3, double.NaN]).Select(selection.PValue), Is.EqualTo(new[] { 1.0 / 6, 3.0 / 6, 3.0 / 6, 1 }));
        Assert.That(((double[])[6, 4]).Select(g => selection.EValue(g, 2)), Is.EqualTo(new[] { 3.0, 0 }));
        Assert.That(ConformalSelection.RowsNeeded(0.1), Is.EqualTo(9));
        Assert.That(() => selection.Require(0.1), Throws.ArgumentException.With.Message.Contains("at least 9 calibration rows").And.Message.Contains("there are 5"));
    }

    [Test]
    public void Benjamini_Hochberg_is_that_of_the_definition()
    {
        var random = new Random(4);
        for (var trial = 0; trial < 200; trial++)
        {
            double[] p = [.. Enumerable.Range(0, 1 + random.Next(20)).Select(_ => (1 + random.Next(20)) / 20.0 * Math.Pow(random.NextDouble(), trial % 3))];
            var k = Enumerable.Range(0, p.Length + 1).Last(k => k == 0 || p.Order().ElementAt(k - 1) <= 0.3 * k / p.Length);
            var selected = BenjaminiHochberg.Select(p, 0.3);
            Assert.That(selected.Count(s => s), Is.EqualTo(k == 0 ? 0 : p.Count(v => v <= p.Order().ElementAt(k - 1))));
        }

        Assert.That(BenjaminiHochberg.Select([], 0.1), Is.Empty);
        Assert.That(() => BenjaminiHochberg.Select([double.NaN], 0.1), Throws.ArgumentException);
        Assert.That(() => BenjaminiHochberg.Select([0.5], 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void A_stream_goes_on_where_its_saved_state_stood_and_starts_anew_after_each_window()
    {
        var random = new Random(5);
        double[] goodness = [.. Enumerable.Range(0, 3000).Select(_ => random.NextDouble())];
        var calibration = new ConformalSelection(goodness, [.. goodness.Select(g => g < 0.3)]);
        double[] stream = [.. Enumerable.Range(0, 500).Select(_ => random.NextDouble())];
        var options = new StreamOptions { Window = 200 };
        var whole = new StreamSelection(calibration, options);
        bool[] expected = [.. stream.Select(whole.Observe)];
        Assert.That(expected.Count(s => s), Is.GreaterThan(100));
        var first = new StreamSelection(calibration, options);
        bool[] before = [.. stream[..250].Select(first.Observe)];
        using var saved = new MemoryStream();
        first.Save(saved);
        saved.Position = 0;
        var second = StreamSelection.Load(saved, calibration);
        Assert.That((second.EValue, first.EValue), Is.EqualTo((first.EValue, calibration.EValue(stream[249], first.Rank))));
        Assert.That(before.Concat(stream[250..].Select(second.Observe)), Is.EqualTo(expected));
        Assert.That(second.Count, Is.EqualTo(500));
        Assert.That(new StreamSelection(calibration, options) is var fresh && stream[200..400].Select(fresh.Observe).SequenceEqual(expected[200..400]), "a window knows nothing of the one before");
        saved.Position = 0;
        Assert.That(() => StreamSelection.Load(saved, new ConformalSelection(goodness, [.. goodness.Select(g => g < 0.4)])), Throws.InstanceOf<InvalidDataException>());
        saved.Position = 0;
        Assert.That(() => StreamSelection.Load(saved, new ConformalSelection([.. goodness.Select(g => g / 2)], [.. goodness.Select(g => g < 0.3)])), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("other calibration rows"), "as many, and as many bad ones");
        var damaged = saved.ToArray();
        damaged[^5]++;
        Assert.That(() => StreamSelection.Load(new MemoryStream(damaged), calibration), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("damaged"));
        Assert.That(() => new StreamSelection(new ConformalSelection([1], [true])), Throws.ArgumentException.With.Message.Contains("calibration rows to select anything"));
    }

    /// <summary>An adversary whose truths come in blocks: all bounds of a block are asked for before its first truth comes, and each is broken wherever it can be.</summary>
    [Test]
    public void Adaptive_levels_keep_their_rate_where_truths_come_late([Values(0, 1, 23, 49)] int outstanding)
    {
        var adaptive = new AdaptiveConformal();
        double[] scores = [.. Enumerable.Range(0, 100).Select(i => (double)i)];
        var undelayed = 0.0;
        for (var block = 0; block < 400; block++)
        {
            // An infinite bound is never broken, and one of −∞ always.
            var bound = adaptive.Quantile(scores);
            for (var i = 0; i <= outstanding; i++)
            {
                adaptive.Observe(missed: !double.IsPositiveInfinity(bound));
                if (i == outstanding)
                    Assert.That(Math.Abs(adaptive.Rate - 0.1), Is.LessThanOrEqualTo(adaptive.RateDeviation(outstanding)));
            }

            undelayed = Math.Max(undelayed, Math.Abs(adaptive.Rate - 0.1) / adaptive.RateDeviation());
        }

        if (outstanding == 49)
            Assert.That(undelayed, Is.GreaterThan(1), "what holds without delay does not hold with it");
    }

    [Test]
    public void An_adaptive_level_goes_on_where_its_saved_state_stood()
    {
        var adaptive = new AdaptiveConformal(new AdaptiveOptions { StepSize = 0.1 });
        double[] scores = [1, 2, 3, 4, 5, 6, 7, 8, 9, double.NaN];
        Assert.That(adaptive.Quantile(scores), Is.EqualTo(double.PositiveInfinity));
        for (var i = 0; i < 20; i++)
            adaptive.Observe(false);
        Assert.That(adaptive.Level, Is.EqualTo(0.3).Within(1e-12));
        Assert.That(adaptive.Quantile(scores), Is.EqualTo(8));
        adaptive.Observe(true);
        using var saved = new MemoryStream();
        adaptive.Save(saved);
        saved.Position = 0;
        var loaded = AdaptiveConformal.Load(saved);
        Assert.That((loaded.Level, loaded.Count, loaded.Rate, loaded.Options), Is.EqualTo((adaptive.Level, adaptive.Count, adaptive.Rate, adaptive.Options)));
        for (var i = 0; i < 4; i++)
            loaded.Observe(true);
        Assert.That(loaded.Quantile(scores), Is.EqualTo(double.PositiveInfinity), "below 0 nothing is left out");
        for (var i = 0; i < 200; i++)
            loaded.Observe(false);
        Assert.That(loaded.Quantile(scores), Is.EqualTo(double.NegativeInfinity), "above 1 every row breaks it");
        var damaged = saved.ToArray();
        damaged[^3]++;
        Assert.That(() => AdaptiveConformal.Load(new MemoryStream(damaged)), Throws.InstanceOf<InvalidDataException>());
    }

    [Test]
    public void Errors_are_measured_as_named()
    {
        double[] x = [1, 2, 3], y = [1, 4, 2];
        Assert.That(ErrorMeasure.Absolute.Evaluate([3], [5]), Is.EqualTo(2));
        Assert.That(ErrorMeasure.Absolute.Evaluate(x, y), Is.EqualTo(Math.Sqrt(5)).Within(1e-12));
        Assert.That(ErrorMeasure.Relative.Evaluate(x, y), Is.EqualTo(Math.Sqrt(5.0 / 21)).Within(1e-12));
        Assert.That(ErrorMeasure.MeanSquared.Evaluate(x, y), Is.EqualTo(5.0 / 3).Within(1e-12));
        Assert.That(ErrorMeasure.Largest.Evaluate(x, y), Is.EqualTo(2));
        Assert.That(ErrorMeasure.PeakSignalToNoise(2).InUnit(ErrorMeasure.PeakSignalToNoise(2).Evaluate(x, y)), Is.EqualTo(10 * Math.Log10(4 / (5.0 / 3))).Within(1e-12));
        Assert.That(ErrorMeasure.Of(PropertyFunction.Disagreement()).Evaluate(x, y), Is.EqualTo(Math.Sqrt(5)).Within(1e-12));
        foreach (var measure in (ErrorMeasure[])[ErrorMeasure.Absolute, ErrorMeasure.Relative, ErrorMeasure.MeanSquared, ErrorMeasure.Largest, ErrorMeasure.PeakSignalToNoise()])
            Assert.That(measure.Evaluate([1, double.NaN, 2], y), Is.NaN, measure.Kind.ToString());
        Assert.That(() => ErrorMeasure.Largest.Evaluate(x, [1]), Throws.ArgumentException);
        Assert.That(() => ErrorMeasure.Of(PropertyFunction.L1Norm()), Throws.ArgumentException);
        Assert.That(() => ErrorMeasure.PeakSignalToNoise(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Options_are_refused_with_their_name_and_range()
    {
        Assert.That(() => new ConformalLevel { Miscoverage = 0 }.Validate(), Throws.ArgumentException.With.Message.Contains("Miscoverage = 0").And.Message.Contains("(0, 1)"));
        Assert.That(() => new ConformalLevel { Confidence = 1 }.Validate(), Throws.ArgumentException.With.Message.Contains("Confidence = 1"));
        Assert.That(() => new AdaptiveOptions { Miscoverage = double.NaN }.Validate(), Throws.ArgumentException);
        Assert.That(() => new AdaptiveOptions { StepSize = 0 }.Validate(), Throws.ArgumentException.With.Message.Contains("StepSize = 0"));
        Assert.That(() => new StreamOptions { FalseDiscoveryRate = 1 }.Validate(), Throws.ArgumentException);
        Assert.That(() => new StreamOptions { Window = 0 }.Validate(), Throws.ArgumentException.With.Message.Contains("Window = 0"));
        Assert.That(() => new StreamOptions { ExpectedShare = 0 }.Validate(), Throws.ArgumentException);
        Assert.That(() => RiskControl.RowsNeeded(1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }
}
